"""What an auditor needs to recompute a month's statements with a program of his own: JSON lines (docs/statements.md).

Every charge and credit with the bytes of its record and what its sealed part says, headquarters' own corrections
likewise; sites with their time zones, payers with their periods, statements with their sums.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.journal.reading import legible
from headquarters.settlement.account import Item, opened_map
from headquarters.settlement.periods import Period
from headquarters.settlement.statement import Statement
from headquarters.sites import site_records
from headquarters.tables.settlement import items, payers, statement_items, statements
from terminal.trust.documents import POLICY

FORMAT = "xs-payments-1"


def exported(database: Database, month: Period) -> Iterator[str]:
    """The lines for a month: items of its days and of every statement that ends in it; read in one moment.

    Raises:
        StorageError: the database is at fault.
    """
    with database.transaction(read_only=True) as connection:
        for line in _lines(connection, month.first, month.last):
            yield json.dumps(line, ensure_ascii=False)


def _lines(connection: sa.Connection, first: date, last: date) -> Iterator[dict[str, Any]]:
    yield {"line": "export", "format": FORMAT, "first_day": first.isoformat(), "last_day": last.isoformat()}
    for site in site_records(connection):
        policy = POLICY.parse(site.policy)
        yield {"line": "site", "site": site.site, "name": policy.name, "time_zone": policy.time_zone}
    for row in connection.execute(sa.select(payers.c.ean, payers.c.period).order_by(payers.c.ean)):
        yield {"line": "payer", "ean": row.ean, "period": row.period}
    issued = sa.select(statements).order_by(statements.c.statement)
    for row in connection.execute(issued.where(statements.c.first_day <= last.isoformat())):
        within = first.isoformat() <= row.last_day <= last.isoformat()
        yield _statement(row, Statement.decode(row.content), within=within)
    ends_within = statements.c.last_day.between(first.isoformat(), last.isoformat())
    on_one = sa.select(statement_items.c.item).join(statements).where(ends_within)
    of_days = items.c.day.between(first.isoformat(), last.isoformat())
    query = sa.select(items).where(of_days | items.c.item.in_(on_one)).order_by(items.c.item)
    with connection.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            yield _item(Item.of(row))


def _statement(row: "sa.Row[*tuple[Any, ...]]", kept: Statement, *, within: bool) -> dict[str, Any]:
    return {
        "line": "statement",
        "number": kept.number,
        "ean": kept.ean,
        "period": kept.period,
        "first_day": kept.first_day,
        "last_day": kept.last_day,
        "issued_at": row.issued_at,
        "upto_item": row.upto_item,
        "all_items_here": within,
        "vat": [
            {
                "percent": each.vat,
                "net_cents": each.net_cents,
                "vat_cents": each.vat_cents,
                "gross_cents": each.gross_cents,
            }
            for each in kept.vats
        ],
        "gross_cents": kept.gross_cents,
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "line": "item",
        "item": item.item,
        "kind": str(item.kind),
        "terminal": item.key.terminal,
        "epoch": item.key.epoch.hex(),
        "sequence": item.key.sequence,
        "site": item.site,
        "corrects": item.corrects,
        "record": item.record.hex(),
        "sealed": legible(opened_map(item.opened)),
        "settled_at": item.settled_at,
    }
