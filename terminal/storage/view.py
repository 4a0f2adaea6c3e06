"""The view: a copy of what is committed, for the processes that may not open the journal (design 2; docs/view.md).

Even a reader of a SQLite file can lock its writer out, so the journal is the gate's alone. A thread of the gate copies
committed entries and checkpoints into a file of its own kind: rollback journal, readable by a group, made anew at each
start. It may lag, and whoever holds the view open, or locked, holds up the view and never a tap.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import structlog

from terminal.errors import StorageError
from terminal.storage.database import Database
from terminal.storage.trouble import in_words
from terminal.storage.view_old import SCHEMA as OLD_SCHEMA
from terminal.storage.view_old import OldInView
from terminal.storage.writer import Writer

APPLICATION_ID = int.from_bytes(b"XSV1")
PART = "view"
PAGE = 512
"""Entries that are copied in one transaction."""
LET_GO_FIRST_S = 0.02
"""A tap commits, then moves a relay: the copy waits that long, so as not to be in its way."""
TURN_S = 1.0
"""How often facts are looked at, and what went wrong is tried again."""
BUSY_S = 0.25
PATIENCE_S = 30.0
"""A page that reads at leisure is no alarm."""

Facts = Callable[[], Mapping[str, int | str | None]]
"""What else those processes should know of the gate, by name; called on the view's thread, must not block."""

log = structlog.get_logger()


class View:
    """The thread that copies. `start` it once, `stop` it once."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        database: Database,
        identity: tuple[str, bytes],
        *,
        facts: Facts,
        trouble: Callable[[str | None], None],
        copied: Callable[[int], None] = lambda _: None,
        turn_s: float = TURN_S,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`identity` is terminal name and epoch; facts are looked at every `turn_s`.

        `copied` hears how many entries it has, whenever that is more; must not block.
        `trouble` hears why the view has not been written for `PATIENCE_S`, and None once it is; must not block.
        """
        self._path = path
        self._database = database
        self._identity = identity
        self._facts = facts
        self._trouble = trouble
        self._tell_copied = copied
        self._turn_s = turn_s
        self._monotonic_s = monotonic_s
        self._failing_since_s: float | None = None
        self._told = False
        self._copied = -1
        self._signed = 0
        self._erased = 0
        self._thinned = 0
        self._old = OldInView()
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._made = False
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)
        writer.after_each_commit(self._news.set)

    def start(self) -> None:
        """Begin. A view that cannot be made is tried for again and again, since lanes work without it."""
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End, with everything copied that is committed by now; False: not in that time."""
        self._stopping.set()
        self._news.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            stopping = self._stopping.is_set()
            self._news.clear()
            more = self._turn()
            if stopping and not more:
                return
            if not more and self._news.wait(self._turn_s):
                self._stopping.wait(LET_GO_FIRST_S)

    def _turn(self) -> bool:
        """Copy a page; tell whether another one is waiting."""
        try:
            more = self._copy()
        except (sqlite3.Error, StorageError, OSError) as error:
            self._made = self._made and _is_held(error)
            self._failed(_why(error, self._path))
            return False
        self._failing_since_s = None
        if self._told:
            self._told = False
            self._trouble(None)
        return more

    def _failed(self, why: str) -> None:
        now_s = self._monotonic_s()
        if self._failing_since_s is None:
            self._failing_since_s = now_s
        if not self._told and now_s - self._failing_since_s >= PATIENCE_S:
            self._told = True
            log.warning("view", why=why)
            self._trouble(why)

    def _copy(self) -> bool:
        if not self._made:
            _make(self._path, self._identity)
            self._copied, self._signed, self._erased, self._thinned, self._made = -1, 0, 0, 0, True
            self._old = OldInView()
        with self._database.reading() as journal:
            # The checkpoints first: whoever reads one finds the entries below it.
            notes = journal.execute(_CHECKPOINTS, (self._signed, PAGE)).fetchall()
            acknowledged = journal.execute("SELECT coalesce(max(size), 0) FROM acknowledged").fetchone()[0]
            # Before the entries: what is erased after this look may be copied erased, and is told at the next.
            erased = journal.execute(_ERASED, (self._erased, PAGE)).fetchall()
            entries = journal.execute(_ENTRIES, (self._copied, PAGE)).fetchall()
            oldest = journal.execute("SELECT coalesce(min(sequence), 0) FROM entries").fetchone()[0]
            kept = None if acknowledged == self._thinned else journal.execute(_BELOW, (acknowledged,)).fetchone()
            old = self._old.read(journal, PAGE)
        copied = entries[-1][0] if entries else self._copied
        notes = [note for note in notes if note[0] <= copied + 1]
        facts = {**self._facts(), "acknowledged": acknowledged}
        with closing(_opened(self._path)) as view:
            view.execute("BEGIN IMMEDIATE")
            view.executemany("INSERT INTO entries (sequence, record, sealed) VALUES (?, ?, ?)", entries)
            view.executemany("INSERT INTO checkpoints (size, note) VALUES (?, ?)", notes)
            view.executemany("UPDATE entries SET sealed = NULL WHERE sequence = ?", [row[1:] for row in erased])
            view.execute("DELETE FROM entries WHERE sequence < ?", (oldest,))
            view.execute("DELETE FROM checkpoints WHERE size < ?", (oldest,))
            if kept is not None:
                view.execute(_THIN, (acknowledged, *kept))
            view.executemany("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", facts.items())
            self._old.write(view, old)
            view.execute("COMMIT")
        self._old.written(old)
        if copied > self._copied:
            self._tell_copied(copied + 1)
        self._copied, self._thinned = copied, acknowledged
        self._signed = notes[-1][0] if notes else self._signed
        self._erased = erased[-1][0] if erased else self._erased
        return PAGE in (len(entries), len(notes), len(erased)) or old.more


def _make(path: Path, identity: tuple[str, bytes]) -> None:
    """A view with nothing in it yet, in the place of the one before: what readers hold open is let go, not changed."""
    unfinished = path.with_name(f"{path.name}.new")
    for each in (unfinished, unfinished.with_name(f"{unfinished.name}-journal")):
        with suppress(FileNotFoundError):
            each.unlink()
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640))
    unfinished.chmod(0o640)
    with closing(_opened(unfinished)) as view:
        view.execute("PRAGMA auto_vacuum = full")  # it often lies on the same disk as the journal
        view.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            view.execute(statement)
        view.execute("INSERT INTO identity (terminal, epoch) VALUES (?, ?)", identity)
        view.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        view.execute("COMMIT")
    with suppress(
        FileNotFoundError
    ):  # of a view that was being written when the power failed; the next is another file
        path.with_name(f"{path.name}-journal").unlink()
    unfinished.rename(path)


def _opened(path: Path) -> sqlite3.Connection:
    view = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
    # Made anew at each start, so that it need not survive a power cut.
    view.execute("PRAGMA synchronous = OFF")
    view.execute("PRAGMA secure_delete = 1")  # what goes from the journal goes from here
    return view


def _is_held(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _why(error: Exception, path: Path) -> str:
    match error:
        case _ if _is_held(error):
            return f"{path} is held by another program, so others see what is long past; stop that program"
        case sqlite3.Error():
            return str(in_words(error, path))
        case OSError():
            return f"{error.filename or path} cannot be used: {error.strerror}"
        case _:
            return str(error)


_SCHEMA = (
    "CREATE TABLE identity (terminal TEXT NOT NULL, epoch BLOB NOT NULL) STRICT",
    "CREATE TABLE entries (sequence INTEGER PRIMARY KEY, record BLOB NOT NULL, sealed BLOB) STRICT",
    "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY) STRICT",
    *OLD_SCHEMA,
)
_ENTRIES = "SELECT sequence, record, sealed FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"
_ERASED = "SELECT number, sequence FROM erased WHERE number > ? ORDER BY number LIMIT ?"
_CHECKPOINTS = "SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?"
_BELOW = "SELECT json_group_array(size) FROM checkpoints WHERE size < ?"
_THIN = "DELETE FROM checkpoints WHERE size < ? AND size NOT IN (SELECT value FROM json_each(?))"
