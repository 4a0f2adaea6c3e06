"""The reserve: a file that holds room on the disk, so that exits can be written when others have filled it.

It is given back in steps, each when a write found no room, so that whoever else fills the disk gets a step at most and
not all of it; and made anew in steps once there is room. Where a file system gives blocks only when they are written
(compressing ones, most that copy on write), a preallocated file holds nothing.
"""

import os
import threading
from contextlib import closing, suppress
from pathlib import Path

import structlog

from terminal.core.room import ONLY_RESERVE_UNTIL_BYTES, RESERVE_BYTES, RESERVE_FILE, Space, space_of

STEP_BYTES = 2**20

log = structlog.get_logger()


class Reserve:
    """The file `reserve` in the gate's folder. Thread-safe; every method may block on the disk."""

    def __init__(self, folder: Path) -> None:
        """Touches nothing yet."""
        self._folder = folder
        self._path = folder / RESERVE_FILE
        self._turn = threading.Lock()

    def space(self) -> Space:
        """How full the file system is, and what is left of the reserve.

        Raises:
            OSError: the disk failed.
        """
        return space_of(os.statvfs(self._folder), reserve_bytes=self._left_bytes())

    def give(self) -> bool:
        """Give a step back to the disk, for a write that found no room; False: nothing is left to give."""
        with self._turn:
            try:
                left_bytes = self._left_bytes()
                if not left_bytes:
                    return False
                with closing(_Opened(self._path)) as file:
                    # Synced, since a file system may keep blocks to itself until it is on disk that they are free.
                    file.cut(max(0, left_bytes - STEP_BYTES))
            except OSError as error:
                log.warning("reserve", why=str(error))
                return False
            return True

    def give_for_log(self, log: Path) -> None:
        """Give back what a database takes to be opened: its log is brought into the file, and a little more."""
        with suppress(OSError):
            needed_bytes = STEP_BYTES + (log.stat().st_size if log.exists() else 0)
            while self.space().available_bytes < needed_bytes and self.give():
                pass

    def refill(self) -> None:
        """Make it whole, as far as the disk has room to spare.

        Raises:
            OSError: the disk failed.
        """
        while (space := self.space()).reserve_bytes < RESERVE_BYTES:
            if space.available_bytes < ONLY_RESERVE_UNTIL_BYTES + STEP_BYTES:
                return
            with self._turn, closing(_Opened(self._path)) as file:
                left_bytes = self._left_bytes()
                try:
                    file.hold(min(left_bytes + STEP_BYTES, RESERVE_BYTES))
                except OSError:
                    file.cut(left_bytes)
                    raise

    def _left_bytes(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0


class _Opened:
    """The file, made when it is not there; `hold` gives it blocks, `cut` takes them."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def hold(self, size_bytes: int) -> None:
        os.posix_fallocate(self._descriptor, 0, size_bytes)

    def cut(self, size_bytes: int) -> None:
        os.ftruncate(self._descriptor, size_bytes)
        os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)
