"""What an exit tap adds to what a stay has been charged (design 6, 'Stays').

The charges of one stay always add up to its price from the first entry to the last exit tap that was charged.

Pure. Nobody is charged on a guess: what is not known, or not certain, is charged 0 or up to where it was certain, with
a flag, and a person at headquarters prices the rest.
"""

from dataclasses import dataclass

from terminal.core.charge import Flag
from terminal.core.paid_stay import Newest, StayTold
from terminal.core.tariff.document import Tariff, Tariffs, duration_s
from terminal.core.tariff.explanation import MICRO_A_CENT, Line, What
from terminal.core.tariff.pricing import in_force, numbered, price, shortened

MAX_LINES = 200
"""Of an explanation in the journal; what is more is summed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """An exit tap, with the clock it was read by.

    `latest_s` is the tap. `earliest_s`, to which is charged, is what it cannot have been before: the same where the
    clock is good, the newest signed time where it is doubtful and the policy has the cheaper reading count.
    """

    latest_s: int
    earliest_s: int
    doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due for the whole stay up to this exit, and what earlier charges have of it."""

    total_cents: int
    earlier_cents: int
    tariff: Tariff | None
    lines: tuple[Line, ...]
    flags: tuple[Flag, ...]


def due(found: Newest, tariffs: Tariffs | None, leaving: Leaving) -> Due | None:
    """What the charge of this exit is to say; None: it adds none.

    That is a passenger's where the tariff is per vehicle, and a tap within the exit grace of the last one charged.
    """
    disagree = (Flag.SOURCES_DISAGREE,) if found.disagree else ()
    stay = found.stay
    if stay is None or not stay.inside:
        return nothing_more(None, None, (Flag.ENTRY_UNKNOWN, *disagree))
    tariff = tariff_of(tariffs, stay)
    if tariffs is None or tariff is None:
        if stay.passenger:
            return None
        return nothing_more(stay, None, (Flag.NO_TARIFF, *disagree))
    if (stay.passenger and tariff.per == "vehicle") or _within_grace(stay, tariff, leaving):
        return None
    return _priced(stay, tariff, tariffs.tz, leaving, disagree)


def goes_on(found: Newest, tariffs: Tariffs | None, tapped_s: int) -> StayTold | None:
    """The stay that an entry tap goes on with: he left so lately that the gap counts as parked."""
    stay = found.stay
    if stay is None or stay.inside or stay.last_exit_ms is None:
        return None
    tariff = tariff_of(tariffs, stay)
    away_s = tapped_s - stay.last_exit_ms // 1000
    return stay if tariff is not None and 0 <= away_s < duration_s(tariff.reentry_gap) else None


def tariff_of(tariffs: Tariffs | None, stay: StayTold) -> Tariff | None:
    """The version that was in force at its first entry."""
    if tariffs is None:
        return None
    if stay.tariff is None:
        return in_force(tariffs, stay.entered_ms // 1000)
    return numbered(tariffs, stay.tariff)


def _within_grace(stay: StayTold, tariff: Tariff, leaving: Leaving) -> bool:
    if stay.last_exit_ms is None:
        return False
    return leaving.latest_s - stay.last_exit_ms // 1000 <= duration_s(tariff.exit_grace)


def _priced(stay: StayTold, tariff: Tariff, tz: str, leaving: Leaving, flags: tuple[Flag, ...]) -> Due:
    entered_s = stay.entered_ms // 1000
    until_s = leaving.earliest_s
    if leaving.doubtful:
        flags = (*flags, Flag.CLOCK_DOUBTFUL)
    if stay.certain_until_ms is not None and stay.certain_until_ms // 1000 < until_s:
        until_s = stay.certain_until_ms // 1000
        flags = (*flags, Flag.NOT_CERTAIN)
    if until_s < entered_s:  # no clock that ran through this stay says so
        return nothing_more(stay, tariff, tuple(dict.fromkeys((*flags, Flag.CLOCK_DOUBTFUL))))
    worth = price(tariff, tz, entered_s, until_s)
    if worth.amount_cents < stay.charged_cents:  # what was charged up to a later moment stands
        return nothing_more(stay, tariff, flags)
    if worth.overstay:
        flags = (*flags, Flag.OVERSTAY)
    return Due(
        total_cents=worth.amount_cents,
        earlier_cents=stay.charged_cents,
        tariff=tariff,
        lines=shortened(worth.lines, MAX_LINES),
        flags=flags,
    )


def nothing_more(stay: StayTold | None, tariff: Tariff | None, flags: tuple[Flag, ...]) -> Due:
    """Nothing is added to what was charged."""
    lines: tuple[Line, ...] = ()
    earlier = stay.charged_cents if stay else 0
    if stay is not None and earlier:
        lines = (Line(stay.entered_ms // 1000, What.SHORTENED, None, 1, earlier * MICRO_A_CENT),)
    return Due(total_cents=earlier, earlier_cents=earlier, tariff=tariff, lines=lines, flags=flags)
