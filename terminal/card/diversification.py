"""A key of its own for each card, from a master key (NXP AN10922, AES-128)."""

from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.cmac import CMAC

from terminal.card.apdu import UID_BYTES

AID = bytes.fromhex("58534B")  # in the order it goes over the wire
SYSTEM = b"XS-KEY"
KEY_BYTES = 16
INPUT_MIN_BYTES, INPUT_MAX_BYTES = 16, 31
_CONSTANT = b"\x01"


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC (RFC 4493), 16 bytes."""
    mac = CMAC(AES128(key))
    mac.update(message)
    return mac.finalize()


def diversify(master: bytes, diversification_input: bytes) -> bytes:
    """The diversified key (AN10922 section 2.2); the input is 16 to 31 bytes.

    Within these bounds the two padded blocks of AN10922 are what CMAC makes of the message by itself; a shorter input
    would be padded to two blocks where CMAC takes one.
    """
    if not INPUT_MIN_BYTES <= len(diversification_input) <= INPUT_MAX_BYTES:
        raise ValueError(f"a diversification input has {INPUT_MIN_BYTES} to {INPUT_MAX_BYTES} bytes")
    return cmac(master, _CONSTANT + diversification_input)


def card_key_input(uid: bytes, number: int) -> bytes:
    """What key `number` of the card with this UID is diversified by."""
    if len(uid) != UID_BYTES:
        raise ValueError("keys are diversified by UIDs of 7 bytes only")
    return uid + AID + SYSTEM + bytes([number])
