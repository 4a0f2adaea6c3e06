"""Time frames of days as windows that belong to the day they begin on, which may reach into the next.

The tables cut a night at midnight: 1800-2400 on one day, 0-600 on the next. Both are one window where the next day is
what it is in a week. Beside a special day it may not be: then the pieces stay what they are in the tables, and the
days before and after a special day become days of their own where their windows differ from those of their weekday.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from headquarters.tariffs.values import DAY_MIN
from terminal.core.hours import WEEKDAYS

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """A time frame within one day, in minutes of its clock, and the row that it stands in."""

    begins_min: int
    ends_min: int
    fare: str
    row: int


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A window as a day has it: `ends_min` above a day's minutes is on the day after."""

    begins_min: int
    ends_min: int
    fare: str


@dataclass(frozen=True, slots=True)
class Layout:
    """All windows, each with the days it begins on and the rows it is made of; and the days that are special."""

    windows: Mapping[Opening, tuple[str, ...]]
    rows: Mapping[Opening, frozenset[int]]
    special_days: Mapping[date, str]

    def stands_alone(self, fare: str) -> bool:
        """Tell whether no window of the week follows one of this fare without a break, nor comes right before one."""
        week_min = DAY_MIN * len(WEEKDAYS)
        spans = [
            (WEEKDAYS.index(day) * DAY_MIN + window.begins_min, WEEKDAYS.index(day) * DAY_MIN + window.ends_min, window)
            for window, days in self.windows.items()
            for day in WEEKDAYS
            if day in days
        ]
        return not any(
            end % week_min == begin % week_min and fare in {one.fare, two.fare}
            for _, end, one in spans
            for begin, _, two in spans
        )


class _Days:
    """Collects windows by day; two days with the same windows may share a name."""

    def __init__(self, pieces: Mapping[str, Sequence[Piece]]) -> None:
        self._pieces = pieces
        self.windows: dict[Opening, list[str]] = {}
        self.rows: dict[Opening, set[int]] = {}
        self._names: dict[str, frozenset[Opening]] = {}

    def openings(self, before: str, day: str, after: str) -> Mapping[Opening, set[int]]:
        """The windows that begin on a day of that kind between two others, each with its rows."""
        found: dict[Opening, set[int]] = {}
        last, here, following = (self._pieces.get(kind, ()) for kind in (before, day, after))
        for piece in here:
            if any(_one_night(evening, piece) for evening in last):
                continue
            morning = next((each for each in following if _one_night(piece, each)), None)
            ends_min = piece.ends_min + (morning.ends_min if morning else 0)
            rows = found.setdefault(Opening(piece.begins_min, ends_min, piece.fare), set())
            rows |= {piece.row, *((morning.row,) if morning else ())}
        return found

    def add(self, name: str, openings: Mapping[Opening, set[int]]) -> str:
        """Note what begins on days of that name; gives the name under which that is, another if it was taken."""
        known = frozenset(openings)
        times, taken = 1, name
        while self._names.setdefault(taken, known) != known:
            times += 1
            taken = f"{name} ({times})"
        for opening, rows in openings.items():
            days = self.windows.setdefault(opening, [])
            if taken not in days:
                days.append(taken)
            self.rows.setdefault(opening, set()).update(rows)
        return taken


def lay_out(pieces: Mapping[str, Sequence[Piece]], special_days: Mapping[date, str]) -> Layout:
    """Windows of a week and of special days, out of the time frames of each kind of day."""
    days = _Days(pieces)
    for place, day in enumerate(WEEKDAYS):
        days.add(day, days.openings(WEEKDAYS[place - 1], day, WEEKDAYS[(place + 1) % len(WEEKDAYS)]))
    named: dict[date, str] = {}
    for near in _near(special_days):
        before, kind, after = (_kind(near + shift * _ONE_DAY, special_days) for shift in (-1, 0, 1))
        usual, openings = _usual(days, near), days.openings(before, kind, after)
        if set(openings) != set(usual):
            named[near] = days.add(_name(near, kind, before, after), openings)
    weekly = sorted(days.windows.items(), key=lambda each: (each[1][0] not in WEEKDAYS, each[0]))
    return Layout(
        {opening: tuple(names) for opening, names in weekly},
        {opening: frozenset(rows) for opening, rows in days.rows.items()},
        named,
    )


def overlapping(pieces: Sequence[Piece]) -> tuple[Piece, Piece] | None:
    """Two time frames of one kind of day that are open at one moment; None: no two are."""
    ordered = sorted(pieces)
    return next(((one, two) for one, two in pairwise(ordered) if two.begins_min < one.ends_min), None)


def _one_night(evening: Piece, morning: Piece) -> bool:
    """Tell whether two pieces are one window, cut at midnight."""
    touch = evening.ends_min == DAY_MIN and morning.begins_min == 0 and evening.fare == morning.fare
    return touch and morning.ends_min <= evening.begins_min


def _near(special_days: Iterable[date]) -> list[date]:
    return sorted({day + shift * _ONE_DAY for day in special_days for shift in (-1, 0, 1)})


def _kind(day: date, special_days: Mapping[date, str]) -> str:
    return special_days.get(day) or WEEKDAYS[day.weekday()]


def _usual(days: _Days, day: date) -> Mapping[Opening, set[int]]:
    before, kind, after = (WEEKDAYS[(day.weekday() + shift) % len(WEEKDAYS)] for shift in (-1, 0, 1))
    return days.openings(before, kind, after)


def _name(day: date, kind: str, before: str, after: str) -> str:
    """As `holiday`, `thu before holiday`, `sat after holiday`; a day that counts as another weekday has its name."""
    place = day.weekday()
    if kind != WEEKDAYS[place]:
        return kind
    beside = [f"after {before}"] if before != WEEKDAYS[place - 1] else []
    beside += [f"before {after}"] if after != WEEKDAYS[(place + 1) % len(WEEKDAYS)] else []
    return " ".join((kind, *beside))
