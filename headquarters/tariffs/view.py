"""What a chart is of, and the measures that its parts share."""

from dataclasses import dataclass
from datetime import date, datetime

from terminal.core.hours import WEEKDAYS
from terminal.core.tariff.calendar import Span, zone
from terminal.core.tariff.document import Tariff, Tariffs
from terminal.core.tariff.pricing import Price, price

MINUTE_S = 60
WIDTH, MARGIN = 1080, 24
LEFT, RIGHT = 96, 1044
"""Between which time runs."""
MOST_LINES = 8
"""Lines of a tariff that are drawn, each in its colour; more are counted."""
COLOURS = ("#0072b2", "#d55e00", "#008060", "#a04080", "#b07800", "#3a7ca5", "#7a5195", "#555555")
FREE = "#e0f2e0"
INK, GREY, GRID = "#111", "#666", "#dcdcdc"


@dataclass(frozen=True, slots=True)
class View:
    """One version of a tariff, seen from an entry, for stays of up to `length_min` minutes."""

    tariffs: Tariffs
    tariff: Tariff
    entry_s: int
    length_min: int

    @property
    def stay(self) -> Span:
        """The longest stay that is drawn."""
        return Span(self.entry_s, self.entry_s + self.length_min * MINUTE_S)

    def price(self, minutes: int) -> Price:
        """What a stay of that length costs."""
        return price(self.tariff, self.tariffs.tz, self.entry_s, self.entry_s + minutes * MINUTE_S)

    def local(self, at_s: int) -> datetime:
        """An instant on the site's clock."""
        return datetime.fromtimestamp(at_s, zone(self.tariffs.tz))


def day_words(day: date) -> str:
    """As `Mon 14-09-2026`, whatever the machine's language."""
    return f"{WEEKDAYS[day.weekday()].capitalize()} {day:%d-%m-%Y}"


def clock_words(local: datetime) -> str:
    """As `Mon 18:00`."""
    return f"{WEEKDAYS[local.weekday()].capitalize()} {local:%H:%M}"
