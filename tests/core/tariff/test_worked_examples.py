"""The worked examples of the design, to the cent (design 6, 'Tariffs'). Tue = 15 Sep 2026."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from terminal.core.tariff.document import Tariff
from terminal.core.tariff.explanation import MICRO_A_CENT, Line, What
from terminal.core.tariff.pricing import price
from tests.core.tariff import tariffs as of
from tests.core.tariff.tariffs import TZ

DAYS = {
    "Tue": "2026-09-15",
    "Wed": "2026-09-16",
    "Fri": "2026-09-18",
    "Mon": "2026-09-21",
    "Christmas Eve": "2026-12-24",
    "Christmas": "2026-12-25",
    "Boxing Day": "2026-12-26",
    "Sat in October": "2026-10-24",
    "Sun in October": "2026-10-25",
    "Sat in March": "2026-03-28",
    "Sun in March": "2026-03-29",
}
Example = tuple[Tariff, str, str, int]
EXAMPLES: list[Example] = [
    (of.PLAIN_NIGHT, "Tue 14:00", "Tue 17:59", 0),
    (of.PLAIN_NIGHT, "Tue 14:00", "Wed 09:00", 1100),
    (of.PLAIN_NIGHT, "Fri 17:00", "Mon 07:00", 3300),
    (of.PLAIN_NIGHT, "Tue 14:00", "Tue 18:00:00", 0),
    (of.PLAIN_NIGHT, "Tue 14:00", "Tue 18:00:01", 1100),
    (of.NIGHT_FREE_2H, "Tue 19:00", "Tue 20:55", 0),
    (of.NIGHT_FREE_2H, "Tue 19:00", "Tue 21:05", 1100),
    (of.HOLIDAY_NIGHT, "Christmas Eve 20:00", "Christmas 10:00", 1100),
    (of.HOLIDAY_NIGHT, "Christmas 20:00", "Boxing Day 03:00", 0),
    (of.LEFT_OUT, "Tue 14:00", "Tue 14:09", 0),
    (of.LEFT_OUT, "Tue 14:00", "Tue 14:10:01", 150),
    (of.LEFT_OUT, "Tue 14:00", "Tue 16:05", 300),
    (of.WHEN_GONE, "Tue 14:00", "Tue 16:05", 450),
    (of.DAY_CAP_12, "Tue 08:00", "Wed 10:00", 2400),
    (of.BY_THE_MINUTE, "Tue 14:00", "Tue 14:47:30", 427),
    (of.BY_THE_MINUTE, "Tue 14:00", "Tue 14:05", 45),
    (of.BY_24_HOURS, "Tue 12:00", "Wed 12:00", 2500),
    (of.BY_24_HOURS, "Fri 12:00", "Mon 09:00", 7500),
    (of.BY_24_HOURS, "Sat in October 12:00", "Sun in October 12:00", 5000),
    (of.TWO_AN_HOUR, "Sat in March 23:30", "Sun in March 04:30", 800),
    (of.TWO_AN_HOUR, "Sat in October 23:30", "Sun in October 04:30", 1200),
    (of.OFFICE_HOURS, "Tue 07:30", "Tue 09:10", 400),
    (of.DAY_AND_NIGHT, "Tue 18:30", "Tue 20:10", 250),
    (of.DAY_CAP_6, "Tue 20:30", "Wed 02:10", 1000),
    (of.DAY_CAP_15_FROM_4, "Tue 20:00", "Wed 09:30", 2700),
    (of.HOURLY_AND_NIGHT, "Tue 20:30", "Wed 07:00", 1900),
    (of.NIGHT_HOURS_LEFT_OUT, "Tue 21:00", "Wed 00:30", 200),
    (of.NIGHT_HOURS_WHEN_GONE, "Tue 17:00", "Wed 07:00", 1200),
]


def instant(text: str) -> int:
    """A day of the examples and a local time, in seconds since the epoch."""
    day, _, time = text.rpartition(" ")
    return int(datetime.fromisoformat(f"{DAYS[day]}T{time}").replace(tzinfo=ZoneInfo(TZ)).timestamp())


@pytest.mark.parametrize(("tariff", "entry", "leaves", "cents"), EXAMPLES)
def test_worked_example_of_the_design(tariff: Tariff, entry: str, leaves: str, cents: int) -> None:
    worth = price(tariff, TZ, instant(entry), instant(leaves))
    assert worth.amount_cents == cents
    assert sum(line.amount_micro for line in worth.lines) == cents * MICRO_A_CENT


def test_45_hours_at_25_euros_for_each_24() -> None:
    entry_s = instant("Tue 12:00")
    assert price(of.BY_24_HOURS, TZ, entry_s, entry_s + 45 * 3600).amount_cents == 5000


def test_explanation_tells_what_fell_due_when_and_what_the_cap_took_off() -> None:
    lines = price(of.DAY_CAP_6, TZ, instant("Tue 20:30"), instant("Wed 02:10")).lines
    assert lines == (
        Line(instant("Tue 20:30"), What.INCREMENT, 1, 4, 8_000_000),
        Line(instant("Tue 23:30"), What.CAP_DAY, None, 1, -2_000_000),
        Line(instant("Wed 00:30"), What.INCREMENT, 1, 2, 4_000_000),
        Line(instant("Wed 02:10"), What.ROUNDING, None, 1, 0),
    )


def test_all_that_falls_due_on_a_day_shares_the_room_below_its_cap() -> None:
    night = {"kind": "flat-window", "amount": "4.00", "window": of.between("22:00", "06:00", 1)}
    both = of.tariff(of.hourly("2.00"), night, caps={"day": {"amount": "7.00", "reset": "00:00"}})
    worth = price(both, TZ, instant("Tue 20:30"), instant("Tue 23:45"))
    assert worth.amount_cents == 700
    assert [(line.what, line.times, line.amount_micro) for line in worth.lines] == [
        (What.INCREMENT, 2, 4_000_000),
        (What.FLAT_WINDOW, 1, 4_000_000),
        (What.CAP_DAY, 1, -1_000_000),
        (What.INCREMENT, 2, 4_000_000),
        (What.CAP_DAY, 1, -4_000_000),
        (What.ROUNDING, 1, 0),
    ]


def test_rounding_is_the_last_line_of_the_explanation() -> None:
    lines = price(of.BY_THE_MINUTE, TZ, instant("Tue 14:00"), instant("Tue 14:05")).lines
    assert lines == (
        Line(instant("Tue 14:00"), What.INCREMENT, 1, 5, 445_000),
        Line(instant("Tue 14:05"), What.ROUNDING, None, 1, 5_000),
    )
