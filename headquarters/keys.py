"""The key files of headquarters: what is in them, and the only code that reads them.

A key file is JSON with hexadecimal fields, mode 0600, in a folder of mode 0700. No error and no `repr` shows what is
in one. Public keys, ids and the signing itself are methods of the loaded keys.
"""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from terminal.core.issuers import KEY_ID_BYTES
from terminal.errors import DocumentError

ROOT_KEYS = ("root-1", "root-2", "root-3")
ROLE_KEYS = ("targets", "snapshot", "timestamp", "revocation", "site")
SIGNING_KEYS = (*ROOT_KEYS, *ROLE_KEYS, "acknowledgement", "command")

SEED_BYTES = 32
CARD_KEY_BYTES = 16
CARD_KEY_NAMES = ("application", "stay", "update", "template", "site")
MAX_KEY_FILE_BYTES = 64 * 1024


class KeyFileError(DocumentError):
    """A key file is missing, open to others or not what it should be."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key."""

    seed: bytes = field(repr=False)

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key in the form the cryptography library wants."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public(self) -> bytes:
        """The 32 bytes anybody may know."""
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self.private.sign(message)


@dataclass(frozen=True, slots=True)
class IssuerSigningKey(SigningKey):
    """The key that signs credentials and qualifications, with its 4-byte id."""

    id: bytes


@dataclass(frozen=True, slots=True)
class SealingPrivateKey:
    """The X25519 key that opens the sealed parts of journal entries, with its 4-byte id."""

    seed: bytes = field(repr=False)
    id: bytes

    @property
    def public(self) -> bytes:
        """The 32 bytes that terminals seal to."""
        return X25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True, repr=False)
class CardMasterKeys:
    """The 16-byte AES master keys from which each card's keys are diversified (design 3). `read`: newest first."""

    read: tuple[bytes, ...]
    application: bytes
    stay: bytes
    update: bytes
    template: bytes
    site: bytes


def load_signing_key(path: Path) -> SigningKey:
    """Read `{"seed": 64 hex digits}`.

    Raises:
        KeyFileError: the file is missing, open to others, or something else.
    """
    (seed,) = _hex_fields(path, {"seed": SEED_BYTES})
    return SigningKey(seed)


def load_issuer_key(path: Path) -> IssuerSigningKey:
    """Read `{"id": 8 hex digits, "seed": 64 hex digits}`.

    Raises:
        KeyFileError: the file is missing, open to others, or something else.
    """
    key_id, seed = _hex_fields(path, {"id": KEY_ID_BYTES, "seed": SEED_BYTES})
    return IssuerSigningKey(seed, key_id)


def load_sealing_key(path: Path) -> SealingPrivateKey:
    """Read `{"id": 8 hex digits, "seed": 64 hex digits}`.

    Raises:
        KeyFileError: the file is missing, open to others, or something else.
    """
    key_id, seed = _hex_fields(path, {"id": KEY_ID_BYTES, "seed": SEED_BYTES})
    return SealingPrivateKey(seed, key_id)


def load_card_keys(path: Path) -> CardMasterKeys:
    """Read `{"read": [32 hex digits, newest first], "application": 32 hex digits, "stay": …, "site": …}`.

    Raises:
        KeyFileError: the file is missing, open to others, or something else.
    """
    content = _content(path)
    read = content.get("read")
    keys = read if isinstance(read, list) else []
    if set(content) != {"read", *CARD_KEY_NAMES} or not 1 <= len(keys) <= 8:
        raise KeyFileError(f"{path}: wants exactly read (a list of 1 to 8 keys) and {', '.join(CARD_KEY_NAMES)}")
    return CardMasterKeys(
        tuple(_unhex(path, f"read[{place}]", key, CARD_KEY_BYTES) for place, key in enumerate(keys)),
        *(_unhex(path, name, content[name], CARD_KEY_BYTES) for name in CARD_KEY_NAMES),
    )


def terminal_card_keys(masters: CardMasterKeys, *, with_stay: bool, with_template: bool) -> bytes:
    """The `card-keys.json` of a terminal: what its site uses, and never the issuer's `application` and `update`."""
    content: dict[str, Any] = {"read": [key.hex() for key in masters.read]}
    if with_stay:
        content |= {"stay": masters.stay.hex(), "site": masters.site.hex()}
    if with_template:
        content["template"] = masters.template.hex()
    return json.dumps(content, indent=1).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """Where the keys of headquarters lie, each in a file of its own. Nothing is read before it is asked for.

    `root/<n>.root.json` and `issuers.json` in it are public: the TUF roots ever signed, and the keys gates believe.
    """

    path: Path

    def signing(self, name: str) -> SigningKey:
        """One of `SIGNING_KEYS`.

        Raises:
            KeyFileError: the file is missing, open to others, or something else.
        """
        return load_signing_key(self.path / f"{name}.json")

    def has(self, name: str) -> bool:
        """Tell whether the key `name` is here; the offline ones may be elsewhere."""
        return (self.path / f"{name}.json").exists()

    @property
    def issuer(self) -> Path:
        """For `load_issuer_key`."""
        return self.path / "issuer.json"

    @property
    def sealing(self) -> Path:
        """For `load_sealing_key`."""
        return self.path / "sealing.json"

    @property
    def card_keys(self) -> Path:
        """For `load_card_keys`."""
        return self.path / "card-keys.json"

    @property
    def issuers(self) -> Path:
        """The public document `issuers.json` that is published."""
        return self.path / "issuers.json"

    @property
    def roots(self) -> Path:
        """The folder of `<n>.root.json`."""
        return self.path / "root"


def _hex_fields(path: Path, lengths: Mapping[str, int]) -> list[bytes]:
    content = _content(path)
    if set(content) != set(lengths):
        raise KeyFileError(f"{path}: wants exactly the fields {' and '.join(lengths)}")
    return [_unhex(path, name, content[name], length) for name, length in lengths.items()]


def _content(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise KeyFileError(f"{path}: others may read or change it (mode {mode:04o}); do: chmod 600 {path}")
            content = json.loads(file.read(MAX_KEY_FILE_BYTES))
    except FileNotFoundError as error:
        message = f"{path}: the key file is missing; bring it from where it is kept, or make keys with keys init"
        raise KeyFileError(message) from error
    except OSError as error:
        raise KeyFileError(f"{path}: the key file cannot be read: {error.strerror}") from error
    except ValueError:
        raise KeyFileError(f"{path}: is no JSON; take the copy that was kept") from None  # its text may be key material
    if not isinstance(content, dict):
        raise KeyFileError(f"{path}: is no key file; take the copy that was kept")
    return content


def _unhex(path: Path, name: str, text: object, length: int) -> bytes:
    try:
        value = bytes.fromhex(text) if isinstance(text, str) and len(text) == 2 * length else b""
    except ValueError:
        value = b""
    if len(value) != length:
        raise KeyFileError(f"{path}: {name} wants {2 * length} hexadecimal digits")
    return value
