"""What a price costs: stays of two hours, a night and 30 days, by the hour below a cap and by the minute."""

import json
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from bench.figures import Figures
from terminal.core.tariff.document import Tariff
from terminal.core.tariff.pricing import price
from terminal.trust.documents import TARIFFS

TZ = "Europe/Amsterdam"
ENTERED_S = int(datetime(2026, 3, 14, 17, tzinfo=ZoneInfo(TZ)).timestamp())
"""A fortnight before the clock goes forward."""
STAYS_S = {"short": 2 * 3600, "night": 15 * 3600, "month": 30 * 24 * 3600}
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_NIGHT = {"days": _WEEK, "start": "18:00", "end": "06:00", "end_day": 1}
TARIFFS_PRICED: dict[str, dict[str, object]] = {
    "hourly": {
        "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H"}],
        "caps": {"day": {"amount": "12.00", "reset": "00:00"}},
    },
    "minutely": {"lines": [{"kind": "incrementing", "amount": "0.089", "each": "PT1M"}]},
    "everything": {
        "free": {"minutes": 10, "mode": "left-out"},
        "lines": [
            {
                "kind": "incrementing",
                "amount": "0.089",
                "each": "PT1M",
                "window": {"days": _WEEK, "start": "06:00", "end": "18:00"},
                "free": {"minutes": 20, "mode": "when-gone"},
                "cap": "9.00",
            },
            {"kind": "incrementing", "amount": "0.50", "each": "PT1H", "window": _NIGHT},
            {"kind": "flat-window", "amount": "4.00", "window": _NIGHT},
            {"kind": "flat", "amount": "2.00"},
        ],
        "caps": {"day": {"amount": "15.00", "reset": "04:00"}, "h24": "18.00"},
    },
}


def measure(figures: Figures, progress: Callable[[str], None], *, prices: int) -> None:
    """Price so many stays of each kind in all, each beginning a second after the one before."""
    for name, lines in TARIFFS_PRICED.items():
        tariff = _tariff(lines)
        for stay, stay_s in STAYS_S.items():
            progress(f"{prices} prices of a {stay} stay, {name}")
            samples = [_price_ms(tariff, ENTERED_S + count, stay_s) for count in range(prices)]
            figures.add(f"prices.{name}.{stay}.prices_a_second", 1000 * len(samples) / sum(samples))
            figures.add_samples(f"prices.{name}.{stay}_ms", samples, 50, 99)


def _tariff(lines: dict[str, object]) -> Tariff:
    one = {"number": 1, "from": "2026-01-01T00:00:00+01:00", "vat": "21", **lines}
    return TARIFFS.parse(json.dumps({"site": 1, "tz": TZ, "tariffs": [one]}).encode()).tariffs[0]


def _price_ms(tariff: Tariff, entered_s: int, stay_s: int) -> float:
    begin_s = time.perf_counter()
    price(tariff, TZ, entered_s, entered_s + stay_s)
    return (time.perf_counter() - begin_s) * 1000
