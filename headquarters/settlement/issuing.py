"""Issuing statements: once for a payer and period, numbered without a gap in a year, and never changed after.

An item belongs to the period of its day. One whose own statement is issued already goes on the next that is issued for
a later period, with its day; so every item is on one statement or open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from headquarters.database import Change, Database, note
from headquarters.settlement.csv_paper import csv_of
from headquarters.settlement.pdf_paper import pdf_of
from headquarters.settlement.periods import Period
from headquarters.settlement.seller import Seller
from headquarters.settlement.statement import (
    PREVIEW,
    Party,
    Statement,
    StatementLine,
    in_order,
    line_of,
    line_rows,
    lines_of,
    summed_up,
)
from headquarters.settlement.ubl_paper import ubl_of
from headquarters.sites import site_records
from headquarters.tables.settlement import items, payers, statement_items, statement_papers, statements
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY

MAKERS = {"csv": csv_of, "pdf": pdf_of, "ubl": ubl_of}
SUFFIXES = {"csv": "csv", "pdf": "pdf", "ubl": "xml"}


@dataclass(frozen=True, slots=True)
class Issued:
    """A statement that is issued; `new` where this call did it."""

    statement: int
    content: Statement
    new: bool


def issue(database: Database, payer: str, period: Period, seller: Seller, change: Change) -> Issued:
    """Issue the statement of a payer (EAN) and period, durably; one that is issued already is given as it is.

    Raises:
        ConfigurationError: no such payer, another kind of period than he has, it is not over, or nothing is on it.
        StorageError: the database is at fault; then nothing is issued.
    """
    with database.transaction() as connection:
        same = (statements.c.payer == payer) & (statements.c.period == period.name)
        row = connection.execute(sa.select(statements).where(same)).one_or_none()
        if row is not None:
            return Issued(row.statement, Statement.decode(row.content), new=False)
        if (today := _earliest_today(connection, change.at)) <= period.last:
            raise ConfigurationError(
                f"{period.name} is not over (today is {today}); --preview shows what it has so far"
            )
        number = (connection.scalar(sa.select(sa.func.max(statements.c.statement))) or 0) + 1
        issued_day = change.at.astimezone(UTC).date()
        of_year = sa.select(sa.func.max(statements.c.number)).where(statements.c.year == issued_day.year)
        in_year = (connection.scalar(of_year) or 0) + 1
        content, lines = _drawn_up(
            connection, payer, period, seller, number=f"{issued_day.year}-{in_year:06}", day=issued_day
        )
        values = {
            "statement": number,
            "year": issued_day.year,
            "number": in_year,
            "payer": payer,
            "period": period.name,
        }
        values |= {"first_day": content.first_day, "last_day": content.last_day, "gross_cents": content.gross_cents}
        values |= {"upto_item": connection.scalar(sa.select(sa.func.max(items.c.item)))}
        values |= {"issued_at": int(change.at.timestamp()), "content": content.encode()}
        connection.execute(statements.insert().values(values))
        connection.execute(statement_items.insert(), [{"item": line.item, "statement": number} for line in lines])
        note(connection, change, "statement issued", f"{content.number} {payer} {period.name}")
        return Issued(number, content, new=True)


def preview(
    database: Database, payer: str, period: Period, seller: Seller, now: datetime
) -> tuple[Statement, Sequence[StatementLine]]:
    """What a statement would be now; nothing is issued.

    Raises:
        ConfigurationError: as for `issue`, or it is issued already.
    """
    with database.transaction(read_only=True) as connection:
        same = (statements.c.payer == payer) & (statements.c.period == period.name)
        if connection.execute(sa.select(statements.c.statement).where(same)).first() is not None:
            raise ConfigurationError(f"{period.name} of {payer} is issued already; without --preview you get it")
        return _drawn_up(connection, payer, period, seller, number=PREVIEW, day=now.astimezone(UTC).date())


def paper(database: Database, issued: Issued, form: str) -> bytes:
    """A paper of an issued statement: csv, pdf or ubl. Made at the first call, and the same bytes ever after.

    Raises:
        ConfigurationError: a font that the PDF needs is not installed.
        StorageError: the database is at fault.
    """
    which = (statement_papers.c.statement == issued.statement) & (statement_papers.c.format == form)
    query = sa.select(statement_papers.c.content).where(which)
    with database.transaction(read_only=True) as connection:
        made: bytes | None = connection.scalar(query)
        if made is not None:
            return made
        lines = lines_of(connection, issued.statement, issued.content.first_day)
    made = MAKERS[form](issued.content, lines)
    with database.transaction() as connection:
        before: bytes | None = connection.scalar(query)
        if before is None:
            row = {"statement": issued.statement, "format": form, "content": made}
            connection.execute(statement_papers.insert().values(row))
        return made if before is None else before


def open_items(payer: str, period: Period) -> sa.ColumnElement[bool]:
    """Which items go on a statement that is issued now: those of the period, and late ones of statements before."""
    first, last = period.first.isoformat(), period.last.isoformat()
    on_one = sa.exists().where(statement_items.c.item == items.c.item)
    stated = sa.exists().where(
        (statements.c.payer == payer) & (statements.c.first_day <= items.c.day) & (statements.c.last_day >= items.c.day)
    )
    return (items.c.payer == payer) & (items.c.day <= last) & ((items.c.day >= first) | stated) & ~on_one


def _drawn_up(
    connection: sa.Connection, payer: str, period: Period, seller: Seller, *, number: str, day: date
) -> tuple[Statement, Sequence[StatementLine]]:
    row = connection.execute(sa.select(payers).where(payers.c.ean == payer)).one_or_none()
    if row is None:
        raise ConfigurationError(f"payer {payer} is not registered; add it first (payer add)")
    if row.period != period.kind:
        raise ConfigurationError(f"payer {payer} has {row.period} statements, and {period.name} is {period.kind}")
    first_day = period.first.isoformat()
    found = connection.execute(line_rows().where(open_items(payer, period)))
    lines = in_order(line_of(each, first_day) for each in found)
    if not lines:
        raise ConfigurationError(f"nothing is open for {payer} in {period.name}, so there is no statement")
    names = {each.site: POLICY.parse(each.policy).name for each in site_records(connection)}
    sites, vats = summed_up(lines, names)
    of_seller = seller.model_dump(exclude={"iban", "payment_days"})
    address = {name: getattr(row, name) for name in ("name", "street", "postal_code", "city", "country", "vat_id")}
    buyer = Party(**address, registration=payer, email=row.email, electronic_address=row.electronic_address)
    statement = Statement(
        number=number,
        ean=payer,
        period=period.name,
        first_day=first_day,
        last_day=period.last.isoformat(),
        issued_day=day.isoformat(),
        due_day=(day + timedelta(days=seller.payment_days)).isoformat(),
        iban=seller.iban,
        seller=Party(**of_seller),
        buyer=buyer,
        sites=sites,
        vats=vats,
    )
    return statement, lines


def _earliest_today(connection: sa.Connection, now: datetime) -> date:
    """Today, where among the sites it is earliest."""
    zones = {POLICY.parse(each.policy).time_zone for each in site_records(connection)}
    return min((now.astimezone(ZoneInfo(zone)).date() for zone in zones), default=now.astimezone(UTC).date())
