"""A site whose terminals charge and credit, and a headquarters that settles it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from headquarters.database import Change, Database
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.keys import KeyFolder, load_sealing_key
from headquarters.settlement.account import Item
from headquarters.settlement.issuing import Issued, issue
from headquarters.settlement.periods import month, week
from headquarters.settlement.seller import Seller
from headquarters.settlement.settling import Settled, Settling
from headquarters.settlement.statement import lines_of
from headquarters.sites import Sites, plain_policy
from headquarters.tables.settlement import items, payers, unsettled
from terminal.core.charge import Charge
from terminal.core.issuers import SealingKey
from terminal.core.journal import Entry
from terminal.core.tariff.explanation import Line, What
from tests.core.charges import CHARGE, CREDIT
from tests.headquarters.box import NAME, SITE, Box
from tests.headquarters.conftest import Office

JANSEN, PIETERS = "8712345678906", "0012345678905"
ABROAD = 4712
"""A site in another time zone."""
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


SELLER = Seller(
    name="Truckparkings Rotterdam B.V.",
    vat_id="NL001234567B01",
    street="Reeweg 1",
    postal_code="3088 KA",
    city="Rotterdam",
    country="NL",
    iban="NL91 ABNA 0417 1643 00",
    registration="12345678",
    email="facturen@example.nl",
    electronic_address="0106:12345678",
)


def at(day: int, hour: int = 12, minute: int = 0, *, month: int = 9) -> int:
    """An instant of 2026 in Amsterdam, in milliseconds."""
    return int(datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM).timestamp()) * 1000


@dataclass
class Ground:
    office: Office
    gates: dict[str, Box] = field(default_factory=dict)
    now_s: int = at(20, month=10) // 1000

    def gate(self, name: str = NAME, site: int = SITE) -> Box:
        if name not in self.gates:
            key = load_sealing_key(self.office.keys.sealing)
            self.gates[name] = Box(name, sealing=SealingKey(id=key.id.hex(), key=key.public.hex()))
            public = self.gates[name].key.public_key().public_bytes_raw()
            Terminals(self.office.database).add(name, site, public, self.office.change)
        return self.gates[name]

    def charge(
        self, cents: int, ended_ms: int, *, payer: str = JANSEN, vat: str = "21", gate: str = NAME, site: int = SITE
    ) -> int:
        """A terminal charges; gives the number of the entry."""
        told = charge_of(cents, ended_ms, payer, vat)
        told = replace(told, receipt=len(self.gate(gate, site).entries).to_bytes(10))
        return self.tell(told.entry(1, None), gate)

    def credit(self, charge: int, cents: int, ended_ms: int, *, payer: str = JANSEN, gate: str = NAME) -> int:
        told = replace(CREDIT, charge=charge, amount_cents=cents, ended_ms=ended_ms, payer=int(payer))
        return self.tell(told.entry(1), gate)

    def tell(self, entry: Entry, gate: str = NAME) -> int:
        sealed = None if entry.sealed is None else dict(entry.sealed)
        return self.gate(gate).tell(entry.kind, dict(entry.public), sealed)

    def arrive(self) -> None:
        collector = Collector(self.office.database, load_cosigner(self.office.keys))
        for name, box in self.gates.items():
            if box.entries:
                for first in range(0, len(box.entries), 100):
                    collector.collect(name, box.batch(first, min(first + 100, len(box.entries))), self.now_s)

    def settling(self) -> Settling:
        return Settling(self.office.database, load_sealing_key(self.office.keys.sealing))

    def settle(self) -> Settled:
        self.arrive()
        return self.settling().round(self.now_s)

    def items(self) -> list[Item]:
        with self.office.database.transaction(read_only=True) as connection:
            return [Item.of(row) for row in connection.execute(sa.select(items).order_by(items.c.item))]

    def unsettled(self) -> list[tuple[int, str, bool]]:
        """Number, why, whether it could be settled after all."""
        with self.office.database.transaction(read_only=True) as connection:
            rows = connection.execute(sa.select(unsettled).order_by(unsettled.c.sequence))
            return [(row.sequence, row.why, row.settled_at is not None) for row in rows]

    def payer(self, ean: str = JANSEN, period: str = "monthly", name: str = "Jansen Transport B.V.") -> None:
        row = {"ean": ean, "name": name, "period": period, "vat_id": "NL001234567B01", "country": "NL"}
        row |= {
            "street": "Havenstraat 1",
            "postal_code": "3011 AA",
            "city": "Rotterdam",
            "electronic_address": f"0088:{ean}",
        }
        with self.office.database.transaction() as connection:
            connection.execute(payers.insert().values(row))

    def issue(self, name: str = "2026-09", payer: str = JANSEN, *, now: datetime | None = None) -> Issued:
        period = week(name) if "W" in name else month(name)
        return issue(self.office.database, payer, period, SELLER, self.change(now))

    def change(self, now: datetime | None = None) -> Change:
        return Change("tester", "a test", now or datetime.fromtimestamp(self.now_s, UTC))

    def lines(self, issued: Issued) -> list[tuple[int, int, str | None]]:
        """Number, cents and late day of the items on a statement."""
        with self.office.database.transaction(read_only=True) as connection:
            found = lines_of(connection, issued.statement, issued.content.first_day)
        return [(line.item, line.amount_cents, line.late_day) for line in found]


def charge_of(cents: int, ended_ms: int, payer: str = JANSEN, vat: str = "21") -> Charge:
    end_s = ended_ms // 1000
    lines = (
        Line(end_s - 3600, What.INCREMENT, 1, 1, cents * 10_000),
        Line(end_s, What.ROUNDING, None, 1, 0),
    )
    return replace(
        CHARGE,
        total_cents=cents,
        earlier_cents=0,
        ended_ms=ended_ms,
        entered_ms=ended_ms - 3_600_000,
        payer=int(payer),
        vat=vat,
        lines=lines,
        flags=(),
    )


def ground_in(database: Database, keys: KeyFolder, folder: Path) -> Ground:
    office = Office(keys, database, folder)
    for site, zone in ((SITE, "Europe/Amsterdam"), (ABROAD, "Europe/Bucharest")):
        Sites(database).add(plain_policy(site, f"Truckpark {site}", zone), Change("tester", "a test", office.now))
    ground = Ground(office)
    ground.gate()
    return ground
