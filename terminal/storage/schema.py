"""The tables. A migration that has been released is never changed; a change is a new one below it.

The database itself holds to what the design promises of the journal: numbers without a gap, records that nobody
rewrites, and a newest entry that always stays, since the next number is counted from it.
"""

import sqlite3

from terminal.storage.migrations import Migrations

APPLICATION_ID = int.from_bytes(b"XSJ1")
migration = Migrations(APPLICATION_ID)


@migration
def journal(connection: sqlite3.Connection) -> None:
    """Who writes, what was written, and which intents still wait for their outcome."""
    for statement in (
        """CREATE TABLE identity (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             terminal TEXT NOT NULL,
             epoch BLOB NOT NULL CHECK (length(epoch) = 16)) STRICT""",
        """CREATE TABLE entries (
             sequence INTEGER PRIMARY KEY CHECK (sequence >= 0),
             record BLOB NOT NULL,
             sealed BLOB) STRICT""",
        """CREATE TRIGGER entries_are_gapless BEFORE INSERT ON entries
             WHEN new.sequence <> coalesce((SELECT max(sequence) + 1 FROM entries), 0)
             BEGIN SELECT raise(ABORT, 'an entry gets the next sequence number'); END""",
        """CREATE TRIGGER records_are_never_rewritten BEFORE UPDATE ON entries
             WHEN new.sequence <> old.sequence OR new.record <> old.record OR new.sealed IS NOT NULL
             BEGIN SELECT raise(ABORT, 'only the sealed part of an entry may be erased'); END""",
        """CREATE TRIGGER newest_entry_stays BEFORE DELETE ON entries
             WHEN old.sequence = (SELECT max(sequence) FROM entries)
             BEGIN SELECT raise(ABORT, 'the newest entry stays'); END""",
        "CREATE TABLE open_intents (sequence INTEGER PRIMARY KEY) STRICT",
        "CREATE TABLE day_keys (day TEXT PRIMARY KEY, key BLOB NOT NULL CHECK (length(key) = 32)) STRICT",
    ):
        connection.execute(statement)


@migration
def stays_and_kept_states(connection: sqlite3.Connection) -> None:
    """Who is inside, readable with the terminal's key only; and named values that outlive the run."""
    for statement in (
        """CREATE TABLE stays (
             holder BLOB PRIMARY KEY CHECK (length(holder) = 16),
             is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
             sealed BLOB NOT NULL) STRICT""",
        "CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT",
    ):
        connection.execute(statement)


@migration
def open_passages(connection: sqlite3.Connection) -> None:
    """Which admitted vehicles have not ended their passage; whose they are, readable with the terminal's key only."""
    connection.execute("CREATE TABLE open_passages (sequence INTEGER PRIMARY KEY, holder BLOB) STRICT")
    connection.execute("INSERT INTO open_passages (sequence) SELECT sequence FROM open_intents")


@migration
def open_orders(connection: sqlite3.Connection) -> None:
    """Which orders of a person still wait for what came of them."""
    connection.execute("CREATE TABLE open_orders (sequence INTEGER PRIMARY KEY) STRICT")


@migration
def checkpoints(connection: sqlite3.Connection) -> None:
    """The Merkle tree over the entries, its signed checkpoints, and how much of it headquarters has acknowledged."""
    for statement in (
        """CREATE TABLE tree (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             size INTEGER NOT NULL CHECK (size >= 0),
             hashes BLOB NOT NULL) STRICT""",
        "INSERT INTO tree (one, size, hashes) VALUES (1, 0, x'')",
        "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY CHECK (size > 0), note BLOB NOT NULL) STRICT",
        """CREATE TABLE acknowledged (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             size INTEGER NOT NULL CHECK (size >= 0),
             note BLOB NOT NULL) STRICT""",
        """CREATE TRIGGER tree_never_shrinks BEFORE UPDATE ON tree
             WHEN new.size <= old.size
             BEGIN SELECT raise(ABORT, 'the tree only grows'); END""",
        """CREATE TRIGGER acknowledged_never_falls BEFORE UPDATE ON acknowledged
             WHEN new.size < old.size
             BEGIN SELECT raise(ABORT, 'what is acknowledged stays acknowledged'); END""",
        """CREATE TRIGGER unacknowledged_entries_stay BEFORE DELETE ON entries
             WHEN old.sequence >= coalesce((SELECT size FROM acknowledged), 0)
             BEGIN SELECT raise(ABORT, 'headquarters has not acknowledged this entry'); END""",
    ):
        connection.execute(statement)


@migration
def erased_parts(connection: sqlite3.Connection) -> None:
    """Whose sealed part was erased, in the order in which that was done: whoever holds a copy reads on from there."""
    for statement in (
        """CREATE TABLE erased (
             number INTEGER PRIMARY KEY AUTOINCREMENT,
             sequence INTEGER NOT NULL UNIQUE) STRICT""",
        """CREATE TRIGGER erased_parts_are_noted AFTER UPDATE OF sealed ON entries
             WHEN old.sealed IS NOT NULL AND new.sealed IS NULL
             BEGIN INSERT INTO erased (sequence) VALUES (new.sequence); END""",
    ):
        connection.execute(statement)


@migration
def other_past(connection: sqlite3.Connection) -> None:
    """What told that this journal's past is another; and the epochs that ended so, beside the tables of each."""
    for statement in (
        """CREATE TABLE other_past (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             size INTEGER NOT NULL CHECK (size >= 0),
             note BLOB NOT NULL,
             told_ms INTEGER NOT NULL) STRICT""",
        """CREATE TABLE old_epochs (
             number INTEGER PRIMARY KEY,
             epoch BLOB NOT NULL UNIQUE CHECK (length(epoch) = 16),
             size INTEGER NOT NULL CHECK (size >= 0),
             acknowledged INTEGER NOT NULL CHECK (acknowledged BETWEEN 0 AND size),
             acknowledgement BLOB,
             other_size INTEGER NOT NULL,
             other_note BLOB NOT NULL,
             other_ms INTEGER NOT NULL) STRICT""",
        """CREATE TRIGGER old_acknowledged_never_falls BEFORE UPDATE ON old_epochs
             WHEN new.acknowledged < old.acknowledged
             BEGIN SELECT raise(ABORT, 'what is acknowledged stays acknowledged'); END""",
    ):
        connection.execute(statement)


@migration
def erased_in_old_epochs(connection: sqlite3.Connection) -> None:
    """Whose sealed part was erased in an epoch that had ended, likewise."""
    connection.execute(
        """CREATE TABLE old_erased (
             number INTEGER PRIMARY KEY AUTOINCREMENT,
             epoch BLOB NOT NULL,
             sequence INTEGER NOT NULL) STRICT"""
    )


@migration
def payments(connection: sqlite3.Connection) -> None:
    """When a lane stood open to anybody, and when no longer; and what headquarters has not acknowledged of charges."""
    for statement in (
        """CREATE TABLE zone_opened (
             zone INTEGER NOT NULL,
             lane INTEGER NOT NULL,
             at_ms INTEGER NOT NULL,
             to_all INTEGER NOT NULL CHECK (to_all IN (0, 1))) STRICT""",
        """CREATE TABLE on_account (
             sequence INTEGER PRIMARY KEY,
             sealed BLOB NOT NULL) STRICT""",
    ):
        connection.execute(statement)


@migration
def purchases(connection: sqlite3.Connection) -> None:
    """What was bought at each service point and goes on, readable with the terminal's key only."""
    connection.execute(
        """CREATE TABLE purchases (
             service INTEGER PRIMARY KEY CHECK (service BETWEEN 1 AND 255),
             sealed BLOB NOT NULL) STRICT"""
    )
