"""From the journals to the ledger: each charge and each credit that is proven is posted once, by its id.

A step of its own, since it needs the sealing key, which those on the line do not hold. Any number may run at once:
they take turns in the database, and the ids are unique there. What cannot be settled is kept, raises an alarm and is
tried again; a journal whose fork no person has looked at yet waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from headquarters.database import Database, sites
from headquarters.journal.contradictions import Alarm, clear_alarm, raise_alarm
from headquarters.keys import SealingPrivateKey
from headquarters.settlement.account import Item, OpenedEntry, Place, charge_item, credit_item, item_with
from headquarters.settlement.posting import left_of, next_item, post
from headquarters.tables.journal import alarms, entries, epochs, terminals
from headquarters.tables.settlement import items, settled_to, unsettled
from terminal.core.journal import EntryKey, Kind, Record, decode_record
from terminal.core.sealing import opened
from terminal.errors import DocumentError
from terminal.trust.documents import POLICY

AT_ONCE = 2000
"""Entries that one transaction looks at: others write in between."""
_KINDS = (str(Kind.CHARGE), str(Kind.CREDIT))


@dataclass(slots=True)
class Settled:
    """What a round came to; `waiting`: journals with a fork that nobody has acknowledged."""

    posted: int = 0
    not_settled: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Settling:
    """Settles with headquarters' sealing key. May block on the database."""

    database: Database
    sealing: SealingPrivateKey
    progress: Callable[[], object] = lambda: None
    """Called with each transaction: a round may take long."""
    _keys: Mapping[bytes, X25519PrivateKey] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keys = {self.sealing.id: X25519PrivateKey.from_private_bytes(self.sealing.seed)}

    def again(self, now_s: int) -> Settled:
        """Try again what could not be settled, by what this software can read.

        Raises:
            StorageError: the database is at fault; nothing is lost.
        """
        result = Settled()
        with self.database.transaction() as connection:
            waits = unsettled.c.settled_at.is_(None)
            order = (unsettled.c.terminal, unsettled.c.epoch, unsettled.c.sequence)
            rows = connection.execute(sa.select(unsettled).where(waits).order_by(*order)).all()
            batch = _Batch(self, connection, result, now_s)
            for row in rows:
                batch.take(EntryKey(row.terminal, row.epoch, row.sequence), row.record, row.sealed)
            batch.close()
        return result

    def round(self, now_s: int) -> Settled:
        """Settle all that is proven and was not looked at yet.

        Raises:
            StorageError: the database is at fault; what was committed stands, the rest is for the next round.
        """
        result = Settled()
        with self.database.transaction(read_only=True) as connection:
            journals = connection.execute(_journals()).all()
            forked = _forked(connection)
        for journal in journals:
            if (journal.terminal, journal.epoch) in forked:
                result.waiting.append(f"{journal.terminal}/{journal.epoch.hex()}")
            elif journal.done < journal.size:
                while self._some(journal, result, now_s):
                    self.progress()
        return result

    def _some(self, journal: "sa.Row[Any]", result: Settled, now_s: int) -> bool:
        """Settle the next entries of a journal; tell whether there are more."""
        with self.database.transaction() as connection:
            begin = _position(connection, journal.terminal, journal.epoch)
            end = min(begin + AT_ONCE, journal.size)
            if begin >= end:
                return False  # another was here
            batch = _Batch(self, connection, result, now_s, stored=_stored(connection, journal, begin, end))
            within = (entries.c.sequence >= begin) & (entries.c.sequence < end)
            query = sa.select(entries.c.sequence, entries.c.record, entries.c.sealed)
            query = query.where(entries.c.epoch_id == journal.epoch_id, within, entries.c.kind.in_(_KINDS))
            found = connection.execute(query.order_by(entries.c.sequence)).all()
            for row in found:
                batch.take(EntryKey(journal.terminal, journal.epoch, row.sequence), row.record, row.sealed)
            batch.close()
            _move(connection, journal.terminal, journal.epoch, end)
            return bool(end < journal.size)


class _Batch:
    """Entries that are settled in one transaction, which holds the write lock."""

    def __init__(
        self,
        settling: Settling,
        connection: sa.Connection,
        result: Settled,
        now_s: int,
        *,
        stored: frozenset[int] | None = None,
    ) -> None:
        """`stored`: the numbers of those that are settled, where all are looked at for the first time."""
        self._stored = stored
        self._keys = settling._keys
        self._connection = connection
        self._result = result
        self._now_s = now_s
        self._next = next_item(connection)
        self._new: dict[EntryKey, Item] = {}
        self._places: dict[str, Place] = {}
        self._touched: set[tuple[str, bytes]] = set()

    def take(self, key: EntryKey, record: bytes, sealed: bytes | None) -> None:
        """Settle one entry, or keep it among what cannot be."""
        try:
            item = self._item(key, record, sealed)
        except DocumentError as error:
            self._keep(key, record, sealed, str(error))
            return
        if item is not None:
            self._new[key] = item
            self._next += 1
        if self._stored is None:
            self._off_the_list(key)

    def close(self) -> None:
        """Post what was settled; alarms that are over are cleared."""
        post(self._connection, tuple(self._new.values()))
        self._result.posted += len(self._new)
        for terminal, epoch in self._touched:
            of_it = (unsettled.c.terminal == terminal) & (unsettled.c.epoch == epoch) & unsettled.c.settled_at.is_(None)
            if self._connection.execute(sa.select(unsettled.c.sequence).where(of_it).limit(1)).first() is None:
                clear_alarm(self._connection, Alarm.NOT_SETTLED, (terminal, epoch), now_s=self._now_s)

    def _item(self, key: EntryKey, data: bytes, sealed: bytes | None) -> Item | None:
        record = decode_record(data)
        before = self._found(key) if self._stored is None or key.sequence in self._stored else None
        if before is not None:
            if before.record != data:
                raise DocumentError("it is settled already, with other content")
            return None
        if sealed is None:
            erased = "its sealed part was erased before it was settled, or never came"
            raise DocumentError(erased if record.sealed_sha256 is not None else "it has no sealed part")
        entry = OpenedEntry(key, record, data, *opened(sealed, key, self._keys))
        place = self._place(key.terminal)
        if record.kind is Kind.CHARGE:
            return charge_item(entry, place, item=self._next, now_s=self._now_s)
        charge = self._charge_of(key, record)
        credit = credit_item(entry, place.tz, charge, item=self._next, now_s=self._now_s)
        given = sum(each.amount_cents for each in self._new.values() if each.corrects == charge.item)
        left = left_of(self._connection, charge) if charge.key not in self._new else charge.amount_cents
        if left + given + credit.amount_cents < 0:
            raise DocumentError("a credit of more than is left of the charge that it names")
        return credit

    def _charge_of(self, key: EntryKey, record: Record) -> Item:
        number = record.public.get("charge")
        charge = self._found(EntryKey(key.terminal, key.epoch, number)) if isinstance(number, int) else None
        if charge is None or charge.kind is not Kind.CHARGE:
            raise DocumentError("a credit that names no charge that is settled")
        return charge

    def _found(self, key: EntryKey) -> Item | None:
        return self._new.get(key) or item_with(self._connection, key)

    def _place(self, terminal: str) -> Place:
        if terminal not in self._places:
            query = sa.select(terminals.c.site, sites.c.policy).join_from(
                terminals, sites, terminals.c.site == sites.c.site
            )
            row = self._connection.execute(query.where(terminals.c.terminal == terminal)).one_or_none()
            if row is None:
                raise DocumentError("its terminal's site is not registered, so its day is not known")
            self._places[terminal] = Place(row.site, POLICY.parse(row.policy).time_zone)
        return self._places[terminal]

    def _keep(self, key: EntryKey, record: bytes, sealed: bytes | None, why: str) -> None:
        self._result.not_settled.append(f"{key.terminal}/{key.epoch.hex()}/{key.sequence}: {why}")
        values = {"why": why, "tried_at": self._now_s}
        if self._connection.execute(unsettled.update().where(_is(key)).values(values)).rowcount == 0:
            row = {"terminal": key.terminal, "epoch": key.epoch, "sequence": key.sequence}
            row |= {"record": record, "sealed": sealed, "first_at": self._now_s}
            self._connection.execute(unsettled.insert().values(**row, **values))
        facts = f"entry {key.sequence} is not settled: {why}"
        self._connection.execute(sa.select(terminals).where(terminals.c.terminal == key.terminal).with_for_update())
        raise_alarm(self._connection, Alarm.NOT_SETTLED, (key.terminal, key.epoch), facts=facts, now_s=self._now_s)

    def _off_the_list(self, key: EntryKey) -> None:
        waits = _is(key) & unsettled.c.settled_at.is_(None)
        if self._connection.execute(unsettled.update().where(waits).values(settled_at=self._now_s)).rowcount:
            self._touched.add((key.terminal, key.epoch))


def _is(key: EntryKey) -> sa.ColumnElement[bool]:
    named = (unsettled.c.terminal == key.terminal) & (unsettled.c.epoch == key.epoch)
    return named & (unsettled.c.sequence == key.sequence)


def _journals() -> "sa.Select[*tuple[Any, ...]]":
    same = (settled_to.c.terminal == epochs.c.terminal) & (settled_to.c.epoch == epochs.c.epoch)
    done = sa.func.coalesce(settled_to.c.sequence, 0)
    columns = (epochs.c.terminal, epochs.c.epoch, epochs.c.epoch_id, epochs.c.size, done.label("done"))
    return sa.select(*columns).select_from(epochs.outerjoin(settled_to, same)).order_by(epochs.c.epoch_id)


def _forked(connection: sa.Connection) -> frozenset[tuple[str, bytes]]:
    stands = (alarms.c.alarm == Alarm.FORK) & alarms.c.cleared_at.is_(None)
    return frozenset((row.terminal, row.epoch) for row in connection.execute(sa.select(alarms).where(stands)))


def _stored(connection: sa.Connection, journal: "sa.Row[Any]", begin: int, end: int) -> frozenset[int]:
    of_it = (items.c.terminal == journal.terminal) & (items.c.epoch == journal.epoch)
    within = (items.c.sequence >= begin) & (items.c.sequence < end)
    return frozenset(connection.scalars(sa.select(items.c.sequence).where(of_it & within)))


def _position(connection: sa.Connection, terminal: str, epoch: bytes) -> int:
    which = (settled_to.c.terminal == terminal) & (settled_to.c.epoch == epoch)
    return connection.scalar(sa.select(settled_to.c.sequence).where(which)) or 0


def _move(connection: sa.Connection, terminal: str, epoch: bytes, to: int) -> None:
    which = (settled_to.c.terminal == terminal) & (settled_to.c.epoch == epoch)
    if connection.execute(settled_to.update().where(which).values(sequence=to)).rowcount == 0:
        connection.execute(settled_to.insert().values(terminal=terminal, epoch=epoch, sequence=to))
