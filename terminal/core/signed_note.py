"""Signed notes and cosignatures: text that people can read, and who signed it (C2SP signed-note, tlog-cosignature).

A note is text, an empty line, and a line for each signature: an em dash, the name of the key, and in base64 the key's
id and the signature. Signatures of unknown keys say nothing, so a note is believed by the keys that its reader knows.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from terminal.errors import DocumentError

MAX_NOTE_BYTES = 16 * 1024
MAX_SIGNATURES = 16
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
TIME_BYTES = 8
_DASH = "— "
_LINE = re.compile(r"— ([^\s+]{1,128}) ([A-Za-z0-9+/]+={0,2})")


class NoteRefused(DocumentError):
    """The bytes are no signed note, or no key as one is written; the message says why."""


class KeyType(IntEnum):
    """What a key of a note signs with; the number stands in its id."""

    ED25519 = 0x01
    """The text."""
    COSIGNATURE = 0x04
    """The text and the time of signing (`cosignature/v1`)."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key by its name: 32 bytes of Ed25519, and what it signs."""

    name: str
    type: KeyType
    public_key: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """As keys of notes are written: name, id in hexadecimal, type and key in base64."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.type]) + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """A signature as it stands in a note; a cosignature begins with its time."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note, parsed and not yet believed: `text` counts after `signed_by` or `cosigned_at` with a known key."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return f"{self.text}\n{''.join(str(each) for each in self.signatures)}".encode()

    def signed_by(self, key: NoteKey) -> bool:
        """Tell whether `key`, of type ED25519, signed this text. A second, false signature by it spoils the first."""
        if key.type is not KeyType.ED25519:
            raise ValueError(f"{key.name} cosigns; ask when")
        said = self._by(key)
        return bool(said) and all(_holds(key, self.text.encode(), each.signature) for each in said)

    def cosigned_at(self, key: NoteKey) -> int | None:
        """When `key`, of type COSIGNATURE, says that it signed this text, in seconds since the epoch; None: not."""
        if key.type is not KeyType.COSIGNATURE:
            raise ValueError(f"{key.name} signs without a time")
        times: list[int] = []
        for each in self._by(key):
            time_s = int.from_bytes(each.signature[:TIME_BYTES])
            if not _holds(key, _cosigned(self.text, time_s), each.signature[TIME_BYTES:]):
                return None
            times.append(time_s)
        return max(times, default=None)

    def _by(self, key: NoteKey) -> tuple[NoteSignature, ...]:
        return tuple(each for each in self.signatures if (each.name, each.key_id) == (key.name, key.id))


def parse_key(text: str) -> NoteKey:
    """Read a key as `str` of it is written.

    Raises:
        NoteRefused: anything else, also when the id is not the key's.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteRefused("a note's key is name, id and key with + between them")
    name, key_id, encoded = parts
    data = _from_base64(encoded)
    if len(data) != 1 + 32 or data[0] not in set(KeyType) or not _LINE.fullmatch(f"{_DASH}{name} AAAA"):
        raise NoteRefused("a note's key of a type that is not known here")
    key = NoteKey(name, KeyType(data[0]), data[1:])
    if key.id.hex() != key_id:
        raise NoteRefused(f"the id of a note's key does not belong to it: {key_id}, should be {key.id.hex()}")
    return key


def parse_note(data: bytes) -> SignedNote:
    """Read a note.

    Raises:
        NoteRefused: no note, longer than MAX_NOTE_BYTES, or with more than MAX_SIGNATURES.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise NoteRefused(f"a note longer than {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise NoteRefused("a note that is not UTF-8") from None
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not text or not signatures.endswith("\n"):
        raise NoteRefused("a note without signatures")
    if any(ord(each) < 0x20 and each != "\n" for each in text):
        raise NoteRefused("a note with control characters")
    lines = signatures.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteRefused(f"a note with more than {MAX_SIGNATURES} signatures")
    return SignedNote(f"{text}\n", tuple(_signature(line) for line in lines))


def sign(text: str, name: str, private_key: Ed25519PrivateKey) -> NoteSignature:
    """Sign `text`, which ends with a line break, under the key's `name`."""
    _check_text(text)
    key = NoteKey(name, KeyType.ED25519, private_key.public_key().public_bytes_raw())
    return NoteSignature(name, key.id, private_key.sign(text.encode()))


def cosign(text: str, name: str, private_key: Ed25519PrivateKey, time_s: int) -> NoteSignature:
    """Sign `text` and the time `time_s`, seconds since the epoch, as a `cosignature/v1`."""
    _check_text(text)
    key = NoteKey(name, KeyType.COSIGNATURE, private_key.public_key().public_bytes_raw())
    signature = private_key.sign(_cosigned(text, time_s))
    return NoteSignature(name, key.id, time_s.to_bytes(TIME_BYTES) + signature)


def _cosigned(text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


def _check_text(text: str) -> None:
    if not text.endswith("\n") or "\n\n" in text:
        raise ValueError("the text of a note ends with a line break and has no empty line here")


def _signature(line: str) -> NoteSignature:
    match = _LINE.fullmatch(line)
    data = _from_base64(match[2]) if match else b""
    if match is None or len(data) <= KEY_ID_BYTES:
        raise NoteRefused("a line among the signatures of a note that is none")
    return NoteSignature(match[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _from_base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except NotBase64:
        raise NoteRefused("a note with something in it that is not base64") from None
    if b64encode(data).decode() != text:
        raise NoteRefused("a note with base64 that is not written the one way")
    return data


def _holds(key: NoteKey, message: bytes, signature: bytes) -> bool:
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
