"""Durable files: what is written here survives a power cut as a whole or not at all.

Every wait for the disk goes through one small object, so that a test can cut the power between any two of them.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from terminal.errors import StorageError


class Disk:
    """The durable operations on files."""

    def sync_file(self, path: Path) -> None:
        """Return when the content of `path` survives a power cut."""
        _sync(path, os.O_RDONLY)

    def sync_folder(self, path: Path) -> None:
        """Return when the names in `path` survive a power cut."""
        _sync(path, os.O_RDONLY | os.O_DIRECTORY)

    def write(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Put `data` in the place of `path`: durable and whole. The folder's names are left to `sync_folder`.

        It is written aside, under a name that begins with a dot; what a crash leaves there is nobody's.
        """
        aside = path.with_name(f".{path.name}.aside")
        with suppress(FileNotFoundError):  # what a killed run left; O_EXCL then makes sure of owner and mode
            aside.unlink()
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        self.sync_file(aside)
        aside.replace(path)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def own_folder(path: Path, disk: Disk) -> Path:
    """`path`, durably made if need be, where nobody but this process's user may write.

    Raises:
        StorageError: it cannot be made, or others may write there.
    """
    try:
        try:
            path.mkdir(mode=0o700, parents=True)
            disk.sync_folder(path.parent)
        except FileExistsError:
            pass
        mode = path.stat().st_mode
    except OSError as error:
        raise StorageError(f"{path}: cannot be made: {error.strerror}") from error
    if mode & 0o022:
        raise StorageError(f"{path}: others may write there; chmod 700 it")
    return path


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return sha256(data).hexdigest()
