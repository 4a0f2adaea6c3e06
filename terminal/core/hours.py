"""Opening hours: weekly windows in the site's own time.

A window belongs to the day it begins on; with `end_day` 1 it reaches into the next. Hours are wall-clock hours: on
the night the clock changes a window is as long as the clock on the wall makes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from annotated_types import Ge, Le, MaxLen, MinLen

from terminal.core.document import Document, TimeOfDay

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Document):
    """A weekly window of opening, half-open: it begins on each of `days` at `start` and ends at `end`."""

    days: Annotated[tuple[Weekday, ...], MinLen(1), MaxLen(7)]
    start: TimeOfDay = "00:00"
    end: TimeOfDay = "24:00"
    end_day: Annotated[int, Ge(0), Le(1)] = 0
    """1 when `end` is on the day after."""


def local_time(now_s: float, time_zone: str) -> datetime:
    """`now_s` (seconds since the epoch) on the site's wall clock."""
    return datetime.fromtimestamp(now_s, _zone(time_zone))


def local_day(now_s: float, time_zone: str) -> date:
    """The site's calendar day at `now_s`."""
    return local_time(now_s, time_zone).date()


def is_open(windows: Iterable[Window], local: datetime) -> bool:
    """Tell whether `local` lies in one of the half-open windows."""
    today, yesterday = WEEKDAYS[local.weekday()], WEEKDAYS[(local - timedelta(days=1)).weekday()]
    minute = local.hour * 60 + local.minute
    return any(
        (today in window.days and _contains(window, minute))
        or (yesterday in window.days and _contains(window, minute + _DAY_MIN))
        for window in windows
    )


def window_mistakes(windows: Iterable[Window]) -> list[str]:
    """What is wrong between the fields of each, a line each."""
    return [
        f"hours: the window {window.start}-{window.end} is empty; for a night set end_day to 1"
        for window in windows
        if window.end_day == 0 and window.end <= window.start
    ]


def _contains(window: Window, minute: int) -> bool:
    return _minutes(window.start) <= minute < _minutes(window.end) + window.end_day * _DAY_MIN


def _minutes(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
