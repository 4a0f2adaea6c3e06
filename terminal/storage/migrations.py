"""Migrations: decorated functions that run once each, in the order in which they stand.

A migration and the note that it ran share one transaction, so that a power cut in between leaves neither. The note is
SQLite's `user_version`, which counts the migrations that ran; `application_id` tells our files from others.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from terminal.errors import StorageError

Step = Callable[[sqlite3.Connection], None]


class Migrations:
    """An ordered set of migrations for one kind of file; decorate a function with it to append one."""

    def __init__(self, application_id: int) -> None:
        self._application_id = application_id
        self._steps: list[Step] = []

    def __call__(self, step: Step) -> Step:
        """Append `step`."""
        self._steps.append(step)
        return step

    def apply(self, connection: sqlite3.Connection, path: Path) -> None:
        """Run what has not run yet. Blocks; each step is durable when it is done.

        Raises:
            StorageError: the file is of a newer format, or is some other program's database.
            sqlite3.Error: the disk failed; the steps before this one are kept.
        """
        done: int = connection.execute("PRAGMA user_version").fetchone()[0]
        owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
        tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if owner != self._application_id and (owner or done or tables):
            raise StorageError(f"{path} is a database of some other program; point the gate to a folder of its own")
        if done > len(self._steps):
            raise StorageError(
                f"{path} has format {done}, this software knows formats up to {len(self._steps)}; install the newer"
                " software again"
            )
        for number, step in enumerate(self._steps[done:], done + 1):
            self._run(connection, number, step)

    def _run(self, connection: sqlite3.Connection, number: int, step: Step) -> None:
        connection.execute("BEGIN EXCLUSIVE")
        try:
            step(connection)
            connection.execute(f"PRAGMA application_id = {self._application_id}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
