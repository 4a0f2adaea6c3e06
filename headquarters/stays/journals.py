"""Taps of paid stays, and open times, out of proven entries: each entry once, in the transaction that notes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from headquarters.journal.reading import StoredEntry, Wanted, chosen
from headquarters.tables.journal import entries, epochs, terminals
from headquarters.tables.stays import stay_journals, stay_open_times, stay_taps
from terminal.core.barrier_words import GuardOrder, Side
from terminal.core.charge import EPOCH_PREFIX_BYTES, MAX_CENTS, PARKING, Flag, StayId, read_charge
from terminal.core.journal import INTENT, SETTLES, Kind, OrderResult, TapResult
from terminal.core.known_stays import MAX_LANE, MAX_TARIFF, MAX_ZONE
from terminal.core.merkle import MAX_SIZE
from terminal.errors import DocumentError

ENTRIES_AT_A_TIME = 2_000
"""Numbers of one journal that one transaction works off: others wait for it."""
FIRE_RELEASE, FORCED = "fire-release", "forced"
"""Alarms that say that a vehicle may leave without a tap: until a person confirms that it is over; and once."""
NOT_LET_THROUGH = frozenset({TapResult.FAILED, TapResult.STORAGE, TapResult.TORN})
KINDS = (
    Kind.TAP_INTENT, Kind.TAP_OUTCOME, Kind.PASSAGE, Kind.CHARGE, Kind.ORDER, Kind.ALARM_RAISED
)  # fmt: skip

Opened = Callable[[StoredEntry], Mapping[Any, Any] | None]
"""What the sealed part of an entry says; None: it was erased, or cannot be opened."""


@dataclass(slots=True)
class Touched:
    """Whose stays are to be worked out anew: cards of sites, and all of some sites."""

    cards: set[tuple[int, bytes]] = field(default_factory=set)
    sites: set[int] = field(default_factory=set)


def behind(connection: sa.Connection) -> list[tuple[int, int, int, int]]:
    """Journals with proven entries that were not worked off: epoch id, site, from which entry, up to which."""
    done = sa.func.coalesce(stay_journals.c.size, 0)
    query = (
        sa.select(epochs.c.epoch_id, terminals.c.site, done, epochs.c.size)
        .join_from(epochs, terminals)
        .outerjoin(stay_journals, stay_journals.c.epoch_id == epochs.c.epoch_id)
    )
    rows = connection.execute(query.where(epochs.c.size > done).order_by(epochs.c.epoch_id))
    return [tuple(row) for row in rows]


def work_off(
    connection: sa.Connection,
    journal: tuple[int, int, int, int],
    *,
    zone_of: Callable[[int | None], int | None],
    opened: Opened,
    touched: Touched,
) -> None:
    """Work off the next entries of a journal that is `behind`, and note how far that is."""
    epoch_id, site, begin, size = journal
    end = min(size, begin + ENTRIES_AT_A_TIME)
    within = (entries.c.sequence >= begin) & (entries.c.sequence < end) & entries.c.kind.in_(KINDS)
    query = chosen(Wanted()).where(entries.c.epoch_id == epoch_id, within).order_by(entries.c.sequence)
    reader = _Reader(connection, epoch_id, site, zone_of, opened, touched)
    for row in connection.execute(query).all():
        reader.read(StoredEntry.of(row))
    connection.execute(stay_journals.delete().where(stay_journals.c.epoch_id == epoch_id))
    connection.execute(stay_journals.insert().values(epoch_id=epoch_id, size=end))


@dataclass(frozen=True, slots=True)
class _Reader:
    connection: sa.Connection
    epoch_id: int
    site: int
    zone_of: Callable[[int | None], int | None]
    opened: Opened
    touched: Touched

    def read(self, entry: StoredEntry) -> None:
        public = entry.record.public
        match entry.record.kind, public:
            case Kind.TAP_INTENT, {"side": Side.ENTRY, "tariff": _, "zone": _}:
                self._entered(entry)
            case Kind.TAP_OUTCOME, {"intent": int(intent), "result": str(result)} if result in NOT_LET_THROUGH:
                self._ended(intent, result, passenger=False)
            case Kind.PASSAGE, {"intent": int(intent), "result": str(result)}:
                self._ended(intent, result, passenger="passenger_of" in public)
            case Kind.CHARGE, {"what": what} if what == PARKING:
                self._charged(entry)
            case _:
                self._read_open_time(entry)

    def _read_open_time(self, entry: StoredEntry) -> None:
        public = entry.record.public
        match entry.record.kind, public:
            case Kind.ORDER, {"settles": int(order), "result": OrderResult.REFUSED}:
                self._never_opened(order)
            case Kind.ORDER, {"order": GuardOrder.HOLD} if SETTLES not in public and "result" not in public:
                self._opens(entry, GuardOrder.HOLD)
            case Kind.ORDER, {"order": GuardOrder.RELEASE} if SETTLES not in public and "result" not in public:
                self._closes(entry, GuardOrder.HOLD)
            case Kind.ORDER, {"order": GuardOrder.CONFIRM} if SETTLES not in public and "result" not in public:
                self._closes(entry, FIRE_RELEASE)
            case Kind.ALARM_RAISED, {"alarm": "fire-release" | "forced" as alarm}:
                self._opens(entry, alarm)
                if alarm == FORCED:
                    self._closes(entry, alarm)
            case _:
                pass

    def _entered(self, entry: StoredEntry) -> None:
        record, public = entry.record, entry.record.public
        sealed = self.opened(entry)
        match public, sealed:
            case {"tariff": int(tariff), "zone": int(zone)}, {"card": bytes(card), "ean": int(payer)}:
                pass
            case _:
                return
        stay, entered_ms = StayId(entry.key.epoch[:EPOCH_PREFIX_BYTES], entry.key.sequence), record.time.ms
        match sealed:
            case {"stay": [bytes(epoch), int(sequence)], "entered_ms": int(first_ms)}:
                stay, entered_ms = StayId(epoch, sequence), first_ms
            case _:
                pass
        self._put(
            entry, Side.ENTRY, card=card, payer=payer, intent=entry.key.sequence, zone=zone, tariff=tariff,
            tapped_ms=record.time.ms, stay=stay, entered_ms=entered_ms, total_cents=0, result=None,
        )  # fmt: skip

    def _charged(self, entry: StoredEntry) -> None:
        public = entry.record.public
        intent = public.get(INTENT)
        try:
            charge = read_charge(public, self.opened(entry) or {})
        except DocumentError:
            return
        self._put(
            entry, Side.EXIT, card=charge.card_number, payer=charge.payer,
            intent=intent if isinstance(intent, int) else None,
            zone=charge.zone or 0, tariff=charge.tariff, tapped_ms=charge.ended_ms, stay=charge.stay,
            entered_ms=charge.entered_ms, total_cents=charge.total_cents,
            result="passed" if Flag.EMERGENCY in charge.flags else None,
        )  # fmt: skip

    def _put(
        self, entry: StoredEntry, side: Side, *, card: bytes, payer: int, stay: StayId | None, **values: Any
    ) -> None:
        lane = entry.record.lane or 0
        values |= {"stay_epoch": None, "stay_sequence": None} if stay is None else {
            "stay_epoch": stay.epoch, "stay_sequence": stay.sequence
        }  # fmt: skip
        values |= {"side": side, "site": self.site, "card": card, "payer": payer, "lane": lane, "passenger": 0}
        if all(values[name] is None or 0 <= values[name] <= most for name, most in _MOST.items()):
            key = {"epoch_id": self.epoch_id, "sequence": entry.key.sequence}
            self.connection.execute(stay_taps.insert().values(**key, **values))
            self.touched.cards.add((self.site, card))

    def _ended(self, intent: int, result: str, *, passenger: bool) -> None:
        this = (stay_taps.c.epoch_id == self.epoch_id) & (stay_taps.c.intent == intent) & stay_taps.c.result.is_(None)
        cards = self.connection.scalars(sa.select(stay_taps.c.card).where(this)).all()
        if cards:
            values = {"result": result, "passenger": int(passenger)}
            self.connection.execute(stay_taps.update().where(this).values(**values))
            self.touched.cards |= {(self.site, card) for card in cards}

    def _opens(self, entry: StoredEntry, what: str) -> None:
        lane = entry.record.lane
        values = {"site": self.site, "lane": lane, "zone": self.zone_of(lane), "what": str(what)}
        key = {"epoch_id": self.epoch_id, "sequence": entry.key.sequence}
        row = stay_open_times.insert().values(**key, **values, begins_ms=entry.record.time.ms)
        self.connection.execute(row)
        self.touched.sites.add(self.site)

    def _closes(self, entry: StoredEntry, what: str) -> None:
        of_lane = stay_open_times.c.lane == entry.record.lane
        # A lane may have stood open since an epoch before.
        journals = sa.select(epochs.c.epoch_id).where(epochs.c.terminal == entry.key.terminal)
        this = stay_open_times.c.epoch_id.in_(journals) & of_lane & (stay_open_times.c.what == str(what))
        still = stay_open_times.update().where(this & stay_open_times.c.ends_ms.is_(None))
        self.connection.execute(still.values(ends_ms=entry.record.time.ms))
        self.touched.sites.add(self.site)

    def _never_opened(self, order: int) -> None:
        this = (stay_open_times.c.epoch_id == self.epoch_id) & (stay_open_times.c.sequence == order)
        if self.connection.execute(stay_open_times.delete().where(this)).rowcount:
            self.touched.sites.add(self.site)


_MOST = {
    "zone": MAX_ZONE, "lane": MAX_LANE, "tariff": MAX_TARIFF, "tapped_ms": MAX_SIZE - 1, "entered_ms": MAX_SIZE - 1,
    "stay_sequence": MAX_SIZE - 1, "total_cents": MAX_CENTS, "payer": 10**13 - 1, "intent": MAX_SIZE - 1,
}  # fmt: skip
