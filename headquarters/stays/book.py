"""The stays of all sites, kept up to date with the journals. Any number of processes may work at it.

A round reads what was proven since, and works out anew the stays of the cards that it tells of, out of all their taps;
cursor, taps and stays change in one transaction. So it does not matter which terminal's entries came first, who read
them, or how often a round was begun.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from headquarters.database import Database, sites
from headquarters.journal.reading import StoredEntry
from headquarters.keys import SealingPrivateKey
from headquarters.stays.account import OpenTime, PaidStay, Tap, stays_of
from headquarters.stays.journals import Touched, behind, work_off
from headquarters.tables.journal import entries
from headquarters.tables.stays import stay_open_times, stay_taps, stays
from terminal.core.barrier_words import Side
from terminal.core.charge import StayId
from terminal.core.policy import SitePolicy
from terminal.core.sealing import open_sealed
from terminal.errors import DocumentError
from terminal.trust.documents import POLICY

DAY_MS = 24 * 3600 * 1000
KEPT_DAYS = 30
"""After leaving, at most; a policy may shorten it."""
NEVER_LEFT_DAYS = 180
"""After the last tap of one who was never seen leaving."""


class Book:
    """Stays in the database. Every method is made of transactions and may block on the disk.

    All raise StorageError where the database is at fault.
    """

    def __init__(
        self, database: Database, sealing: SealingPrivateKey, progress: Callable[[], object] = lambda: None
    ) -> None:
        """`progress` is called with each piece of a journal that was worked off: the first round may take long."""
        self._database = database
        self._progress = progress
        self._keys = {sealing.id: X25519PrivateKey.from_private_bytes(sealing.seed)}

    def round(self, now_ms: int) -> None:
        """Take in all that is proven, and drop what is over."""
        while self._take_in():
            self._progress()
        with self._database.transaction() as connection:
            touched = Touched()
            _drop(connection, now_ms, touched)
            _work_out(connection, touched)

    def _take_in(self) -> bool:
        """One transaction's worth; False: there was nothing."""
        with self._database.transaction() as connection:
            policies: dict[int, SitePolicy | None] = {}
            touched = Touched()
            journals = behind(connection)
            for journal in journals[:1]:
                site = journal[1]
                policies[site] = _policy(connection, site)

                def zone_of(lane: int | None, policy: SitePolicy | None = policies[site]) -> int | None:
                    rules = None if lane is None or policy is None else policy.lane(lane)
                    return None if rules is None else rules.zone

                work_off(connection, journal, zone_of=zone_of, opened=self._opened, touched=touched)
            _work_out(connection, touched)
        return bool(journals)

    def _opened(self, entry: StoredEntry) -> Mapping[Any, Any] | None:
        if entry.sealed is None:
            return None
        try:
            return open_sealed(entry.sealed, entry.key, self._keys)
        except DocumentError:
            return None


def stays_at(connection: sa.Connection, site: int) -> list[PaidStay]:
    """The stays that are known of a site, the longest first."""
    query = sa.select(stays).where(stays.c.site == site).order_by(stays.c.entered_ms, stays.c.card)
    return [_paid_stay(row) for row in connection.execute(query)]


def tellable(connection: sa.Connection, site: int, now_ms: int) -> list[tuple[bytes, PaidStay]]:
    """By card: its newest stay, of those that are open or ended within the last 24 hours."""
    lately = stays.c.ended_ms.is_(None) | (stays.c.ended_ms >= now_ms - DAY_MS)
    query = sa.select(stays).where(stays.c.site == site, lately).order_by(stays.c.entered_ms, stays.c.stay_sequence)
    newest = {row.card: _paid_stay(row) for row in connection.execute(query)}
    return sorted(newest.items())


def _drop(connection: sa.Connection, now_ms: int, touched: Touched) -> None:
    """What the retention ends, and what rests on a sealed part that was erased since."""
    erased = (
        sa.select(stay_taps.c.epoch_id, stay_taps.c.sequence, stay_taps.c.site, stay_taps.c.card)
        .join(entries, (entries.c.epoch_id == stay_taps.c.epoch_id) & (entries.c.sequence == stay_taps.c.sequence))
        .where(entries.c.sealed.is_(None))
    )
    gone = [tuple(row) for row in connection.execute(erased)]
    for site, policy in _policies(connection).items():
        days = min(KEPT_DAYS, policy.retention.headquarters_days)
        over = stays.c.ended_ms < now_ms - days * DAY_MS
        cards: Sequence[bytes] = connection.scalars(sa.select(stays.c.card).where(stays.c.site == site, over)).all()
        for card in cards:
            gone += _taps_of_ended(connection, site, card, now_ms - days * DAY_MS)
        never = (stay_taps.c.site == site) & (stay_taps.c.tapped_ms < now_ms - NEVER_LEFT_DAYS * DAY_MS)
        columns = sa.select(stay_taps.c.epoch_id, stay_taps.c.sequence, stay_taps.c.site, stay_taps.c.card)
        gone += [tuple(row) for row in connection.execute(columns.where(never))]
    for epoch_id, sequence, site, card in gone:
        this = (stay_taps.c.epoch_id == epoch_id) & (stay_taps.c.sequence == sequence)
        connection.execute(stay_taps.delete().where(this))
        touched.cards.add((site, card))
    long_ago = stay_open_times.c.ends_ms < now_ms - NEVER_LEFT_DAYS * DAY_MS
    connection.execute(stay_open_times.delete().where(long_ago))


def _taps_of_ended(
    connection: sa.Connection, site: int, card: bytes, before_ms: int
) -> list[tuple[int, int, int, bytes]]:
    """The taps of this card that no stay needs which is kept."""
    this = (stays.c.site == site) & (stays.c.card == card)
    kept = this & (stays.c.ended_ms.is_(None) | (stays.c.ended_ms >= before_ms))
    since_ms = connection.scalar(sa.select(sa.func.min(stays.c.entered_ms)).where(kept))
    last_ms = connection.scalar(sa.select(sa.func.max(stays.c.ended_ms)).where(this & (stays.c.ended_ms < before_ms)))
    ends_ms = last_ms if since_ms is None else min(last_ms, since_ms - 1)
    of_card = (stay_taps.c.site == site) & (stay_taps.c.card == card) & (stay_taps.c.tapped_ms <= ends_ms)
    query = sa.select(stay_taps.c.epoch_id, stay_taps.c.sequence, stay_taps.c.site, stay_taps.c.card)
    return [tuple(row) for row in connection.execute(query.where(of_card))]


def _work_out(connection: sa.Connection, touched: Touched) -> None:
    cards = set(touched.cards)
    for site in touched.sites:
        found = connection.scalars(sa.select(stay_taps.c.card).where(stay_taps.c.site == site).distinct())
        cards |= {(site, card) for card in found}
    open_times = {site: _open_times(connection, site) for site in {site for site, _ in cards}}
    for site, card in sorted(cards):
        this = (stay_taps.c.site == site) & (stay_taps.c.card == card)
        taps = [_tap(row) for row in connection.execute(sa.select(stay_taps).where(this))]
        connection.execute(stays.delete().where((stays.c.site == site) & (stays.c.card == card)))
        if rows := [_row(site, each) for each in stays_of(taps, open_times[site])]:
            connection.execute(stays.insert(), rows)


def _open_times(connection: sa.Connection, site: int) -> list[OpenTime]:
    query = sa.select(stay_open_times).where(stay_open_times.c.site == site)
    return [OpenTime(row.zone, row.begins_ms, row.ends_ms) for row in connection.execute(query)]


def _tap(row: "sa.Row[Any]") -> Tap:
    return Tap(
        order=(row.epoch_id, row.sequence),
        side=Side(row.side),
        card_number=row.card,
        payer=row.payer,
        tapped_ms=row.tapped_ms,
        stay=None if row.stay_epoch is None else StayId(row.stay_epoch, row.stay_sequence),
        entered_ms=row.entered_ms,
        zone=row.zone,
        lane=row.lane,
        tariff=row.tariff,
        total_cents=row.total_cents,
        passenger=bool(row.passenger),
        result=row.result,
    )


def _row(site: int, stay: PaidStay) -> dict[str, Any]:
    return {
        "site": site,
        "stay_epoch": stay.stay.epoch,
        "stay_sequence": stay.stay.sequence,
        "card": stay.card_number,
        "payer": stay.payer,
        "state": str(stay.state),
        "entered_ms": stay.entered_ms,
        "zone": stay.zone,
        "lane": stay.lane,
        "tariff": stay.tariff,
        "last_exit_ms": stay.last_exit_ms,
        "ended_ms": stay.ended_ms,
        "charged_cents": stay.charged_cents,
        "passenger": int(stay.passenger),
        "certain_until_ms": stay.certain_until_ms,
    }


def _paid_stay(row: "sa.Row[Any]") -> PaidStay:
    return PaidStay(
        stay=StayId(row.stay_epoch, row.stay_sequence),
        card_number=row.card,
        payer=row.payer,
        entered_ms=row.entered_ms,
        zone=row.zone,
        lane=row.lane,
        tariff=row.tariff,
        passenger=bool(row.passenger),
        last_exit_ms=row.last_exit_ms,
        ended_ms=row.ended_ms,
        charged_cents=row.charged_cents,
        certain_until_ms=row.certain_until_ms,
    )


def _policies(connection: sa.Connection) -> dict[int, SitePolicy]:
    rows = connection.execute(sa.select(sites.c.site, sites.c.policy))
    return {row.site: POLICY.parse(row.policy) for row in rows}


def _policy(connection: sa.Connection, site: int) -> SitePolicy | None:
    policy = connection.scalar(sa.select(sites.c.policy).where(sites.c.site == site))
    return None if policy is None else POLICY.parse(policy)
