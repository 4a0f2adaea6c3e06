"""Both sides of each bound of a price, to the second. Tue = 15 Sep 2026."""

import pytest

from terminal.core.tariff.document import Tariff
from terminal.core.tariff.pricing import price
from tests.core.tariff import tariffs as of
from tests.core.tariff.tariffs import TZ, between, free, hourly, tariff
from tests.core.tariff.test_worked_examples import instant

ONCE = {"kind": "flat", "amount": "5.00"}
MINUTE, HOUR = 60, 3600
WHEN_GONE_IN_THE_EVENING = tariff(hourly("1.00", window=between("18:00", "22:00"), free=free(60, "when-gone")))
LEFT_OUT_IN_THE_EVENING = tariff(hourly("1.00", window=between("18:00", "22:00"), free=free(60, "left-out")))
IN_THE_SECOND_HOUR = tariff(ONCE | {"part": {"from": "PT1H", "to": "PT2H"}})
LEFT_OUT_BELOW_24_HOURS = tariff(hourly("1.00"), free=free(120, "left-out"), caps={"h24": "22.50"})
RESET_AT_4 = tariff(hourly("2.00"), caps={"day": {"amount": "2.00", "reset": "04:00"}})


@pytest.mark.parametrize(
    ("case", "entry", "stay_s", "before", "after"),
    [
        (of.WHEN_GONE, "Tue 14:00", 10 * MINUTE, 0, 150),
        (of.LEFT_OUT, "Tue 14:00", 10 * MINUTE, 0, 150),
        (of.TWO_AN_HOUR, "Tue 14:00", 0, 0, 200),
        (of.TWO_AN_HOUR, "Tue 14:00", HOUR, 200, 400),
        (WHEN_GONE_IN_THE_EVENING, "Tue 17:00", 2 * HOUR, 0, 200),
        (WHEN_GONE_IN_THE_EVENING, "Tue 21:00", 5 * HOUR, 0, 0),
        (WHEN_GONE_IN_THE_EVENING, "Tue 20:59:59", HOUR, 0, 200),
        (LEFT_OUT_IN_THE_EVENING, "Tue 17:00", 2 * HOUR, 0, 100),
        (IN_THE_SECOND_HOUR, "Tue 14:00", HOUR, 0, 500),
        (LEFT_OUT_BELOW_24_HOURS, "Tue 14:00", 26 * HOUR, 2400, 2500),
        (RESET_AT_4, "Tue 14:00", 14 * HOUR, 200, 400),
    ],
)
def test_until_that_second_and_one_more(case: Tariff, entry: str, stay_s: int, before: int, after: int) -> None:
    exit_s = instant(entry) + stay_s
    assert [price(case, TZ, instant(entry), exit_s + more_s).amount_cents for more_s in (0, 1)] == [before, after]


def test_24_hours_are_counted_from_the_entry_and_not_from_the_count() -> None:
    """22 increments begin in the first 24 hours, all below the cap; by the count it would cut the last of 24."""
    entry_s = instant("Tue 14:00")
    assert price(LEFT_OUT_BELOW_24_HOURS, TZ, entry_s, entry_s + 26 * HOUR).amount_cents == 2400


def test_exit_before_the_entry_costs_nothing() -> None:
    assert price(of.TWO_AN_HOUR, TZ, instant("Tue 14:00"), instant("Tue 13:00")).amount_cents == 0
