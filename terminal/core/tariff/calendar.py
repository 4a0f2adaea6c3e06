"""Windows and days of a tariff, laid out over a stay in seconds since the epoch (design 6, 'Tariffs', 1 to 3).

A local time that occurs twice is its first occurrence; one that does not occur is the moment at which the clock jumps
over it. Everything else is elapsed time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from terminal.core.hours import WEEKDAYS
from terminal.core.tariff.document import Tariff, TariffWindow

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From `begins_s` until before `ends_s`, in seconds since the epoch."""

    begins_s: int
    ends_s: int


class Calendar:
    """The days of one tariff in its time zone."""

    def __init__(self, tariff: Tariff, time_zone: str) -> None:
        self._zone = zone(time_zone)
        self._special = tariff.special_days

    def day_of(self, at_s: int) -> date:
        """The local day at this instant."""
        return datetime.fromtimestamp(at_s, self._zone).date()

    def kind_of(self, day: date) -> str:
        """The special day that this one is, or its weekday."""
        return self._special.get(day) or WEEKDAYS[day.weekday()]

    def windows(self, window: TariffWindow, within: Span) -> Iterator[Span]:
        """The windows that touch `within`, whole, in order; a window is of the day on which it begins."""
        day, last = self.day_of(within.begins_s) - DAY, self.day_of(within.ends_s)
        while day <= last:
            if self.kind_of(day) in window.days:
                begins_s = instant(day, window.start, self._zone)
                ends_s = instant(day + window.end_day * DAY, window.end, self._zone)
                if begins_s < ends_s and begins_s < within.ends_s and ends_s > within.begins_s:
                    yield Span(begins_s, ends_s)
            day += DAY

    def resets(self, time_of_day: str, within: Span) -> list[int]:
        """When a new day begins at that local time, inside `within`; in order."""
        day, last = self.day_of(within.begins_s) - DAY, self.day_of(within.ends_s) + DAY
        moments = (instant(day + count * DAY, time_of_day, self._zone) for count in range((last - day).days + 1))
        return [moment for moment in moments if within.begins_s < moment < within.ends_s]


@lru_cache(maxsize=4096)
def instant(day: date, time_of_day: str, time_zone: ZoneInfo) -> int:
    """The instant of a local time, in seconds since the epoch; `24:00` is the end of the day."""
    hours, minutes = (int(part) for part in time_of_day.split(":"))
    wall = datetime.combine(day, time(), time_zone) + timedelta(hours=hours, minutes=minutes)
    first = wall.replace(fold=0)
    at_s = int(first.timestamp())
    if datetime.fromtimestamp(at_s, time_zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return at_s
    return _change(int(wall.replace(fold=1).timestamp()), at_s, time_zone)


@lru_cache(maxsize=8)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name."""
    return ZoneInfo(name)


def _change(before_s: int, after_s: int, time_zone: ZoneInfo) -> int:
    """The first second with the offset of `after_s`; that of `before_s` is another."""
    offset = datetime.fromtimestamp(after_s, time_zone).utcoffset()
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if datetime.fromtimestamp(middle_s, time_zone).utcoffset() == offset:
            after_s = middle_s
        else:
            before_s = middle_s
    return after_s
