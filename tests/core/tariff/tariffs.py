"""The tariffs of the worked examples (design 6), as documents."""

import json
from typing import Any

from terminal.core.tariff.document import Tariff
from terminal.trust.documents import TARIFFS

TZ = "Europe/Amsterdam"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NIGHT = {"days": WEEK, "start": "18:00", "end": "06:00", "end_day": 1}


def tariff(*lines: dict[str, Any], **more: Any) -> Tariff:
    """A tariff of these lines, as a gate reads it from its document."""
    one = {"number": 1, "from": "2026-01-01T00:00:00+01:00", "vat": "21", "otherwise": "free", "lines": lines, **more}
    document = {"site": 4711, "currency": "EUR", "tz": TZ, "tariffs": [one]}
    return TARIFFS.parse(json.dumps(document).encode()).tariffs[0]


def hourly(amount: str, **more: Any) -> dict[str, Any]:
    """So much for each hour begun."""
    return {"kind": "incrementing", "amount": amount, "each": "PT1H", **more}


def night(**more: Any) -> dict[str, Any]:
    """€ 11 for each night."""
    return {"kind": "flat-window", "amount": "11.00", "window": NIGHT, **more}


def between(start: str, end: str, end_day: int = 0) -> dict[str, Any]:
    """A window of every day."""
    return {"days": WEEK, "start": start, "end": end, "end_day": end_day}


def free(minutes: int, mode: str) -> dict[str, Any]:
    """So many minutes for nothing."""
    return {"minutes": minutes, "mode": mode}


PLAIN_NIGHT = tariff(night())
NIGHT_FREE_2H = tariff(night(free=free(120, "when-gone")))
HOLIDAY_NIGHT = tariff(night(), special_days={"2026-12-25": "holiday"})
LEFT_OUT = tariff(hourly("1.50"), free=free(10, "left-out"))
WHEN_GONE = tariff(hourly("1.50"), free=free(10, "when-gone"))
DAY_CAP_12 = tariff(hourly("1.50"), caps={"day": {"amount": "12.00", "reset": "00:00"}})
BY_THE_MINUTE = tariff({"kind": "incrementing", "amount": "0.089", "each": "PT1M"})
BY_24_HOURS = tariff({"kind": "incrementing", "amount": "25.00", "each": "PT24H"})
TWO_AN_HOUR = tariff(hourly("2.00"))
OFFICE_HOURS = tariff(hourly("2.00", window=between("08:00", "18:00")))
DAY_AND_NIGHT = tariff(
    hourly("2.00", window=between("07:00", "19:00")), hourly("0.50", window=between("19:00", "07:00", 1))
)
DAY_CAP_6 = tariff(hourly("2.00"), caps={"day": {"amount": "6.00", "reset": "00:00"}})
DAY_CAP_15_FROM_4 = tariff(hourly("2.00"), caps={"day": {"amount": "15.00", "reset": "04:00"}})
HOURLY_AND_NIGHT = tariff(
    hourly("1.00"), {"kind": "flat-window", "amount": "8.00", "window": between("22:00", "06:00", 1)}
)
NIGHT_HOURS_LEFT_OUT = tariff(hourly("1.00", window=NIGHT, free=free(120, "left-out")))
NIGHT_HOURS_WHEN_GONE = tariff(hourly("1.00", window=NIGHT, free=free(120, "when-gone")))
ONE_FIFTY = tariff(hourly("1.50"), exit_grace="PT10M", reentry_gap="PT30M")
