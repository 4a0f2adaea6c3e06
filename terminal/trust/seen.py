"""The highest version of each role that this gate has ever seen: below it nothing is accepted.

python-tuf keeps the same knowledge as files in its metadata folder; this is the second place, in a database, for when
a power cut or a full disk has damaged the first.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from terminal.errors import StorageError

TABLE = "CREATE TABLE IF NOT EXISTS seen (role TEXT PRIMARY KEY, version INTEGER NOT NULL, signers TEXT NOT NULL)"


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version, and who vouched for it: it counts only while the same keys do.

    `signers` is, for the root, the root this gate was born with; for every other role, the keys of timestamp and
    snapshot. So headquarters can recover from stolen keys that signed enormous versions: a new root with new keys
    starts counting anew (TUF specification, 5.3.11).
    """

    version: int
    signers: str


class SeenVersions(Protocol):
    """Where they are kept, by role."""

    def load(self) -> Mapping[str, SeenVersion]:
        """All of them.

        Raises:
            StorageError: they cannot be read.
        """

    def save(self, versions: Mapping[str, SeenVersion]) -> None:
        """Put these in the place of those of the same roles; durable when it returns.

        Raises:
            StorageError: the disk refuses.
        """


class SeenDatabase:
    """The versions in an SQLite file of their own. Opened for each call: calls are rare and come from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Mapping[str, SeenVersion]:
        """All of them, by role."""
        try:
            with closing(self._open()) as database:
                rows = database.execute("SELECT role, version, signers FROM seen").fetchall()
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: the versions seen cannot be read: {error}") from error
        return {role: SeenVersion(version, signers) for role, version, signers in rows}

    def save(self, versions: Mapping[str, SeenVersion]) -> None:
        """Replace these; durable when it returns."""
        rows = [(role, seen.version, seen.signers) for role, seen in versions.items()]
        try:
            with closing(self._open()) as database, database:
                database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: the versions seen cannot be written: {error}") from error

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute(TABLE)
        except BaseException:
            database.close()
            raise
        return database


def rolled_back(seen: Mapping[str, SeenVersion], role: str, found: SeenVersion) -> bool:
    """Tell whether `found` is older than what the same signers have shown before."""
    floor = seen.get(role)
    return floor is not None and floor.signers == found.signers and found.version < floor.version
