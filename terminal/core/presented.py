"""What came of reading a card: one value of a closed union, told apart once by `terminal.card`.

`detail` is a short machine word for the journal (`select-91a0`, `signature`, `card-lost`); it names no person, no key.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from terminal.core.credential import Credential, Qualifications


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The conversation broke off or went wrong; nothing that was said is believed. Try again."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotAnXsKey:
    """Some other card: it has no XS-Key application."""

    detail: str


@dataclass(frozen=True, slots=True)
class RandomUid:
    """The chip shows a random UID of four bytes, to which nothing can be bound."""

    detail: str = "uid-4-random"


@dataclass(frozen=True, slots=True)
class NotAuthentic:
    """The chip does not hold our keys, or what it holds was not signed by an issuer for this chip at this moment."""

    detail: str


class NoQualifications(StrEnum):
    """Why an authentic card comes without qualifications."""

    NOT_ASKED = "not-asked"
    NONE_ON_CARD = "none-on-card"


@dataclass(frozen=True, slots=True)
class Authentic:
    """Chip, encoding and signatures were right; says nothing yet about dates, lists or rules.

    `detail` tells with which generation of the read key the card answered: `read-key-newest` or `read-key-older`.
    Qualifications that were asked for and are forged make the card `NotAuthentic`, never one without qualifications.
    """

    credential: Credential
    qualifications: Qualifications | NoQualifications
    detail: str


Presented: TypeAlias = Unreadable | NotAnXsKey | RandomUid | NotAuthentic | Authentic
