"""Who is inside: in memory for the decision, and in a table that only this terminal's key opens.

Between an admission and the durable end of its passage a place is *promised*, in memory: it counts as a stay, so that
nobody else is let in on it and the same card not twice. A gate that is killed in between knows of no promise any more.

A row is keyed by an HMAC of the card number; everything else in it is sealed with AES-GCM and names the company by an
HMAC of its EAN. Whoever carries the box away without the key learns how many stays there were, not whose.
"""

import hmac
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import assert_never

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.core.cbor import decode_strict, encode
from terminal.core.stay import Stay, StayChange, StayClosed, StayNeutral, StayOpened, ZoneNeutral
from terminal.errors import DocumentError, StorageError
from terminal.storage.database import Database
from terminal.storage.writer import Writer

KEY_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12
_OPEN = "SELECT holder, sealed FROM stays WHERE is_open = 1"


_Place = tuple[bytes, int, int]
"""Holder, lane and tap: a lane answers one tap at a time, so this names one admission."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stay as it is stored; `closed_ms` is None while it is open. `holder` and `company` are HMACs."""

    holder: bytes
    company: bytes
    stay: Stay
    closed_ms: int | None = None


class Stays:
    """`terminal.ports.Stays`, and what the journal needs to store a change with its entry. Thread-safe."""

    def __init__(self, writer: Writer, database: Database, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """Read the open stays into memory. `key`: 32 bytes of this terminal's own that stand nowhere on this disk.

        Raises:
            StorageError: the disk failed, or a row does not open with this key.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of the stays is {KEY_BYTES} bytes")
        self._writer = writer
        self._database = database
        self._random_bytes = random_bytes
        self._holder_key, self._company_key, sealing_key = (
            hmac.digest(key, b"xs/v1/stays/" + use, "sha256") for use in (b"holder", b"company", b"row")
        )
        self._aead = AESGCM(sealing_key)
        self._open: dict[bytes, Row] = {}
        self._promised: dict[_Place, Row] = {}
        self._deciding = threading.Lock()
        self._counts: Counter[tuple[int, bytes | None]] = Counter()
        self._turn = threading.Lock()
        writer.adopt(self._load)

    def inside(self, card_number: bytes) -> Stay | None:
        """The stay of this card, open or promised, or None. A promise goes before a stay that is neutral."""
        holder = self._holder(card_number)
        with self._turn:
            row = self._open.get(holder)
            if row is None or row.stay.neutral:
                row = next((promised for promised in self._promised.values() if promised.holder == holder), row)
        return None if row is None else row.stay

    def count(self, zone: int) -> int:
        """How many stays the zone has, open or promised; neutral ones are not counted."""
        with self._turn:
            return self._counts[zone, None] + sum(row.stay.zone == zone for row in self._promised.values())

    def count_company(self, zone: int, ean: int) -> int:
        """The same, of one company."""
        place = (zone, self._company(ean))
        with self._turn:
            promised = sum((row.stay.zone, row.company) == place for row in self._promised.values())
            return self._counts[place] + promised

    def deciding(self) -> AbstractContextManager[object]:
        """Held from these questions until the place is promised: of two lanes one asks after the other's promise."""
        return self._deciding

    def promise(self, card_number: bytes, ean: int, stay: Stay) -> None:
        """Take a place for whom a lane is about to let in.

        In memory only. It becomes the stay of the same card, lane and `entered_ms` the moment that one is durable, so
        that there is no time in between at which he is not inside.
        """
        row = Row(self._holder(card_number), self._company(ean), stay)
        with self._turn:
            self._promised[_place(row)] = row

    def give_back(self, card_number: bytes, lane: int, entered_ms: int) -> None:
        """He did not come in. Nothing happens when no such place was promised."""
        with self._turn:
            self._promised.pop((self._holder(card_number), lane, entered_ms), None)

    def purge(self, closed_before_ms: int) -> "Future[int]":
        """Delete the stays that were closed before that instant; the future gives how many. Reads here, from the disk.

        Raises:
            StorageError: the disk failed, or a row does not open with this key.
        """
        with self._database.reading() as connection:
            closed = connection.execute("SELECT holder, sealed FROM stays WHERE is_open = 0").fetchall()
        old = [
            (holder, sealed)
            for holder, sealed in closed
            if _closed_before(self._opened(holder, sealed), closed_before_ms)
        ]

        def delete(connection: sqlite3.Connection) -> int:
            return connection.executemany("DELETE FROM stays WHERE holder = ? AND sealed = ?", old).rowcount

        return self._writer.submit(delete, lambda _: self._writer.scrub())

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def store(self, connection: sqlite3.Connection, change: StayChange) -> tuple[Row, ...]:
        """Write `change` in the transaction that is open; returns what `learn` is to be told once it is durable."""
        rows = self._changed(connection, change)
        connection.executemany(
            "INSERT OR REPLACE INTO stays (holder, is_open, sealed) VALUES (?, ?, ?)",
            [(row.holder, row.closed_ms is None, self._sealed(row)) for row in rows],
        )
        return rows

    def learn(self, rows: Iterable[Row]) -> None:
        """What `store` returned has become durable."""
        with self._turn:
            for row in rows:
                self._put(row)

    def _put(self, row: Row) -> None:
        self._promised.pop(_place(row), None)
        before = self._open.pop(row.holder, None)
        if before is not None:
            self._count(before, -1)
        if row.closed_ms is None:
            self._open[row.holder] = row
            self._count(row, 1)

    def _count(self, row: Row, by: int) -> None:
        if not row.stay.neutral:
            self._counts[row.stay.zone, None] += by
            self._counts[row.stay.zone, row.company] += by

    def _changed(self, connection: sqlite3.Connection, change: StayChange) -> tuple[Row, ...]:
        # The database is asked, not memory, which does not know yet what came before in the same transaction.
        match change:
            case StayOpened(card_number, ean, stay):
                return (Row(self._holder(card_number), self._company(ean), stay),)
            case StayClosed(card_number, closed_ms):
                return tuple(replace(row, closed_ms=closed_ms) for row in self._of(connection, card_number))
            case StayNeutral(card_number):
                return tuple(_neutral(row) for row in self._of(connection, card_number))
            case ZoneNeutral(zone):
                rows = (self._opened(*found) for found in connection.execute(_OPEN).fetchall())
                return tuple(_neutral(row) for row in rows if row.stay.zone == zone and not row.stay.neutral)
            case _:
                assert_never(change)

    def _of(self, connection: sqlite3.Connection, card_number: bytes) -> list[Row]:
        found = connection.execute(f"{_OPEN} AND holder = ?", (self._holder(card_number),)).fetchall()
        return [self._opened(*row) for row in found]

    def _load(self, connection: sqlite3.Connection) -> None:
        rows = [self._opened(*found) for found in connection.execute(_OPEN).fetchall()]
        with self._turn:
            self._open.clear()
            self._counts.clear()
            for row in rows:
                self._put(row)

    # ---------------------------------------------------------------------------------------------------- one row

    def _holder(self, card_number: bytes) -> bytes:
        return hmac.digest(self._holder_key, card_number, "sha256")[:TAG_BYTES]

    def _company(self, ean: int) -> bytes:
        return hmac.digest(self._company_key, ean.to_bytes(8), "sha256")[:TAG_BYTES]

    def _sealed(self, row: Row) -> bytes:
        stay = row.stay
        plain = encode([1, row.company, stay.zone, stay.lane, stay.entered_ms, stay.intent, stay.passenger,
                        stay.neutral, row.closed_ms])  # fmt: skip
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, row.holder)

    def _opened(self, holder: bytes, sealed: bytes) -> Row:
        try:
            plain = decode_strict(self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], holder))
        except (InvalidTag, ValueError, DocumentError):
            plain = None
        match plain:
            case [1, bytes(company), int(zone), int(lane), int(entered_ms), int() | None as intent,
                  bool(passenger), bool(neutral), int() | None as closed_ms]:  # fmt: skip
                stay = Stay(
                    zone=zone, lane=lane, entered_ms=entered_ms, intent=intent, passenger=passenger, neutral=neutral
                )
                return Row(holder, company, stay, closed_ms)
            case _:
                raise StorageError(
                    f"who is inside cannot be read from {self._database.path}: a row does not open with this terminal's"
                    " key; put the key back that it was written with"
                )


def _place(row: Row) -> _Place:
    return row.holder, row.stay.lane, row.stay.entered_ms


def _neutral(row: Row) -> Row:
    return replace(row, stay=replace(row.stay, neutral=True))


def _closed_before(row: Row, instant_ms: int) -> bool:
    return row.closed_ms is not None and row.closed_ms < instant_ms
