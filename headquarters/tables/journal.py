"""The tables that hold the terminals' journals: what arrived, how far it is proven, and what contradicts it.

Part of the database of `headquarters.database`, which brings them up to date. Everything here SQLite and PostgreSQL do
alike. Instants are whole seconds since the epoch, save `time_ms`, which is a terminal's.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    case,
    inspect,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateColumn

from terminal.core.journal import Kind

ALARM_KINDS = frozenset({Kind.ALARM_RAISED, Kind.ALARM_ACKNOWLEDGED, Kind.ALARM_CLEARED})

journal_tables = MetaData()

terminals = Table(
    "terminals",
    journal_tables,
    Column("terminal", Text, primary_key=True),
    Column("site", BigInteger, nullable=False),
    Column("journal_key", LargeBinary, nullable=False),  # Ed25519, 32 bytes
    Column("added_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
    Column("presence", Text),
    Column("presence_at", BigInteger),
)
epochs = Table(
    "epochs",
    journal_tables,
    Column("epoch_id", Integer, primary_key=True),
    Column("terminal", ForeignKey(terminals.c.terminal), nullable=False),
    Column("epoch", LargeBinary, nullable=False),
    # The cursor: below it every entry is stored, and their root is the one that the terminal signed.
    Column("size", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),  # the compact range there
    Column("acknowledgement", LargeBinary),  # the cosigned checkpoint there; null at 0
    # The largest authentic checkpoint that contradicts nothing stored; beyond the cursor it is a claim.
    Column("largest_size", BigInteger, nullable=False),
    Column("largest_note", LargeBinary, nullable=False),
    Column("behind_since", BigInteger),  # since when something beyond the cursor is known, and the cursor stands still
    Column("forked_at", BigInteger),  # when something first contradicted what is stored
    Column("follows", LargeBinary),  # the epoch that this one's first entry names as its predecessor,
    Column("follows_size", BigInteger),  # and how many entries that one had
    Column("head", LargeBinary),  # the newest one's body
    Column("head_at", BigInteger),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    UniqueConstraint("terminal", "epoch"),
)
entries = Table(
    "entries",
    journal_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("record", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),  # null where there was none, and where it was erased
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("time_ms", BigInteger, nullable=False),  # this and what follows stands in the record too
    Column("kind", Text, nullable=False),
    Column("lane", Integer),
)
Index("entries_by_time", entries.c.time_ms)
compact_ranges = Table(
    "compact_ranges",
    journal_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
"""The tree every so many entries below the cursor, so that the root at any size is found without all leaves."""
waiting = Table(
    "waiting_checkpoints",
    journal_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
"""Authentic checkpoints beyond the cursor, until what lies between has come."""
quarantine = Table(
    "quarantine",
    journal_tables,
    Column("id", Integer, primary_key=True),
    Column("terminal", ForeignKey(terminals.c.terminal), nullable=False),
    Column("epoch", LargeBinary, nullable=False),
    Column("what", Text, nullable=False),  # batch, head or checkpoint
    Column("why", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),  # of the body, which is kept once, however often it comes
    Column("times", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    UniqueConstraint("terminal", "sha256"),
)
alarms = Table(
    "alarms",
    journal_tables,
    Column("id", Integer, primary_key=True),
    Column("alarm", Text, nullable=False),
    Column("terminal", ForeignKey(terminals.c.terminal), nullable=False),
    Column("epoch", LargeBinary, nullable=False),  # empty: of the terminal, whatever epoch it writes
    Column("facts", Text, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
    Column("lane", Integer),
    Column("about", Text),  # a reader, where a lane has several
    # Null where headquarters raised it itself; else the numbers of the first and the newest entry that raise it. One
    # below 0: the entry that clears it came first, and that which raises it has not come.
    Column("entry", BigInteger),
    Column("newest_entry", BigInteger),
    Column("cleared_by_entry", BigInteger),
    Column("times", Integer),  # how often, while it stood
    Column("by_person", Integer),  # 1: nothing clears it but a person who acknowledges it
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text),
    Column("acknowledged_why", Text),
    Column("raised_told_at", BigInteger),  # when notices of it were put into the outbox
    Column("cleared_told_at", BigInteger),
)
Index(
    "alarms_standing",
    alarms.c.terminal,
    sqlite_where=alarms.c.cleared_at.is_(None),
    postgresql_where=alarms.c.cleared_at.is_(None),
)
Index(
    "alarms_untold",
    alarms.c.id,
    sqlite_where=alarms.c.cleared_told_at.is_(None),
    postgresql_where=alarms.c.cleared_told_at.is_(None),
)
alarm_entries = Table(
    "alarm_entries",
    journal_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
)
"""Entries about alarms that came, until what they mean is worked out."""
notices = Table(
    "notices",
    journal_tables,
    Column("id", Integer, primary_key=True),
    Column("notice", Text, nullable=False, unique=True),  # random; by it a receiver knows one that comes twice
    Column("channel", Text, nullable=False),
    Column("site", BigInteger, nullable=False),
    Column("alarm", ForeignKey(alarms.c.id), nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # moved ahead by whoever tries to send it
    Column("tried_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", BigInteger),
    Column("given_up_at", BigInteger),
    Column("error", Text),
)
"""The outbox: what is to be told, kept after that for a while."""
Index(
    "notices_waiting",
    notices.c.channel,
    notices.c.id,
    sqlite_where=notices.c.sent_at.is_(None) & notices.c.given_up_at.is_(None),
    postgresql_where=notices.c.sent_at.is_(None) & notices.c.given_up_at.is_(None),
)
Index("notices_tried", notices.c.channel, notices.c.site, notices.c.tried_at)


def extend_alarms(connection: Connection) -> None:
    """The migration that brings what stands here of alarms and notices to journals of before."""
    present = {column["name"] for column in inspect(connection).get_columns(alarms.name)}
    for column in alarms.columns:
        if column.name not in present:
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {alarms.name} ADD COLUMN {definition}")
    journal_tables.create_all(connection)
    for index in alarms.indexes:
        index.create(connection, checkfirst=True)
    old = alarms.update().where(alarms.c.times.is_(None))
    connection.execute(old.values(times=1, by_person=case((alarms.c.alarm == "entries-missing", 0), else_=1)))
    told = select(entries.c.epoch_id, entries.c.sequence).where(entries.c.kind.in_(ALARM_KINDS))
    connection.execute(alarm_entries.insert().from_select(["epoch_id", "sequence"], told))
