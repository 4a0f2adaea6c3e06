"""The tables of what payers owe: charges and credits as they were settled, the ledger, statements, payers.

Financial records are kept for years and journals are not, so nothing here refers to a row of the journals: a charge is
here with its record and its opened sealed part. What is settled is never changed and never removed: the database
refuses it. Instants are whole seconds since the epoch save `ended_ms`; days are ISO 8601 texts, local to the site.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)

settlement_tables = MetaData()

payers = Table(
    "payers",
    settlement_tables,
    Column("ean", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("period", Text, nullable=False),  # monthly or weekly
    Column("vat_id", Text),
    Column("street", Text, nullable=False),
    Column("postal_code", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("country", Text, nullable=False),  # ISO 3166-1, two letters
    Column("email", Text),
    Column("electronic_address", Text),  # scheme:identifier, as 0088:8712345678906
    CheckConstraint("period IN ('monthly', 'weekly')"),
)
items = Table(
    "items",
    settlement_tables,
    # In the order of settling, without a gap: what was settled before a statement was issued has a lower number.
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),  # charge or credit
    Column("terminal", Text, nullable=False),  # this and the next two: the id, of the journal's entry
    Column("epoch", LargeBinary, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("corrects", ForeignKey("items.item")),  # the charge that a credit names, or that this one takes the place of
    Column("site", BigInteger, nullable=False),
    Column("payer", Text, nullable=False),  # EAN
    Column("card", LargeBinary, nullable=False),
    Column("what", Text, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),  # what the payer owes by it: of a credit negative
    Column("vat", Text, nullable=False),  # percentage, without zeros at its end
    Column("ended_ms", BigInteger, nullable=False),
    Column("day", Text, nullable=False),  # the local day of that
    Column("receipt_sha256", LargeBinary),  # of the receipt's code; of a credit null
    Column("record", LargeBinary, nullable=False),  # the entry's public half, and what its sealed part said
    Column("opened", LargeBinary, nullable=False),
    Column("settled_at", BigInteger, nullable=False),
    UniqueConstraint("terminal", "epoch", "sequence"),
    CheckConstraint("(kind = 'charge' AND amount_cents >= 0) OR (kind = 'credit' AND amount_cents < 0)"),
)
Index("items_of_payer", items.c.payer, items.c.day)
Index("items_of_receipt", items.c.receipt_sha256)
Index("items_correcting", items.c.corrects)
postings = Table(
    "postings",
    settlement_tables,
    Column("item", ForeignKey(items.c.item), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount_cents", BigInteger, nullable=False),  # debit positive, credit negative
)
"""The ledger. The postings of an item are one transaction, and add up to 0."""
statements = Table(
    "statements",
    settlement_tables,
    Column("statement", BigInteger, primary_key=True, autoincrement=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),  # in its year, from 1 without a gap
    Column("payer", Text, nullable=False),
    Column("period", Text, nullable=False),  # 2026-09 or 2026-W38
    Column("first_day", Text, nullable=False),
    Column("last_day", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("upto_item", BigInteger, nullable=False),  # the last that was settled then
    Column("gross_cents", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),  # JSON: seller, buyer, dates and sums as they were then
    UniqueConstraint("year", "number"),
    UniqueConstraint("payer", "period"),
)
statement_items = Table(
    "statement_items",
    settlement_tables,
    Column("item", ForeignKey(items.c.item), primary_key=True),  # so none is on two statements
    Column("statement", ForeignKey(statements.c.statement), nullable=False),
)
Index("items_on_statement", statement_items.c.statement)
statement_papers = Table(
    "statement_papers",
    settlement_tables,
    Column("statement", ForeignKey(statements.c.statement), primary_key=True),
    Column("format", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""A statement's papers as they were made first; they are given out again as they are."""
settled_to = Table(
    "settled_to",
    settlement_tables,
    Column("terminal", Text, primary_key=True),
    Column("epoch", LargeBinary, primary_key=True),
    Column("sequence", BigInteger, nullable=False),  # entries below are looked at
)
unsettled = Table(
    "unsettled",
    settlement_tables,
    Column("terminal", Text, primary_key=True),
    Column("epoch", LargeBinary, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("why", Text, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
    Column("first_at", BigInteger, nullable=False),
    Column("tried_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),  # when it could be after all
)
"""Charges and credits that could not be settled; tried again at each start of `settle`."""

_FUNCTION = DDL(  # type: ignore[no-untyped-call]
    "CREATE OR REPLACE FUNCTION xs_never_changed() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '%% is never changed', TG_TABLE_NAME; END $$"
)
event.listen(settlement_tables, "before_create", _FUNCTION.execute_if(dialect="postgresql"))
for _table in (items, postings, statements, statement_items, statement_papers):
    for _act in ("UPDATE", "DELETE"):
        _on = f"CREATE TRIGGER {_table.name}_{_act.lower()} BEFORE {_act} ON {_table.name}"
        _in_file = f"{_on} BEGIN SELECT RAISE(ABORT, '{_table.name} is never changed'); END"
        _at_server = f"{_on} FOR EACH ROW EXECUTE FUNCTION xs_never_changed()"
        for _dialect, _trigger in (("sqlite", _in_file), ("postgresql", _at_server)):
            _made = DDL(_trigger)  # type: ignore[no-untyped-call]
            event.listen(_table, "after_create", _made.execute_if(dialect=_dialect))
