"""A statement as CSV (RFC 4180): a line an item, for the payer's own books. No times."""

import csv
import io
from collections.abc import Iterable

from headquarters.settlement.statement import Statement, StatementLine, euros

COLUMNS = (
    *("statement", "payer", "site", "site_name", "card", "reference", "kind", "of_reference", "what"),
    *("late_day", "vat_percent", "amount_eur"),
)


def csv_of(statement: Statement, lines: Iterable[StatementLine]) -> bytes:
    """The bytes of the file, UTF-8."""
    names = {each.site: _plain(each.name) for each in statement.sites}
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    writer.writerows(
        (
            *(statement.number, statement.ean, line.site, names[line.site], line.card, line.item, line.kind),
            *(line.corrects or "", line.what, line.late_day or "", line.vat, euros(line.amount_cents)),
        )
        for line in lines
    )
    return file.getvalue().encode()


def _plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
