"""What a stay costs, exactly, and why: the eleven rules of design 6, 'Tariffs' (docs/tariffs.md).

    stay → the count begins → each line's spans → what falls due, in order → caps → rounding

What falls due is kept in **runs**: increments of one line, one after another, that begin in the same day, the same 24
hours and the same window, with nothing else between them. So a month by the minute costs no more work than by the day.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from terminal.core.money import amount_of
from terminal.core.tariff.calendar import Calendar, Span
from terminal.core.tariff.document import FreeTime, Tariff, TariffLine, Tariffs, duration_s
from terminal.core.tariff.explanation import MICRO, MICRO_A_CENT, Line, What

H24_S = 24 * 3600
_RANK = {"flat": 0, "flat-window": 1, "incrementing": 2}
_WHAT = {"flat": What.FLAT, "flat-window": What.FLAT_WINDOW, "incrementing": What.INCREMENT}
_CAPS = (What.CAP_WINDOW, What.CAP_DAY, What.CAP_24H)


@dataclass(frozen=True, slots=True)
class Price:
    """What a stay costs. The amounts of `lines` add up to `amount_cents`; `overstay`: longer than allowed."""

    amount_cents: int
    lines: tuple[Line, ...]
    overstay: bool


@dataclass(frozen=True, slots=True)
class _Applies:
    """Where one line of the tariff applies within one of its windows: `span`, and when the window is over."""

    line: int
    window: int
    span: Span


@dataclass(frozen=True, slots=True)
class _Run:
    """Amounts of one line that fall due from `at_s` on, `times` of them, `each_s` apart."""

    at_s: int
    line: int
    window: int
    times: int = 1
    each_s: int = 0


def price(tariff: Tariff, time_zone: str, entry_s: int, exit_s: int) -> Price:
    """The price of a stay from `entry_s` until before `exit_s`, whole seconds since the epoch."""
    stay = Span(entry_s, max(entry_s, exit_s))
    return _Pricing(tariff, time_zone, stay).price()


def in_force(tariffs: Tariffs, at_s: int) -> Tariff | None:
    """The version that counts for a stay that begins at this instant; None: none is in force yet."""
    begun = [tariff for tariff in tariffs.tariffs if tariff.from_.timestamp() <= at_s]
    return max(begun, key=lambda tariff: tariff.from_, default=None)


def numbered(tariffs: Tariffs, number: int) -> Tariff | None:
    """The version with this number."""
    return next((tariff for tariff in tariffs.tariffs if tariff.number == number), None)


def shortened(lines: tuple[Line, ...], most: int) -> tuple[Line, ...]:
    """At most so many lines, at least three: the last before the rounding are summed up in one."""
    if len(lines) <= most:
        return lines
    kept, rest, last = lines[: most - 2], lines[most - 2 : -1], lines[-1]
    amount = sum(line.amount_micro for line in rest)
    return (*kept, Line(rest[0].at_s, What.SHORTENED, None, sum(line.times for line in rest), amount), last)


class _Pricing:
    def __init__(self, tariff: Tariff, time_zone: str, stay: Span) -> None:
        self._tariff = tariff
        self._calendar = Calendar(tariff, time_zone)
        self._stay = stay
        self._free: list[Line] = []
        self._counted = self._count()

    def price(self) -> Price:
        due = list(self._due())
        lines = _in_order([*self._free, *self._told(self._charged(due))])
        total = sum(line.amount_micro for line in lines)
        cents = (total + MICRO_A_CENT // 2) // MICRO_A_CENT
        rounding = Line(self._stay.ends_s, What.ROUNDING, None, 1, cents * MICRO_A_CENT - total)
        longest = self._tariff.max_stay
        overstay = longest is not None and self._stay.ends_s - self._stay.begins_s > duration_s(longest)
        return Price(cents, (*lines, rounding), overstay)

    # ------------------------------------------------------------------------------------------- where lines apply

    def _count(self) -> Span:
        """What is counted of the stay (rule 4); empty when nothing is."""
        begins_s, ends_s = self._stay.begins_s, self._stay.ends_s
        free = self._tariff.free
        if free is None or not free.minutes or begins_s == ends_s:
            return self._stay
        if free.mode == "left-out" or ends_s - begins_s <= free.minutes * 60:
            self._free.append(Line(begins_s, What.FREE, None, 1, 0))
            begins_s = min(ends_s, begins_s + free.minutes * 60)
            return Span(begins_s, ends_s) if free.mode == "left-out" else Span(ends_s, ends_s)
        return self._stay

    def _applies(self, number: int, line: TariffLine) -> Iterator[_Applies]:
        """Where a line applies, window by window."""
        counted = self._counted
        if counted.begins_s == counted.ends_s:
            return
        part = self._part(line)
        windows = [counted] if line.window is None else self._calendar.windows(line.window, counted)
        for window, span in enumerate(windows):
            inside = Span(max(span.begins_s, counted.begins_s), min(span.ends_s, counted.ends_s))
            paid_from_s = self._paid_from(number, line.free, inside)
            begins_s, ends_s = max(paid_from_s, part.begins_s), min(inside.ends_s, part.ends_s)
            if begins_s < ends_s:
                yield _Applies(number, window, Span(begins_s, ends_s))

    def _part(self, line: TariffLine) -> Span:
        """The part of the stay, in elapsed time from the start of the count (rule 6)."""
        begins_s, ends_s = self._counted.begins_s, self._counted.ends_s
        if line.part is None:
            return self._counted
        to_s = ends_s if line.part.to is None else min(ends_s, begins_s + duration_s(line.part.to))
        return Span(begins_s + duration_s(line.part.from_), to_s)

    def _paid_from(self, number: int, free: FreeTime | None, inside: Span) -> int:
        """From when what lies inside a window is paid, its free minutes gone (rule 4)."""
        if free is None or not free.minutes:
            return inside.begins_s
        free_s = free.minutes * 60
        gone = inside.ends_s - inside.begins_s > free_s
        if free.mode == "when-gone" and gone:
            return inside.begins_s
        self._free.append(Line(inside.begins_s, What.FREE, number, 1, 0))
        return inside.begins_s + free_s if free.mode == "left-out" else inside.ends_s

    # ------------------------------------------------------------------------------------------------ what falls due

    def _due(self) -> Iterator[_Run]:
        """Everything that falls due, in order: by the moment, flat, flat-window, incrementing, then file order."""
        flats: list[_Run] = []
        incrementing: list[_Applies] = []
        for number, line in enumerate(self._tariff.lines, start=1):
            applies = list(self._applies(number, line))
            match line.kind:
                case "incrementing":
                    incrementing += applies
                case "flat":
                    flats += [_Run(each.span.begins_s, number, each.window) for each in applies[:1]]
                case "flat-window":
                    flats += [_Run(each.span.begins_s, number, each.window) for each in applies]
        cuts = sorted({flat.at_s for flat in flats} | set(self._days()) | set(self._h24()))
        runs = [*flats, *(part for run in self._chain(incrementing) for part in _split(run, cuts))]
        yield from sorted(runs, key=lambda run: (run.at_s, _RANK[self._line(run).kind], run.line))

    def _chain(self, applies: Iterable[_Applies]) -> Iterator[_Run]:
        """The one chain of increments (rule 5)."""
        at_s, exit_s = self._counted.begins_s, self._counted.ends_s
        for each in sorted(applies, key=lambda each: (each.span.begins_s, each.line)):
            at_s = max(at_s, each.span.begins_s)
            step_s = duration_s(self._tariff.lines[each.line - 1].each or "PT0S")
            times = -(-(min(each.span.ends_s, exit_s) - at_s) // step_s)
            if times > 0:
                yield _Run(at_s, each.line, each.window, times, step_s)
                at_s += times * step_s

    def _line(self, run: _Run) -> TariffLine:
        return self._tariff.lines[run.line - 1]

    # ----------------------------------------------------------------------------------------------------------- caps

    def _days(self) -> list[int]:
        day = self._tariff.caps.day
        return [] if day is None else self._calendar.resets(day.reset, self._stay)

    def _h24(self) -> range:
        begins_s, ends_s = self._stay.begins_s, self._stay.ends_s
        return range(begins_s + H24_S, ends_s, H24_S) if self._tariff.caps.h24 is not None else range(0)

    def _charged(self, due: Sequence[_Run]) -> Iterator[Line]:
        """The amounts, each cut to the smallest room left among its caps (rule 8)."""
        days, caps = self._days(), self._tariff.caps
        room: dict[tuple[What, int, int], int] = {}
        for run in due:
            line = self._line(run)
            amount = _micro(line.amount)
            limits = {
                (What.CAP_WINDOW, run.line, run.window): line.cap,
                (What.CAP_DAY, 0, bisect_right(days, run.at_s)): caps.day.amount if caps.day else None,
                (What.CAP_24H, 0, (run.at_s - self._stay.begins_s) // H24_S): caps.h24,
            }
            kept = {key: room.setdefault(key, _micro(limit)) for key, limit in limits.items() if limit is not None}
            what, least = min(((key[0], left) for key, left in kept.items()), key=_smallest, default=(None, None))
            paid = run.times * amount if least is None else min(run.times * amount, least)
            for key in kept:
                room[key] -= paid
            yield from _cut(run, _WHAT[line.kind], amount, paid, what)

    def _told(self, lines: Iterable[Line]) -> list[Line]:
        """Increments of one line that follow each other without a break are one line."""
        told: list[Line] = []
        for line in lines:
            before = told[-1] if told else None
            if before is not None and line.what is before.what is What.INCREMENT and self._follows(before, line):
                times, amount = before.times + line.times, before.amount_micro + line.amount_micro
                told[-1] = Line(before.at_s, line.what, line.line, times, amount)
            else:
                told.append(line)
        return told

    def _follows(self, before: Line, line: Line) -> bool:
        if before.line is None or line.line != before.line:
            return False
        step_s = duration_s(self._tariff.lines[before.line - 1].each or "PT0S")
        return line.at_s == before.at_s + before.times * step_s


def _smallest(cap: tuple[What, int]) -> tuple[int, int]:
    return cap[1], _CAPS.index(cap[0])


def _cut(run: _Run, what: What, amount: int, paid: int, cap: What | None) -> Iterator[Line]:
    """The lines of a run of which `paid` is charged: what is whole, and what is cut with the cap that cuts it."""
    whole = run.times if paid == run.times * amount else paid // amount
    if whole:
        yield Line(run.at_s, what, run.line, whole, whole * amount)
    if cap is not None and whole < run.times:
        cut, at_s = run.times - whole, run.at_s + whole * run.each_s
        yield Line(at_s, what, run.line, cut, cut * amount)
        yield Line(at_s, cap, run.line if cap is What.CAP_WINDOW else None, 1, paid - run.times * amount)


def _split(run: _Run, cuts: Sequence[int]) -> Iterator[_Run]:
    """The run in pieces, none of which begins an increment on both sides of a cut."""
    while run.times:
        after = bisect_right(cuts, run.at_s)
        times = run.times
        if after < len(cuts):
            times = min(times, -(-(cuts[after] - run.at_s) // run.each_s))
        yield _Run(run.at_s, run.line, run.window, times, run.each_s)
        run = _Run(run.at_s + times * run.each_s, run.line, run.window, run.times - times, run.each_s)


def _in_order(lines: list[Line]) -> list[Line]:
    """By their moment; what is free before what is due at it."""
    return sorted(lines, key=lambda line: (line.at_s, line.what is not What.FREE))


def _micro(amount: str) -> int:
    return int(amount_of(amount) * MICRO)
