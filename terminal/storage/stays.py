"""Who is inside: in memory for the decision, and in a table that only this terminal's key opens.

Between an admission and the durable end of its passage a place is *promised*, in memory: it counts as a stay, so that
nobody else is let in on it and the same card not twice. A gate that is killed in between knows of no promise any more.

A row names card and company by HMACs, and is sealed (`stay_rows`). The newest stay of a card is kept after it was
closed too, until it is purged: a stay that was charged goes on when its holder comes back within the gap.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import assert_never

from terminal.core.barrier_words import Side
from terminal.core.paid_stay import StayTold
from terminal.core.stay import (
    Stay,
    StayChange,
    StayCharged,
    StayClosed,
    StayNeutral,
    StayOpened,
    ZoneNeutral,
    ZoneOpened,
)
from terminal.storage.database import Database
from terminal.storage.opened import Moment, OpenedZones, forget, moment_of, store
from terminal.storage.stay_rows import Row, StayRows
from terminal.storage.writer import Writer

_OPEN = "SELECT holder, sealed FROM stays WHERE is_open = 1"
_CLOSED = "SELECT holder, sealed FROM stays WHERE is_open = 0"
_ALL = "SELECT holder, sealed FROM stays"


_Place = tuple[bytes, int, int]
"""Holder, lane and tap: a lane answers one tap at a time, so this names one admission."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a change came to: rows, and a zone with the moment from which it stood open to anybody, or no longer."""

    rows: tuple[Row, ...]
    moment: tuple[int, Moment] | None = None


class Stays:
    """`terminal.ports.Stays`, and what the journal needs to store a change with its entry. Thread-safe."""

    def __init__(self, writer: Writer, database: Database, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """Read the open stays into memory. `key`: 32 bytes of this terminal's own that stand nowhere on this disk.

        Raises:
            StorageError: the disk failed, or a row does not open with this key.
        """
        self._writer = writer
        self._database = database
        self._rows = StayRows(key, random_bytes, database.path)
        self._open: dict[bytes, Row] = {}
        self._on_account: dict[bytes, Row] = {}
        """The newest stay of each card, open or closed, where it is by account."""
        self._opened = OpenedZones()
        self._promised: dict[_Place, Row] = {}
        self._deciding = threading.Lock()
        self._counts: Counter[tuple[int, bytes | None]] = Counter()
        self._turn = threading.Lock()
        writer.adopt(self._load)

    def inside(self, card_number: bytes) -> Stay | None:
        """The stay of this card, open or promised, or None. A promise goes before a stay that is neutral."""
        holder = self._rows.holder(card_number)
        with self._turn:
            row = self._open.get(holder)
            if row is None or row.stay.neutral:
                row = next((promised for promised in self._promised.values() if promised.holder == holder), row)
        return None if row is None else row.stay

    def promised(self, card_number: bytes, lane: int, entered_ms: int) -> Stay | None:
        """The stay of the place that was promised at this tap; None when it is taken over or given back."""
        with self._turn:
            row = self._promised.get((self._rows.holder(card_number), lane, entered_ms))
        return None if row is None else row.stay

    def told(self, card_number: bytes, side: Side) -> StayTold | None:
        """What this terminal knows of the newest stay by account of this card, which is presented at this side.

        Where it is not certain whether he drove out, it is the side that tells.
        """
        with self._turn:
            row = self._on_account.get(self._rows.holder(card_number))
            if row is None:
                return None
            stay, account = row.stay, row.stay.account
            if account is None or account.stay is None:
                return None
            certain_until_ms = self._opened.uncertain_from(stay.zone, account.entered_ms)
        drove_out = stay.neutral and account.last_exit_ms is not None and side is Side.ENTRY
        return StayTold(
            stay=account.stay,
            inside=row.closed_ms is None and not drove_out,
            entered_ms=account.entered_ms,
            zone=stay.zone,
            lane=stay.lane,
            tariff=account.tariff,
            last_exit_ms=account.last_exit_ms,
            charged_cents=account.charged_cents,
            passenger=stay.passenger,
            certain_until_ms=certain_until_ms,
        )

    def uncertain_from(self, zone: int, since_ms: int) -> int | None:
        """From when it is not certain that somebody who came in at `since_ms` is still here; None: it is."""
        with self._turn:
            return self._opened.uncertain_from(zone, since_ms)

    def is_open_to_all(self, zone: int, lane: int) -> bool:
        """Tell whether it was written last of this lane that anybody may drive through."""
        with self._turn:
            return self._opened.is_open(zone, lane)

    def count(self, zone: int) -> int:
        """How many stays the zone has, open or promised; neutral ones are not counted."""
        with self._turn:
            return self._counts[zone, None] + sum(row.stay.zone == zone for row in self._promised.values())

    def count_company(self, zone: int, ean: int) -> int:
        """The same, of one company."""
        place = (zone, self._rows.company(ean))
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
        row = Row(self._rows.holder(card_number), self._rows.company(ean), stay)
        with self._turn:
            self._promised[_place(row)] = row

    def give_back(self, card_number: bytes, lane: int, entered_ms: int) -> None:
        """He did not come in. Nothing happens when no such place was promised."""
        with self._turn:
            self._promised.pop((self._rows.holder(card_number), lane, entered_ms), None)

    def purge(self, closed_before_ms: int) -> "Future[int]":
        """Delete the stays that were closed before that instant; the future gives how many. Reads here, from the disk.

        Raises:
            StorageError: the disk failed, or a row does not open with this key.
        """
        with self._database.reading() as connection:
            closed = connection.execute(_CLOSED).fetchall()
        rows = [self._rows.opened(*found) for found in closed]
        old = [
            (row.holder, sealed)
            for row, (_, sealed) in zip(rows, closed, strict=True)
            if _closed_before(row, closed_before_ms)
        ]

        def delete(connection: sqlite3.Connection) -> int:
            forget(connection, closed_before_ms)
            return connection.executemany("DELETE FROM stays WHERE holder = ? AND sealed = ?", old).rowcount

        return self._writer.submit(delete, lambda _: self._purged(closed_before_ms))

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def store(self, connection: sqlite3.Connection, change: StayChange) -> Stored:
        """Write `change` in the transaction that is open; returns what `learn` is to be told once it is durable."""
        stored = Stored(self._changed(connection, change), moment_of(change))
        if stored.moment is not None:
            store(connection, *stored.moment)
        connection.executemany(
            "INSERT OR REPLACE INTO stays (holder, is_open, sealed) VALUES (?, ?, ?)",
            [(row.holder, row.closed_ms is None, self._rows.sealed(row)) for row in stored.rows],
        )
        return stored

    def learn(self, stored: Stored) -> None:
        """What `store` returned has become durable."""
        with self._turn:
            for row in stored.rows:
                self._put(row)
            if stored.moment is not None:
                self._opened.learn(*stored.moment)

    def _put(self, row: Row) -> None:
        self._promised.pop(_place(row), None)
        before = self._open.pop(row.holder, None)
        if before is not None:
            self._count(before, -1)
        if row.closed_ms is None:
            self._open[row.holder] = row
            self._count(row, 1)
        if row.stay.account is None:
            self._on_account.pop(row.holder, None)
        else:
            self._on_account[row.holder] = row

    def _count(self, row: Row, by: int) -> None:
        if not row.stay.neutral:
            self._counts[row.stay.zone, None] += by
            self._counts[row.stay.zone, row.company] += by

    def _changed(self, connection: sqlite3.Connection, change: StayChange) -> tuple[Row, ...]:
        # The database is asked, not memory, which does not know yet what came before in the same transaction.
        match change:
            case StayOpened(card_number, ean, stay) | StayCharged(card_number, ean, stay):
                return (Row(self._rows.holder(card_number), self._rows.company(ean), stay),)
            case StayClosed(card_number, closed_ms):
                return tuple(replace(row, closed_ms=closed_ms) for row in self._of(connection, card_number))
            case StayNeutral(card_number):
                return tuple(row.neutral() for row in self._of(connection, card_number))
            case ZoneNeutral(zone):
                rows = (self._rows.opened(*found) for found in connection.execute(_OPEN).fetchall())
                return tuple(row.neutral() for row in rows if row.stay.zone == zone and not row.stay.neutral)
            case ZoneOpened():
                return ()
            case _:
                assert_never(change)

    def _of(self, connection: sqlite3.Connection, card_number: bytes) -> list[Row]:
        found = connection.execute(f"{_OPEN} AND holder = ?", (self._rows.holder(card_number),)).fetchall()
        return [self._rows.opened(*row) for row in found]

    def _load(self, connection: sqlite3.Connection) -> None:
        rows = [self._rows.opened(*found) for found in connection.execute(_ALL).fetchall()]
        with self._turn:
            self._open.clear()
            self._on_account.clear()
            self._counts.clear()
            for row in rows:
                self._put(row)
            self._opened.load(connection)

    def _purged(self, closed_before_ms: int) -> None:
        with self._turn:
            gone = [holder for holder, row in self._on_account.items() if _closed_before(row, closed_before_ms)]
            for holder in gone:
                del self._on_account[holder]
        self._writer.scrub()


def _place(row: Row) -> _Place:
    return row.holder, row.stay.lane, row.stay.entered_ms


def _closed_before(row: Row, instant_ms: int) -> bool:
    return row.closed_ms is not None and row.closed_ms < instant_ms
