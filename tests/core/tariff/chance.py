"""Tariffs and stays drawn at random: documents as an operator may write them, and right by rule 11."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume
from hypothesis import strategies as st

from terminal.core.tariff.document import Tariff, duration_s
from terminal.trust.documents import TARIFFS, DocumentRefused
from tests.core.tariff.tariffs import WEEK

DRAWS = int(os.environ.get("TARIFF_DRAWS", "80"))
"""Stays that each test draws; `make tariff-long` draws more."""
DAY_MIN = 24 * 60
_FOREVER_S = 2**62
PLACES = [
    ("Europe/Amsterdam", "2026-09-15T08:00:00"),
    ("Europe/Amsterdam", "2026-03-28T21:00:00"),
    ("Europe/Amsterdam", "2026-10-24T21:00:00"),
    ("Europe/Amsterdam", "2026-12-24T12:00:00"),
    ("Australia/Lord_Howe", "2026-10-03T20:00:00"),  # its clock jumps by half an hour
    ("America/Sao_Paulo", "2018-11-03T18:00:00"),  # at midnight
    ("America/Sao_Paulo", "2018-02-17T18:00:00"),  # back over midnight
    ("Pacific/Apia", "2011-12-29T12:00:00"),  # over a whole day
]
AMOUNTS = st.sampled_from(["0", "0.089", "0.333333", "1.50", "2", "11.00", "100"])
SMALL = st.sampled_from(["0", "0.005", "0.010007", "0.05", "0.1"])
CAPS = st.sampled_from(["0.5", "2", "6", "9.999999"])
MOSTLY = st.sampled_from([True, True, False])


@dataclass(frozen=True)
class Case:
    """A tariff as its document, the same as a gate reads it, and when somebody enters. `unit_s` divides every time."""

    document: dict[str, Any]
    tariff: Tariff
    entry_s: int
    unit_s: int

    @property
    def time_zone(self) -> str:
        """Of the site."""
        return str(self.document["tz"])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A tariff that is right, and an entry at it."""
    unit_s = draw(st.sampled_from([900, 900, 900, 60, 1]))
    time_zone, around = draw(st.sampled_from(PLACES))
    around_s = int(datetime.fromisoformat(around).replace(tzinfo=ZoneInfo(time_zone)).timestamp())
    entry_s = around_s + draw(st.integers(-10, 20)) * 3600 + draw(st.just(0) | _seconds(unit_s, 3600))
    tariff = draw(_tariffs(unit_s, datetime.fromisoformat(around).date().isoformat()))
    document = {"site": 4711, "tz": time_zone, "tariffs": [tariff]}
    try:
        read = TARIFFS.parse(json.dumps(document).encode()).tariffs[0]
    except DocumentRefused:
        assume(False)
        raise
    return Case(document, read, entry_s, unit_s)


def stays(case: Case) -> st.SearchStrategy[int]:
    """How many seconds somebody stays: often as long as something of the tariff lasts, or a unit more or less.

    No longer than what a slow reckoning does in part of a second.
    """
    longest_s = {900: 96 * 3600, 60: 16 * 3600, 1: 2400}[case.unit_s]
    lasting = {0, 24 * 3600, 48 * 3600, case.tariff.free.minutes * 60 if case.tariff.free else 3600}
    for line in case.tariff.lines:
        lasting |= {line.free.minutes * 60} if line.free else set()
        lasting |= {duration_s(line.part.from_), duration_s(line.part.to or "PT0S")} if line.part else set()
    near = [each + more for each in lasting for more in (-case.unit_s, 0, case.unit_s)]
    fitting = sorted({each for each in near if 0 <= each <= longest_s})
    return st.sampled_from(fitting) | st.integers(longest_s // 8 // case.unit_s, longest_s // case.unit_s).map(
        case.unit_s.__mul__
    )


@st.composite
def _tariffs(draw: st.DrawFn, unit_s: int, day: str) -> dict[str, Any]:
    special = draw(st.dictionaries(st.just(day), st.sampled_from(["holiday", "sun"])))
    days = [*WEEK, *(["holiday"] if "holiday" in special.values() else [])]
    lines = draw(_parts(unit_s, None) | _windows(unit_s, days)) + draw(st.lists(_flats(unit_s, days), max_size=2))
    reset = _minutes(unit_s, 0, DAY_MIN).map(_clock)
    day_cap = st.fixed_dictionaries({"amount": CAPS, "reset": reset})
    return {
        "number": 1,
        "from": "2001-01-01T00:00:00Z",
        "vat": "21",
        "otherwise": "free",
        "free": draw(_free(unit_s)),
        "lines": draw(st.permutations(lines)),
        "caps": {"day": draw(day_cap) if draw(MOSTLY) else None, "h24": None if draw(MOSTLY) else draw(CAPS)},
        "special_days": special,
    }


@st.composite
def _windows(draw: st.DrawFn, unit_s: int, days: list[str]) -> list[dict[str, Any]]:
    """Incrementing lines that never apply at once: the day cut into windows, each of them into parts."""
    lines = []
    begins = draw(_minutes(unit_s, 0, DAY_MIN - 1))
    for group in [days] if draw(st.booleans()) else [days[:5], days[5:]]:
        starts = sorted({begins, *draw(st.lists(_minutes(unit_s, begins, DAY_MIN - 1), max_size=2))})
        for start, end in zip(starts, [*starts[1:], begins + DAY_MIN], strict=True):
            lines += draw(_parts(unit_s, _window(group, start, end)))
    return lines


@st.composite
def _parts(draw: st.DrawFn, unit_s: int, window: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Incrementing lines of one window: none, one, or one for each part of the stay."""
    cuts = draw(st.just([]) | st.lists(_seconds(unit_s, 30_000), max_size=2, unique=True))
    free = draw(_free(unit_s))
    lines = []
    for begins, to in pairwise([0, *sorted(cuts), _FOREVER_S]):
        line = {
            "kind": "incrementing",
            "amount": draw(AMOUNTS if unit_s > 1 else SMALL),
            "each": draw(st.sampled_from(["PT1H", "PT15M", "PT24H"]) | _seconds(unit_s, 20_000).map(_duration)),
            "window": window,
            "part": _part(begins, to),
            "free": draw(st.just(free) | _free(unit_s)),
            "cap": draw(st.none() | CAPS),
        }
        lines.append(line)
    return lines[draw(st.sampled_from([0, 0, 0, 1])) :]


@st.composite
def _flats(draw: st.DrawFn, unit_s: int, days: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["flat", "flat-window"]))
    start = draw(_minutes(unit_s, 0, DAY_MIN))
    some = draw(st.lists(st.sampled_from(days), min_size=4, max_size=7, unique=True))
    window = _window(some, start, start + draw(_minutes(unit_s, 1, DAY_MIN)))
    begins = draw(_seconds(unit_s, 20_000))
    to = draw(st.just(_FOREVER_S) | _seconds(unit_s, 20_000).map(begins.__add__))
    return {
        "kind": kind,
        "amount": draw(AMOUNTS),
        "window": draw(st.none() | st.just(window)) if kind == "flat" else window,
        "part": draw(st.none() | st.just(_part(begins, to))),
        "free": draw(_free(unit_s)),
        "cap": draw(st.none() | CAPS),
    }


@cache
def _free(unit_s: int) -> st.SearchStrategy[dict[str, Any] | None]:
    minutes = _minutes(unit_s, 0, 180 if unit_s > 1 else 12)
    mode = st.sampled_from(["left-out", "when-gone"])
    return st.none() | st.fixed_dictionaries({"minutes": minutes, "mode": mode})


@cache
def _minutes(unit_s: int, least: int, most: int) -> st.SearchStrategy[int]:
    """Any, and whole hours more often than by chance."""
    unit_min = max(1, unit_s // 60)
    any_minute = st.integers(-(-least // unit_min), most // unit_min).map(unit_min.__mul__)
    return any_minute if most - least < 60 else any_minute | st.integers(-(-least // 60), most // 60).map((60).__mul__)


@cache
def _seconds(unit_s: int, most_s: int) -> st.SearchStrategy[int]:
    most_s = most_s if unit_s > 1 else most_s // 60
    return st.integers(1, most_s // unit_s).map(unit_s.__mul__)


def _window(days: list[str], start: int, end: int) -> dict[str, Any]:
    over = end > DAY_MIN
    return {"days": days, "start": _clock(start), "end": _clock(end - over * DAY_MIN), "end_day": int(over)}


def _part(begins_s: int, to_s: int) -> dict[str, Any]:
    return {"from": _duration(begins_s), "to": None if to_s == _FOREVER_S else _duration(to_s)}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _duration(seconds: int) -> str:
    return f"PT{seconds}S"
