"""The chip's own cryptography, on nothing but the AES block cipher; shares no code with the terminal.

CMAC is NIST SP 800-38B (RFC 4493), the session keys and initialisation vectors are those of DESFire's EV2 secure
messaging (NXP AN12196, AN12343).
"""

import hmac
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
MAC_LENGTH = 8


def encrypt_cbc(key: bytes, plaintext: bytes, iv: bytes = bytes(BLOCK)) -> bytes:
    """AES-CBC without padding; `plaintext` is whole blocks."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plaintext) + encryptor.finalize()


def decrypt_cbc(key: bytes, ciphertext: bytes, iv: bytes = bytes(BLOCK)) -> bytes:
    """The reverse of `encrypt_cbc`."""
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC, 16 bytes (RFC 4493, section 2.4)."""
    subkey = _doubled(encrypt_cbc(key, bytes(BLOCK)))
    whole = bool(message) and len(message) % BLOCK == 0
    if not whole:
        subkey = _doubled(subkey)
        message = pad(message)
    last = xor(message[-BLOCK:], subkey)
    return encrypt_cbc(key, message[:-BLOCK] + last)[-BLOCK:]


def truncated(mac: bytes) -> bytes:
    """The eight bytes of a CMAC that EV2 sends: the second, fourth, … sixteenth (EV1 sent the first eight)."""
    return mac[1::2]


def same(one: bytes, other: bytes) -> bool:
    """Compare without telling by the time it takes where they differ."""
    return hmac.compare_digest(one, other)


def pad(message: bytes) -> bytes:
    """ISO/IEC 9797-1 padding method 2: 80, then zeros, always at least one byte."""
    return message + b"\x80" + bytes(-(len(message) + 1) % BLOCK)


def unpad(padded: bytes) -> bytes | None:
    """The reverse of `pad`; None when that is not what it is."""
    message = padded.rstrip(b"\x00")
    return message[:-1] if message.endswith(b"\x80") and len(padded) - len(message) < BLOCK else None


def xor(one: bytes, other: bytes) -> bytes:
    """Bytes of equal length, added without carry."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def rotated(block: bytes) -> bytes:
    """One byte to the left, as in RndA' and RndB'."""
    return block[1:] + block[:1]


def session_keys(key: bytes, rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """Session keys for encryption and for MACs (AN12196, SV1 and SV2)."""
    tail = rnd_a[:2] + xor(rnd_a[2:8], rnd_b[:6]) + rnd_b[6:] + rnd_a[8:]
    return cmac(key, b"\xa5\x5a\x00\x01\x00\x80" + tail), cmac(key, b"\x5a\xa5\x00\x01\x00\x80" + tail)


def jam_crc32(message: bytes) -> bytes:
    """CRC-32 of ISO 3309 without its last inversion, least significant byte first, as ChangeKey has it."""
    return (zlib.crc32(message) ^ 0xFFFFFFFF).to_bytes(4, "little")


def _doubled(block: bytes) -> bytes:
    """Multiplication by x in GF(2^128)."""
    number = int.from_bytes(block, "big") << 1
    return (number & (1 << 128) - 1 ^ (0x87 if number >> 128 else 0)).to_bytes(BLOCK, "big")
