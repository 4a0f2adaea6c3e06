"""A stay: one person on site, from entry to exit, as the terminals of a site remember it (design 1, 'Words').

A change of who is inside never stands alone: it rides with the journal entry that tells it, in one transaction.
"""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An open stay. `entered_ms` is the tap at entry, `intent` the sequence number of its intent in this journal.

    `neutral`: whether he is inside is not certain (a fire release, a passage nobody saw, a manual opening), so that
    anti-passback and capacity leave him out and a muster says so.
    """

    zone: int
    lane: int
    entered_ms: int
    intent: int | None = None
    passenger: bool = False
    neutral: bool = False


@dataclass(frozen=True, slots=True)
class StayOpened:
    """A card of this company went in; an older stay of the same card is replaced."""

    card_number: bytes = field(repr=False)
    ean: int = field(repr=False)
    stay: Stay


@dataclass(frozen=True, slots=True)
class StayClosed:
    """The card went out. Nothing happens when it has no open stay."""

    card_number: bytes = field(repr=False)
    closed_ms: int


@dataclass(frozen=True, slots=True)
class StayNeutral:
    """Whether this card is inside is no longer certain. Nothing happens when it has no open stay."""

    card_number: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ZoneNeutral:
    """After a fire release: whether anybody of this zone is inside is no longer certain."""

    zone: int


StayChange: TypeAlias = StayOpened | StayClosed | StayNeutral | ZoneNeutral
