"""The mirror: a folder that others fill. Whatever lies there is bytes, read within bounds and never believed.

Others write here, so a name may be a link to somewhere else, a pipe that never ends or a file of any size: each part
of a path is opened without following links, and only a plain file is read, up to the bound.
"""

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from terminal.errors import DocumentError

_PART = re.compile(r"[a-z0-9._-]+")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold up the reader

Stamp = tuple[tuple[int, int, int] | None, ...]


class MirrorRefused(DocumentError):
    """What lies in the mirror under a name is not a plain file within its bound, or the name is none."""


class NotInMirror(DocumentError):
    """The mirror has no file of that name, or not yet."""


class Mirror:
    """The folder and what may be asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str, max_bytes: int) -> bytes:
        """The file `name`, at most `max_bytes` of it. Blocks on the disk only.

        Raises:
            NotInMirror: there is none.
            MirrorRefused: the name is not one of TUF's here, a link or something other than a file, or too large.
        """
        parts = name.split("/")
        if not all(_PART.fullmatch(part) and part not in {".", ".."} for part in parts):
            raise MirrorRefused(f"{name!r} is no name that a file of the repository can have")
        try:
            descriptor = self._open(parts)
        except FileNotFoundError:
            missing = name if self.folder.is_dir() else "the folder itself"
            raise NotInMirror(f"{missing} is not in the mirror {self.folder}") from None
        except OSError as error:
            raise MirrorRefused(f"{name} cannot be opened as a plain file of the mirror: {error.strerror}") from None
        try:
            return _content(descriptor, name, max_bytes)
        except OSError as error:
            raise MirrorRefused(f"{name} cannot be read: {error.strerror}") from None
        finally:
            os.close(descriptor)

    def _open(self, parts: list[str]) -> int:
        at = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                inner = os.open(part, _FOLDER, dir_fd=at)
                os.close(at)
                at = inner
            return os.open(parts[-1], _FILE, dir_fd=at)
        finally:
            os.close(at)


def _content(descriptor: int, name: str, max_bytes: int) -> bytes:
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise MirrorRefused(f"{name} is no plain file")
    if about.st_size > max_bytes:
        raise MirrorRefused(f"{name} has {about.st_size} bytes; at most {max_bytes} are allowed")
    pieces: list[bytes] = []
    left = max_bytes + 1  # a file may grow while it is read
    while left and (piece := os.read(descriptor, left)):
        pieces.append(piece)
        left -= len(piece)
    if not left:
        raise MirrorRefused(f"{name} grew past {max_bytes} bytes while it was read")
    return b"".join(pieces)


def stamp(paths: Iterable[Path]) -> Stamp:
    """A value that changes when a file or folder of `paths` is written, replaced or removed; costs microseconds."""
    return tuple(map(_about, paths))


def _about(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.lstat()
    except OSError:
        return None
    return about.st_ino, about.st_ctime_ns, about.st_size
