"""The table of what was announced over MQTT, so that what is superseded can be cleared also after a restart."""

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

announced_tables = MetaData()

announced = Table(
    "announced",
    announced_tables,
    Column("topic", Text, primary_key=True),
    Column("superseded_at", BigInteger),  # null while the broker should hold it
)
