"""What the pages' own files are called."""

from base64 import b32encode
from hashlib import sha256


def named(name: str, content: bytes, kind: str) -> str:
    """A path that names its content: a browser may keep it for ever, and gets a new one when it is another."""
    return f"/assets/{name}-{b32encode(sha256(content).digest())[:12].decode().lower()}.{kind}"
