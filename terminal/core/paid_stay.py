"""A stay that is charged, and what each source tells of it (design 6, 'Stays').

It is known in three places: the terminals that served it, the card's record, headquarters. `StayTold` is what one of
them says; the tap at the exit takes the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from terminal.core.charge import StayId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """By what a stay is charged, as a terminal keeps it beside the stay.

    `entered_ms` is the tap of the first entry and `stay` its intent; None: the one that lets him in now. Of what was
    charged so far `last_exit_ms` is the tap, None while nothing was.
    """

    stay: StayId | None
    entered_ms: int
    tariff: int | None
    last_exit_ms: int | None = None
    charged_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StayTold:
    """What one source says of the newest stay of a card at this site.

    `entered_ms` is the tap of its first entry, `last_exit_ms` the last exit tap that was charged, both in milliseconds
    since the epoch. `inside`: he is here, be it for having come back after that exit or for never having driven out.
    `certain_until_ms`: from then on nobody knows whether he was here (the zone was open to anybody).
    """

    stay: StayId
    inside: bool
    entered_ms: int
    zone: int
    lane: int
    tariff: int | None
    last_exit_ms: int | None = None
    charged_cents: int = 0
    passenger: bool = False
    certain_until_ms: int | None = None

    def words(self) -> str:
        """As the journal has it of a source."""
        where = "inside" if self.inside else "left"
        return f"{where} {self.stay.epoch.hex()}/{self.stay.sequence} {self.charged_cents}"


def account_of(stay: StayTold) -> Account:
    """By what it is charged, as its source knows that."""
    return Account(
        stay=stay.stay,
        entered_ms=stay.entered_ms,
        tariff=stay.tariff,
        last_exit_ms=stay.last_exit_ms,
        charged_cents=stay.charged_cents,
    )


@dataclass(frozen=True, slots=True)
class Newest:
    """What the sources come to together. `disagree`: one of them says what cannot be for being behind alone."""

    stay: StayTold | None
    disagree: bool = False


def newest(told: Mapping[str, StayTold]) -> Newest:
    """The stay with the latest entry; one that a source says he left at or after that entry is closed.

    Of one stay the source that knows of the later exit knows more, and of the same exit the one that has him inside
    again: a card says that he left at the tap, when he may still back out.
    """
    if not told:
        return Newest(None)
    top = max(told.values(), key=_how_new)
    same = [each for each in told.values() if each.stay == top.stay]
    others = [each for each in told.values() if each.stay != top.stay]
    closed = any(not each.inside and _left_ms(each) >= top.entered_ms for each in others)
    unlike = any(_how_new(each) == _how_new(top) and each.charged_cents != top.charged_cents for each in same)
    still_there = any(each.inside for each in others)
    moments = [each.certain_until_ms for each in same if each.certain_until_ms is not None]
    known = replace(
        top,
        inside=top.inside and not closed,
        charged_cents=max(each.charged_cents for each in same),
        passenger=any(each.passenger for each in same),
        certain_until_ms=min(moments, default=None),
    )
    return Newest(known, disagree=closed or unlike or still_there)


def _how_new(told: StayTold) -> tuple[int, int, bool]:
    # In seconds: the card's record has no more of an exit.
    return told.entered_ms, (told.last_exit_ms or 0) // 1000, told.inside


def _left_ms(told: StayTold) -> int:
    return told.entered_ms if told.last_exit_ms is None else told.last_exit_ms
