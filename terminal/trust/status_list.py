"""Status lists: two bits a card or company, as a compressed file, a short list of changes, and a bitmap in memory.

A *list* is the StatusList of the IETF Token Status List draft in CBOR. *Changes* name all differences to one list
file. A *bitmap* is a list inflated into a file without a name; *merged* with its changes it is a `MappedStatusList`,
the only kind of which a look-up can be asked. Formats: docs/repository.md.
"""

import os
import tempfile
import weakref
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from mmap import ACCESS_COPY, mmap
from pathlib import Path
from typing import Any

from terminal.core import cbor
from terminal.core.document import END_S, FIRST_S
from terminal.errors import DocumentError, StorageError

BITS = 2
PER_BYTE = 8 // BITS
UNASSIGNED = 3
MAX_BITMAP_BYTES = 16 * 1024 * 1024
MAX_LIST_BYTES = MAX_BITMAP_BYTES + 64 * 1024  # what zlib makes at most of a bitmap that does not compress
MAX_CHANGES_BYTES = 64 * 1024
MAX_CHANGES = 256
"""Past this a publisher writes a new list. A reader takes more: leaving out a blocked card would be worse."""
_PADDING = b"\xff"
_PIECE = 1024 * 1024
_MAX_NUMBER = 1 << 53
_HEAD = b"\xa2\x64bits\x02\x63lst"
_SHAPES = ((_HEAD, b""), (b"\xa2\x63lst", b"\x64bits\x02"))  # the draft's own order of the map, and RFC 8949's


class ListRefused(DocumentError):
    """A status list or its changes are not what they should be."""


def packed(statuses: Iterable[int]) -> bytearray:
    """The bitmap of `statuses`, padded to a byte with entries that are nobody's."""
    bitmap = bytearray()
    for index, status in enumerate(statuses):
        if index % PER_BYTE == 0:
            bitmap += _PADDING
        set_status(bitmap, index, status)
    return bitmap


def set_status(bitmap: Any, index: int, status: int) -> None:
    """Set entry `index` of a bytearray or mapping that has it."""
    shift = BITS * (index % PER_BYTE)
    bitmap[index // PER_BYTE] = bitmap[index // PER_BYTE] & ~(UNASSIGNED << shift) | status << shift


def encode_list(bitmap: bytes | bytearray) -> bytes:
    """The file for a bitmap of at most `MAX_BITMAP_BYTES`.

    Raises:
        ListRefused: the bitmap is longer.
    """
    if len(bitmap) > MAX_BITMAP_BYTES:
        raise ListRefused(f"a status list of {len(bitmap)} bytes; at most {MAX_BITMAP_BYTES} are allowed")
    return _HEAD + cbor.encode(zlib.compress(bitmap, 9))


def inflated(data: bytes) -> Iterator[bytes]:
    """The bitmap of a list file in pieces of at most 1 MiB, never more than 16 MiB of it.

    Raises:
        ListRefused: from the first piece or a later one, so nothing may be believed before the last.
    """
    unpacker = zlib.decompressobj()
    rest, total = _compressed(data), 0
    while not unpacker.eof:
        try:
            piece = unpacker.decompress(rest, _PIECE)
        except zlib.error as mistake:
            raise ListRefused(f"a status list whose lst is no zlib stream: {mistake}") from None
        rest = unpacker.unconsumed_tail
        total += len(piece)
        if total > MAX_BITMAP_BYTES:
            raise ListRefused(f"a status list that inflates to more than {MAX_BITMAP_BYTES} bytes")
        if not piece and not unpacker.eof:
            raise ListRefused("a status list whose zlib stream is cut short")
        yield piece
    if unpacker.unused_data:
        raise ListRefused("a status list with bytes after its zlib stream")


def _compressed(data: bytes) -> bytes:
    if len(data) > MAX_LIST_BYTES:
        raise ListRefused(f"a status list of {len(data)} bytes; at most {MAX_LIST_BYTES} are allowed")
    for head, tail in _SHAPES:
        if data.startswith(head) and data.endswith(tail):
            try:
                content = cbor.decode_strict(data[len(head) : len(data) - len(tail)], MAX_LIST_BYTES)
            except cbor.CborRefused as mistake:
                raise ListRefused(f"a status list whose lst is {mistake}") from None
            if isinstance(content, bytes):
                return content
    raise ListRefused('not a status list: CBOR of {"bits": 2, "lst": bytes} is expected')


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All changes since one list file. `of` is the SHA-256 of its bytes; `changes` are (index, status), rising.

    `issued_at_s` lies in the years 2000 to 2199: it raises the floor of a gate's clock, which must stay a time.
    """

    of: bytes
    issued_at_s: int
    number: int
    changes: tuple[tuple[int, int], ...] = ()

    def encode(self) -> bytes:
        """The file.

        Raises:
            ListRefused: more than `MAX_CHANGES`, or something that `decode` would refuse.
        """
        if len(self.changes) > MAX_CHANGES:
            raise ListRefused(f"{len(self.changes)} changes; past {MAX_CHANGES} a new list is to be written")
        data = cbor.encode([self.of, self.issued_at_s, self.number, [list(change) for change in self.changes]])
        self.decode(data)
        return data

    @classmethod
    def decode(cls, data: bytes) -> "Changes":
        """Read a changes file.

        Raises:
            ListRefused: it is too large, no deterministic CBOR, not of this form, or issued in no year that counts.
        """
        try:
            content = cbor.decode_strict(data, MAX_CHANGES_BYTES)
        except cbor.CborRefused as mistake:
            raise ListRefused(f"a list of changes that is {mistake}") from None
        match content:
            case [bytes(of), int(issued_at_s), int(number), list(pairs)] if (
                len(of) == sha256().digest_size and _is_number(issued_at_s) and _is_number(number)
            ):
                changes = tuple(_change(pair) for pair in pairs)
            case _:
                raise ListRefused(
                    "not a list of changes: [SHA-256, issued-at, number, [[index, status], …]] is expected"
                )
        if not FIRST_S <= issued_at_s < END_S:
            raise ListRefused(f"a list of changes issued at {issued_at_s} s, which is not in the years 2000 to 2199")
        if any(before[0] >= after[0] for before, after in pairwise(changes)):
            raise ListRefused("a list of changes whose indexes do not rise")
        return cls(of=of, issued_at_s=issued_at_s, number=number, changes=changes)


def _is_number(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value < _MAX_NUMBER


def _change(pair: cbor.Decoded) -> tuple[int, int]:
    match pair:
        case [int(index), int(status)] if (
            _is_number(index) and index < PER_BYTE * MAX_BITMAP_BYTES and _is_number(status) and status <= UNASSIGNED
        ):
            return index, status
        case _:
            raise ListRefused(f"a list of changes with {pair!r}, which is no index and status")


class MappedStatusList:
    """A list with its changes merged: a look-up is an index into mapped memory. Made by `Bitmap.merged` only."""

    __slots__ = ("_bits", "_entries")

    def __init__(self, bits: mmap | bytes) -> None:
        self._bits = bits
        self._entries = len(bits) * PER_BYTE

    def __len__(self) -> int:
        return self._entries

    def status(self, index: int) -> int | None:
        """The two bits of entry `index`, or None past the end."""
        if index >= self._entries:
            return None
        return self._bits[index >> 2] >> ((index & 3) << 1) & 3


class Bitmap:
    """A list file inflated into a file without a name in a folder that only the gate may write.

    The file is on the disk before it is believed, and gone with the last mapping of it, also after a crash.
    """

    def __init__(self, folder: Path, data: bytes) -> None:
        """Inflate `data`; blocks for as long as writing up to 16 MiB takes.

        Raises:
            ListRefused: `data` is no status list.
            StorageError: the disk refuses.
        """
        self.sha256 = sha256(data).digest()
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (lives as long as this object)
            weakref.finalize(self, self._file.close)
            for piece in inflated(data):
                self._file.write(piece)
            self._size = self._file_size = self._file.tell()
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StorageError(f"{folder}: a status list cannot be laid out there: {error.strerror}") from error

    def merged(self, changes: Changes) -> MappedStatusList:
        """The list with `changes` in it. Changed pages are private memory, all others the file's.

        Raises:
            ListRefused: the changes are those of another list.
            StorageError: the disk refuses.
        """
        if changes.of != self.sha256:
            raise ListRefused("a list of changes that belongs to another list than the one beside it")
        last = changes.changes[-1][0] if changes.changes else -1
        size = max(self._size, last // PER_BYTE + 1)
        if size == 0:
            return MappedStatusList(b"")
        try:
            self._extend(size)
            bits = mmap(self._file.fileno(), size, access=ACCESS_COPY)
        except OSError as error:
            raise StorageError(f"a status list cannot be mapped: {error.strerror}") from error
        for index, status in changes.changes:
            set_status(bits, index, status)
        return MappedStatusList(bits)

    def _extend(self, size: int) -> None:
        if size > self._file_size:
            os.pwrite(self._file.fileno(), _PADDING * (size - self._file_size), self._file_size)
            os.fsync(self._file.fileno())
            self._file_size = size
