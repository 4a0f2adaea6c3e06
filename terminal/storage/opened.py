"""When lanes stood open to anybody, as far as that matters for what is charged (design 6, 'Stays')."""

import sqlite3
from bisect import insort
from collections import defaultdict
from dataclasses import dataclass

from terminal.core.stay import StayChange, ZoneNeutral, ZoneOpened

LONGEST_STAY_MS = 366 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """From `at_ms` on this lane let anybody through, or no longer."""

    at_ms: int
    lane: int
    to_all: bool


class OpenedZones:
    """The moments of each zone, in memory as they are durable. Its owner keeps threads apart."""

    def __init__(self) -> None:
        self._of: defaultdict[int, list[Moment]] = defaultdict(list)

    def uncertain_from(self, zone: int, since_ms: int) -> int | None:
        """From when it is not certain whether somebody who came in then is still here; None: it is."""
        open_lanes: set[int] = set()
        for moment in self._of[zone]:
            if moment.at_ms > since_ms and (moment.to_all or open_lanes):
                break
            (open_lanes.add if moment.to_all else open_lanes.discard)(moment.lane)
        else:
            return since_ms if open_lanes else None
        return since_ms if open_lanes else moment.at_ms

    def is_open(self, zone: int, lane: int) -> bool:
        """What was said last of a lane."""
        return next((moment.to_all for moment in reversed(self._of[zone]) if moment.lane == lane), False)

    def learn(self, zone: int, moment: Moment) -> None:
        """It has become durable."""
        insort(self._of[zone], moment)

    def load(self, connection: sqlite3.Connection) -> None:
        """What stands in the database."""
        self._of.clear()
        for zone, lane, at_ms, to_all in connection.execute("SELECT zone, lane, at_ms, to_all FROM zone_opened"):
            self.learn(zone, Moment(at_ms, lane, bool(to_all)))


def moment_of(change: StayChange) -> tuple[int, Moment] | None:
    """The zone and the moment that a change tells of, if any."""
    match change:
        case ZoneNeutral(zone, lane, at_ms):
            return zone, Moment(at_ms, lane, to_all=True)
        case ZoneOpened(zone, lane, at_ms, to_all):
            return zone, Moment(at_ms, lane, to_all)
        case _:
            return None


def store(connection: sqlite3.Connection, zone: int, moment: Moment) -> None:
    """Write it down, in the transaction that is open."""
    row = (zone, moment.lane, moment.at_ms, moment.to_all)
    connection.execute("INSERT INTO zone_opened (zone, lane, at_ms, to_all) VALUES (?, ?, ?, ?)", row)


def forget(connection: sqlite3.Connection, before_ms: int) -> None:
    """Delete what no stay can need any more that ended since that instant."""
    connection.execute("DELETE FROM zone_opened WHERE at_ms < ?", (before_ms - LONGEST_STAY_MS,))
