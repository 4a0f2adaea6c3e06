"""The bodies of messages between a terminal and headquarters: deterministic CBOR, bounded (design 7, 'MQTT 5').

What is decoded here is well-formed and no more: records, sealed parts and checkpoints are verified by whoever stores
or believes them. Map keys are small numbers, so that a body stays small; the CDDL names them.
"""

from dataclasses import dataclass
from enum import Enum

from terminal.core.cbor import CborRefused, Decoded, decode_strict, encode
from terminal.core.instant import ClockQuality
from terminal.core.journal import EPOCH_BYTES, MAX_RECORD_BYTES
from terminal.core.merkle import MAX_SIZE
from terminal.core.sealing import MAX_SEALED_BYTES
from terminal.core.signed_note import MAX_NOTE_BYTES
from terminal.errors import DocumentError

MAX_BATCH_ENTRIES = 500
MAX_BATCH_BYTES = 128 * 1024
MAX_ENTRY_OVERHEAD = 7
"""What an entry takes in a batch besides its two byte strings: an array's head and theirs."""
MAX_BATCH_OVERHEAD = 1024
"""What a batch takes besides its entries: keys, epoch, first number, and a checkpoint as terminals sign it."""
MAX_SMALL_BYTES = 4 * 1024
"""A head, a presence or a replay is not longer."""


class MessageRefused(DocumentError):
    """The bytes are no message of that kind; the text says why."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries `first` to `first` + number - 1 of one epoch, each as (record, sealed part or None).

    `checkpoint` is the signed note whose size is the sequence number after the last of them.
    """

    epoch: bytes
    first: int
    entries: tuple[tuple[bytes, bytes | None], ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """The body.

        Raises:
            ValueError: more than a batch may hold.
        """
        entries = [[record, sealed] for record, sealed in self.entries]
        data = encode({1: self.epoch, 2: self.first, 3: entries, 4: self.checkpoint})
        if not 1 <= len(entries) <= MAX_BATCH_ENTRIES or len(data) > MAX_BATCH_BYTES:
            raise ValueError(f"{len(entries)} entries in {len(data)} bytes are no batch")
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far a terminal's journal is, and how the terminal is: `time_ms` and `quality` are its clock's.

    `acknowledged` is the size that headquarters has acknowledged in this epoch; `list_age_s` and `list_number` are null
    while no rules are in force.
    """

    checkpoint: bytes
    time_ms: int
    quality: ClockQuality
    acknowledged: int
    list_number: int | None
    list_age_s: int | None
    free_bytes: int
    software: str

    def encode(self) -> bytes:
        """The body."""
        return encode(
            {
                1: self.checkpoint,
                2: self.time_ms,
                3: str(self.quality),
                4: self.acknowledged,
                5: self.list_number,
                6: self.list_age_s,
                7: self.free_bytes,
                8: self.software,
            }
        )


class Presence(Enum):
    """Whether a terminal is connected; the last word is its will's, which the broker speaks for it."""

    ONLINE = "online"
    OFFLINE = "offline"

    def encode(self) -> bytes:
        """The body."""
        return encode({1: self.value})


@dataclass(frozen=True, slots=True)
class Replay:
    """Headquarters asks for the entries `first` to `last` of `epoch` again."""

    epoch: bytes
    first: int
    last: int

    def encode(self) -> bytes:
        """The body."""
        return encode({1: self.epoch, 2: self.first, 3: self.last})


def decode_batch(data: bytes) -> Batch:
    """Read a batch.

    Raises:
        MessageRefused: no batch, or one beyond the bounds.
    """
    match _decoded(data, MAX_BATCH_BYTES, "batch"):
        case {1: bytes(epoch), 2: int(first), 3: list(entries), 4: bytes(checkpoint), **others} if not others:
            if (
                len(epoch) == EPOCH_BYTES
                and _is_number(first)
                and 1 <= len(entries) <= MAX_BATCH_ENTRIES
                and first + len(entries) < MAX_SIZE
                and len(checkpoint) <= MAX_NOTE_BYTES
            ):
                return Batch(epoch, first, tuple(_entry(each) for each in entries), checkpoint)
    raise MessageRefused("not a batch: its fields are not those of version 1")


def decode_head(data: bytes) -> Head:
    """Read a head.

    Raises:
        MessageRefused: no head.
    """
    match _decoded(data, MAX_SMALL_BYTES, "head"):
        case {
            1: bytes(checkpoint),
            2: int(time_ms),
            3: "good" | "doubtful" as quality,
            4: int(acknowledged),
            5: int() | None as list_number,
            6: int() | None as list_age_s,
            7: int(free_bytes),
            8: str(software),
            **others,
        } if not others and all(
            _is_number(each)
            for each in (time_ms, acknowledged, list_number, list_age_s, free_bytes)
            if each is not None
        ):
            return Head(
                checkpoint=checkpoint,
                time_ms=time_ms,
                quality=ClockQuality(quality),
                acknowledged=acknowledged,
                list_number=list_number,
                list_age_s=list_age_s,
                free_bytes=free_bytes,
                software=software,
            )
    raise MessageRefused("not a head: its fields are not those of version 1")


def decode_presence(data: bytes) -> Presence:
    """Read a presence.

    Raises:
        MessageRefused: no presence.
    """
    match _decoded(data, MAX_SMALL_BYTES, "presence"):
        case {1: "online" | "offline" as word, **others} if not others:
            return Presence(word)
    raise MessageRefused("not a presence: its fields are not those of version 1")


def decode_replay(data: bytes) -> Replay:
    """Read a request for entries.

    Raises:
        MessageRefused: no such request.
    """
    match _decoded(data, MAX_SMALL_BYTES, "replay"):
        case {1: bytes(epoch), 2: int(first), 3: int(last), **others} if not others:
            if len(epoch) == EPOCH_BYTES and _is_number(first) and _is_number(last) and first <= last:
                return Replay(epoch, first, last)
    raise MessageRefused("not a replay: its fields are not those of version 1")


def _decoded(data: bytes, most: int, what: str) -> Decoded:
    try:
        return decode_strict(data, most)
    except CborRefused as error:
        raise MessageRefused(f"not a {what}: {error}") from None


def _entry(value: Decoded) -> tuple[bytes, bytes | None]:
    match value:
        case [bytes(record), bytes() | None as sealed] if (
            len(record) <= MAX_RECORD_BYTES and len(sealed or b"") <= MAX_SEALED_BYTES
        ):
            return record, sealed
    raise MessageRefused("not a batch: an entry in it is no record with its sealed part")


def _is_number(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value < MAX_SIZE
