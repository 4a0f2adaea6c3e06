"""The lower half of a chart: a week, hour by hour. Each cell is what a stay costs that is this hour and no longer."""

from headquarters.tariffs.costs import DayOfWeek, Hour, week
from headquarters.tariffs.svg import Drawing
from headquarters.tariffs.view import COLOURS, FREE, GREY, INK, LEFT, MARGIN, MOST_LINES, RIGHT, View, day_words
from headquarters.tariffs.wording import euros
from terminal.core.hours import WEEKDAYS
from terminal.core.tariff.calendar import instant, zone

CELL_HEIGHT = 20
LANE_HEIGHT, LANE_PITCH = 4, 6
HEAT = (("#dcebf7", "#333"), ("#b3d3ec", "#333"), ("#7fb2dc", "#111"), ("#3f83bf", "#fff"), ("#0b4f8a", "#fff"))
"""From cheap to dear: what a cell is filled with, and its text."""
SKIPPED = "#e8e8e8"
MOST_KIND = 13
_HOURS = 24


def draw_week(draw: Drawing, view: View, y: int) -> int:
    """Draw it from `y` downwards; gives where it ends."""
    days = week(view.tariff, view.tariffs.tz, view.local(view.entry_s).date())
    dearest = max(hour.cents or 0 for day in days for hour in day.hours)
    with draw.group("by-week"):
        said = f"By the time of the week: what one hour costs, by when it begins ({view.tariffs.currency})"
        draw.text(MARGIN, y + 12, said, kind="heading", size=15, fill=INK)
        y += 34
        for hour in range(_HOURS):
            draw.text(_x(hour * 60 + 30), y, f"{hour:02}", kind="hour", size=11, anchor="middle", fill=GREY)
        y += 6
        for day in days:
            y = _row(draw, view, day, y, dearest)
    return y


def _row(draw: Drawing, view: View, day: DayOfWeek, y: int, dearest_cents: int) -> int:
    special = day.kind != WEEKDAYS[day.day.weekday()]
    draw.text(LEFT - 8, y + 14, day_words(day.day)[:9], kind="day", anchor="end", fill=INK)
    name = f"{day_words(day.day)}, {day.kind}" if special else day_words(day.day)
    for hour in day.hours:
        _cell(draw, hour, name, y, dearest_cents)
    below = y + CELL_HEIGHT + 2
    if special:
        short = day.kind if len(day.kind) <= MOST_KIND else f"{day.kind[: MOST_KIND - 1]}\u2026"
        draw.text(LEFT - 8, below + 8, short, kind="kind", size=10, anchor="end", fill=GREY)
    ends_s = instant(day.day, "24:00", zone(view.tariffs.tz))
    windowed = [place for place, line in enumerate(view.tariff.lines[:MOST_LINES]) if line.window is not None]
    lanes = [place for place in windowed if day.lines[place]]
    for place in lanes:
        for span in day.lines[place]:
            begins, ends = (
                _x(24 * 60 if at_s == ends_s else _wall_min(view, at_s)) for at_s in (span.begins_s, span.ends_s)
            )
            said = f"{name}: line {place + 1}"
            draw.rect(begins, below, ends - begins, LANE_HEIGHT, fill=COLOURS[place], kind="lane", said=said)
        below += LANE_PITCH
    return max(below, y + CELL_HEIGHT + (14 if special else 2)) + 4


def _cell(draw: Drawing, hour: Hour, day: str, y: int, dearest_cents: int) -> None:
    x, width = _x(hour.hour * 60), _x(60) - _x(0)
    if hour.cents is None:
        said, fill, ink, worth = "", SKIPPED, GREY, "the clock jumps over it"
    elif hour.cents == 0:
        said, fill, ink, worth = "free", FREE, "#2f6b2f", "free"
    else:
        fill, ink = HEAT[min(hour.cents * len(HEAT) // (dearest_cents + 1), len(HEAT) - 1)]
        worth = euros(hour.cents)
        said = worth if len(worth) < 7 else worth.partition(".")[0]
    name = f"{day} {hour.hour:02}:00: {worth}"
    draw.rect(x, y, width - 1, CELL_HEIGHT, fill=fill, kind="cell", said=name)
    draw.text(x + width / 2 - 0.5, y + 14, said, kind="worth", size=11, anchor="middle", fill=ink)


def _wall_min(view: View, at_s: int) -> int:
    local = view.local(at_s)
    return local.hour * 60 + local.minute


def _x(minute: int) -> float:
    return LEFT + (RIGHT - LEFT) * minute / (_HOURS * 60)
