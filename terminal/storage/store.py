"""The front door: one folder opened once, and what a gate keeps in it.

store = Store(folder, terminal="gate-1", heartbeat=heartbeat, random_bytes=os.urandom)
floor = store.kept.number("clock-floor")
stays = store.stays(key)
journal = store.journal(clock=clock, sealing_key=..., time_zone=..., stays=stays, signing_key=...)
...
store.close()
"""

import sqlite3
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.issuers import SealingKey
from terminal.core.journal import EPOCH_BYTES, is_terminal_name
from terminal.errors import ConfigurationError, StorageError
from terminal.ports import Clock, Heartbeat
from terminal.storage.database import Database
from terminal.storage.daykeys import DayKeys
from terminal.storage.epochs import EpochEnded, Epochs
from terminal.storage.journal import JournalWriter
from terminal.storage.kept import KeptStates
from terminal.storage.on_account import Accounts
from terminal.storage.passages import Passages
from terminal.storage.purchases import Purchases
from terminal.storage.reserve import Reserve
from terminal.storage.retention import Retention
from terminal.storage.stays import Stays
from terminal.storage.view import TURN_S, Facts, View
from terminal.storage.writer import Writer


class Store:
    """Everything that the gate keeps in its database, behind one lock and one writing thread."""

    def __init__(
        self,
        folder: Path,
        *,
        terminal: str,
        heartbeat: Heartbeat,
        random_bytes: Callable[[int], bytes],
        tick_s: float = 1.0,
        before_commit: Callable[[], None] | None = None,
        database: Callable[[Path], Database] = Database,
        reserve: Reserve | None = None,
    ) -> None:
        """Open the database in `folder`, or let it be born there with a new epoch. Blocks.

        `folder` is the gate's alone (mode 0700); it is made when it is not there. `tick_s` and `before_commit`: see
        `Writer`. `reserve`: room to write from when the disk is full.

        Raises:
            StorageError: in use, damaged, full, of a newer format, of another terminal, open to other users.
            ConfigurationError: no terminal may be called so.
        """
        if not is_terminal_name(terminal):
            raise ConfigurationError(f"a terminal cannot be called {terminal!r}: 1 to 32 of a-z, 0-9 and -")
        self._random_bytes = random_bytes
        if reserve is not None:
            reserve.give_for_log(folder / "journal.db-wal")
        self._database = database(folder)
        try:
            self._writer = Writer(
                self._database,
                heartbeat,
                tick_s=tick_s,
                before_commit=before_commit,
                more_room=reserve.give if reserve else lambda: False,
            )
        except BaseException:
            self._database.close()
            raise
        try:
            self.terminal = self._identity(terminal)
            self._epochs = Epochs(self._writer, terminal)
            self.kept = KeptStates(self._writer)
        except BaseException:
            self.close()
            raise

    @property
    def epoch(self) -> bytes:
        """The epoch that is written."""
        return self._epochs.present

    @property
    def trouble(self) -> str | None:
        """Why nothing could be written down last time, in one line; None since it could."""
        return self._writer.trouble

    def stays(self, key: bytes) -> Stays:
        """Who is inside, under `key`: 32 bytes of this terminal's own, kept elsewhere. Once for each store.

        Raises:
            StorageError: the rows do not open with this key.
        """
        self._passages = Passages(key, self._random_bytes)
        self.accounts = Accounts(key, self._random_bytes, self._database.path)
        self.purchases = Purchases(key, self._random_bytes, self._database.path)
        return Stays(self._writer, self._database, key, self._random_bytes)

    def journal(
        self,
        *,
        clock: Clock,
        sealing_key: Callable[[], SealingKey | None],
        time_zone: Callable[[], tzinfo | None],
        stays: Stays,
        signing_key: Ed25519PrivateKey,
    ) -> JournalWriter:
        """The journal. Once for each store. Both callables are asked at every entry, on the writer's thread.

        `time_zone` is the site's, by which days end; None while no rules say which. `signing_key` signs checkpoints.

        Raises:
            StorageError: the newest entry is not as it was written.
        """
        return JournalWriter(
            self._writer,
            self._database,
            self._epochs,
            clock=clock,
            sealing_key=sealing_key,
            day_keys=DayKeys(time_zone, self._random_bytes),
            stays=stays,
            accounts=self.accounts,
            purchases=self.purchases,
            passages=self._passages,
            signing_key=signing_key,
        )

    def retention(self) -> Retention:
        """What drops entries that headquarters has."""
        return Retention(self._writer, self._database)

    def begin_epoch(self, journal: JournalWriter) -> EpochEnded | None:
        """End the epoch that is marked, if it is, and begin another: its first entry is durable when this returns.

        Called when all that was open has its outcome, and before anybody else writes; blocks. None: it goes on.

        Raises:
            StorageError: the disk failed; the next start finds out which of the two epochs it is.
        """
        return journal.begin_epoch(self._random_bytes(EPOCH_BYTES))

    def view(
        self,
        path: Path,
        *,
        facts: Facts,
        trouble: Callable[[str | None], None],
        copied: Callable[[int], None] = lambda _: None,
        turn_s: float = TURN_S,
    ) -> View:
        """The copy of the journal for other processes, at `path`; not started. Once for each store."""
        identity = (self.terminal, self.epoch)
        return View(
            path, self._writer, self._database, identity, facts=facts, trouble=trouble, copied=copied, turn_s=turn_s
        )

    def close(self, timeout_s: float = 10.0) -> None:
        """Write down what is waiting and give the folder back. Blocks. Does nothing the second time.

        Raises:
            StorageError: the disk did not answer within `timeout_s`; the lock goes when the process ends.
        """
        self._writer.close(timeout_s)
        self._database.close()

    def _identity(self, terminal: str) -> str:
        def read_or_bear(connection: sqlite3.Connection) -> str:
            row: tuple[str] | None = connection.execute("SELECT terminal FROM identity").fetchone()
            if row is None:
                born = (terminal, self._random_bytes(EPOCH_BYTES))
                connection.execute("INSERT INTO identity (one, terminal, epoch) VALUES (1, ?, ?)", born)
            return row[0] if row else terminal

        name = self._writer.submit(read_or_bear).result()
        if name != terminal:
            raise StorageError(
                f"{self._database.path} is the journal of terminal {name!r}, and this gate is called {terminal!r}; put"
                " the name right, or give the gate a folder of its own"
            )
        return name
