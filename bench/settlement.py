"""Charges into statements: settling (opening what is sealed), issuing, papers, recomputing (docs/bench.md)."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figures import Figures
from headquarters.database import Change, Database
from headquarters.journal.terminals import Terminals
from headquarters.keys import load_sealing_key
from headquarters.repository.ceremony import init_keys
from headquarters.settlement.issuing import issue, paper
from headquarters.settlement.periods import month
from headquarters.settlement.seller import Seller
from headquarters.settlement.settling import Settling
from headquarters.settlement.verifying import verify_ledger
from headquarters.sites import Sites, plain_policy
from headquarters.tables.journal import entries, epochs
from headquarters.tables.settlement import payers
from terminal.core.charge import Charge
from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import EntryKey, Record
from terminal.core.sealing import seal
from terminal.core.tariff.explanation import Line, What

SITE, GATE, EPOCH = 4711, "gate-1", bytes(16)
PAYERS = 200
NOW = datetime(2026, 10, 3, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
ENDED_MS = int(datetime(2026, 9, 15, 12, tzinfo=UTC).timestamp()) * 1000
CHANGE = Change("bench", "bench", NOW)
SELLER = Seller(
    name="Bench",
    vat_id="NL001234567B01",
    street="S 1",
    postal_code="1",
    city="R",
    country="NL",
    iban="NL91ABNA0417164300",
)


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, charges: int) -> None:
    """Measure on SQLite with the disk's own syncs; `charges` of as many payers as PAYERS, and as CSV and UBL."""
    keys = init_keys(folder / "headquarters", NOW)
    sealing = load_sealing_key(keys.sealing)
    database = Database(folder / "register.db")
    try:
        progress(f"settlement: writing a journal of {charges:,} charges")
        owed = _journal(database, SealingKey(id=sealing.id.hex(), key=sealing.public.hex()), charges)
        progress("settlement: settling, issuing, verifying")
        began_s = monotonic()
        settled = Settling(database, sealing).round(NOW_S)
        settled_s = monotonic()
        issued = [issue(database, payer, month("2026-09"), SELLER, CHANGE) for payer in owed]
        issued_s = monotonic()
        told = {each.content.ean: each.content.gross_cents for each in issued}
        on_paper = {each.content.ean: _on_paper(paper(database, each, "csv")) for each in issued}
        for each in issued:
            paper(database, each, "ubl")
        papers_s = monotonic()
        report = verify_ledger(database)
        ended_s = monotonic()
    finally:
        database.close()
    ledger = {
        account.removeprefix("receivable/"): cents for account, cents in report.balances.items() if "rec" in account
    }
    if settled.posted != charges or report.mistakes or not owed == told == on_paper == ledger:
        raise AssertionError(f"the sums differ: {settled}, {report.mistakes[:3]}")
    figures.add("settlement.settle_s", settled_s - began_s)
    figures.add("settlement.issue_s", issued_s - settled_s)
    figures.add("settlement.csv_and_ubl_s", papers_s - issued_s)
    figures.add("settlement.verify_s", ended_s - papers_s)
    figures.add("settlement.charges_into_statements_s", papers_s - settled_s)


def _on_paper(data: bytes) -> int:
    rows = csv.DictReader(io.StringIO(data.decode()))
    return sum(int(Decimal(row["amount_eur"]) * 100) for row in rows)


def _journal(database: Database, sealing: SealingKey, charges: int) -> dict[str, int]:
    """Write charges as if they had arrived and were proven; gives what each payer owes in cents."""
    Sites(database).add(plain_policy(SITE, "Bench", "Europe/Amsterdam"), CHANGE)
    Terminals(database).add(GATE, SITE, Ed25519PrivateKey.generate().public_key().public_bytes_raw(), CHANGE)
    owed: dict[str, int] = {}
    rows = []
    for number in range(charges):
        told = _charge(number)
        entry = told.entry(1, number)
        sealed = seal(dict(entry.sealed or {}), EntryKey(GATE, EPOCH, number), sealing)
        record = Record(
            sequence=number,
            time=Now(ENDED_MS, ClockQuality.GOOD),
            kind=entry.kind,
            lane=1,
            public=entry.public,
            sealed_sha256=bytes(32),
        )
        row = {"epoch_id": 1, "sequence": number, "record": record.encode(), "sealed": sealed, "leaf_hash": b""}
        rows.append({**row, "received_at": NOW_S, "time_ms": ENDED_MS, "kind": "charge", "lane": 1})
        owed[f"{told.payer:013}"] = owed.get(f"{told.payer:013}", 0) + told.amount_cents
    with database.transaction() as connection:
        epoch = {
            "epoch_id": 1,
            "terminal": GATE,
            "epoch": EPOCH,
            "size": charges,
            "hashes": b"",
            "largest_size": charges,
        }
        connection.execute(epochs.insert().values(**epoch, largest_note=b"", first_seen=NOW_S, last_seen=NOW_S))
        connection.execute(entries.insert(), rows)
        address = {"street": "S 1", "postal_code": "1", "city": "R", "country": "NL", "period": "monthly"}
        connection.execute(sa.insert(payers), [{"ean": ean, "name": f"Payer {ean}", **address} for ean in owed])
    return owed


def _charge(number: int) -> Charge:
    cents = 1100 + number * 37 % 900
    end_s = ENDED_MS // 1000 + number % 86_400
    nights = tuple(Line(end_s - 3600 * hour, What.INCREMENT, 1, 1, cents * 2000) for hour in range(5, 0, -1))
    return Charge(
        card_number=(number // 20).to_bytes(8),
        payer=8_700_000_000_000 + number % PAYERS,
        person=number,
        receipt=number.to_bytes(10),
        total_cents=cents,
        vat="21" if number % 9 else "9",
        tariff=1,
        zone=1,
        entered_ms=(end_s - 18_000) * 1000,
        ended_ms=end_s * 1000,
        lines=(*nights, Line(end_s, What.ROUNDING, None, 1, 0)),
        sources={"card": "inside", "journal": "inside"},
        list_number=7,
        list_age_s=90,
    )
