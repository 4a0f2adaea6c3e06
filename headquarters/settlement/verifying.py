"""Recomputing everything that is settled: postings, credits, statements, numbers. Changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.settlement.account import Item, local_day, rate_of
from headquarters.settlement.statement import Statement, lines_of, summed_up
from headquarters.tables.settlement import items, postings, statement_items, statements, unsettled
from terminal.core.charge import Charge
from terminal.core.journal import Kind
from terminal.errors import DocumentError

_SOME = 5000


@dataclass(slots=True)
class LedgerReport:
    """What was found; the ledger is right when `mistakes` is empty. Cents by account; a debit is positive."""

    items: int = 0
    stated: int = 0
    statements: int = 0
    unsettled: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    @property
    def open(self) -> int:
        """Items on no statement yet."""
        return self.items - self.stated


def verify_ledger(database: Database) -> LedgerReport:
    """Read one moment of the database and recompute it.

    Raises:
        StorageError: the database is at fault.
    """
    report = LedgerReport()
    with database.transaction(read_only=True) as connection:
        left: dict[int, int] = {}
        last = 0
        for item in _all_items(connection):
            report.mistakes += [f"item {item.item}: {mistake}" for mistake in _item_mistakes(item, last, left)]
            last = item.item
            report.items += 1
        _postings(connection, report)
        _statements(connection, report)
        waits = sa.select(sa.func.count()).select_from(unsettled).where(unsettled.c.settled_at.is_(None))
        report.unsettled = connection.scalar(waits) or 0
        report.stated = connection.scalar(sa.select(sa.func.count()).select_from(statement_items)) or 0
    return report


def _all_items(connection: sa.Connection) -> Iterator[Item]:
    query = sa.select(items).order_by(items.c.item).execution_options(yield_per=_SOME)
    with connection.execute(query) as rows:
        for row in rows:
            yield Item.of(row)


def _item_mistakes(item: Item, last: int, left: dict[int, int]) -> Iterator[str]:
    if item.item != last + 1:
        yield f"the one before it has number {last}"
    if (mistake := _differs(item)) is not None:
        yield mistake
    if item.kind is Kind.CHARGE:
        left[item.item] = item.amount_cents
    elif item.corrects not in left:
        yield "a credit of no charge before it"
    else:
        left[item.corrects] += item.amount_cents
        if left[item.corrects] < 0:
            yield f"more is credited of {item.corrects} than was charged"


def _differs(item: Item) -> str | None:
    """In what an item differs from its own entry."""
    try:
        record, told = item.told()
        sign = 1 if isinstance(told, Charge) else -1
        entry = (record.sequence, f"{told.payer:013}", told.card_number, sign * told.amount_cents, rate_of(told.vat))
        if isinstance(told, Charge) and sha256(told.receipt).digest() != item.receipt_sha256:
            return "another receipt's code than its entry has"
    except DocumentError as error:
        return str(error)
    if entry != (item.key.sequence, item.payer, item.card, item.amount_cents, item.vat):
        return "it says otherwise than its entry"
    near = {local_day(item.ended_ms + hours * 3_600_000, "UTC") for hours in (-14, 0, 14)}
    return None if told.ended_ms == item.ended_ms and item.day in near else "its day is not that of its entry"


def _postings(connection: sa.Connection, report: LedgerReport) -> None:
    item = (items.c.item, items.c.payer, items.c.site, items.c.amount_cents)
    query = sa.select(*item, postings.c.account, postings.c.amount_cents.label("posted"))
    query = query.select_from(items.outerjoin(postings, postings.c.item == items.c.item)).order_by(items.c.item)
    sums: dict[int, int] = {}
    for row in connection.execute(query):
        wanted = {f"receivable/{row.payer}": row.amount_cents, f"revenue/{row.site}": -row.amount_cents}
        if row.account is None or wanted.get(row.account) != row.posted:
            report.mistakes.append(f"item {row.item}: a posting is missing or another than it should be")
            continue
        sums[row.item] = sums.get(row.item, 0) + row.posted
        report.balances[row.account] = report.balances.get(row.account, 0) + row.posted
    report.mistakes += [f"item {number}: its postings do not add up to 0" for number, cents in sums.items() if cents]


def _statements(connection: sa.Connection, report: LedgerReport) -> None:
    numbers: dict[int, int] = {}
    for row in connection.execute(sa.select(statements).order_by(statements.c.year, statements.c.number)).all():
        name = f"statement {row.year}-{row.number:06}"
        report.statements += 1
        numbers[row.year] = numbers.get(row.year, 0) + 1
        if row.number != numbers[row.year]:
            report.mistakes.append(f"{name}: the numbers of {row.year} have a gap before it")
        kept = Statement.decode(row.content)
        lines = lines_of(connection, row.statement, row.first_day)
        sites, vats = summed_up(lines, {each.site: each.name for each in kept.sites})
        posted = sa.select(sa.func.sum(postings.c.amount_cents)).join(
            statement_items, statement_items.c.item == postings.c.item
        )
        of_payer = (statement_items.c.statement == row.statement) & (postings.c.account == f"receivable/{row.payer}")
        ledger = int(connection.scalar(posted.where(of_payer)) or 0)
        if (sites, vats) != (kept.sites, kept.vats) or not ledger == kept.gross_cents == row.gross_cents:
            report.mistakes.append(f"{name}: its sums are not those of the ledger")
