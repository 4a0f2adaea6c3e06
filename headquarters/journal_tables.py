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
)

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
    Column("epoch", LargeBinary, nullable=False),
    Column("facts", Text, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("cleared_at", BigInteger),
)
Index(
    "alarms_standing",
    alarms.c.terminal,
    sqlite_where=alarms.c.cleared_at.is_(None),
    postgresql_where=alarms.c.cleared_at.is_(None),
)
