"""What is wrong with a tariff once its week is laid out (design 6, 'Tariffs', 11): everything at once, in words.

Each kind of day is laid out in minutes of its wall clock, with what the day before it left over, and each special day
with both its neighbours. Nights on which the clock changes need no day of their own: on its way from the wall to
elapsed time an end of a window never overtakes another, so what neither overlaps nor leaves a hole on the wall does
neither at night.

Free minutes are not taken off before lines are compared: when they are over depends on when somebody came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import combinations, pairwise, permutations

from terminal.core.hours import WEEKDAYS
from terminal.core.money import amount_of
from terminal.core.tariff.document import (
    Tariff,
    TariffLine,
    Tariffs,
    duration_s,
    line_mistakes,
    tariff_mistakes,
)

MAX_AMOUNT = Decimal(10_000)
"""The most that an amount may be, and that the increments of a line may come to in 24 hours; more was mistyped."""
SHOWN_DAYS = 8
_DAY_MIN = 24 * 60
_DAY_S = 24 * 3600
_FOREVER_S = 2**62


def all_mistakes(document: Tariffs) -> tuple[str, ...]:
    """All that rule 11 refuses, a line each: between the fields, then in the week laid out, tariff by tariff."""
    found = [*tariff_mistakes(document)]
    for tariff in document.tariffs:
        found += [f"tariff {tariff.number}{mistake}" for mistake in _Week(tariff).mistakes()]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day to be laid out: its name, what kind of day it is, and what kind the day before."""

    name: str
    kind: str
    before: str


@dataclass(frozen=True, slots=True, order=True)
class _Where:
    """From one minute of a day until before another, and what is said of it; `said` takes when."""

    said: str
    begins_min: int
    ends_min: int


class _Week:
    """One tariff over the days of a week and its special days."""

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff
        kinds = {*WEEKDAYS, *tariff.special_days.values()}
        self._wrong = {n for n, line in self._numbered() if any(True for _ in line_mistakes(line, kinds))}

    def mistakes(self) -> Iterator[str]:
        """What is wrong, each without the number of the tariff before it."""
        yield from self._absurd_amounts()
        yield from self._cheaper_later()
        where: dict[_Where, list[str]] = {}
        for day in self._days:
            for each in _merged(self._of(day)):
                where.setdefault(each, []).append(day.name)
        for each, days in sorted(where.items()):
            yield each.said.format(when=f"{_listed(days)} from {_clock(each.begins_min)} to {_clock(each.ends_min)}")

    # -------------------------------------------------------------------------------------------------- single lines

    def _absurd_amounts(self) -> Iterator[str]:
        caps = self._tariff.caps
        amounts = {"caps, day": caps.day.amount if caps.day else None, "caps, h24": caps.h24}
        amounts |= {f"line {number}, cap": line.cap for number, line in self._numbered()}
        for name, amount in amounts.items():
            if amount is not None and amount_of(amount) == 0:
                yield f", {name}: is zero, so that nothing is ever due; leave it out where there is none"
        amounts |= {f"line {number}, amount": line.amount for number, line in self._numbered()}
        for name, amount in amounts.items():
            if amount is not None and amount_of(amount) > MAX_AMOUNT:
                yield f", {name}: {amount} is absurd; at most {MAX_AMOUNT} is allowed"
        for number, line in self._incrementing:
            in_24h = amount_of(line.amount) * _DAY_S / duration_s(line.each or "PT0S")
            if in_24h > MAX_AMOUNT >= amount_of(line.amount):
                yield (
                    f", line {number}: {line.amount} each {line.each} is {in_24h:.2f} in 24 hours, which is absurd; "
                    f"at most {MAX_AMOUNT} is allowed"
                )

    def _cheaper_later(self) -> Iterator[str]:
        """Lines whose free minutes, once gone, could move the increments of a later part to where they cost less.

        Not where those begin to count in the same second and are free at least as long.
        """
        for (number, line), (later_number, later) in permutations(self._incrementing, 2):
            free, later_free = _when_gone_min(line), _when_gone_min(later)
            together = _clocks(line) == _clocks(later) and later_free >= free
            if free and not together and _part(line)[1] <= _part(later)[0] and self._can_meet(line, later):
                yield (
                    f": lines {number} and {later_number}: a later exit could cost less, since line {number}, free "
                    f"when-gone, comes before line {later_number} once its {free} minutes are over; give line "
                    f"{later_number} the same window and free minutes, or say left-out"
                )

    # ------------------------------------------------------------------------------------------------------- the week

    @cached_property
    def _days(self) -> tuple[_Day, ...]:
        """The week, then those special days, and days after one, on which other lines apply than on any before."""
        days = [_Day(kind, kind, before) for before, kind in pairwise((WEEKDAYS[-1], *WEEKDAYS))]
        special = self._tariff.special_days
        naming = {kind: self._naming(kind) for kind in {*WEEKDAYS, *special.values()}}
        seen = {(naming[day.kind], naming[day.before]) for day in days}
        near = {each.toordinal() + after for each in special for after in (0, 1)}
        for day in (date.fromordinal(each) for each in sorted(near)):
            kind, before = self._kind(day), self._kind(day - timedelta(days=1))
            if (lines := (naming[kind], naming[before])) not in seen:
                seen.add(lines)
                days.append(_Day(f"{day} ({kind})" if day in special else f"{day} (after {before})", kind, before))
        return tuple(days)

    def _kind(self, day: date) -> str:
        return self._tariff.special_days.get(day) or WEEKDAYS[day.weekday()]

    def _naming(self, kind: str) -> tuple[int, ...]:
        """The lines with windows on days of that kind."""
        return tuple(n for n, line in self._numbered() if line.window is not None and kind in line.window.days)

    def _of(self, day: _Day) -> Iterator[_Where]:
        """What is wrong on this day, in pieces between the ends of windows."""
        spans = {n: list(_minutes(line, day)) for n, line in self._numbered() if n not in self._wrong}
        ends = sorted({0, _DAY_MIN, *(end for each in spans.values() for span in each for end in span)})
        for begins, until in pairwise(ends):
            here = [n for n, each in spans.items() if any(a <= begins < b for a, b in each)]
            for said in (*self._two_at_once(here), *self._holes(here)):
                yield _Where(said, begins, until)

    def _two_at_once(self, here: Sequence[int]) -> Iterator[str]:
        for (one, line), (two, other) in combinations([each for each in self._incrementing if each[0] in here], 2):
            begins_s, to_s = max(_part(line)[0], _part(other)[0]), min(_part(line)[1], _part(other)[1])
            if begins_s < to_s:
                of_stay = "" if (begins_s, to_s) == (0, _FOREVER_S) else f", {_stretch(begins_s, to_s)} of the stay"
                yield f": lines {one} and {two} both apply {{when}}{of_stay}; at most one incrementing line may"

    def _holes(self, here: Sequence[int]) -> Iterator[str]:
        """Parts of the stay that no line is for; hours without any line."""
        if self._wrong:  # they may be what fills it
            return
        lines = dict(self._incrementing)
        inner = _gaps([_part(lines[n]) for n in here if n in lines])
        between = [gap for gap in inner if gap[0] > 0 and gap[1] < _FOREVER_S]
        for begins_s, to_s in between:
            yield (
                f": no line is for the part {_stretch(begins_s, to_s)} of the stay {{when}}; parts may have no hole: "
                "write a line of amount 0 for it if it is meant"
            )
        if self._tariff.otherwise == "free" or not self._tariff.lines:
            return
        filling = [_part(line) for n, line in self._numbered() if n in here and line.kind in self._filling_kinds]
        for begins_s, to_s in _gaps(filling):
            if (begins_s, to_s) == (0, _FOREVER_S):
                yield ': no line applies {when}; write one, or say "otherwise": "free" if that is meant'
            elif (begins_s, to_s) not in between:
                yield (
                    f": no line is for the part {_stretch(begins_s, to_s)} of the stay {{when}}; write one, or say "
                    '"otherwise": "free" if that is meant'
                )

    @cached_property
    def _filling_kinds(self) -> set[str]:
        """An amount that is due once does not price the hours after it, unless all of the tariff is so."""
        kinds = {line.kind for line in self._tariff.lines}
        return {"flat"} if kinds == {"flat"} else {"incrementing", "flat-window"}

    @cached_property
    def _incrementing(self) -> list[tuple[int, TariffLine]]:
        return [(n, line) for n, line in self._numbered() if line.kind == "incrementing" and n not in self._wrong]

    def _numbered(self) -> list[tuple[int, TariffLine]]:
        return list(enumerate(self._tariff.lines, start=1))

    def _can_meet(self, one: TariffLine, two: TariffLine) -> bool:
        """Tell whether windows of both can be open at one moment."""
        return any(a < d and c < b for day in self._days for a, b in _minutes(one, day) for c, d in _minutes(two, day))


def _minutes(line: TariffLine, day: _Day) -> Iterator[tuple[int, int]]:
    """From when to when the line's windows are open on that day, in minutes of its wall clock."""
    if line.window is None:
        yield 0, _DAY_MIN
        return
    begins, ends = _minute(line.window.start), _minute(line.window.end) + line.window.end_day * _DAY_MIN
    for kind, ago in ((day.before, _DAY_MIN), (day.kind, 0)):
        first, last = max(0, begins - ago), min(_DAY_MIN, ends - ago)
        if kind in line.window.days and first < last:
            yield first, last


def _merged(pieces: Iterator[_Where]) -> Iterator[_Where]:
    """What is said of one piece and of the next is said once."""
    last: _Where | None = None
    for piece in sorted(pieces):
        if last is not None and (last.said, last.ends_min) == (piece.said, piece.begins_min):
            last = _Where(last.said, last.begins_min, piece.ends_min)
        else:
            if last is not None:
                yield last
            last = piece
    if last is not None:
        yield last


def _gaps(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What of the stay is in none of these parts of it."""
    gaps, reached_s = [], 0
    for begins_s, to_s in [*sorted(spans), (_FOREVER_S, _FOREVER_S)]:
        if begins_s > reached_s:
            gaps.append((reached_s, begins_s))
        reached_s = max(reached_s, to_s)
    return gaps


def _part(line: TariffLine) -> tuple[int, int]:
    if line.part is None:
        return 0, _FOREVER_S
    return duration_s(line.part.from_), _FOREVER_S if line.part.to is None else duration_s(line.part.to)


def _stretch(begins_s: int, to_s: int) -> str:
    until = "the end" if to_s == _FOREVER_S else _duration(to_s)
    return f"from {_duration(begins_s)} to {until}"


def _duration(seconds: int) -> str:
    minutes, rest_s = divmod(seconds, 60)
    return f"{minutes // 60} h {minutes % 60:02} min" + (f" {rest_s} s" if rest_s else "")


def _listed(days: Sequence[str]) -> str:
    more = f" and {len(days) - SHOWN_DAYS} more" if len(days) > SHOWN_DAYS else ""
    return "every day" if tuple(days[:7]) == WEEKDAYS else f"on {', '.join(days[:SHOWN_DAYS])}{more}"


def _when_gone_min(line: TariffLine) -> int:
    return line.free.minutes if line.free is not None and line.free.mode == "when-gone" else 0


def _clocks(line: TariffLine) -> tuple[str, str, int] | None:
    return None if line.window is None else (line.window.start, line.window.end, line.window.end_day)


def _minute(time_of_day: str) -> int:
    return int(time_of_day[:2]) * 60 + int(time_of_day[3:])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
