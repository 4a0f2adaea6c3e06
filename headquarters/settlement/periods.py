"""The period of a statement: a month, or a week of ISO 8601 (Monday to Sunday)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from terminal.errors import ConfigurationError

MONTHLY, WEEKLY = "monthly", "weekly"
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """Its name (2026-09, 2026-W38), and its first and last day."""

    name: str
    first: date
    last: date

    @property
    def kind(self) -> str:
        """Monthly or weekly."""
        return WEEKLY if "W" in self.name else MONTHLY


def month(text: str) -> Period:
    """The month written as 2026-09.

    Raises:
        ConfigurationError: it is none.
    """
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[1]) < 9999:
        raise ConfigurationError(f"{text}: a month is written as 2026-09")
    first = date(int(found[1]), int(found[2]), 1)
    return Period(text, first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def week(text: str) -> Period:
    """The week written as 2026-W38.

    Raises:
        ConfigurationError: it is none, or that year has no such week.
    """
    found = _WEEK.fullmatch(text)
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        last = first + timedelta(days=6) if first else None
    except (ValueError, OverflowError):
        first = last = None
    if first is None or last is None:
        raise ConfigurationError(f"{text}: a week is written as 2026-W38, by ISO 8601")
    return Period(text, first, last)
