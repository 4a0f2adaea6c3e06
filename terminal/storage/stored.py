"""Entries as they are read back from the disk, each found to be as it was written."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from terminal.core.barrier_words import Side
from terminal.core.journal import INTENT, SETTLES, Entry, Kind, OpenIntent, OpenOrder, Record, decode_record
from terminal.core.paid_stay import Account
from terminal.core.stay import Holder, OpenPassage
from terminal.errors import DocumentError, StorageError

Row = tuple[int, bytes, bytes | None]
"""Sequence number, record, sealed part."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is stored: its two byte strings and what the record says. `sealed` is None once erased."""

    record_bytes: bytes
    sealed: bytes | None
    record: Record


def as_written(sequence: int, record_bytes: bytes, sealed: bytes | None) -> Stored:
    """The entry of a row.

    Raises:
        StorageError: it is not as it was written.
    """
    try:
        record = decode_record(record_bytes)
    except DocumentError as error:
        raise StorageError(f"entry {sequence} of the journal is damaged: {error}") from None
    if record.sequence != sequence or (sealed is not None and not record.belongs_to(sealed)):
        raise StorageError(f"entry {sequence} of the journal is not as it was written; keep the file for headquarters")
    return Stored(record_bytes, sealed, record)


def note_open(connection: sqlite3.Connection, entry: Entry, sequence: int) -> None:
    """Note that what `entry` tells, stored as `sequence`, waits for what comes of it, or what it settles no longer."""
    match entry.kind:
        case Kind.TAP_INTENT | Kind.SALE_INTENT:
            connection.execute("INSERT INTO open_intents (sequence) VALUES (?)", (sequence,))
        case Kind.TAP_OUTCOME | Kind.SALE_OUTCOME if INTENT in entry.public:
            connection.execute("DELETE FROM open_intents WHERE sequence = ?", (entry.public[INTENT],))
        case Kind.ORDER if SETTLES in entry.public:
            connection.execute("DELETE FROM open_orders WHERE sequence = ?", (entry.public[SETTLES],))
        case Kind.ORDER if "result" not in entry.public:
            connection.execute("INSERT INTO open_orders (sequence) VALUES (?)", (sequence,))


def intents_of(rows: list[Row]) -> tuple[OpenIntent, ...]:
    """Rows as intents; raises as `as_written`."""
    records = (as_written(*row).record for row in rows)
    return tuple(OpenIntent(each.sequence, each.lane, each.kind is Kind.SALE_INTENT) for each in records)


def orders_of(rows: list[Row]) -> tuple[OpenOrder, ...]:
    """Rows as orders of people; raises as `as_written`."""
    records = (as_written(*row).record for row in rows)
    return tuple(OpenOrder(record.sequence, record.lane, str(record.public["order"])) for record in records)


def passages_of(
    rows: list[tuple[int, bytes, bytes | None, bytes | None]],
    opened: Callable[[int, bytes | None], tuple[Holder | None, Account | None]],
) -> tuple[OpenPassage, ...]:
    """Rows, with whose each is as it stands there, as passages; raises as `as_written`."""
    found = ((as_written(*row[:3]).record, *opened(row[0], row[3])) for row in rows)
    return tuple(
        OpenPassage(
            intent=record.sequence,
            lane=record.lane,
            tapped_ms=record.time.ms,
            holder=holder,
            side=_side_of(record),
            by_order=record.kind is Kind.ORDER,
            goes_on=account,
        )
        for record, holder, account in found
    )


def _side_of(record: Record) -> Side | None:
    """The way that the vehicle goes, where the record says so."""
    said = record.public.get("side")
    return Side(said) if isinstance(said, str) and said in set(Side) else None


OPEN_PASSAGES = (
    "SELECT sequence, record, sealed, holder FROM open_passages JOIN entries USING (sequence) ORDER BY sequence"
)
OPEN_INTENTS = (
    "SELECT sequence, record, sealed FROM open_intents JOIN entries USING (sequence)"
    " WHERE sequence >= ? ORDER BY sequence"
)
OPEN_ORDERS = (
    "SELECT sequence, record, sealed FROM open_orders JOIN entries USING (sequence)"
    " WHERE sequence >= ? ORDER BY sequence"
)
