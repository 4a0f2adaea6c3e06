"""A charge or a credit as it is settled: what it says of who owes what, read off its two halves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from headquarters.tables.settlement import items
from terminal.core.cbor import Decoded, Key, decode_strict
from terminal.core.charge import Charge, Credit, read_charge, read_credit
from terminal.core.journal import EntryKey, Kind, Record, decode_record
from terminal.core.money import is_percentage
from terminal.errors import DocumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A charge or a credit that is settled; its number is the order of settling.

    `amount_cents` is what the payer owes by it, negative for a credit. `day` is the local day of the exit tap, in
    ISO 8601. `opened` is what the sealed part said, as the bytes that were sealed.
    """

    item: int
    kind: Kind
    key: EntryKey
    corrects: int | None = None
    site: int
    payer: str
    card: bytes = field(repr=False)
    what: str
    amount_cents: int
    vat: str
    ended_ms: int
    day: str
    receipt_sha256: bytes | None = field(default=None, repr=False)
    record: bytes = field(repr=False)
    opened: bytes = field(repr=False)
    settled_at: int

    @classmethod
    def of(cls, row: "sa.Row[*tuple[Any, ...]]") -> "Item":
        """The item that stands in a row of `items`."""
        found = dict(row._mapping)  # the documented name
        key = EntryKey(found.pop("terminal"), found.pop("epoch"), found.pop("sequence"))
        return cls(**{name: found[name] for name in _PLAIN}, kind=Kind(found["kind"]), key=key)

    def row(self) -> dict[str, Any]:
        """As `items` holds it."""
        key = {"terminal": self.key.terminal, "epoch": self.key.epoch, "sequence": self.key.sequence}
        return {**{name: getattr(self, name) for name in _PLAIN}, "kind": str(self.kind), **key}

    def told(self) -> tuple[Record, Charge | Credit]:
        """Its entry's record, and what the two halves of that say.

        Raises:
            DocumentError: nothing of its kind.
        """
        record = decode_record(self.record)
        read = read_charge if self.kind is Kind.CHARGE else read_credit
        return record, read(record.public, opened_map(self.opened))

    def charge(self) -> Charge:
        """The charge that it is, with its explanation.

        Raises:
            DocumentError: it is a credit.
        """
        if self.kind is not Kind.CHARGE:
            raise DocumentError("a credit, no charge")
        return read_charge(decode_record(self.record).public, opened_map(self.opened))

    def credit(self) -> Credit:
        """The credit that it is.

        Raises:
            DocumentError: it is a charge.
        """
        if self.kind is not Kind.CREDIT:
            raise DocumentError("a charge, no credit")
        return read_credit(decode_record(self.record).public, opened_map(self.opened))


_PLAIN = (
    *("item", "corrects", "site", "payer", "card", "what", "amount_cents", "vat", "ended_ms", "day"),
    *("receipt_sha256", "record", "opened", "settled_at"),
)


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry of a charge or a credit, its sealed part opened.

    `data` and `opened` are the bytes of `record` and `plain`.
    """

    key: EntryKey
    record: Record
    data: bytes = field(repr=False)
    opened: bytes = field(repr=False)
    plain: Mapping[Any, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was charged: a site, and its time zone, which says what day it was."""

    site: int
    tz: str


def charge_item(entry: OpenedEntry, place: Place, *, item: int, now_s: int) -> Item:
    """The item of a charge's entry.

    Raises:
        DocumentError: it is no charge that adds up, or its rate or time is none.
    """
    told = read_charge(entry.record.public, entry.plain)
    found = _item(entry, place, told, item=item, now_s=now_s)
    return replace(found, amount_cents=told.amount_cents, receipt_sha256=sha256(told.receipt).digest())


def credit_item(entry: OpenedEntry, tz: str, charge: Item, *, item: int, now_s: int) -> Item:
    """The item of a credit's entry, which names this charge; `tz` is where it was given.

    Raises:
        DocumentError: it is no credit, or of another payer or rate than the charge.
    """
    told = read_credit(entry.record.public, entry.plain)
    found = _item(entry, Place(charge.site, tz), told, item=item, now_s=now_s)
    if (found.payer, found.vat) != (charge.payer, charge.vat):
        raise DocumentError("a credit of another payer or rate of VAT than the charge that it names")
    return replace(found, amount_cents=-told.amount_cents, corrects=charge.item)


def item_with(connection: sa.Connection, key: EntryKey) -> Item | None:
    """The item with this id, or None."""
    which = (items.c.terminal == key.terminal) & (items.c.epoch == key.epoch) & (items.c.sequence == key.sequence)
    row = connection.execute(sa.select(items).where(which)).one_or_none()
    return None if row is None else Item.of(row)


def opened_map(opened: bytes) -> dict[Key, Decoded]:
    """What a sealed part said, from `Item.opened`.

    Raises:
        DocumentError: these are not its bytes.
    """
    plain = decode_strict(opened)
    if not isinstance(plain, dict):
        raise DocumentError("no map, as sealed parts are")
    return plain


def rate_of(vat: str) -> str:
    """A percentage in the one form under which charges are summed up: 21 for 21.00.

    Raises:
        DocumentError: it is none.
    """
    if not is_percentage(vat):
        raise DocumentError(f"{vat[:20]!r} is no percentage of VAT")
    return f"{Decimal(vat).normalize():f}"


def local_day(ms: int, tz: str) -> str:
    """The day of an instant, in milliseconds since the epoch, in a time zone.

    Raises:
        DocumentError: no calendar has it.
    """
    try:
        return datetime.fromtimestamp(ms // 1000, UTC).astimezone(_zone(tz)).date().isoformat()
    except (ValueError, OverflowError, OSError):
        raise DocumentError(f"an instant that no calendar has: {ms} ms") from None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _item(entry: OpenedEntry, place: Place, told: Charge | Credit, *, item: int, now_s: int) -> Item:
    return Item(
        item=item,
        kind=entry.record.kind,
        key=entry.key,
        site=place.site,
        payer=f"{told.payer:013}",
        card=told.card_number,
        what=told.what,
        amount_cents=told.amount_cents,
        vat=rate_of(told.vat),
        ended_ms=told.ended_ms,
        day=local_day(told.ended_ms, place.tz),
        record=entry.data,
        opened=entry.opened,
        settled_at=now_s,
    )
