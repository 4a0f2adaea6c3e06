"""The table of commands to terminals, from the order until the entry that answers it, and after."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, MetaData, Table, Text

from headquarters.tables.journal import terminals

command_tables = MetaData()

commands = Table(
    "commands",
    command_tables,
    Column("terminal", ForeignKey(terminals.c.terminal), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("what", Text, nullable=False),  # for a person
    Column("body", LargeBinary, nullable=False),  # signed when it was ordered: a collector has no key for it
    Column("ordered_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("answered_epoch", LargeBinary),  # this and what follows: the entry that answers it
    Column("answered_sequence", BigInteger),
    Column("answer", Text),
)
