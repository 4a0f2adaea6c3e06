"""The random code by which a receipt is found: 80 bits as 16 letters and digits (RFC 4648, base32 without padding).

The alphabet has no 0, 1 and 8, so whoever reads O for 0, I for 1 or B for 8 from a screen means the letter.
"""

from base64 import b32decode, b32encode

from terminal.core.charge import RECEIPT_BYTES

GROUP = 4
LETTERS = RECEIPT_BYTES * 8 // 5
MAX_TYPED = 64
"""More than that nobody types: it is not even looked at."""
_MISREAD = str.maketrans("018", "OIB", " -\t")


def shown_code(code: bytes) -> str:
    """The code as a person copies it: groups of four."""
    letters = b32encode(code).decode()
    return " ".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def read_code(text: str) -> bytes | None:
    """The code that a person typed, in capitals or not, with or without spaces and hyphens; None when it is none."""
    if len(text) > MAX_TYPED or not text.isascii():
        return None
    letters = text.upper().translate(_MISREAD)
    try:
        code = b32decode(letters)
    except ValueError:
        return None
    return code if len(code) == RECEIPT_BYTES else None
