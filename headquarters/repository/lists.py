"""From statuses to the two files of a status list: the list, and all changes since it (design 4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from headquarters.register import Statuses
from terminal.trust.status_list import (
    BITS,
    MAX_CHANGES,
    PER_BYTE,
    UNASSIGNED,
    Changes,
    encode_list,
    inflated,
    set_status,
)

_PADDING = b"\xff"
_PIECE = 4096  # bytes compared at once; only pieces that differ are looked through entry by entry


@dataclass(frozen=True, slots=True)
class ListFiles:
    """The bytes of a list file and of its changes file."""

    base: bytes
    changes: bytes

    @classmethod
    def of(cls, base: bytes | None, changes: bytes | None) -> "ListFiles | None":
        """Both, or nothing when they were never made."""
        return None if base is None or changes is None else cls(base, changes)

    @property
    def issued_at_s(self) -> int:
        """When the changes file says it was made, in seconds."""
        return Changes.decode(self.changes).issued_at_s


def next_list_files(statuses: Statuses, before: ListFiles | None, issued_at_s: int) -> ListFiles:
    """The files that follow `before`: the same list and new changes, or past 256 changes a new list.

    The running number rises each time. Ten million entries with one in a hundred not valid take under a second.

    Raises:
        ListRefused: the list would be larger than a gate accepts, or `before` is damaged.
    """
    bitmap = bitmap_of(statuses)
    number = 1
    if before is not None:
        number = Changes.decode(before.changes).number + 1
        rising = _differences(b"".join(inflated(before.base)), bitmap, statuses.size)
        differences = tuple(islice(rising, MAX_CHANGES + 1))
        if len(differences) <= MAX_CHANGES:
            return _with_changes(before.base, issued_at_s, number, differences)
    return _with_changes(encode_list(bitmap), issued_at_s, number, ())


def bitmap_of(statuses: Statuses) -> bytearray:
    """The bitmap: 0 where nothing else is said, 3 past the last entry that was given out."""
    bitmap = bytearray(-(-statuses.size // PER_BYTE))
    for index in range(statuses.size, len(bitmap) * PER_BYTE):
        set_status(bitmap, index, UNASSIGNED)
    for index, status in statuses.not_valid:
        set_status(bitmap, index, status)
    return bitmap


def _with_changes(base: bytes, issued_at_s: int, number: int, differences: tuple[tuple[int, int], ...]) -> ListFiles:
    of = sha256(base).digest()
    changes = Changes(of=of, issued_at_s=issued_at_s, number=number, changes=differences)
    return ListFiles(base, changes.encode())


def _differences(before: bytes, after: bytearray, size: int) -> Iterator[tuple[int, int]]:
    """What turns `before` into `after`, by rising index; the last entry always, where `after` is longer."""
    length = max(len(before), len(after))
    old, new = before.ljust(length, _PADDING), after.ljust(length, _PADDING)
    for start in range(0, length, _PIECE):
        if old[start : start + _PIECE] == new[start : start + _PIECE]:
            continue
        for index in range(PER_BYTE * start, PER_BYTE * min(start + _PIECE, length)):
            status = _status(new, index)
            if status != _status(old, index):
                yield index, status
    if len(after) > len(before) and _status(new, size - 1) == UNASSIGNED:
        yield size - 1, UNASSIGNED  # equal to the padding, so not yielded above


def _status(bitmap: bytes | bytearray, index: int) -> int:
    return bitmap[index // PER_BYTE] >> BITS * (index % PER_BYTE) & UNASSIGNED
