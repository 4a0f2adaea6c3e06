"""The view as the other processes see it (docs/view.md): opened for each look, read only, and let go at once.

What is wrong with it is always somebody else's, and passes: no gate has run yet, the gate writes at this moment, a
start of the gate has put another file in its place.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from terminal.core.journal import EPOCH_BYTES, Record, decode_record
from terminal.core.merkle import MAX_SIZE
from terminal.core.messages import MAX_BATCH_ENTRIES, Batch
from terminal.core.uplink import fits
from terminal.errors import StorageError
from terminal.storage.view import APPLICATION_ID

HELD_S = 0.25
"""How long a look waits for the gate to finish writing."""

Why = Literal["missing", "held", "half-made", "other-file", "other-terminal", "unreadable"]
Run = tuple[int, int]
"""Device and inode of the file: another pair is the view of another start of the gate."""
Stamp = tuple[int, int, int, int]


class NoView(StorageError):
    """There is nothing to be seen now; `why` stays the same for ever, the message is for a person."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True)
class Past:
    """An epoch that has ended and is not acknowledged to its end; it had `size` entries."""

    epoch: bytes
    size: int
    acknowledged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far the journal is. `size` and `checkpoint` are of the newest signed checkpoint; 0 and None before the first.

    `oldest` is the number of the first entry that is left; `past` are earlier epochs that headquarters does not have.
    `clock`, `list_number`, `list_issued_at_s`, `free_bytes` and `software` are what the gate says of itself.
    """

    run: Run
    epoch: bytes
    size: int
    checkpoint: bytes | None
    acknowledged: int
    oldest: int
    past: tuple[Past, ...]
    clock: str | None
    list_number: int | None
    list_issued_at_s: int | None
    free_bytes: int
    software: str


class ViewReader:
    """Looks at the view of one terminal. Each call blocks on the disk, at most HELD_S for the gate that writes."""

    def __init__(self, path: Path, terminal: str) -> None:
        self._path = path
        self._terminal = terminal

    def stamp(self) -> Stamp | None:
        """A value that changes when the view is written or replaced, None while there is none; costs microseconds."""
        try:
            about = self._path.stat()
        except OSError:
            return None
        return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns

    def look(self) -> Look:
        """What is there now.

        Raises:
            NoView: nothing that can be read.
        """
        with self._opened() as (view, run, epoch):
            row = view.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
            facts = dict(view.execute("SELECT name, value FROM facts").fetchall())
            size, checkpoint = row or (0, None)
            clock, software = facts.get("clock"), facts.get("software")
            return Look(
                run=run,
                epoch=epoch,
                size=size,
                checkpoint=checkpoint,
                acknowledged=_number(facts.get("acknowledged")) or 0,
                oldest=view.execute("SELECT coalesce(min(sequence), 0) FROM entries").fetchone()[0],
                past=tuple(Past(*row) for row in view.execute(_PAST)),
                clock=clock if isinstance(clock, str) else None,
                list_number=_number(facts.get("list_number")),
                list_issued_at_s=_number(facts.get("list_issued_at_s")),
                free_bytes=_number(facts.get("free_bytes")) or 0,
                software=software if isinstance(software, str) else "",
            )

    def acknowledged(self) -> int:
        """How many entries headquarters has; raises NoView."""
        return self.look().acknowledged

    def newest(self, most: int) -> tuple[bytes, tuple[Record, ...]]:
        """The epoch, and its last `most` entries, oldest first.

        Raises:
            NoView: nothing that can be read.
            DocumentError: an entry that this software does not understand.
        """
        with self._opened() as (view, _, epoch):
            found = view.execute("SELECT record FROM entries ORDER BY sequence DESC LIMIT ?", (most,)).fetchall()
            return epoch, tuple(decode_record(record) for (record,) in reversed(found))

    def after(self, sequence: int, most: int) -> tuple[bytes, tuple[Record, ...]]:
        """The epoch, and at most `most` entries after the one with that number, oldest first; raises likewise."""
        with self._opened() as (view, _, epoch):
            wanted = "SELECT record FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"
            return epoch, tuple(decode_record(record) for (record,) in view.execute(wanted, (sequence, most)))

    def batch(self, run: Run, first: int, limit: int, past: bytes | None = None) -> Batch | None:
        """The largest batch that begins at entry `first` and ends at a checkpoint not beyond size `limit`.

        `past`: of that earlier epoch. None: there is none (yet), or the view is of another start of the gate.

        Raises:
            NoView: nothing that can be read.
        """
        with self._opened() as (view, now, epoch):
            if now != run:
                return None
            entries_of, sizes_of, note_of = _PRESENT_ONES if past is None else _PAST_ONES
            of = {"first": first, "most": MAX_BATCH_ENTRIES, "epoch": past}
            found = view.execute(entries_of, of)
            entries: list[tuple[bytes, bytes | None]] = []

            def weights() -> Iterator[int]:
                for sequence, record, sealed in found:
                    if sequence != first + len(entries):
                        return
                    entries.append((record, sealed))
                    yield len(record) + len(sealed or b"")

            sizes = [size for (size,) in view.execute(sizes_of, of)]
            end = fits(first, weights(), sizes, limit)
            if end is None:
                return None
            (note,) = view.execute(note_of, {**of, "size": end}).fetchone()
        return Batch(past or epoch, first, tuple(islice(entries, end - first)), note)

    @contextmanager
    def _opened(self) -> Iterator[tuple[sqlite3.Connection, Run, bytes]]:
        try:
            about = self._path.stat()
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=HELD_S, isolation_level=None)) as view:
                view.execute("BEGIN")  # all that is read is of one moment
                yield view, (about.st_dev, about.st_ino), self._epoch(view)
        except OSError as error:
            raise self._missing(error) from None
        except sqlite3.Error as error:
            raise self._why(error) from None

    def _epoch(self, view: sqlite3.Connection) -> bytes:
        if view.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise NoView(
                "other-file", f"{self._path} is no view of a gate's journal; look at terminal.view in gate.toml"
            )
        row = view.execute("SELECT terminal, epoch FROM identity").fetchone()
        if row is None or not isinstance(row[1], bytes) or len(row[1]) != EPOCH_BYTES:
            raise NoView(
                "half-made", f"{self._path} does not say whose journal it is; the gate makes it anew at a start"
            )
        if row[0] != self._terminal:
            raise NoView("other-terminal", f"{self._path} is of terminal {row[0]!r}, and this is {self._terminal!r}")
        return bytes(row[1])

    def _missing(self, error: OSError) -> NoView:
        if isinstance(error, FileNotFoundError):
            return NoView("missing", f"{self._path} is not there; the gate makes it when it starts")
        return NoView("unreadable", f"{self._path} cannot be read: {error.strerror}")

    def _why(self, error: sqlite3.Error) -> NoView:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return NoView("held", f"{self._path} is held by another program; it is looked at again soon")
        if code == sqlite3.SQLITE_CANTOPEN and not self._path.exists():
            return self._missing(FileNotFoundError())
        if code in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY}:
            return NoView("half-made", f"{self._path} is not whole ({error}); the gate makes it anew at its next start")
        return NoView("unreadable", f"{self._path} cannot be read: {error}; the gate makes it anew at its next start")


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value < MAX_SIZE else None


_PAST = "SELECT epoch, size, acknowledged FROM old_epochs ORDER BY rowid"
_PRESENT_ONES = (
    "SELECT sequence, record, sealed FROM entries WHERE sequence >= :first ORDER BY sequence LIMIT :most",
    "SELECT size FROM checkpoints WHERE size > :first AND size <= :first + :most",
    "SELECT note FROM checkpoints WHERE size = :size",
)
_PAST_ONES = (
    """SELECT sequence, record, sealed FROM old_entries WHERE epoch = :epoch AND sequence >= :first
      ORDER BY sequence LIMIT :most""",
    "SELECT size FROM old_checkpoints WHERE epoch = :epoch AND size > :first AND size <= :first + :most",
    "SELECT note FROM old_checkpoints WHERE epoch = :epoch AND size = :size",
)
