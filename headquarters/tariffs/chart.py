"""A tariff as an SVG: its rules in words, what a stay costs by its length, what an hour costs by the time of the week.

Nothing in it depends on the machine or the moment: the same file, entry and length give the same bytes.
"""

from headquarters.tariffs.curve import draw_curve
from headquarters.tariffs.svg import Drawing
from headquarters.tariffs.view import COLOURS, INK, MARGIN, MOST_LINES, WIDTH, View, day_words
from headquarters.tariffs.week import draw_week
from headquarters.tariffs.wording import euros, line_words, stay_words
from terminal.core.tariff.calendar import zone
from terminal.core.tariff.document import Tariff, Tariffs

MOST_HOURS = 72
ROW = 19
LONGEST_WORDS = 145


def chart(tariffs: Tariffs, tariff: Tariff, entry_s: int, hours: int) -> str:
    """The picture of one version: stays from `entry_s` on of up to so many hours, and the week of that entry."""
    view, draw = View(tariffs, tariff, entry_s, hours * 60), Drawing()
    title = f"Tariff {tariff.number} of site {tariffs.site}: what a stay costs"
    y = _head(draw, view, title)
    y = draw_curve(draw, view, y + 14)
    y = draw_week(draw, view, y + 26)
    return draw.document(WIDTH, y + 16, title, _description(view))


def _head(draw: Drawing, view: View, title: str) -> int:
    """Title and rules, a line for each line of the tariff; gives where it ends."""
    tariff, y = view.tariff, 38
    with draw.group("rules"):
        draw.text(MARGIN, y, title, kind="title", size=20, fill=INK)
        begins = tariff.from_.astimezone(zone(view.tariffs.tz))
        said = [f"in {view.tariffs.currency} with {tariff.vat}% VAT, a {tariff.per}", view.tariffs.tz]
        said.append(f"in force from {day_words(begins)} {begins:%H:%M}")
        y += 22
        draw.text(MARGIN, y, "; ".join(said), kind="rule", size=13)
        if whole := "; ".join(stay_words(tariff)):
            y += ROW
            draw.text(MARGIN, y, _short(whole), kind="rule", size=13)
        for place, line in enumerate(tariff.lines[:MOST_LINES]):
            y += ROW
            draw.rect(MARGIN, y - 9, 18, 9, fill=COLOURS[place], kind="swatch")
            draw.text(MARGIN + 26, y, _short(f"line {place + 1}: {line_words(line)}"), kind="rule", size=13)
        if len(tariff.lines) > MOST_LINES:
            y += ROW
            draw.text(MARGIN + 26, y, f"and {len(tariff.lines) - MOST_LINES} more", kind="rule", size=13)
    return y


def _description(view: View) -> str:
    """The picture for whoever does not see it."""
    lengths = [hours for hours in (1, 2, 4, 8, 12, 24, 48, 72) if hours * 60 <= view.length_min]
    worth = ", ".join(f"{hours} h {euros(view.price(hours * 60).amount_cents)}" for hours in lengths)
    rules = "; ".join((*stay_words(view.tariff), *(line_words(line) for line in view.tariff.lines[:MOST_LINES])))
    entry = view.local(view.entry_s)
    return (
        f"Stays from {day_words(entry)} {entry:%H:%M} on cost, in {view.tariffs.currency}: {worth}. Rules: {rules}. "
        "Above: what a stay costs by its length. Below: what one hour costs by the hour of the week at which it begins."
    )


def _short(said: str) -> str:
    return said if len(said) <= LONGEST_WORDS else f"{said[: LONGEST_WORDS - 1]}\u2026"
