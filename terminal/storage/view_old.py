"""What epochs that have ended still owe to headquarters, copied into the view (docs/view.md).

Nothing is added to such an epoch, so its entries are copied once. They go again when headquarters has acknowledged it
to its end; until then any of them may be asked for.
"""

# ruff: noqa: S608 - names of tables come from `OldEpoch`, which makes them of a number

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from terminal.storage.epochs import OldEpoch, old_epochs

SCHEMA = (
    "CREATE TABLE old_epochs (epoch BLOB PRIMARY KEY, size INTEGER NOT NULL, acknowledged INTEGER NOT NULL) STRICT",
    """CREATE TABLE old_entries (
         epoch BLOB NOT NULL, sequence INTEGER NOT NULL, record BLOB NOT NULL, sealed BLOB,
         PRIMARY KEY (epoch, sequence)) STRICT""",
    """CREATE TABLE old_checkpoints (
         epoch BLOB NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL,
         PRIMARY KEY (epoch, size)) STRICT""",
)


@dataclass(slots=True)
class Page:
    """What one turn copies; `copied` and `signed` tell how far that brings each epoch."""

    epochs: tuple[OldEpoch, ...] = ()
    entries: list[tuple[bytes, int, bytes, bytes | None]] = field(default_factory=list)
    checkpoints: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    copied: dict[bytes, int] = field(default_factory=dict)
    signed: dict[bytes, int] = field(default_factory=dict)
    erased: list[tuple[int, bytes, int]] = field(default_factory=list)
    more: bool = False


class OldInView:
    """How far the old epochs are copied into the view that there is."""

    def __init__(self) -> None:
        self._copied: dict[bytes, int] = {}
        self._signed: dict[bytes, int] = {}
        self._erased = 0

    def read(self, journal: sqlite3.Connection, most: int) -> Page:
        """The next page, of `most` entries and checkpoints of each epoch at the most."""
        journal.execute("BEGIN")  # a table may go in between
        page = Page(old_epochs(journal))
        page.erased = journal.execute(_ERASED, (self._erased,)).fetchall()
        for old in page.epochs:
            if old.acknowledged == old.size:  # it is being forgotten
                continue
            self._read(journal, old, page, most)
        journal.execute("COMMIT")
        return page

    def write(self, view: sqlite3.Connection, page: Page) -> None:
        """Write a page, in the transaction that is open."""
        view.execute("DELETE FROM old_epochs")
        view.executemany(
            "INSERT INTO old_epochs (epoch, size, acknowledged) VALUES (?, ?, ?)",
            [(old.epoch, old.size, old.acknowledged) for old in page.epochs if old.acknowledged < old.size],
        )
        view.executemany("INSERT INTO old_entries (epoch, sequence, record, sealed) VALUES (?, ?, ?, ?)", page.entries)
        view.executemany("INSERT INTO old_checkpoints (epoch, size, note) VALUES (?, ?, ?)", page.checkpoints)
        erase = "UPDATE old_entries SET sealed = NULL WHERE epoch = ? AND sequence = ?"
        view.executemany(erase, [row[1:] for row in page.erased])
        for table in ("old_entries", "old_checkpoints"):
            view.execute(f"DELETE FROM {table} WHERE epoch NOT IN (SELECT epoch FROM old_epochs)")

    def written(self, page: Page) -> None:
        """The page is there."""
        self._copied, self._signed = page.copied, page.signed
        self._erased = page.erased[-1][0] if page.erased else self._erased

    def _read(self, journal: sqlite3.Connection, old: OldEpoch, page: Page, most: int) -> None:
        copied = self._copied.get(old.epoch, -1)
        signed = self._signed.get(old.epoch, -1)
        entries = _rows(journal, f"SELECT sequence, record, sealed FROM {old.entries}", "sequence", copied, most)
        copied = entries[-1][0] if entries else copied
        # Whoever reads a checkpoint finds the entries below it.
        found = _rows(journal, f"SELECT size, note FROM {old.checkpoints}", "size", signed, most)
        notes = [row for row in found if row[0] <= copied + 1]
        page.entries += [(old.epoch, *row) for row in entries]
        page.checkpoints += [(old.epoch, *row) for row in notes]
        page.copied[old.epoch] = copied
        page.signed[old.epoch] = notes[-1][0] if notes else signed
        page.more |= most in (len(entries), len(found))


_ERASED = "SELECT number, epoch, sequence FROM old_erased WHERE number > ? ORDER BY number"


def _rows(journal: sqlite3.Connection, select: str, number: str, after: int, most: int) -> list[tuple[Any, ...]]:
    return journal.execute(f"{select} WHERE {number} > ? ORDER BY {number} LIMIT ?", (after, most)).fetchall()
