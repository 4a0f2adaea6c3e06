"""From the code of a receipt to everything that is on it. Only what is settled is found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from headquarters.database import sites
from headquarters.settlement.account import Item
from headquarters.tables.settlement import items
from terminal.core.charge import Charge
from terminal.core.journal import Kind
from terminal.core.tariff.document import Tariff, Tariffs, duration_s
from terminal.trust.documents import POLICY, TARIFFS

MAX_CHARGES = 20
"""So many charges, each in the place of the one before, stand on one receipt."""


@dataclass(frozen=True, slots=True)
class Place:
    """A site as a receipt names it, with its tariffs."""

    number: int
    name: str
    zone: ZoneInfo
    tariffs: Tariffs

    def tariff(self, number: int | None) -> Tariff | None:
        """The version with that number, or None where the site does not keep it any more."""
        return next((tariff for tariff in self.tariffs.tariffs if tariff.number == number), None)

    def periods(self, number: int | None) -> Mapping[int, int]:
        """Of each incrementing line of a tariff, how many seconds a period is."""
        tariff = self.tariff(number)
        lines = tariff.lines if tariff else ()
        return {place: duration_s(line.each) for place, line in enumerate(lines, start=1) if line.each is not None}


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge, and the credits that name it."""

    item: Item
    charge: Charge
    credits: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is on a receipt: the charge of its code, and with it all that corrected it or was corrected by it."""

    place: Place
    charges: tuple[Charged, ...] = field(repr=False)
    """The first one first; each takes the place of one before."""


def find_receipt(connection: sa.Connection, code: bytes) -> Receipt | None:
    """The receipt with this code; None: it is not here (yet)."""
    item = charge_with(connection, code)
    return None if item is None else receipt_of(connection, item)


def charge_with(connection: sa.Connection, code: bytes) -> Item | None:
    """The charge whose receipt has this code, or None.

    It is looked up by the code's hash, so how long it takes tells nothing of codes that are near.
    """
    which = (items.c.receipt_sha256 == sha256(code).digest()) & (items.c.kind == Kind.CHARGE)
    row = connection.execute(sa.select(items).where(which).order_by(items.c.item).limit(1)).one_or_none()
    return None if row is None else Item.of(row)


def receipt_of(connection: sa.Connection, item: Item) -> Receipt:
    """The receipt that a charge is on."""
    while item.corrects is not None:
        item = Item.of(connection.execute(sa.select(items).where(items.c.item == item.corrects)).one())
    found: list[Charged] = []
    waiting = [item]
    while waiting and len(found) < MAX_CHARGES:
        charge = waiting.pop(0)
        corrections = [
            Item.of(row)
            for row in connection.execute(
                sa.select(items).where(items.c.corrects == charge.item).order_by(items.c.item)
            )
        ]
        given = tuple(each for each in corrections if each.kind is Kind.CREDIT)
        found.append(Charged(charge, charge.charge(), given))
        waiting += [each for each in corrections if each.kind is Kind.CHARGE]
    return Receipt(place_of(connection, item.site), tuple(found))


def place_of(connection: sa.Connection, site: int) -> Place:
    """A site as a receipt names it; sites are never removed."""
    row = connection.execute(sa.select(sites).where(sites.c.site == site)).one()
    policy = POLICY.parse(row.policy)
    return Place(site, policy.name, ZoneInfo(policy.time_zone), TARIFFS.parse(row.tariffs))
