"""The ledger: double entry, one transaction for each charge and each credit, never changed (docs/statements.md).

A charge debits its payer's account and credits its site's revenue, VAT included; a credit does the reverse. What VAT
is in it is computed once, on the statement.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from headquarters.settlement.account import Item
from headquarters.tables.settlement import items, postings


def receivable(payer: str) -> str:
    """The account of what a payer owes."""
    return f"receivable/{payer}"


def revenue(site: int) -> str:
    """The account of what a site has earned, VAT included."""
    return f"revenue/{site}"


def post(connection: sa.Connection, new: Sequence[Item]) -> None:
    """Write down items and their postings, in the transaction of whoever settles, who holds the write lock."""
    if new:
        connection.execute(items.insert(), [item.row() for item in new])
        connection.execute(postings.insert(), [posting for item in new for posting in postings_of(item)])


def postings_of(item: Item) -> tuple[dict[str, object], dict[str, object]]:
    """The two postings of an item."""
    return (
        {"item": item.item, "account": receivable(item.payer), "amount_cents": item.amount_cents},
        {"item": item.item, "account": revenue(item.site), "amount_cents": -item.amount_cents},
    )


def next_item(connection: sa.Connection) -> int:
    """The number of the next item; holds as long as the write lock is held."""
    return (connection.scalar(sa.select(sa.func.max(items.c.item))) or 0) + 1


def left_of(connection: sa.Connection, charge: Item) -> int:
    """Cents of a charge that no credit has given back."""
    credited = sa.select(sa.func.sum(items.c.amount_cents)).where(
        items.c.corrects == charge.item, items.c.kind == "credit"
    )
    return charge.amount_cents + int(connection.scalar(credited) or 0)


def balance(connection: sa.Connection, account: str) -> int:
    """Cents in an account; a debit is positive."""
    total = sa.select(sa.func.sum(postings.c.amount_cents)).where(postings.c.account == account)
    return int(connection.scalar(total) or 0)
