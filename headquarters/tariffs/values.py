"""What the texts of the tables mean: days in three forms, times of day as `600`, minutes, amounts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from headquarters.tariffs.tables import SHOWN, Row

T = TypeVar("T")
OPEN_YEAR = 2100
"""An end in this year or later is none: the tables say 29991231 for it."""
DAY_MIN = 24 * 60
MOST_DECIMALS = Decimal("0.000001")
_DAYS = (
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<clock>\d{6})?",
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)(?:T(?P<clock>\d\d:\d\d:\d\d)(?:\.\d{1,9})?)?",
    r"(?P<d>\d\d)-(?P<m>\d\d)-(?P<y>\d{4})(?: (?P<clock>\d\d:\d\d:\d\d))?",
)
_LAST_MINUTE = "2359"


@dataclass(frozen=True, slots=True)
class Moment:
    """A day of a table, and the time of day with it, as `235959`; empty where there is none."""

    day: date
    clock: str


def moment(row: Row, field: str) -> Moment | None:
    """A day, in any of the forms; None: none is said.

    Raises:
        Mistake: it is no day.
    """
    text = row.texts.get(field)
    if text is None:
        return None
    for form in _DAYS:
        if found := re.fullmatch(form, text, re.ASCII):
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError:
                break
            clock = (found["clock"] or "").replace(":", "")
            return Moment(day, "" if clock == "000000" else clock)
    raise row.wrong(field, f"{text[:SHOWN]!r} is no day such as 20260131, 31-01-2026 or 2026-01-31T00:00:00.000")


def after(end: Moment | None) -> date | None:
    """The first day on which a row with this end is no longer valid; None: it has no end."""
    if end is None or end.day.year >= OPEN_YEAR:
        return None
    return end.day + timedelta(days=1) if end.clock.startswith(_LAST_MINUTE) else end.day


def minute_of_day(row: Row, field: str) -> int:
    """A time of day, as `0`, `630` or `2400`, which is the end of the day.

    Raises:
        Mistake: it is none.
    """
    text = row.text(field)
    if re.fullmatch(r"\d{1,4}", text, re.ASCII):
        hours, minutes = divmod(int(text), 100)
        if minutes < 60 and (hours < 24 or (hours, minutes) == (24, 0)):
            return hours * 60 + minutes
    raise row.wrong(field, f"{text[:SHOWN]!r} is no time of day such as 600 or 2400")


def minutes(row: Row, field: str) -> int | None:
    """Whole minutes; None: none are said.

    Raises:
        Mistake: they are none.
    """
    return _number(row, field, r"(\d{1,7})(?:\.0+)?", int, "whole minutes such as 60")


def amount(row: Row, field: str) -> Decimal | None:
    """Euros, with as many decimals as there are; None: none are said.

    Raises:
        Mistake: they are none.
    """
    return _number(row, field, r"(\d{1,6}(?:\.\d{1,12})?)", Decimal, "an amount such as 1.50, of 0 or more")


def amount_text(euros: Decimal) -> str:
    """As a tariff writes it: at least the cents, at most six decimals, rounded half up."""
    whole, _, rest = f"{euros.quantize(MOST_DECIMALS, ROUND_HALF_UP):f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def duration_text(length_min: int) -> str:
    """As a tariff writes it."""
    return f"PT{length_min // 60}H" if length_min % 60 == 0 else f"PT{length_min}M"


def clock_text(minute: int) -> str:
    """As a tariff writes a time of day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _number(row: Row, field: str, form: str, read: Callable[[str], T], words: str) -> T | None:
    text = row.texts.get(field)
    if text is None:
        return None
    found = re.fullmatch(form, text, re.ASCII)
    if found is None:
        raise row.wrong(field, f"{text[:SHOWN]!r} is not {words}")
    return read(found[1])
