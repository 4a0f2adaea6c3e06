"""COSE_Sign1 (RFC 9052) with the one form of headers that an XS-Key bears: Ed25519 and a key id of four bytes.

What is parsed is not yet believed: `Signed.payload` counts after `Signed.verified_by` a key that somebody chose by
`key_id`. Any other header, tag or algorithm is refused while parsing, whatever a library would make of it.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from terminal.core.cbor import CborRefused, decode_strict, encode
from terminal.core.issuers import KEY_ID_BYTES
from terminal.errors import DocumentError

PROTECTED = bytes.fromhex("A10127")  # {1: -8}: EdDSA
KEY_ID_LABEL = 4
SIGNATURE_BYTES = 64
_TAG = b"\xd2"  # 18


class CoseRefused(DocumentError):
    """The bytes are no COSE_Sign1 of our form; the message says why."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A COSE_Sign1 of our form, parsed and not yet verified."""

    key_id: bytes
    payload: bytes
    signature: bytes

    def verified_by(self, public_key: bytes) -> bool:
        """Tell whether the 32-byte Ed25519 key `public_key` signed this payload."""
        return signature_holds(public_key, PROTECTED, self.payload, self.signature)


def parse(data: bytes, max_bytes: int) -> Signed:
    """Parse a COSE_Sign1 of our form.

    Raises:
        CoseRefused: anything else.
    """
    if data[:1] != _TAG:
        raise CoseRefused("not tagged as COSE_Sign1")
    try:
        message = decode_strict(data[1:], max_bytes - 1)
    except CborRefused as refusal:
        raise CoseRefused(f"not CBOR as we write it: {refusal}") from None
    match message:
        case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)]:
            pass
        case _:
            raise CoseRefused("not an array of headers, payload and signature")
    key_id = unprotected.get(KEY_ID_LABEL)
    if protected != PROTECTED or len(unprotected) != 1 or not isinstance(key_id, bytes) or len(key_id) != KEY_ID_BYTES:
        raise CoseRefused("headers other than EdDSA and a key id of four bytes")
    if len(signature) != SIGNATURE_BYTES:
        raise CoseRefused("a signature of the wrong length")
    return Signed(key_id, payload, signature)


def sign(payload: bytes, key_id: bytes, private_key: Ed25519PrivateKey) -> bytes:
    """The COSE_Sign1 over `payload`; the same bytes each time."""
    if len(key_id) != KEY_ID_BYTES:
        raise ValueError(f"a key id has {KEY_ID_BYTES} bytes")
    signature = private_key.sign(signature_input(PROTECTED, payload))
    return _TAG + encode([PROTECTED, {KEY_ID_LABEL: key_id}, payload, signature])


def signature_input(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure of a COSE_Sign1 without external data (RFC 9052 section 4.4)."""
    return encode(["Signature1", protected, b"", payload])


def signature_holds(public_key: bytes, protected: bytes, payload: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that of the 32-byte Ed25519 key over these protected headers and payload."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signature_input(protected, payload))
    except (InvalidSignature, ValueError):
        return False
    return True
