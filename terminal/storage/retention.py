"""Dropping entries that headquarters has and nobody here needs, oldest first and in small transactions (design 7).

What may go is a beginning of the journal: below what is acknowledged, below the newest entry, below the oldest that
still waits for its outcome or the end of its passage. So one number tells all that is gone. The database's triggers
refuse whatever else a mistake in here would drop.

Dropped rows are overwritten with zeros (`secure_delete`) and leave free pages that the next entries take. Only when
the disk is filling up is the file made shorter.
"""

import sqlite3

from terminal.core.journal import decode_record
from terminal.errors import DocumentError, StorageError
from terminal.storage.database import Database
from terminal.storage.writer import Writer

CHUNK = 250
"""Entries that are dropped in one transaction: a tap that comes meanwhile waits for that."""
SHRINK_PAGES = 128
"""Pages that are moved in one transaction, so that the file can end earlier."""


class Retention:
    """Drops a beginning of the journal. Its methods block on the disk, and on the writer's thread for their turn."""

    def __init__(self, writer: Writer, database: Database) -> None:
        self._writer = writer
        self._database = database

    def drop(self, *, before_ms: int | None) -> int:
        """Drop at most `CHUNK` of the oldest entries that may go and were written before; how many went.

        `before_ms` None: however young, but a whole chunk or nothing; each round is an entry of its own, and must not
        be made for the sake of the one before.

        Raises:
            StorageError: the disk failed, or an entry is not as it was written.
        """
        with self._database.reading() as connection:
            (end,) = connection.execute(_END).fetchone()
            rows = connection.execute(_OLDEST, (end, CHUNK)).fetchall()
        below = _below(rows, before_ms)
        if below is None or (before_ms is None and len(rows) < CHUNK):
            return 0

        def delete(connection: sqlite3.Connection) -> int:
            end = min(below, *connection.execute(_END).fetchone())
            connection.execute("DELETE FROM erased WHERE sequence < ?", (end,))
            connection.execute("DELETE FROM checkpoints WHERE size < ?", (end,))
            return connection.execute("DELETE FROM entries WHERE sequence < ?", (end,)).rowcount

        return self._writer.submit(delete, lambda _: self._writer.scrub()).result()

    def oldest(self) -> int:
        """The number of the oldest entry that is left; all below it were dropped.

        Raises:
            StorageError: the disk failed.
        """
        with self._database.reading() as connection:
            number: int = connection.execute("SELECT coalesce(min(sequence), 0) FROM entries").fetchone()[0]
        return number

    def free_page_bytes(self) -> int:
        """How much of the file is free pages.

        Raises:
            StorageError: the disk failed.
        """
        with self._database.reading() as connection:
            (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        size: int = pages * page_bytes
        return size

    def shrink(self) -> None:
        """Give some free pages back to the disk. A database of before this could be done keeps them.

        Raises:
            StorageError: the disk failed.
        """

        def vacuum(connection: sqlite3.Connection) -> None:
            for _ in range(SHRINK_PAGES):  # it is done a page a step, and Python takes one step
                connection.execute("PRAGMA incremental_vacuum(1)")

        self._writer.submit(vacuum, lambda _: self._writer.scrub()).result()


def _below(rows: list[tuple[int, bytes]], before_ms: int | None) -> int | None:
    """One more than the last of those that may go; None: not one."""
    below = None
    for sequence, record in rows:
        if before_ms is not None and _written_ms(sequence, record) >= before_ms:
            break
        below = sequence + 1
    return below


def _written_ms(sequence: int, record: bytes) -> int:
    try:
        return decode_record(record).time.ms
    except DocumentError as error:
        raise StorageError(f"entry {sequence} of the journal is damaged: {error}") from None


_END = """SELECT min(
  coalesce((SELECT size FROM acknowledged), 0),
  coalesce((SELECT max(sequence) FROM entries), 0),
  coalesce((SELECT min(sequence) FROM open_intents), 9223372036854775807),
  coalesce((SELECT min(sequence) FROM open_orders), 9223372036854775807),
  coalesce((SELECT min(sequence) FROM open_passages), 9223372036854775807))"""
_OLDEST = "SELECT sequence, record FROM entries WHERE sequence < ? ORDER BY sequence LIMIT ?"
