"""What the employers owe at the end: what arrived is settled, and drawn up as their statements would be now."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from headquarters.database import Database
from headquarters.keys import KeyFolder, load_sealing_key
from headquarters.settlement.issuing import preview
from headquarters.settlement.periods import month
from headquarters.settlement.seller import FILE, load_seller
from headquarters.settlement.settling import Settling
from terminal.errors import ConfigurationError

SELLER = """\
name = "Truck park Kade 7 B.V."
street = "Kade 7"
postal_code = "3011 AA"
city = "Rotterdam"
country = "NL"
vat_id = "NL001234567B01"
registration = "24123456"
iban = "NL91ABNA0417164300"
"""


def write_seller(folder: Path) -> None:
    """Who sends the statements."""
    (folder / FILE).write_text(SELLER)


def statements(
    database: Database, keys: KeyFolder, folder: Path, payers: Iterable[str], now: datetime
) -> Iterator[dict[str, Any]]:
    """Settle what has arrived; then an event for each payer (EAN) who owes something in the month of `now`."""
    Settling(database, load_sealing_key(keys.sealing)).round(int(now.timestamp()))
    seller = load_seller(folder)
    for payer in payers:
        try:
            statement, lines = preview(database, payer, month(f"{now:%Y-%m}"), seller, now)
        except ConfigurationError:  # nothing is open
            continue
        yield {
            "event": "statement",
            "payer": payer,
            "name": statement.buyer.name,
            "period": statement.period,
            "charges": len(lines),
            "gross_cents": statement.gross_cents,
            "vat_cents": statement.vat_cents,
            "net_cents": statement.net_cents,
        }
