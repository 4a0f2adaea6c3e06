"""Large files that come in pieces: put together on the disk, since memory is short and they may be long."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from terminal.core.topics import MAX_WHOLE_BYTES


class Assembly:
    """One such file, each piece at its place; which are there is known in memory alone. Everything raises OSError."""

    def __init__(self, path: Path, count: int) -> None:
        """Begin the file at `path`, which is not there yet."""
        self.path = path
        self.count = count
        self._missing = set(range(count))
        with created(path):
            pass

    def add(self, n: int, body: bytes) -> bool:
        """Put a piece in its place, the first that comes; tell whether some are missing still."""
        if n in self._missing:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.lseek(descriptor, n * MAX_WHOLE_BYTES, os.SEEK_SET)
                write_all(descriptor, body)
            finally:
                os.close(descriptor)
            self._missing.discard(n)
        return bool(self._missing)

    def drop(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink()


@contextmanager
def created(path: Path) -> Iterator[int]:
    """A new file, open for writing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """All of it, however little the disk takes at once."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
