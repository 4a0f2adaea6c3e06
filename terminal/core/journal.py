"""Journal entries: kinds, record bytes and keys (design 7, 'Entries'; the format in CDDL: docs/journal.cddl).

An entry is what a part of the gate wants to have written down; its sequence number, time and encoding are given by
whoever stores it. What is stored is two byte strings: the record, which anybody on site may read and which is a leaf
of the Merkle tree, and the sealed part beside it (`terminal.core.sealing`), of which the record holds the hash only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from terminal.core.cbor import CborRefused, Decoded, Key, Value, decode_strict, encode
from terminal.core.instant import ClockQuality, Now
from terminal.errors import DocumentError

FORMAT = 1
EPOCH_BYTES = 16
MAX_RECORD_BYTES = 16 * 1024
"""With MAX_SEALED_BYTES: three of the largest entries still fit one batch of 128 KiB."""
WHO = "who"
"""The key of the day's pseudonym in the public map; given by the store, never by the writer of an entry."""
BY_ORDER = "order"
"""The key in a passage's public map that names the order by which a person let the vehicle through."""
INTENT = "intent"
"""The key in an outcome's public map that names the sequence number of the intent it settles."""
COMMAND = "command"
"""The key that names the number of headquarters' command which an entry answers."""
SETTLES = "settles"
"""The key that names the sequence number of the order whose result an entry tells."""
NOT_DURABLE = "storage"
"""Why an order was refused that could not be written down in time."""


class Kind(StrEnum):
    """What an entry tells; the values stand in the records."""

    START = "start"
    TAP_INTENT = "tap-intent"
    TAP_OUTCOME = "tap-outcome"
    PASSAGE = "passage"
    SALE_INTENT = "sale-intent"
    SALE_OUTCOME = "sale-outcome"
    SALE_ENDED = "sale-ended"
    STAY_OPENED = "stay-opened"
    STAY_CLOSED = "stay-closed"
    CHARGE = "charge"
    CREDIT = "credit"
    ORDER = "order"
    ALARM_RAISED = "alarm-raised"
    ALARM_ACKNOWLEDGED = "alarm-acknowledged"
    ALARM_CLEARED = "alarm-cleared"
    LIST_APPLIED = "list-applied"
    LEVEL_CHANGED = "level-changed"
    CONFIGURATION_CHANGED = "configuration-changed"
    INCIDENT = "incident"
    ACCESS = "access"
    """Somebody logged in to a page of the terminal, or tried to."""
    SUPPORT_ACCESS = "support-access"
    ERASURE = "erasure"
    CLOCK = "clock"
    EPOCH = "epoch"


class TapResult(StrEnum):
    """What became of a tap that was to open the barrier; stands as `result` in a tap outcome."""

    OPENED = "opened"
    """The barrier was told to open."""
    OWED = "owed"
    """Let through without an order of its own now: it waits for its turn, rides along, or the boom is held open."""
    TORN = "torn"
    """The card went while its stay was being written on it; no order was given, and the next tap begins anew."""
    FAILED = "failed"
    """The lane was not ready any more when the entry had become durable; no order was given."""
    STORAGE = "storage"
    """The intent became durable too late; no order was given on its account."""
    UNKNOWN = "unknown"
    """The gate stopped in between: the relay may have fired, and is never fired again."""


class SaleResult(StrEnum):
    """What became of a tap that was to switch on what is sold; stands as `result` in a sale's outcome."""

    GIVEN = "given"
    """The relay was told."""
    FAILED = "failed"
    """The service point was not ready any more; nothing was switched on, and nothing is charged."""
    STORAGE = "storage"
    """The intent became durable too late; nothing was switched on on its account."""
    UNKNOWN = "unknown"
    """The gate stopped in between, or the relay did not answer: it may have been switched on. Nothing is charged."""


class SaleEnd(StrEnum):
    """Why what went on at a service point goes on no longer; stands as `why` where a sale ended."""

    TAP = "tap"
    """Whoever bought it tapped again."""
    TIME = "time"
    """The time is over that was bought, or the longest that units may be taken."""
    IDLE = "idle"
    """Nothing was taken for as long as the policy waits."""
    MOST = "most"
    """All that may be taken at once was taken."""


class Access(StrEnum):
    """What somebody did at the log-in of a page; stands as `what` in its entry."""

    LOGGED_IN = "logged-in"
    LOGGED_OUT = "logged-out"
    LOG_IN_FAILED = "log-in-failed"


class OrderResult(StrEnum):
    """What became of a person's order to a lane."""

    OBEYED = "obeyed"
    """The relay was told, or there was nothing to tell it."""
    REFUSED = "refused"
    """Nothing moved; `why` says why."""
    UNKNOWN = "unknown"
    """A relay did not answer, or the gate stopped in between: it may have moved, and is not moved again."""


@dataclass(frozen=True, slots=True)
class EntryKey:
    """The key of an entry everywhere: terminal name, 16-byte epoch, sequence number."""

    terminal: str
    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down.

    `public` may be read by anybody on site: no XS-ID, no card number, no EAN. `card_number` is turned into the day's
    pseudonym by the store and written nowhere. `sealed` can be opened at headquarters only.
    """

    kind: Kind
    lane: int | None = None
    public: Mapping[str, Any] = field(default_factory=dict)
    card_number: bytes | None = field(default=None, repr=False)
    sealed: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """An intent without an outcome: its sequence number and its lane. `is_sale`: at a service point."""

    sequence: int
    lane: int | None
    is_sale: bool = False

    def settled(self, result: "TapResult | SaleResult") -> Entry:
        """Its outcome, told by somebody who was not there."""
        kind = Kind.SALE_OUTCOME if self.is_sale else Kind.TAP_OUTCOME
        return Entry(kind=kind, lane=self.lane, public={INTENT: self.sequence, "result": str(result)})


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """A person's order of which nobody wrote down what came of it."""

    sequence: int
    lane: int | None
    order: str


def order_settled(order: OpenOrder, result: OrderResult, why: str | None = None) -> Entry:
    """What became of a person's order. `why`, of one that was refused, is a word that stays the same for ever."""
    public = {"order": order.order, SETTLES: order.sequence, "result": str(result)}
    return Entry(kind=Kind.ORDER, lane=order.lane, public=public if why is None else {**public, "why": why})


class PassageEnded(ValueError):
    """The journal holds the end of this passage already; a vehicle passes once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The public half of a stored entry. `sealed_sha256` outlives the sealed bytes when these are erased."""

    sequence: int
    time: Now
    kind: Kind
    lane: int | None
    public: Mapping[str, Value]
    sealed_sha256: bytes | None

    def encode(self) -> bytes:
        """The record's bytes, a leaf of the Merkle tree.

        Raises:
            ValueError: a field out of its range, or more than MAX_RECORD_BYTES: the mistake of whoever wrote the entry.
            TypeError: a value that has no place in the CBOR.
        """
        if not self.is_in_range():
            raise ValueError(f"a field of the {self.kind} entry is out of its range")
        public: dict[Key, Value] = {key: item for key, item in self.public.items()}  # noqa: C416  widens the key's type
        head = (FORMAT, self.sequence, self.time.ms, str(self.time.quality), str(self.kind), self.lane)
        data = encode((*head, public, self.sealed_sha256))
        if len(data) > MAX_RECORD_BYTES:
            raise ValueError(f"the record of a {self.kind} entry is longer than {MAX_RECORD_BYTES} bytes")
        return data

    def belongs_to(self, sealed: bytes | None) -> bool:
        """Tell whether `sealed` is what this record was written with; None fits a record that never had any."""
        return self.sealed_sha256 == (None if sealed is None else sha256(sealed).digest())

    def is_in_range(self) -> bool:
        """Tell whether every field is one that a record may have."""
        return (
            self.sequence >= 0
            and self.time.ms >= 0
            and (self.lane is None or 1 <= self.lane <= 255)
            and all(isinstance(key, str) for key in self.public)
            and (self.sealed_sha256 is None or len(self.sealed_sha256) == 32)
        )


def decode_record(data: bytes) -> Record:
    """Read a record's bytes.

    Raises:
        DocumentError: these are not the bytes of a record, or it was written by a newer format.
    """
    try:
        return _record(decode_strict(data, MAX_RECORD_BYTES))
    except CborRefused as error:
        raise DocumentError(f"not a journal record: {error}") from None


def _record(value: Decoded) -> Record:
    match value:
        case [int(number), *_] if number != FORMAT:
            raise DocumentError(f"a journal record of format {number}; this software reads format {FORMAT}")
        case [
            int(),
            int(sequence),
            int(ms),
            str(quality),
            str(kind),
            int() | None as lane,
            dict(public),
            bytes() | None as sealed_sha256,
        ] if quality in _QUALITIES and kind in _KINDS and not any(isinstance(item, bool) for item in value):
            record = Record(
                sequence=sequence,
                time=Now(ms, ClockQuality(quality)),
                kind=Kind(kind),
                lane=lane,
                public={key: item for key, item in public.items() if isinstance(key, str)},
                sealed_sha256=sealed_sha256,
            )
            if len(record.public) == len(public) and record.is_in_range():
                return record
    raise DocumentError("not a journal record: its fields are not those of format 1")


_QUALITIES = frozenset(str(quality) for quality in ClockQuality)
_KINDS = frozenset(str(kind) for kind in Kind)


def is_terminal_name(text: str) -> bool:
    """Tell whether `text` may name a terminal."""
    return re.fullmatch(r"[a-z0-9-]{1,32}", text) is not None
