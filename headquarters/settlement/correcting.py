"""Corrections that a person at headquarters makes: a credit, and a new charge in the place of one.

They are entries of headquarters' own, of the same form as a terminal's and with ids of the same shape; who made them
and why stands in the list of changes. A credit never gives back more than is left of its charge.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from headquarters.database import Change, note, sites
from headquarters.journal.terminals import OWN_NAME
from headquarters.settlement.account import Item, OpenedEntry, Place, charge_item, credit_item, item_with
from headquarters.settlement.posting import left_of, next_item, post
from headquarters.tables.settlement import items
from terminal.core.cbor import encode
from terminal.core.charge import MAX_CENTS, Charge, Credit
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import Entry, EntryKey, Record
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY

EPOCH = sha256(b"xs/v1/headquarters").digest()[:16]
"""The epoch in the ids of headquarters' corrections: they are one row of numbers in one database."""
MIN_WHY, MAX_WHY = 3, 200


def credit(connection: sa.Connection, change: Change, charge_id: EntryKey, amount_cents: int, why: str) -> Item:
    """Give back cents of a charge, in the transaction of the caller, which holds the write lock.

    Raises:
        ConfigurationError: there is no such charge, no reason, or not so much left of it.
    """
    charge = _charge(connection, charge_id)
    left = left_of(connection, charge)
    if not 0 < amount_cents <= left:
        raise ConfigurationError(
            f"a credit of {amount_cents} cents: {left} cents are left of charge {_shown(charge_id)}"
        )
    told = charge.charge()
    entry = Credit(
        what=told.what,
        charge=charge_id.sequence,
        amount_cents=amount_cents,
        vat=told.vat,
        why=_reason(why),
        ended_ms=int(change.at.timestamp()) * 1000,
        card_number=told.card_number,
        payer=told.payer,
        person=told.person,
    ).entry(None)
    named = {"terminal": charge_id.terminal, "epoch": charge_id.epoch}
    written = _written(connection, replace(entry, public={**entry.public, **named}), change)
    now_s = int(change.at.timestamp())
    item = credit_item(written, _place(connection, charge.site).tz, charge, item=next_item(connection), now_s=now_s)
    post(connection, (item,))
    note(connection, change, "charge credited", f"{_shown(charge_id)} {amount_cents} cents: {why.strip()}")
    return item


def recharge(connection: sa.Connection, change: Change, charge_id: EntryKey, told: Charge, why: str) -> Item:
    """Charge anew, as a person priced it, in the place of a charge that has been credited in full.

    `told` carries the new price and its explanation; payer, card and service may be others than before. It is charged
    at the site of the first, for its own `ended_ms`.

    Raises:
        ConfigurationError: there is no such charge, no reason, something is left of it, or it was charged anew before.
    """
    charge = _charge(connection, charge_id)
    if (left := left_of(connection, charge)) != 0:
        raise ConfigurationError(f"{left} cents are left of charge {_shown(charge_id)}; credit them first")
    again = (items.c.corrects == charge.item) & (items.c.kind == "charge")
    if connection.execute(sa.select(items.c.item).where(again)).first() is not None:
        raise ConfigurationError(f"charge {_shown(charge_id)} was charged anew before; correct the new charge")
    if not 0 <= told.amount_cents <= MAX_CENTS:
        raise ConfigurationError(f"a charge of {told.amount_cents} cents: wants 0 to {MAX_CENTS}")
    entry = told.entry(None, None)
    named = {
        "instead": charge_id.sequence,
        "terminal": charge_id.terminal,
        "epoch": charge_id.epoch,
        "why": _reason(why),
    }
    written = _written(connection, replace(entry, public={**entry.public, **named}), change)
    place, now_s = _place(connection, charge.site), int(change.at.timestamp())
    item = replace(charge_item(written, place, item=next_item(connection), now_s=now_s), corrects=charge.item)
    post(connection, (item,))
    note(connection, change, "charged anew", f"{_shown(charge_id)} {told.amount_cents} cents: {why.strip()}")
    return item


def _charge(connection: sa.Connection, key: EntryKey) -> Item:
    found = item_with(connection, key)
    if found is None or found.kind != "charge":
        raise ConfigurationError(f"there is no charge {_shown(key)} that is settled")
    return found


def _reason(why: str) -> str:
    if not MIN_WHY <= len(why.strip()) <= MAX_WHY:
        raise ConfigurationError(f"a correction wants a reason of {MIN_WHY} to {MAX_WHY} characters (--why)")
    return why.strip()


def _written(connection: sa.Connection, entry: Entry, change: Change) -> OpenedEntry:
    """The next of headquarters' own entries, of the form that a terminal's has."""
    own = (items.c.terminal == OWN_NAME) & (items.c.epoch == EPOCH)
    last = connection.scalar(sa.select(sa.func.max(items.c.sequence)).where(own))
    key = EntryKey(OWN_NAME, EPOCH, 0 if last is None else last + 1)
    plain: Mapping[Any, Any] = entry.sealed or {}
    opened = encode(dict(plain))
    record = Record(
        sequence=key.sequence,
        time=Now(int(change.at.timestamp()) * 1000, ClockQuality.GOOD),
        kind=entry.kind,
        lane=None,
        public=entry.public,
        sealed_sha256=sha256(opened).digest(),
    )
    return OpenedEntry(key, record, record.encode(), opened, plain)


def _place(connection: sa.Connection, site: int) -> Place:
    policy = connection.scalar(sa.select(sites.c.policy).where(sites.c.site == site))
    if policy is None:
        raise ConfigurationError(f"site {site} is not registered; its time zone says what day it is")
    return Place(site, POLICY.parse(policy).time_zone)


def _shown(key: EntryKey) -> str:
    return f"{key.terminal}/{key.epoch.hex()}/{key.sequence}"
