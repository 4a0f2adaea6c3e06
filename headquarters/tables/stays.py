"""The tables of paid stays: what the journals tell of them, the stays that this makes, what terminals were told.

All of it is worked out from the journals, and goes when the stays are over and their retention has passed: it is a
record of access, and no financial one. Instants in milliseconds are terminals'.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from headquarters.tables.journal import epochs, terminals

stay_tables = MetaData()

stay_journals = Table(
    "stay_journals",
    stay_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("size", BigInteger, nullable=False),  # so many of its entries, all proven, have been worked off
)
stay_taps = Table(
    "stay_taps",
    stay_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),  # of a paid entry's intent, or of a charge
    Column("intent", BigInteger),  # by whose passage it is known whether he drove; null: none is waited for
    Column("side", Text, nullable=False),
    Column("site", BigInteger, nullable=False),
    Column("card", LargeBinary, nullable=False),
    Column("payer", BigInteger, nullable=False),
    Column("zone", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("tariff", Integer),
    Column("tapped_ms", BigInteger, nullable=False),
    Column("stay_epoch", LargeBinary),  # of the stay that it belongs to; null: an exit that knew of none
    Column("stay_sequence", BigInteger),
    Column("entered_ms", BigInteger),
    Column("total_cents", BigInteger),
    Column("passenger", Integer, nullable=False),
    Column("result", Text),  # of the passage
)
Index("stay_taps_of_card", stay_taps.c.site, stay_taps.c.card)
Index("stay_taps_by_intent", stay_taps.c.epoch_id, stay_taps.c.intent)
stay_open_times = Table(
    "stay_open_times",
    stay_tables,
    Column("epoch_id", ForeignKey(epochs.c.epoch_id), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("site", BigInteger, nullable=False),
    Column("lane", Integer),
    Column("zone", Integer),  # null: not known, so it may be any
    Column("what", Text, nullable=False),
    Column("begins_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger),
)
"""When a lane stood open to anybody."""
stays = Table(
    "stays",
    stay_tables,
    Column("site", BigInteger, primary_key=True, autoincrement=False),
    Column("stay_epoch", LargeBinary, primary_key=True),
    Column("stay_sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("card", LargeBinary, primary_key=True),
    Column("payer", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
    Column("zone", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("tariff", Integer),
    Column("last_exit_ms", BigInteger),
    Column("ended_ms", BigInteger),  # null while he is inside
    Column("charged_cents", BigInteger, nullable=False),
    Column("passenger", Integer, nullable=False),
    Column("certain_until_ms", BigInteger),
)
Index("stays_of_card", stays.c.site, stays.c.card)
stays_told = Table(
    "stays_told",
    stay_tables,
    Column("terminal", ForeignKey(terminals.c.terminal), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("pages", Integer, nullable=False),  # at most so many of its topics may hold something
)
