"""What a stay costs, written a second time: tick by tick, from the words of the rules, importing nothing of ours.

Slow and plain on purpose: every tick of the stay is looked at by every line. A tick is the longest time that divides
everything that can happen (the stay's ends, increments, parts, free time; clocks and offsets are whole quarters of an
hour or the tick is shorter), so that nothing happens within one. The rule that a passage follows is named by its
number.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DAY_S = 24 * 3600
QUARTER_S = 900
ORDER = ("flat", "flat-window", "incrementing")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_STAY = date.min
"""Stands for the window of a line that has none."""


@dataclass(frozen=True, order=True)
class Due:
    """An amount that falls due, in the order of rule 8: when, which kind, which line."""

    at: int
    order: int
    line: int
    window: date
    amount: Fraction


def seconds(text: str) -> int:
    """`P1DT2H` and the like."""
    days, _, rest = text.removeprefix("P").partition("T")
    total, digits = int(days.removesuffix("D") or 0) * DAY_S, ""
    for letter in rest:
        if letter.isdigit():
            digits += letter
        else:
            total, digits = total + int(digits) * {"H": 3600, "M": 60, "S": 1}[letter], ""
    return total


def minutes(text: str) -> int:
    """`HH:MM`."""
    return int(text[:2]) * 60 + int(text[3:])


class Naive:
    """One tariff of a document, as `json.loads` gives them, and one stay."""

    def __init__(self, document: Mapping[str, Any], number: int, entry_s: int, exit_s: int) -> None:
        self.zone = ZoneInfo(document["tz"])
        (self.tariff,) = (tariff for tariff in document["tariffs"] if tariff["number"] == number)
        self.lines: list[dict[str, Any]] = self.tariff.get("lines") or []
        self.entry_s, self.exit_s = entry_s, exit_s
        self.moments: dict[datetime, int] = {}
        free = self.tariff.get("free") or {"minutes": 0, "mode": "left-out"}
        free_s = free["minutes"] * 60
        self.gone_in_time = free["mode"] == "when-gone" and exit_s - entry_s <= free_s  # 4
        self.count_s = entry_s + (free_s if free["mode"] == "left-out" else 0)  # 4
        self.tick_s = self._tick_s(free_s)
        self.ticks = range(self.count_s, exit_s, self.tick_s)  # 1
        self.windows = [dict(self._windows(line)) for line in self.lines]
        self.inside: list[dict[date, list[int]]] = []
        for of in self.windows:
            self.inside.append({day: [s for s in self.ticks if a <= s < b] for day, (a, b) in of.items()})

    def cents(self) -> int:
        """The price of the stay."""
        return math.floor(sum(amount for _, amount in self.charged()) * 100 + Fraction(1, 2))  # 10

    def charged(self) -> list[tuple[Due, Fraction]]:
        """What falls due, and what is left of it below the caps (8)."""
        caps = self.tariff.get("caps") or {}
        spent: defaultdict[tuple[object, ...], Fraction] = defaultdict(Fraction)
        charged = []
        for due in sorted([] if self.gone_in_time else [*self._chain(), *self._once()]):
            limits: dict[tuple[object, ...], Fraction] = {}
            if self.lines[due.line].get("cap") is not None:
                limits["window", due.line, due.window] = Fraction(self.lines[due.line]["cap"])
            if caps.get("day") is not None:
                limits["day", self.day_of(due.at, caps["day"].get("reset", "00:00"))] = Fraction(caps["day"]["amount"])
            if caps.get("h24") is not None:
                limits["h24", (due.at - self.entry_s) // DAY_S] = Fraction(caps["h24"])
            amount = min([due.amount, *(limit - spent[key] for key, limit in limits.items())])
            for key in limits:
                spent[key] += amount
            charged.append((due, amount))
        return charged

    def _chain(self) -> Iterator[Due]:
        """5: one increment after the other; where no line applies the chain waits."""
        paid_until = self.count_s
        for now in self.ticks:
            if now < paid_until:
                continue
            for line, rules in enumerate(self.lines):
                window = self._applies(line, now) if rules["kind"] == "incrementing" else None
                if window is not None:
                    paid_until = now + seconds(rules["each"])
                    yield Due(now, 2, line, window, Fraction(rules["amount"]))
                    break

    def _once(self) -> Iterator[Due]:
        """7: `flat` at its first moment; `flat-window` at its first moment in each window."""
        for line, rules in enumerate(self.lines):
            seen: set[date] = set()
            for now in self.ticks if rules["kind"] != "incrementing" else ():
                window = self._applies(line, now)
                if window is not None and window not in seen and (rules["kind"] == "flat-window" or not seen):
                    seen.add(window)
                    yield Due(now, ORDER.index(rules["kind"]), line, window, Fraction(rules["amount"]))

    def _applies(self, line: int, now: int) -> date | None:
        """The window by which the line applies at this counted moment, if it does."""
        part = self.lines[line].get("part") or {"from": "PT0S"}
        elapsed_s = now - self.count_s  # 6
        if elapsed_s < seconds(part["from"]) or (part.get("to") and elapsed_s >= seconds(part["to"])):
            return None
        for day, (begins, ends) in self.windows[line].items():
            if begins <= now < ends and not self._is_free(line, day, now):
                return day
        return None

    def _is_free(self, line: int, day: date, now: int) -> bool:
        """4: the same two in a window, from the first counted second inside it."""
        free = self.lines[line].get("free") or {"minutes": 0, "mode": "left-out"}
        inside, free_s = self.inside[line][day], int(free["minutes"]) * 60
        return len(inside) * self.tick_s <= free_s if free["mode"] == "when-gone" else now < inside[0] + free_s

    def _windows(self, line: Mapping[str, Any]) -> Iterator[tuple[date, tuple[int, int]]]:
        """3: those that the stay may meet, each by the day that it begins on."""
        if line.get("window") is None:
            yield WHOLE_STAY, (self.entry_s, self.exit_s)
            return
        window = line["window"]
        first = datetime.fromtimestamp(self.entry_s, self.zone).date() - timedelta(days=3)
        last = datetime.fromtimestamp(self.exit_s, self.zone).date() + timedelta(days=1)
        for ahead in range((last - first).days + 1):
            day = first + timedelta(days=ahead)
            type_of_day = (self.tariff.get("special_days") or {}).get(day.isoformat(), WEEKDAYS[day.weekday()])
            if type_of_day in window["days"]:
                end_day = day + timedelta(days=window.get("end_day", 0))
                yield day, (self._moment(day, window["start"]), self._moment(end_day, window["end"]))

    def day_of(self, now: int, reset: str) -> date:
        """The day by its reset: the last one that has begun."""
        day = datetime.fromtimestamp(now, self.zone).date() + timedelta(days=1)
        while self._moment(day, reset) > now:
            day -= timedelta(days=1)
        return day

    def _moment(self, day: date, clock: str) -> int:
        """2: the first time that it is this late on the wall."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes(clock))
        if wall not in self.moments:
            now = int(wall.replace(tzinfo=self.zone, fold=0).timestamp())
            while datetime.fromtimestamp(now - 60, self.zone).replace(tzinfo=None) >= wall:
                now -= 60
            self.moments[wall] = now
        return self.moments[wall]

    def _tick_s(self, free_s: int) -> int:
        times = [QUARTER_S, self.entry_s, self.exit_s, free_s]
        for line in self.lines:
            part = line.get("part") or {"from": "PT0S"}
            window = line.get("window") or {"start": "00:00", "end": "00:00"}
            times += [seconds(line.get("each") or "PT0S"), seconds(part["from"]), seconds(part.get("to") or "PT0S")]
            times += [(line.get("free") or {"minutes": 0})["minutes"] * 60]
            times += [minutes(window[end]) * 60 for end in ("start", "end")]
        return math.gcd(*times)


def naive_cents(document: Mapping[str, Any], number: int, entry: datetime, exit_: datetime) -> int:
    """The price in cents; both ends are rounded down to whole seconds (1)."""
    entry_s, exit_s = (math.floor(each.astimezone(UTC).timestamp()) for each in (entry, exit_))
    return Naive(document, number, entry_s, exit_s).cents()
