"""The file: its folder, its lock, its settings, and the two kinds of connection to it.

WAL with `synchronous=FULL`: with NORMAL a committed row may roll back after a power cut, and a sequence number that
was already sent would be used twice. The lock is a file beside the database, held by the kernel as long as the process
lives; SQLite's own exclusive mode would shut out our reading connections too.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from terminal.errors import StorageError
from terminal.storage.schema import migration
from terminal.storage.trouble import in_words

_SETTINGS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "secure_delete": 1,  # what is deleted is overwritten with zeros
    "wal_autocheckpoint": 0,  # the writer's thread does it when nobody waits
    "trusted_schema": 0,
}


class Database:
    """The journal's database in a folder of its own, opened by one process at a time.

    `busy_s` is how long to wait for a lock that some other program holds.
    """

    busy_s = 5.0
    connection_class = sqlite3.Connection

    def __init__(self, folder: Path) -> None:
        """Take the lock, make what is not there yet, bring the tables up to date. Blocks.

        Raises:
            StorageError: in use, damaged, of a newer format, of another program, not writable, readable by others.
        """
        self.path = folder / "journal.db"
        try:
            self._make_folder(folder)
            self._lock: int | None = _take_lock(folder / "journal.lock")
        except OSError as error:
            raise StorageError(f"{error.filename or folder} cannot be used: {error.strerror}") from None
        try:
            self._make_file()
            connection = self.connect()
            try:
                migration.apply(connection, self.path)
            finally:
                connection.close()
        except sqlite3.Error as error:
            self.close()
            raise in_words(error, self.path) from None
        except BaseException:
            self.close()
            raise

    def connect(self) -> sqlite3.Connection:
        """A connection that writes. One at a time; whoever holds it closes it.

        Everything that is in the log is first brought into the file and synced. After a write that failed, the kernel
        may count pages as clean that never reached the disk; a log that rests on them would lose all that follows.

        Raises:
            sqlite3.Error: as SQLite says it.
        """
        connection = sqlite3.connect(
            self.path,
            timeout=self.busy_s,
            isolation_level=None,
            check_same_thread=False,
            factory=self.connection_class,
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads, and that no writer waits for, as long as a query's rows are fetched at once.

        Raises:
            StorageError: the disk failed, here or inside the `with`.
        """
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=self.busy_s, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise in_words(error, self.path) from None

    def close(self) -> None:
        """Give the lock back; the connections must be closed by then. Does nothing the second time."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Before anything else is in the file: so that it can be made shorter without being written anew as a whole.
        connection.execute("PRAGMA auto_vacuum = incremental")
        for name, value in _SETTINGS.items():
            connection.execute(f"PRAGMA {name} = {value}").fetchone()
            if connection.execute(f"PRAGMA {name}").fetchone()[0] != value:
                raise StorageError(f"{self.path} lies on a file system where SQLite cannot set {name} to {value}")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StorageError(f"{self.path} is being read by another program; only the gate may open it")

    def _make_folder(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            _sync_folder(folder.parent)
        if folder.stat().st_mode & 0o077:
            raise StorageError(f"the folder {folder} is open to other users; it must be the gate's alone: chmod 700")

    def _make_file(self) -> None:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            if self.path.stat().st_mode & 0o077:
                raise StorageError(
                    f"the file {self.path} is open to other users; it must be the gate's alone: chmod 600"
                )
            _sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be opened for writing: {error.strerror}") from None


def _take_lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise StorageError(
            f"the journal in {path.parent} is in use by another gate (process {holder}); stop that one first"
        ) from None
    with suppress(OSError):  # the number is a courtesy to whoever comes next; a full disk has no room for it
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
