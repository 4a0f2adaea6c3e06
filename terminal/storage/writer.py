"""The thread that alone writes to the database: group commit, check points of the log, getting over errors.

A disk write can take seconds on a storage card, so nobody else waits for one unless he wants to: `submit` returns a
future at once. What is waiting when the thread comes round goes into one transaction. When that fails, all of its
futures raise StorageError, and the thread goes on with what comes next on a connection that it trusts.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from terminal.errors import StorageError, XsError
from terminal.ports import Heartbeat
from terminal.storage.database import Database
from terminal.storage.trouble import in_words, is_full, is_passing

log = structlog.get_logger()
T = TypeVar("T")
Load = Callable[[sqlite3.Connection], None]

MAX_WAITING = 10_000
"""Writes that may wait for a disk that hangs; the next one is refused at once."""
COMMITS_A_CHECKPOINT = 200
"""After so many commits the log goes into the file when nobody waits, after ten times as many in any case."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    write: Callable[[sqlite3.Connection], Any]
    committed: Callable[[Any], None] | None
    future: "Future[Any]"


class Writer:
    """The writing thread of one database. Futures resolve on it: callbacks on them must be quick."""

    def __init__(
        self,
        database: Database,
        heartbeat: Heartbeat,
        *,
        tick_s: float = 1.0,
        before_commit: Callable[[], None] | None = None,
        more_room: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the thread. It beats "journal" and does its chores at least every `tick_s`.

        `before_commit` is for the bench and for tests: called on the thread in every transaction, before its commit.
        `more_room` is called on the thread when the disk is full; after True the same transaction is tried again.

        Raises:
            StorageError: the database cannot be opened.
        """
        self._database = database
        self._heartbeat = heartbeat
        self._tick_s = tick_s
        self._before_commit = before_commit
        self._more_room = more_room
        self._waiting: deque[_Waiting] = deque()
        self._turn = threading.Condition()
        self._closing = False
        self._loads: list[Load] = []
        self._last_steps: list[Load] = []
        self._after: list[Callable[[], None]] = []
        self._chores: list[Callable[[], None]] = []
        self._trouble: str | None = None
        self._chore_failed = ""
        self._commits = 0
        self._scrub = False
        self._connection: sqlite3.Connection | None = self._connect()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str | None:
        """Why the last transaction failed, in one line; None since one succeeded."""
        return self._trouble

    def submit(
        self, write: Callable[[sqlite3.Connection], T], committed: Callable[[T], None] | None = None
    ) -> "Future[T]":
        """Queue `write(connection)` for the next transaction; never blocks, cannot be cancelled.

        The future gives what `write` returned, once that is durable; before, `committed` hears of it. When `write`
        raises, what it wrote is undone, its future raises the same, and the other writes of the transaction stay.
        It is called again when the disk was full and there is more room now: what it did before was undone.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._turn:
            if self._closing:
                future.set_exception(StorageError("the journal is closed; nothing can be written down any more"))
            elif len(self._waiting) >= MAX_WAITING:
                line = f"{MAX_WAITING} writes wait for the disk that holds {self._database.path}; check the disk"
                future.set_exception(StorageError(line))
            else:
                self._waiting.append(_Waiting(write, committed, future))
                self._turn.notify()
        return future

    def adopt(self, load: Load) -> None:
        """Let `load` read what it keeps in memory, now and whenever the database was opened anew. Blocks.

        Raises:
            StorageError: it cannot be read.
        """
        self._loads.append(load)
        self.submit(load).result()

    def before_each_commit(self, step: Load) -> None:
        """Let `step` end each transaction from now on; when it raises, nothing of that transaction is stored."""
        self._last_steps.append(step)

    def after_each_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` on the thread after each commit, when its futures are done; it must be quick and not raise."""
        self._after.append(tell)

    def every_tick(self, chore: Callable[[], None]) -> None:
        """Call `chore` on the thread each time it comes round; it may submit writes. What it raises is logged."""
        self._chores.append(chore)

    def scrub(self) -> None:
        """Make the log empty soon, since it may still hold what was deleted from the file. On the thread only."""
        self._scrub = True

    def close(self, timeout_s: float = 10.0) -> None:
        """Store what is waiting, then end the thread and close the file. Blocks.

        Raises:
            StorageError: the disk took longer than `timeout_s`.
        """
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise StorageError(f"the disk that holds {self._database.path} did not answer for {timeout_s:g} s")

    # ---------------------------------------------------------------------------------------------- on the thread

    def _run(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                if batch:
                    self._store(batch)
                self._do_chores()
                self._maintain()
                self._heartbeat.beat("journal")
        finally:  # also when something nobody foresaw ends the thread: no beat any more, and nobody waits in vain
            self._disconnect()
            with self._turn:
                self._closing = True
                left, self._waiting = self._waiting, deque()
            for waiting in left:  # outside the lock: whoever hears of it may want to write
                waiting.future.set_exception(StorageError("the journal has stopped; restart the gate"))

    def _next_batch(self) -> list[_Waiting] | None:
        with self._turn:
            if not self._waiting and not self._closing:
                self._turn.wait(self._tick_s)
            if self._closing and not self._waiting:
                return None
            batch = list(self._waiting)
            self._waiting.clear()
            return batch

    def _store(self, batch: list[_Waiting]) -> None:
        try:
            stored = self._with_more_room(batch)
        except (sqlite3.Error, StorageError) as error:
            self._failed(error)
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(StorageError(self._trouble))
            return
        self._trouble = None
        self._commits += 1
        for waiting, result in stored:
            if waiting.committed is not None:
                waiting.committed(result)
            waiting.future.set_result(result)
        for tell in self._after:
            tell()

    def _with_more_room(self, batch: list[_Waiting]) -> list[tuple[_Waiting, Any]]:
        """The transaction, tried again as long as the disk is full and there is a reserve to write it from."""
        while True:
            connection = self._connection or self._reconnect()
            try:
                return self._transaction(connection, [waiting for waiting in batch if not waiting.future.done()])
            except sqlite3.Error as error:
                if not is_full(error):
                    raise
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if not self._more_room():
                    raise

    def _transaction(self, connection: sqlite3.Connection, batch: list[_Waiting]) -> list[tuple[_Waiting, Any]]:
        stored: list[tuple[_Waiting, Any]] = []
        connection.execute("BEGIN IMMEDIATE")
        for waiting in batch:
            connection.execute("SAVEPOINT one_write")
            try:
                stored.append((waiting, waiting.write(connection)))
            except Exception as error:  # one write's mistake is its own, whatever it is
                if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                    raise
                connection.execute("ROLLBACK TO one_write")
                waiting.future.set_exception(error)
            connection.execute("RELEASE one_write")
        for step in self._last_steps:
            step(connection)
        if self._before_commit is not None:
            self._before_commit()
        connection.execute("COMMIT")
        return stored

    def _failed(self, error: sqlite3.Error | StorageError) -> None:
        self._trouble = str(error if isinstance(error, StorageError) else in_words(error, self._database.path))
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            trusted = isinstance(error, sqlite3.Error) and is_passing(error)
        except sqlite3.Error:
            trusted = False
        if not trusted:
            self._disconnect()

    def _connect(self) -> sqlite3.Connection:
        while True:
            try:
                return self._database.connect()
            except sqlite3.Error as error:
                if not (is_full(error) and self._more_room()):
                    raise in_words(error, self._database.path) from None

    def _reconnect(self) -> sqlite3.Connection:
        """Open the database anew. What failed may have reached it all the same, so memory is read anew as well."""
        connection = self._connect()
        try:
            for load in self._loads:
                load(connection)
        except (sqlite3.Error, XsError):
            connection.close()
            raise
        self._connection = connection
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception as error:  # whatever a chore stumbles over, entries are to be written
                if (failed := f"{type(error).__name__}: {error}") != self._chore_failed:
                    log.exception("journal-chore", why=failed)
                self._chore_failed = failed

    def _maintain(self) -> None:
        """Bring the log into the file while nobody waits for it."""
        idle = not self._waiting
        if self._scrub and idle:
            mode = "TRUNCATE"
        elif self._commits >= (COMMITS_A_CHECKPOINT if idle else 10 * COMMITS_A_CHECKPOINT):
            mode = "PASSIVE"
        else:
            return
        if self._connection is None:
            return
        try:
            busy, _, _ = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            if not (is_full(error) and self._more_room()):  # what is in the log is safe there until the next time
                self._failed(error)
            return
        self._commits = 0
        if mode == "TRUNCATE":
            self._scrub = bool(busy)
