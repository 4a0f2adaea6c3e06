"""A tariff file with wrong values, mended for a second look: whoever wrote it hears of all mistakes at once.

The types refuse a file before anything is checked between its fields. So that a wrong amount does not hide two lines
that overlap, each wrong value is replaced by one that gives no mistake of its own; a tariff in which none would do is
left out. What is mended is looked at once more and thrown away.
"""

from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

_STAND_INS = {
    "site": 1,
    "currency": "EUR",
    "tz": "UTC",
    "vat": "0",
    "otherwise": "free",
    "per": "vehicle",
    "amount": "1",
    "each": "P1D",
    "cap": None,
    "minutes": 0,
    "mode": "left-out",
    "reset": "00:00",
    "h24": None,
    "max_stay": None,
    "exit_grace": "PT0S",
    "reentry_gap": "PT0S",
}


def mended_tariffs(document: Any, errors: Iterable[ErrorDetails]) -> Any:
    """`document`, changed, without what `errors` found in it; None where that cannot be."""
    given_up: set[int | str] = set()
    for error in errors:
        *path, last = error["loc"] or ("",)
        try:
            place = document
            for step in path:
                place = place[step]
            if error["type"] == "unexpected_keyword_argument":
                del place[last]
            elif last in _STAND_INS:
                place[last] = _STAND_INS[str(last)]
            else:
                given_up.add(error["loc"][1])
        except (LookupError, TypeError):
            if len(error["loc"]) < 2:
                return None
            given_up.add(error["loc"][1])
    document["tariffs"] = [each for place, each in enumerate(document.get("tariffs", ())) if place not in given_up]
    return document
