"""The upper half of a chart: what a stay costs by its length, and below it when each line applies."""

from collections.abc import Iterable, Iterator, Sequence

from headquarters.tariffs.costs import Step, steps, windows
from headquarters.tariffs.svg import Drawing
from headquarters.tariffs.view import (
    COLOURS,
    FREE,
    GREY,
    GRID,
    INK,
    LEFT,
    MARGIN,
    MINUTE_S,
    MOST_LINES,
    RIGHT,
    View,
    clock_words,
    day_words,
)
from headquarters.tariffs.wording import euros
from terminal.core.tariff.calendar import Span
from terminal.core.tariff.document import FreeTime, TariffLine, duration_s
from terminal.core.tariff.explanation import Line, What

HEIGHT = 260
LANE_HEIGHT, LANE_PITCH = 8, 14
MOST_TICKS = 12
_CAPS = {What.CAP_DAY: "cap of the day", What.CAP_24H: "cap of 24 h", What.CAP_WINDOW: "cap of a window"}
_CAP = "#c00000"


def draw_curve(draw: Drawing, view: View, y: int) -> int:
    """Draw it from `y` downwards; gives where it ends."""
    with draw.group("by-length"):
        return _Curve(draw, view, y).draw()


class _Curve:
    def __init__(self, draw: Drawing, view: View, y: int) -> None:
        self._draw = draw
        self._view = view
        self._y = y
        self._top = y + 42
        self._base = self._top + HEIGHT
        self._steps = steps(view.tariff, view.tariffs.tz, view.entry_s, view.length_min)
        self._explained = view.price(view.length_min).lines
        open_spans = windows(view.tariff, view.tariffs.tz, view.stay)
        self._applies = [
            list(_inside(spans, self._part(line))) for line, spans in zip(view.tariff.lines, open_spans, strict=True)
        ]
        self._tick_cents = _round_step(max(self._steps[-1].cents, 1))
        self._highest_cents = -(-max(self._steps[-1].cents, 1) // self._tick_cents) * self._tick_cents

    def draw(self) -> int:
        """All of it, from back to front."""
        self._head()
        self._free_stretches()
        self._axes()
        self._longest_stay()
        self._draw.polyline(self._points(), stroke=INK, kind="fee")
        self._caps_that_hold()
        return self._lanes()

    # --------------------------------------------------------------------------------------------------------- scales

    def _x(self, at_s: int) -> float:
        return LEFT + (RIGHT - LEFT) * (at_s - self._view.entry_s) / (self._view.length_min * MINUTE_S)

    def _up(self, cents: int) -> float:
        return self._base - HEIGHT * cents / self._highest_cents

    def _points(self) -> list[tuple[float, float]]:
        """The corners of the steps."""
        corners, last = [], self._steps[0].cents
        for step in self._steps:
            x = self._x(self._view.entry_s + step.after_min * MINUTE_S)
            corners += [(x, self._up(last)), (x, self._up(step.cents))]
            last = step.cents
        return [*dict.fromkeys(corners), (RIGHT, self._up(last))]

    # ------------------------------------------------------------------------------------------------------ the plot

    def _head(self) -> None:
        entry = self._view.local(self._view.entry_s)
        said = f"By the length of the stay, from {day_words(entry)} {entry:%H:%M} on"
        self._draw.text(MARGIN, self._y + 12, said, kind="heading", size=15, fill=INK)
        self._draw.rect(RIGHT - 300, self._y + 3, 14, 10, fill=FREE, kind="legend")
        self._draw.text(RIGHT - 280, self._y + 12, "nothing due", kind="legend")
        self._draw.triangle(RIGHT - 184, self._y + 12, fill=_CAP, kind="legend", said="a cap")
        self._draw.text(RIGHT - 172, self._y + 12, "a cap takes off from here", kind="legend")
        self._draw.text(LEFT - 8, self._top - 10, self._view.tariffs.currency, kind="unit", anchor="end")

    def _axes(self) -> None:
        draw = self._draw
        for cents in range(0, self._highest_cents + 1, self._tick_cents):
            draw.line(LEFT, self._up(cents), RIGHT, self._up(cents), stroke=GRID, kind="grid")
            draw.text(LEFT - 8, self._up(cents) + 4, euros(cents), kind="tick-y", anchor="end")
        hours = self._view.length_min // 60
        pitch = next(each for each in (1, 2, 3, 6, 12) if hours <= each * MOST_TICKS)
        for hour in range(0, hours + 1, pitch):
            at_s = self._view.entry_s + hour * 3600
            draw.line(self._x(at_s), self._base, self._x(at_s), self._base + 5, stroke=INK, kind="grid")
            draw.text(self._x(at_s), self._base + 18, f"{hour} h", kind="tick-x", anchor="middle")
            clock = clock_words(self._view.local(at_s))
            draw.text(self._x(at_s), self._base + 33, clock, kind="clock", size=11, anchor="middle", fill=GREY)
        draw.line(LEFT, self._base, RIGHT, self._base, stroke=INK, kind="axis")

    def _free_stretches(self) -> None:
        """Time in which no line applies, and the free minutes at the start."""
        free = self._view.tariff.free
        begun = [each for each in self._explained if each.what is What.FREE and each.line is None]
        stretches = [*_gaps(self._applies, self._view.stay)]
        if free is not None and begun:
            stretches.append(self._from(begun[0], free))
        for span in stretches:
            begins, ends = self._x(span.begins_s), self._x(span.ends_s)
            self._draw.rect(begins, self._top, ends - begins, HEIGHT, fill=FREE, kind="free")

    def _part(self, line: TariffLine) -> Span:
        """The part of the stay for which a line is, counted from when the count begins."""
        if line.part is None:
            return self._view.stay
        free = self._view.tariff.free
        count_s = self._view.entry_s + (free.minutes * 60 if free is not None and free.mode == "left-out" else 0)
        to_s = self._view.stay.ends_s if line.part.to is None else count_s + duration_s(line.part.to)
        return Span(count_s + duration_s(line.part.from_), to_s)

    def _from(self, begun: Line, free: FreeTime) -> Span:
        return Span(begun.at_s, min(begun.at_s + free.minutes * 60, self._view.stay.ends_s))

    def _longest_stay(self) -> None:
        longest = self._view.tariff.max_stay
        if longest is None or duration_s(longest) > self._view.length_min * MINUTE_S:
            return
        x = self._x(self._view.entry_s + duration_s(longest))
        self._draw.line(x, self._top, x, self._base, stroke=GREY, kind="longest-stay", dashes="5 4")
        anchor = "start" if x < LEFT + 60 else "end" if x > RIGHT - 60 else "middle"
        self._draw.text(x, self._top - 6, "longest stay", kind="mark", size=11, anchor=anchor, fill=GREY)

    def _caps_that_hold(self) -> None:
        """A mark where a cap first takes something off, each time anew."""
        for line in self._explained:
            if line.what in _CAPS:
                cents = next(step.cents for step in reversed(self._steps) if self._after_s(step) <= line.at_s)
                said = f"{_CAPS[line.what]}, from {clock_words(self._view.local(line.at_s))}"
                self._draw.triangle(self._x(line.at_s), self._up(cents) - 3, fill=_CAP, kind="cap", said=said)

    def _after_s(self, step: Step) -> int:
        return self._view.entry_s + step.after_min * MINUTE_S

    # --------------------------------------------------------------------------------------------------------- lanes

    def _lanes(self) -> int:
        """When each line applies; the free minutes in its windows are pale."""
        y = self._base + 46
        for place, spans in enumerate(self._applies[:MOST_LINES]):
            self._draw.text(LEFT - 8, y + LANE_HEIGHT, f"line {place + 1}", kind="lane-name", size=11, anchor="end")
            for span in spans:
                self._lane(span, y, COLOURS[place], "lane")
            free = self._view.tariff.lines[place].free
            for begun in self._explained:
                if free is not None and begun.what is What.FREE and begun.line == place + 1:
                    self._lane(self._from(begun, free), y, FREE, "lane-free")
            y += LANE_PITCH
        return y

    def _lane(self, span: Span, y: int, fill: str, kind: str) -> None:
        begins, ends = self._x(span.begins_s), self._x(span.ends_s)
        self._draw.rect(begins, y, ends - begins, LANE_HEIGHT, fill=fill, kind=kind)


def _inside(spans: Iterable[Span], part: Span) -> Iterator[Span]:
    for span in spans:
        begins_s, ends_s = max(span.begins_s, part.begins_s), min(span.ends_s, part.ends_s)
        if begins_s < ends_s:
            yield Span(begins_s, ends_s)


def _gaps(applies: Sequence[Sequence[Span]], within: Span) -> Iterator[Span]:
    """Where none applies."""
    reached_s = within.begins_s
    for span in sorted((each for spans in applies for each in spans), key=lambda each: each.begins_s):
        if span.begins_s > reached_s:
            yield Span(reached_s, span.begins_s)
        reached_s = max(reached_s, span.ends_s)
    if reached_s < within.ends_s:
        yield Span(reached_s, within.ends_s)


def _round_step(most_cents: int) -> int:
    """1, 2 or 5 with zeros: the least of them with which at most eight ticks reach `most_cents`."""
    step = 1
    while step * 8 < most_cents:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return step
