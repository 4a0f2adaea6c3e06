"""Files that must never be half there: written aside, synced, renamed."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from terminal.errors import StorageError
from terminal.trust.disk import Disk


def write_aside(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new, also after a power cut. May block.

    Raises:
        StorageError: the folder cannot be made or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        disk = Disk()
        disk.write(path, content, mode)
        disk.sync_folder(path.parent)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def unchanged(path: Path, content: bytes) -> bool:
    """Tell whether `path` already holds exactly `content`."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


@contextlib.contextmanager
def only_writer(folder: Path, waiting: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Be the only one who writes below `folder`; waits for another to finish. Makes the folder where it is missing.

    `waiting` is called where there is another.

    Raises:
        StorageError: the folder cannot be made or opened.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StorageError(f"{folder} cannot be used as a folder: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
