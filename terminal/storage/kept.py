"""Kept states: small named values that outlive the run, in memory for whoever asks, durable when the future says so.

What stands here is what must never be older after a power cut than it was before: the floor of the clock, the highest
version seen of each role of headquarters' repository, a lane's kept orders.
"""

import re
import sqlite3
from concurrent.futures import Future

from terminal.storage.writer import Writer

MAX_NAME = 64
MAX_VALUE_BYTES = 64 * 1024


class KeptStates:
    """Named byte strings in the database. Thread-safe."""

    def __init__(self, writer: Writer) -> None:
        """Read them all into memory.

        Raises:
            StorageError: the disk failed.
        """
        self._writer = writer
        self._values: dict[str, bytes] = {}
        writer.adopt(self._load)

    def get(self, name: str) -> bytes | None:
        """The last durable value, or None. Never touches the disk."""
        return self._values.get(name)

    def put(self, name: str, value: bytes) -> "Future[None]":
        """Keep `value`; never blocks. `get` gives it once it is durable, when the future resolves.

        The future raises StorageError when the disk failed.

        Raises:
            ValueError: a name that is not `[a-z0-9/._-]{1,64}`, or more than 64 KiB.
        """
        if not re.fullmatch(rf"[a-z0-9/._-]{{1,{MAX_NAME}}}", name) or len(value) > MAX_VALUE_BYTES:
            raise ValueError(f"no kept state can be called {name!r} and hold {len(value)} bytes")

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", (name, value))

        return self._writer.submit(write, lambda _: self._values.update({name: value}))

    def number(self, name: str) -> "KeptNumber":
        """The state `name` as a number."""
        return KeptNumber(self, name)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._values = dict(connection.execute("SELECT name, value FROM kept").fetchall())


class KeptNumber:
    """A kept state that is a number from 0 to 2^64 - 1."""

    def __init__(self, states: KeptStates, name: str) -> None:
        self._states = states
        self._name = name

    def load(self) -> int | None:
        """The last durable number, or None. Never touches the disk."""
        value = self._states.get(self._name)
        return None if value is None else int.from_bytes(value)

    def save(self, number: int) -> "Future[None]":
        """Keep `number`; never blocks; durable when the future resolves, which raises StorageError otherwise."""
        return self._states.put(self._name, number.to_bytes(8))
