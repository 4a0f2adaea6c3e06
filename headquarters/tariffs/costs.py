"""What a tariff costs, as numbers to draw: over the length of a stay, and over the hours of a week.

Prices are those of the engine and nothing else. For one entry a later exit never costs less, so a stretch whose two
ends cost the same costs that throughout.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from terminal.core.tariff.calendar import DAY, Calendar, Span, instant, zone
from terminal.core.tariff.document import Tariff, TariffLine
from terminal.core.tariff.pricing import price

MINUTE_S, HOUR_S = 60, 3600
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Step:
    """Stays longer than `after_min`, up to the next step, cost `cents`; at 0 it is what no time at all costs."""

    after_min: int
    cents: int


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the week on the clock, and what a stay costs that is this hour; None: the clock jumps over it."""

    hour: int
    cents: int | None


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """A day with its hours; `kind` is its weekday, or what it is instead. `lines` has the windows of each line."""

    day: date
    kind: str
    hours: tuple[Hour, ...]
    lines: tuple[tuple[Span, ...], ...]


def steps(tariff: Tariff, time_zone: str, entry_s: int, length_min: int) -> list[Step]:
    """What stays of up to that many minutes cost, to the minute."""

    def cents(minutes: int) -> int:
        return price(tariff, time_zone, entry_s, entry_s + minutes * MINUTE_S).amount_cents

    found = [Step(0, cents(0))]
    stretches = [(0, length_min, found[0].cents, cents(length_min))]
    while stretches:
        begins, ends, low, high = stretches.pop()
        if low == high:
            continue
        if ends - begins == 1:
            found.append(Step(begins, high))
            continue
        middle = (begins + ends) // 2
        between = cents(middle)
        stretches += [(middle, ends, between, high), (begins, middle, low, between)]
    return found


def windows(tariff: Tariff, time_zone: str, within: Span) -> tuple[tuple[Span, ...], ...]:
    """When the window of each line is open inside `within`; throughout where a line has none."""
    calendar = Calendar(tariff, time_zone)
    return tuple(tuple(_open(calendar, line, within)) for line in tariff.lines)


def week(tariff: Tariff, time_zone: str, of: date) -> Sequence[DayOfWeek]:
    """The days of the week of a day, from Monday on."""
    monday = of - timedelta(days=of.weekday())
    return [_day(tariff, time_zone, monday + count * DAY) for count in range(WEEK_DAYS)]


def _day(tariff: Tariff, time_zone: str, day: date) -> DayOfWeek:
    whole = Span(instant(day, "00:00", zone(time_zone)), instant(day, "24:00", zone(time_zone)))
    hours = tuple(_hour(tariff, time_zone, day, hour) for hour in range(24))
    return DayOfWeek(day, Calendar(tariff, time_zone).kind_of(day), hours, windows(tariff, time_zone, whole))


def _hour(tariff: Tariff, time_zone: str, day: date, hour: int) -> Hour:
    begins_s = instant(day, f"{hour:02}:00", zone(time_zone))
    if datetime.fromtimestamp(begins_s, zone(time_zone)).hour != hour:
        return Hour(hour, None)
    return Hour(hour, price(tariff, time_zone, begins_s, begins_s + HOUR_S).amount_cents)


def _open(calendar: Calendar, line: TariffLine, within: Span) -> Iterator[Span]:
    for span in [within] if line.window is None else calendar.windows(line.window, within):
        inside = Span(max(span.begins_s, within.begins_s), min(span.ends_s, within.ends_s))
        if inside.begins_s < inside.ends_s:
            yield inside
