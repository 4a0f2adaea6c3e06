"""Looks into headquarters' database: again and again for what has just come, and once for all that is there."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.tables.journal import entries, epochs
from load_test.books import Books, Counted
from load_test.terminal import what_of
from terminal.core.journal import decode_record

LOOK_EVERY_S = 0.05
"""What is said to be in the database may have been there for so long, and for as long as a look takes."""
MARGIN_S = 2.0
NAMES_A_QUERY = 500


class Arrivals:
    """The thread that looks. Start it once, stop it once."""

    def __init__(self, database: Database, books: Books) -> None:
        self._database = database
        self._books = books
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after one more look."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        last_s = time.time()
        while True:
            stopping = self._stopping.wait(LOOK_EVERY_S)
            begin_s = time.time()
            since_s = min(self._books.oldest_unseen_s() or last_s, last_s) - MARGIN_S
            query = (
                sa.select(epochs.c.terminal, entries.c.sequence)
                .join(epochs, entries.c.epoch_id == epochs.c.epoch_id)
                .where(entries.c.time_ms >= int(since_s * 1000))
            )
            with self._database.transaction(read_only=True) as connection:
                rows = connection.execute(query).all()
            self._books.seen([(row.terminal, row.sequence) for row in rows], time.time())
            last_s = begin_s
            if stopping:
                return


def stored(database: Database, names: Sequence[str]) -> Counted:
    """All that the database has of these terminals."""
    found: Counted = Counter()
    with database.transaction(read_only=True) as connection:
        for some in in_portions(names):
            query = (
                sa.select(epochs.c.terminal, entries.c.record)
                .join(epochs, entries.c.epoch_id == epochs.c.epoch_id)
                .where(epochs.c.terminal.in_(some))
            )
            for row in connection.execute(query):
                record = decode_record(row.record)
                found[row.terminal, what_of(record.kind.value, record.lane, record.public)] += 1
    return found


def in_portions(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names, no more at a time than a statement takes."""
    for first in range(0, len(names), NAMES_A_QUERY):
        yield names[first : first + NAMES_A_QUERY]
