"""The sealed part of an entry: written at the gate, opened at headquarters only (design 7, 'Entries').

RFC 9180 base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-128-GCM. The key of the entry stands in
`info`, so that a sealed part opens nowhere but beside its own record. The ephemeral key comes from the operating
system's random source, inside the library.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from terminal.core.cbor import CborRefused, Decoded, Key, decode_strict, encode
from terminal.core.issuers import KEY_ID_BYTES, SealingKey
from terminal.core.journal import EPOCH_BYTES, EntryKey
from terminal.errors import DocumentError

MAX_SEALED_BYTES = 16 * 1024
ENC_BYTES = 32
TAG_BYTES = 16
_OVERHEAD = KEY_ID_BYTES + ENC_BYTES + TAG_BYTES
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


def seal(plain: Mapping[str, Any], key: EntryKey, to: SealingKey) -> bytes:
    """Key id (4 bytes), enc (32) and ciphertext of `plain` as deterministic CBOR, for the entry with this `key`.

    Raises:
        DocumentError: headquarters' sealing key is no key that can be used.
        ValueError: more than MAX_SEALED_BYTES.
    """
    data = encode({key: item for key, item in plain.items()})  # noqa: C416  widens the key's type
    if len(data) + _OVERHEAD > MAX_SEALED_BYTES:
        raise ValueError(f"a sealed part longer than {MAX_SEALED_BYTES} bytes")
    try:
        public_key = X25519PublicKey.from_public_bytes(bytes.fromhex(to.key))
        return bytes.fromhex(to.id) + _SUITE.encrypt(data, public_key, info=_info(key))
    except ValueError:  # a wrong length, or a point of low order
        raise DocumentError(f"headquarters' sealing key {to.id} cannot be used; publish issuers.json anew") from None


def open_sealed(sealed: bytes, key: EntryKey, keys: Mapping[bytes, X25519PrivateKey]) -> dict[Key, Decoded]:
    """Open what `seal` made, with the private keys by their 4-byte id. At headquarters. Raises as `opened` does."""
    return opened(sealed, key, keys)[1]


def opened(sealed: bytes, key: EntryKey, keys: Mapping[bytes, X25519PrivateKey]) -> tuple[bytes, dict[Key, Decoded]]:
    """The same, with the bytes that were sealed.

    Raises:
        DocumentError: no such key, not sealed for this entry, changed since, or nothing that `seal` makes.
    """
    if not _OVERHEAD < len(sealed) <= MAX_SEALED_BYTES:
        raise DocumentError(f"a sealed part of {len(sealed)} bytes")
    private_key = keys.get(sealed[:KEY_ID_BYTES])
    if private_key is None:
        raise DocumentError(f"sealed to key {sealed[:KEY_ID_BYTES].hex()}, which is not here")
    try:
        data = _SUITE.decrypt(sealed[KEY_ID_BYTES:], private_key, info=_info(key))
        plain = decode_strict(data)
    except (InvalidTag, CborRefused):
        data, plain = b"", None
    if not isinstance(plain, dict):
        raise DocumentError("a sealed part that was not sealed for this entry, or was changed since")
    return data, plain


def _info(key: EntryKey) -> bytes:
    if len(key.epoch) != EPOCH_BYTES:
        raise ValueError("an epoch is 16 bytes")
    return b"xs/v1/entry\0" + key.terminal.encode() + b"\0" + key.epoch + key.sequence.to_bytes(8)
