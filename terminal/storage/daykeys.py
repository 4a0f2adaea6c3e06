"""The key of the day's pseudonym: random, one a local day, destroyed when the day ends.

Destroyed means: overwritten with zeros in the database and gone from its log. What the file system or the controller
of a storage card keeps of blocks that were given back is out of reach from here.

The day ends at the site's midnight. While the site's time zone is not known, as at a start, a key is left as long as
its day may last anywhere on Earth: a gate that starts in the evening must not take that evening for yesterday.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from terminal.core.instant import Now
from terminal.core.pseudonym import DAY_KEY_BYTES, pseudonym

_EVERYWHERE: tuple[tzinfo, ...] = tuple(timezone(timedelta(hours=hours)) for hours in (-12, 0, 14))


class DayKeys:
    """The day key in the database. All methods run on the writer's thread."""

    def __init__(self, time_zone: Callable[[], tzinfo | None], random_bytes: Callable[[int], bytes]) -> None:
        """`time_zone` gives the site's time zone as it is known now, None while it is not."""
        self._time_zone = time_zone
        self._random_bytes = random_bytes
        self._days: frozenset[str] = frozenset()

    def load(self, connection: sqlite3.Connection) -> None:
        """Learn of which days there are keys."""
        self._days = frozenset(day for (day,) in connection.execute("SELECT day FROM day_keys"))

    def pseudonym(self, connection: sqlite3.Connection, card_number: bytes, at: Now) -> bytes:
        """The pseudonym of the card on the local day of `at`; the day's first makes the key."""
        day = _day(at, self._time_zone() or UTC)
        row = connection.execute("SELECT key FROM day_keys WHERE day = ?", (day,)).fetchone()
        if row is None:
            row = (self._random_bytes(DAY_KEY_BYTES),)
            connection.execute("INSERT INTO day_keys (day, key) VALUES (?, ?)", (day, *row))
            self._days |= {day}  # a day too many, should the transaction fail, does no harm
        return pseudonym(row[0], card_number)

    def over(self, now: Now) -> bool:
        """Tell whether there may be a key of another day than that of `now`."""
        return not self._days <= self._today(now)

    def destroy(self, connection: sqlite3.Connection, now: Now) -> frozenset[str]:
        """Delete every key but that of the day of `now`; returns what `destroyed` is to hear once it is durable."""
        today = self._today(now)
        over = [(day,) for (day,) in connection.execute("SELECT day FROM day_keys") if day not in today]
        connection.executemany("DELETE FROM day_keys WHERE day = ?", over)
        return today

    def destroyed(self, today: frozenset[str]) -> None:
        """What `destroy` did has become durable."""
        self._days &= today

    def _today(self, now: Now) -> frozenset[str]:
        """The day that it is; all days that it may be, while the site's time zone is not known."""
        zone = self._time_zone()
        return frozenset(_day(now, each) for each in (_EVERYWHERE if zone is None else (zone,)))


def _day(at: Now, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at.s, zone).date().isoformat()
