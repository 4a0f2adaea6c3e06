"""The table of how payers stand: whether the terms hold, what a credit check came to, what is in arrears."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, MetaData, Table, Text

from headquarters.tables.settlement import payers

standing_tables = MetaData()

standings = Table(
    "standings",
    standing_tables,
    Column("ean", ForeignKey(payers.c.ean), primary_key=True),
    Column("terms_ended", Text),  # this and the other days: ISO 8601
    Column("credit", Text),  # passed or refused; null: nobody checked
    Column("limit_cents", BigInteger),
    Column("credit_until", Text),  # the last day on which the check holds
    Column("credit_reference", Text),
    Column("arrears_cents", BigInteger),
    Column("arrears_since", Text),
    CheckConstraint("credit IN ('passed', 'refused')"),
    CheckConstraint("arrears_cents > 0"),
)
