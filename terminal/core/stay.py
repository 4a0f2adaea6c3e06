"""A stay: one person on site, from entry to exit, as the terminals of a site remember it (design 1, 'Words').

A change of who is inside never stands alone: it rides with the journal entry that tells it, in one transaction.
"""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from terminal.core.barrier_words import Result, Side
from terminal.core.credential import Credential
from terminal.core.paid_stay import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """An open stay. `entered_ms` is the tap at entry, `intent` the sequence number of its intent in this journal.

    `neutral`: whether he is inside is not certain (a fire release, a passage nobody saw, a manual opening), so that
    anti-passback and capacity leave him out and a muster says so. `account`: by what it is charged, where it is.
    """

    zone: int
    lane: int
    entered_ms: int
    intent: int | None = None
    passenger: bool = False
    neutral: bool = False
    account: Account | None = None


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
class StayCharged:
    """An exit tap was charged: the stay as it is from then on, open until his passage has ended.

    It need not have been known here: the exit knows it from the card, or from headquarters.
    """

    card_number: bytes = field(repr=False)
    ean: int = field(repr=False)
    stay: Stay


@dataclass(frozen=True, slots=True)
class StayNeutral:
    """Whether this card is inside is no longer certain. Nothing happens when it has no open stay."""

    card_number: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ZoneNeutral:
    """After a fire release by this lane: whether anybody of this zone is inside is no longer certain."""

    zone: int
    lane: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class ZoneOpened:
    """From now on this lane lets anybody into the zone and out of it (held open, forced), or no longer (`to_all`).

    No stay that was there meanwhile is charged past the moment at which that began by itself.
    """

    zone: int
    lane: int
    at_ms: int
    to_all: bool


StayChange: TypeAlias = StayOpened | StayClosed | StayCharged | StayNeutral | ZoneNeutral | ZoneOpened


@dataclass(frozen=True, slots=True)
class Holder:
    """A card and its company: what a stay is kept by."""

    card_number: bytes = field(repr=False)
    ean: int = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenPassage:
    """A vehicle that may have been let in or out and whose passage has no end yet: its intent, lane, time and card.

    `side` is the way it went; None when its intent does not say. `by_order`: `intent` is the order of a person.
    `goes_on`: the stay that an entry goes on with; what was charged for it does not stand there.
    """

    intent: int
    lane: int | None
    tapped_ms: int
    holder: Holder | None
    side: Side | None
    by_order: bool = False
    goes_on: Account | None = None


def after_passage(result: Result, side: Side, card: Credential | Holder, stay: Stay) -> StayChange | None:
    """What the end of a passage means for who is inside (design 5, the last table). `stay`: as it would begin here.

    A passage that nobody saw to its end leaves it uncertain. At an exit `stay.entered_ms` is the tap that let out.
    """
    match result, side:
        case ((Result.PASSED | Result.ASSUMED), Side.ENTRY):
            return StayOpened(card.card_number, card.ean, stay)
        case ((Result.PASSED | Result.ASSUMED), Side.EXIT):
            return StayClosed(card.card_number, stay.entered_ms)
        case Result.UNKNOWN, Side.ENTRY:
            return StayOpened(card.card_number, card.ean, replace(stay, neutral=True))
        case Result.UNKNOWN, Side.EXIT:
            return StayNeutral(card.card_number)
        case _:
            return None
