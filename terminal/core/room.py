"""How full the disk with the journal is, and what follows from it (design 7, 'MQTT 5', 6; docs/journal.md).

Room is what the journal can still write: free blocks of the file system, and free pages of its own file. The reserve
is no room: it is kept for exits, charges and alarms.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

RESERVE_BYTES = 32 * 2**20
RESERVE_FILE = "reserve"
"""Beside the journal."""
SCARCE_AT, SCARCE_UNTIL = 0.80, 0.75
SHORT_AT, SHORT_UNTIL = 0.90, 0.85
PASSAGE_BYTES = 1200
"""What a passage takes in the journal: intent, outcome, end, and two checkpoints; about as much again in the view."""
ONLY_RESERVE_BELOW_BYTES, ONLY_RESERVE_UNTIL_BYTES = 4 * 2**20, 8 * 2**20


class Level(IntEnum):
    """From bad to worse. Each is entered at a mark and left at a milder one, so that it does not chatter."""

    PLENTY = 0
    SCARCE = 1
    """An alarm: somebody should make room."""
    SHORT = 2
    """Acknowledged entries go before their retention has passed."""
    ONLY_RESERVE = 3
    """Nobody is let in any more; exits, ends of passages, orders and alarms are written from the reserve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A file system as somebody without privileges finds it, in bytes; `used_bytes` holds the other two as well."""

    used_bytes: int
    available_bytes: int
    free_page_bytes: int = 0
    """Of the journal's own file: what was dropped leaves them behind."""
    reserve_bytes: int = 0
    """What is left of the reserve."""

    @property
    def share(self) -> float:
        """How much of it is used, 0 to 1; the journal's free pages are not."""
        return (self.used_bytes - self.free_page_bytes) / max(1, self.used_bytes + self.available_bytes)

    @property
    def share_on_disk(self) -> float:
        """The same as everybody else sees it: the journal's file counts as a whole."""
        return self.used_bytes / max(1, self.used_bytes + self.available_bytes)

    @property
    def room_bytes(self) -> int:
        """What can be written until only the reserve is left; negative when that has been broken into."""
        return self.available_bytes + self.free_page_bytes + self.reserve_bytes - RESERVE_BYTES


class FileSystem(Protocol):
    """What `statvfs` says of one, in blocks of `f_frsize` bytes."""

    @property
    def f_frsize(self) -> int: ...  # noqa: D102  the kernel's own names

    @property
    def f_blocks(self) -> int: ...  # noqa: D102

    @property
    def f_bfree(self) -> int: ...  # noqa: D102

    @property
    def f_bavail(self) -> int: ...  # noqa: D102


def space_of(disk: FileSystem, *, reserve_bytes: int) -> Space:
    """How full it is, to those who have no privileges there."""
    return Space(
        used_bytes=(disk.f_blocks - disk.f_bfree) * disk.f_frsize,
        available_bytes=disk.f_bavail * disk.f_frsize,
        reserve_bytes=reserve_bytes,
    )


def level(before: Level, space: Space) -> Level:
    """The level now, given what it was at the last look."""
    if space.room_bytes < (ONLY_RESERVE_UNTIL_BYTES if before is Level.ONLY_RESERVE else ONLY_RESERVE_BELOW_BYTES):
        return Level.ONLY_RESERVE
    if space.share >= (SHORT_UNTIL if before >= Level.SHORT else SHORT_AT):
        return Level.SHORT
    if space.share >= (SCARCE_UNTIL if before >= Level.SCARCE else SCARCE_AT):
        return Level.SCARCE
    return Level.PLENTY
