"""Reading journals: lists, entries, and the sealed part, which is opened for a reason that is written down first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from headquarters.database import Change, Database, note
from headquarters.keys import SealingPrivateKey
from headquarters.tables.journal import entries, epochs
from terminal.core.cbor import Decoded, Key, Value
from terminal.core.journal import EPOCH_BYTES, EntryKey, Kind, Record, decode_record, is_terminal_name
from terminal.core.merkle import MAX_SIZE
from terminal.core.sealing import open_sealed
from terminal.errors import ConfigurationError

MIN_WHY, MAX_WHY = 3, 200


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is stored; `proven` when headquarters has acknowledged it."""

    key: EntryKey
    record: Record
    received_at: int
    proven: bool
    sealed: bytes | None = field(repr=False)

    @classmethod
    def of(cls, row: "sa.Row[Any]") -> "StoredEntry":
        """The entry that stands in a row of `chosen`."""
        key = EntryKey(row.terminal, row.epoch, row.sequence)
        return cls(key, decode_record(row.record), row.received_at, row.sequence < row.size, row.sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries to list; what is None is not asked for. Times in milliseconds, of the terminals' clocks."""

    terminal: str | None = None
    kind: Kind | None = None
    lane: int | None = None
    begins_ms: int | None = None
    ends_ms: int | None = None


def entry_key(text: str) -> EntryKey:
    """The key of an entry as it is written: TERMINAL/EPOCH/SEQUENCE.

    Raises:
        ConfigurationError: it is none.
    """
    terminal, _, rest = text.partition("/")
    epoch, _, number = rest.partition("/")
    try:
        key = EntryKey(terminal, bytes.fromhex(epoch), int(number))
    except ValueError:
        key = EntryKey("", b"", -1)
    if not is_terminal_name(key.terminal) or len(key.epoch) != EPOCH_BYTES or not 0 <= key.sequence < MAX_SIZE:
        raise ConfigurationError(f"{text}: wants TERMINAL/EPOCH/SEQUENCE, as journal list shows it")
    return key


def shown_key(key: EntryKey) -> str:
    """The key of an entry as it is written."""
    return f"{key.terminal}/{key.epoch.hex()}/{key.sequence}"


def latest(connection: sa.Connection, wanted: Wanted, limit: int) -> Sequence[StoredEntry]:
    """At most `limit` entries, the latest by their terminals' clocks first."""
    query = chosen(wanted).order_by(entries.c.time_ms.desc(), entries.c.epoch_id, entries.c.sequence.desc())
    return tuple(map(StoredEntry.of, connection.execute(query.limit(limit))))


def chosen(wanted: Wanted) -> "sa.Select[*tuple[Any, ...]]":
    """The query for these, in any order; `StoredEntry.of` reads its rows."""
    query = _query()
    if wanted.terminal is not None:
        query = query.where(epochs.c.terminal == wanted.terminal)
    if wanted.kind is not None:
        query = query.where(entries.c.kind == wanted.kind)
    if wanted.lane is not None:
        query = query.where(entries.c.lane == wanted.lane)
    if wanted.begins_ms is not None:
        query = query.where(entries.c.time_ms >= wanted.begins_ms)
    if wanted.ends_ms is not None:
        query = query.where(entries.c.time_ms < wanted.ends_ms)
    return query


def stored_entry(connection: sa.Connection, key: EntryKey) -> StoredEntry:
    """The entry with this key.

    Raises:
        ConfigurationError: there is none.
    """
    which = (epochs.c.terminal == key.terminal) & (epochs.c.epoch == key.epoch) & (entries.c.sequence == key.sequence)
    row = connection.execute(_query().where(which)).one_or_none()
    if row is None:
        raise ConfigurationError(f"there is no entry {shown_key(key)}")
    return StoredEntry.of(row)


def open_entry(database: Database, key: EntryKey, sealing: SealingPrivateKey, change: Change) -> Mapping[Key, Decoded]:
    """What the sealed part of an entry says. Who opens it and why is durable before it is opened.

    Raises:
        ConfigurationError: there is no such entry or sealed part, or no reason was given.
        DocumentError: it is sealed to another key, or was changed.
    """
    if not MIN_WHY <= len(change.why.strip()) <= MAX_WHY:
        raise ConfigurationError(f"a sealed part is opened for a reason of {MIN_WHY} to {MAX_WHY} characters (--why)")
    with database.transaction() as connection:
        sealed = stored_entry(connection, key).sealed
        if sealed is None:
            raise ConfigurationError(f"entry {shown_key(key)} has no sealed part, or it was erased")
        note(connection, change, "sealed part opened", shown_key(key))
    return open_sealed(sealed, key, {sealing.id: X25519PrivateKey.from_private_bytes(sealing.seed)})


def legible(value: Value) -> Any:
    """The same as JSON can hold it: byte strings in hexadecimal. A terminal may have put anything there."""
    match value:
        case bytes():
            return value.hex()
        case list() | tuple():
            return [legible(each) for each in value]
        case Mapping():
            return {each.hex() if isinstance(each, bytes) else each: legible(its) for each, its in value.items()}
        case _:
            return value


def _query() -> "sa.Select[*tuple[Any, ...]]":
    return sa.select(
        *(epochs.c.terminal, epochs.c.epoch, epochs.c.size),
        *(entries.c.sequence, entries.c.record, entries.c.sealed, entries.c.received_at),
    ).join_from(entries, epochs)
