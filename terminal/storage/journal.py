"""The journal's entries: numbered, encoded and sealed in the transaction that stores them (design 7, 'Entries').

The next number is read in that same transaction, never kept in memory: whatever a power cut or a failing disk left
behind, no number is given twice. The time is the clock's when `append` was called, and not mended: when the clock is
set back, entries say so in the order of their numbers.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.command import Command
from terminal.core.instant import Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import (
    NOT_DURABLE,
    WHO,
    Entry,
    EntryKey,
    OpenIntent,
    OpenOrder,
    OrderResult,
    Record,
    TapResult,
    order_settled,
)
from terminal.core.purchase import PurchaseBegun, PurchaseEnded
from terminal.core.stay import OpenPassage
from terminal.errors import StorageError
from terminal.ports import Change, Clock, Following
from terminal.storage.checkpoints import Checkpoints
from terminal.storage.commands import carry_out
from terminal.storage.database import Database
from terminal.storage.daykeys import DayKeys
from terminal.storage.epochs import Changed, EpochEnded, Epochs, end_epoch, present_in
from terminal.storage.on_account import Accounts
from terminal.storage.passages import Passages
from terminal.storage.purchases import Purchases
from terminal.storage.sealed import sealed_for
from terminal.storage.stays import Stays
from terminal.storage.stored import (
    OPEN_INTENTS,
    OPEN_ORDERS,
    OPEN_PASSAGES,
    Stored,
    as_written,
    intents_of,
    note_open,
    orders_of,
    passages_of,
)
from terminal.storage.writer import Writer

PAGE = 256
Learned = list[Callable[[], None]]


class JournalWriter:
    """The journal of one terminal: `terminal.ports.Journal`, and reading it back."""

    def __init__(
        self,
        writer: Writer,
        database: Database,
        epochs: Epochs,
        *,
        clock: Clock,
        sealing_key: Callable[[], SealingKey | None],
        day_keys: DayKeys,
        stays: Stays,
        accounts: Accounts,
        purchases: Purchases,
        passages: Passages,
        signing_key: Ed25519PrivateKey,
    ) -> None:
        """`sealing_key` gives headquarters' key as it is known now."""
        self.terminal = epochs.terminal
        self._epochs = epochs
        self._writer = writer
        self._database = database
        self._clock = clock
        self._sealing_key = sealing_key
        self._day_keys = day_keys
        self._stays = stays
        self._accounts = accounts
        self._purchases = purchases
        self._passages = passages
        self._in_order = threading.Lock()
        self._promised = -1
        self._running = False
        writer.adopt(day_keys.load)
        writer.adopt(accounts.load)
        writer.adopt(purchases.load)
        writer.adopt(self._compare)
        writer.every_tick(self._end_the_day)
        self.checkpoints = Checkpoints(writer, epochs, signing_key, clock.now, accounts)

    @property
    def epoch(self) -> bytes:
        """The epoch that is written."""
        return self._epochs.present

    def append(
        self, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """Queue `entry`; never blocks. The future gives its key once it survives a power cut.

        `also`, and the entry that `followed_by` makes of the number of this one, are stored in the same transaction or
        not at all. The future raises StorageError when the disk failed; NoSealingKey, one as well, when the entry has a
        sealed part and no key of headquarters can seal it; PassageEnded for a second end of one passage; ValueError or
        TypeError for an entry that has no encoding, a mistake in the software. An entry whose future raised may be
        found in the journal all the same: the disk can fail after the fact.
        """
        learned: Learned = []

        def store(connection: sqlite3.Connection) -> EntryKey:
            learned.clear()
            key = last = self._charged(connection, entry, now, learned)
            if followed_by is not None:
                last = self._charged(connection, followed_by(key.sequence), now, learned)
            if isinstance(also, PurchaseBegun | PurchaseEnded):
                learned.append(partial(self._purchases.learn, self._purchases.store(connection, also)))
            elif also is not None:
                learned.append(partial(self._stays.learn, self._stays.store(connection, also)))
            learned.append(partial(self._promise, last.sequence))
            return key

        def stored(_: EntryKey) -> None:
            for learn in learned:
                learn()

        with self._in_order:
            now = self._clock.now()
            return self._writer.submit(store, stored)

    def _promise(self, sequence: int) -> None:
        self._promised = sequence

    def carry_out(self, command: Command) -> "Future[EntryKey | None]":
        """Queue a command of headquarters; never blocks. The future gives the key of the entry that answers it.

        What it changes, that entry and its number survive a power cut together; None: it was done before.
        """

        def store(connection: sqlite3.Connection) -> EntryKey | None:
            entry = carry_out(connection, command)
            return None if entry is None else self._store(connection, entry, now)

        def stored(key: EntryKey | None) -> None:
            if key is not None:
                self._promised = key.sequence
                self._writer.scrub()

        with self._in_order:
            now = self._clock.now()
            return self._writer.submit(store, stored)

    def begin_epoch(self, epoch: bytes) -> EpochEnded | None:
        """As `Store.begin_epoch`, with the next one's 16 bytes."""
        now = self._clock.now()
        changes: list[Changed] = []

        def change(connection: sqlite3.Connection) -> EpochEnded | None:
            self.checkpoints.grow(connection)
            if (ended := end_epoch(connection, epoch)) is not None:
                for entry in ended.told():
                    self._store(connection, entry, now)
                changes[:] = [self._epochs.changed(connection)]
            return ended

        def changed(ended: EpochEnded | None) -> None:
            if ended is not None:
                self._epochs.learn(*changes)
                self._promised = len(ended.told()) - 1
                self._accounts.forgotten(_LARGEST)

        return self._writer.submit(change, changed).result()

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[Stored]:
        """Committed entries by sequence number, `last` included; numbers that were dropped are left out.

        Reads from the disk in pages, on the caller's thread; no writer waits for it.

        Raises:
            StorageError: the disk failed, or an entry is not as it was written.
        """
        end = _LARGEST if last is None else last
        with self._database.reading() as connection:
            while page := connection.execute(_PAGE, (first, end, PAGE)).fetchall():
                yield from (as_written(*row) for row in page)
                first = page[-1][0] + 1

    def open_intents(self) -> tuple[OpenIntent, ...]:
        """The tap intents without an outcome, oldest first. Reads from the disk.

        Raises:
            StorageError: the disk failed, or an entry is not as it was written.
        """
        with self._database.reading() as connection:
            return intents_of(connection.execute(OPEN_INTENTS, (0,)).fetchall())

    def open_orders(self) -> tuple[OpenOrder, ...]:
        """The orders of which nobody wrote down what came of them, oldest first. Reads from the disk.

        Raises:
            StorageError: the disk failed, or an entry is not as it was written.
        """
        with self._database.reading() as connection:
            return orders_of(connection.execute(OPEN_ORDERS, (0,)).fetchall())

    def open_passages(self) -> tuple[OpenPassage, ...]:
        """The passages that began with an intent and have no end, oldest first. Reads from the disk.

        Raises:
            StorageError: the disk failed, an entry is not as it was written, or a row does not open with this key.
        """
        with self._database.reading() as connection:
            return passages_of(connection.execute(OPEN_PASSAGES).fetchall(), self._passages.opened)

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def _store(self, connection: sqlite3.Connection, entry: Entry, now: Now) -> EntryKey:
        key = EntryKey(self.terminal, present_in(connection), _newest(connection) + 1)
        sealed = None if entry.sealed is None else sealed_for(self._sealing_key(), entry.sealed, key)
        public = dict(entry.public)
        if WHO in public:
            raise ValueError(f"{WHO!r} is the pseudonym, which the journal itself puts into an entry")
        if entry.card_number is not None:
            public[WHO] = self._day_keys.pseudonym(connection, entry.card_number, now)
        record = Record(
            sequence=key.sequence,
            time=now,
            kind=entry.kind,
            lane=entry.lane,
            public=public,
            sealed_sha256=None if sealed is None else sha256(sealed).digest(),
        )
        connection.execute(
            "INSERT INTO entries (sequence, record, sealed) VALUES (?, ?, ?)", (key.sequence, record.encode(), sealed)
        )
        note_open(connection, entry, key.sequence)
        self._passages.follow(connection, entry, key.sequence)
        return key

    def _charged(self, connection: sqlite3.Connection, entry: Entry, now: Now, learned: Learned) -> EntryKey:
        key = self._store(connection, entry, now)
        charged = self._accounts.store(connection, entry, key.sequence)
        if charged is not None:
            learned.append(partial(self._accounts.learn, charged))
        return key

    def _compare(self, connection: sqlite3.Connection) -> None:
        """Hold the database, just opened, against what was promised in this run.

        A number that was given out must not be given again. An intent or an order whose writer was told that it
        failed, and which the disk has all the same, gets its outcome.

        Raises:
            StorageError: entries that were durable are gone, or the newest is not as it was written.
        """
        newest = _newest(connection)
        if newest < self._promised:
            raise StorageError(
                f"{self._database.path} has lost entries {newest + 1} to {self._promised}, which the disk had confirmed"
                " before; replace the storage card"
            )
        if newest >= 0:
            as_written(*connection.execute(_PAGE, (newest, newest, 1)).fetchone())
        if self._running:
            for intent in intents_of(connection.execute(OPEN_INTENTS, (self._promised + 1,)).fetchall()):
                self.append(intent.settled(TapResult.STORAGE))
            for order in orders_of(connection.execute(OPEN_ORDERS, (self._promised + 1,)).fetchall()):
                self.append(order_settled(order, OrderResult.REFUSED, NOT_DURABLE))
        self._promised, self._running = newest, True

    def _end_the_day(self) -> None:
        now = self._clock.now()
        if self._day_keys.over(now):
            self._writer.submit(lambda connection: self._day_keys.destroy(connection, now), self._ended)

    def _ended(self, today: frozenset[str]) -> None:
        self._day_keys.destroyed(today)
        self._writer.scrub()


_LARGEST = 2**63 - 1
_PAGE = "SELECT sequence, record, sealed FROM entries WHERE sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?"


def _newest(connection: sqlite3.Connection) -> int:
    newest: int = connection.execute("SELECT coalesce(max(sequence), -1) FROM entries").fetchone()[0]
    return newest
