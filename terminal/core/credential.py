"""What a card says once it is believed: credential, qualifications and the words in them.

These are plain values. A `Credential` is only ever made by `terminal.card.credential.verify` (or by the issuer, who
signs it), so holding one means that its signature, its encoding and its chip were right.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum


class Product(IntEnum):
    """The three products of XS-ID, with their number on the card."""

    CARGOCARD = 1
    DSP = 2
    PORTKEY = 3

    @property
    def label(self) -> str:
        """The name used in documents and on command lines: `cargocard`, `dsp`, `portkey`."""
        return self.name.lower()


EAN_DIGITS = 13


def ean_check_digit_ok(ean: int) -> bool:
    """Tell whether `ean`, with its leading zeros restored to 13 digits, ends in its right check digit (GS1)."""
    digits = f"{ean:0{EAN_DIGITS}d}"
    if ean <= 0 or len(digits) != EAN_DIGITS:
        return False
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:-1]))
    return (10 - total % 10) % 10 == int(digits[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The credential of an XS-Key (design 3, file 1), verified.

    `not_before` and `expires` are seconds since the epoch: valid when not_before <= now < expires. `card_number`
    is 8 bytes, `uid` 7. `card_index` and `company_index` point into the status lists. Whose card it is stands in no
    `repr`, and so in no log and no trace of an exception.
    """

    key_id: bytes
    card_number: bytes = field(repr=False)
    not_before: int
    expires: int
    product: Product
    ean: int = field(repr=False)
    personal_number: int = field(repr=False)
    card_index: int = field(repr=False)
    company_index: int = field(repr=False)
    uid: bytes = field(repr=False)
    language: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Training:
    """A training or instruction and the last local day on which it still holds."""

    code: str
    last_valid_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifications:
    """The qualifications of the card with this number (design 3, file 2), verified. `issued_at` in seconds."""

    card_number: bytes = field(repr=False)
    issued_at: int
    uid: bytes = field(repr=False)
    trainings: tuple[Training, ...] = field(repr=False)
