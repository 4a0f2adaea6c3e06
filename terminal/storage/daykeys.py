"""The key of the day's pseudonym: random, one a local day, destroyed when the day ends.

Destroyed means: overwritten with zeros in the database and gone from its log. What the file system or the controller
of a storage card keeps of blocks that were given back is out of reach from here.
"""

import sqlite3
from collections.abc import Callable
from datetime import datetime, tzinfo

from terminal.core.instant import Now
from terminal.core.pseudonym import DAY_KEY_BYTES, pseudonym


class DayKeys:
    """The day key in the database. All methods run on the writer's thread."""

    def __init__(self, time_zone: Callable[[], tzinfo], random_bytes: Callable[[int], bytes]) -> None:
        """`time_zone` gives the site's time zone as it is known now."""
        self._time_zone = time_zone
        self._random_bytes = random_bytes
        self._days: frozenset[str] = frozenset()

    def load(self, connection: sqlite3.Connection) -> None:
        """Learn of which days there are keys."""
        self._days = frozenset(day for (day,) in connection.execute("SELECT day FROM day_keys"))

    def pseudonym(self, connection: sqlite3.Connection, card_number: bytes, at: Now) -> bytes:
        """The pseudonym of the card on the local day of `at`; the day's first makes the key."""
        day = self._day(at)
        row = connection.execute("SELECT key FROM day_keys WHERE day = ?", (day,)).fetchone()
        if row is None:
            row = (self._random_bytes(DAY_KEY_BYTES),)
            connection.execute("INSERT INTO day_keys (day, key) VALUES (?, ?)", (day, *row))
            self._days |= {day}  # a day too many, should the transaction fail, does no harm
        return pseudonym(row[0], card_number)

    def over(self, now: Now) -> bool:
        """Tell whether there may be a key of another day than that of `now`."""
        return not self._days <= {self._day(now)}

    def destroy(self, connection: sqlite3.Connection, now: Now) -> None:
        """Delete every key but that of the day of `now`; `destroyed` hears of it once it is durable."""
        connection.execute("DELETE FROM day_keys WHERE day <> ?", (self._day(now),))

    def destroyed(self, now: Now) -> None:
        """What `destroy` did has become durable."""
        self._days &= {self._day(now)}

    def _day(self, at: Now) -> str:
        return datetime.fromtimestamp(at.s, self._time_zone()).date().isoformat()
