"""What terminals send, read and checked as far as that goes without the database.

A batch that is read here holds together: its records carry the numbers that it says, its sealed parts are those that
the records name, and its checkpoint is one of this terminal and epoch at its end. Who signed that is for the collector.
"""

from dataclasses import dataclass
from hashlib import sha256

from terminal.core.checkpoint import Checkpoint, checkpoint_of, terminal_key
from terminal.core.journal import Kind, Record, decode_record, is_terminal_name
from terminal.core.merkle import MAX_SIZE, leaf_hash
from terminal.core.messages import decode_batch, decode_head
from terminal.core.signed_note import SignedNote, parse_note
from terminal.errors import DocumentError


class Refusal(DocumentError):
    """What a terminal sent is not taken; `word` says why and stays the same for ever, the message is for a person."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkpoint as it arrived, not yet believed."""

    checkpoint: Checkpoint
    note: SignedNote

    def is_signed_by(self, journal_key: bytes) -> bool:
        """Tell whether the terminal with this public key signed it."""
        return self.note.signed_by(terminal_key(self.checkpoint.terminal, self.checkpoint.epoch, journal_key))


@dataclass(frozen=True, slots=True)
class ArrivedEntry:
    """An entry of a batch: its record as bytes and as what they say, its leaf, its sealed part where it has one."""

    data: bytes
    record: Record
    leaf: bytes
    sealed: bytes | None

    @property
    def lacks_sealed(self) -> bool:
        """Tell whether the record names a sealed part that did not come."""
        return self.sealed is None and self.record.sealed_sha256 is not None


@dataclass(frozen=True, slots=True)
class ArrivedBatch:
    """A batch that holds together, and its own bytes."""

    claim: Claim
    first: int
    entries: tuple[ArrivedEntry, ...]
    body: bytes

    @property
    def end(self) -> int:
        """The number after its last entry's."""
        return self.first + len(self.entries)


def read_batch(terminal: str, body: bytes) -> ArrivedBatch:
    """Read what arrived on this terminal's topic for journals.

    Raises:
        Refusal: no batch, or one that does not hold together.
    """
    try:
        batch = decode_batch(body)
        claim = _claim(terminal, batch.checkpoint)
        entries = tuple(_entry(data, sealed) for data, sealed in batch.entries)
    except Refusal:
        raise
    except DocumentError as error:
        raise Refusal("not-a-batch", str(error)) from None
    arrived = ArrivedBatch(claim, batch.first, entries, body)
    if claim.checkpoint.epoch != batch.epoch or claim.checkpoint.size != arrived.end:
        raise Refusal("other-checkpoint", "a batch whose checkpoint is not that of its end")
    if [entry.record.sequence for entry in entries] != list(range(batch.first, arrived.end)):
        raise Refusal("other-number", "a batch with a record whose number is not its place")
    return arrived


def read_head(terminal: str, body: bytes) -> Claim:
    """The checkpoint in what arrived on this terminal's topic for heads.

    Raises:
        Refusal: no head, or one with another journal's checkpoint.
    """
    try:
        return _claim(terminal, decode_head(body).checkpoint)
    except Refusal:
        raise
    except DocumentError as error:
        raise Refusal("not-a-head", str(error)) from None


def head_order(body: bytes) -> tuple[int, int]:
    """By what the newer of two heads of one epoch is told: entries, then the terminal's time."""
    head = decode_head(body)
    return checkpoint_of(parse_note(head.checkpoint)).size, head.time_ms


def old_epoch(record: Record) -> tuple[bytes, int] | None:
    """The epoch that a new one's first entry names as its predecessor, and how many entries that had."""
    if record.kind is Kind.EPOCH:
        match record.public:
            case {"epoch": bytes(epoch), "size": int(size)} if not isinstance(size, bool) and 0 <= size < MAX_SIZE:
                return epoch, size
    return None


def _claim(terminal: str, data: bytes) -> Claim:
    note = parse_note(data)
    checkpoint = checkpoint_of(note)
    if not is_terminal_name(terminal) or checkpoint.terminal != terminal:
        raise Refusal("other-terminal", f"a checkpoint of {checkpoint.terminal} on another terminal's topic")
    if len(note.signatures) != 1:  # others would come back in the acknowledgement, which holds only so many
        raise Refusal("other-signatures", "a checkpoint with other signatures than its terminal's")
    return Claim(checkpoint, note)


def _entry(data: bytes, sealed: bytes | None) -> ArrivedEntry:
    record = decode_record(data)
    if sealed is not None and record.sealed_sha256 != sha256(sealed).digest():
        raise Refusal(
            "other-sealed", f"the sealed part of entry {record.sequence} is not the one that its record names"
        )
    return ArrivedEntry(data, record, leaf_hash(data), sealed)
