"""Epochs: the one that is written now, those that ended, and the step from one to the next (design 7, 'MQTT 5', 4).

A journal whose past is another than others know can be added to no longer: its numbers may have been given before.
That is **marked** as soon as it is noticed. At the next start, when all that was open has its outcome, the epoch ends:
its tables are renamed, which costs neither room nor time, and empty ones take their place. Mark or new epoch: one
transaction decides, so that no power cut leaves both, or neither.

What an **old epoch** holds stays until headquarters has acknowledged all of it, then goes in small steps. Stays, kept
values and day keys are of no epoch.
"""

# ruff: noqa: S608 - what stands in a statement here is a name of this module, or a number that it gave

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from terminal.core.acknowledgement import OTHER_PAST_ALARM
from terminal.core.checkpoint import Checkpoint, checkpoint_of
from terminal.core.journal import Entry, Kind
from terminal.core.signed_note import parse_note
from terminal.errors import StorageError
from terminal.storage.writer import Writer

RENAMED = ("entries", "checkpoints")
"""Tables that go with their epoch; each gets a successor with the same triggers."""
EMPTIED = ("tree", "acknowledged", "other_past", "erased", "on_account")
"""Tables that tell of the present epoch only."""
SETTLED = ("open_intents", "open_orders", "open_passages")
"""Tables of what has no outcome yet, by number; they must be empty when the numbers begin anew."""
FORGET = 256
"""Entries of an old epoch that go in one transaction."""


@dataclass(frozen=True, slots=True)
class OldEpoch:
    """An epoch that has ended, with `size` entries."""

    number: int
    epoch: bytes
    size: int
    acknowledged: int

    @property
    def entries(self) -> str:
        """The name of its table of entries."""
        return f"old_entries_{self.number}"

    @property
    def checkpoints(self) -> str:
        """The name of its table of checkpoints."""
        return f"old_checkpoints_{self.number}"


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """What ended: `size` entries of `epoch`, after word came of `other_size` entries of it."""

    epoch: bytes
    size: int
    other_size: int

    def told(self) -> tuple[Entry, Entry]:
        """The first entries of the next epoch: what it follows, and the alarm."""
        known = max(self.size, self.other_size)
        facts = {"size": self.other_size, "had": self.size}
        return (
            Entry(kind=Kind.EPOCH, public={"epoch": self.epoch, "size": known}),
            Entry(kind=Kind.ALARM_RAISED, public={"alarm": OTHER_PAST_ALARM, "about": self.epoch.hex(), **facts}),
        )


class Epochs:
    """Which epochs the database has. In memory as it is durable; within a transaction, ask `present_in`."""

    def __init__(self, writer: Writer, terminal: str) -> None:
        """Read them.

        Raises:
            StorageError: the disk failed.
        """
        self.terminal = terminal
        self._writer = writer
        self._present = b""
        self._old: Mapping[bytes, OldEpoch] = {}
        self._pausing = False
        writer.adopt(self._load)
        writer.every_tick(self._forget)

    @property
    def present(self) -> bytes:
        """The epoch that is written."""
        return self._present

    @property
    def old(self) -> tuple[OldEpoch, ...]:
        """Those that ended and are not forgotten, oldest first."""
        return tuple(self._old.values())

    def changed(self, connection: sqlite3.Connection) -> "Changed":
        """What `learn` is to be told once the transaction is durable."""
        return present_in(connection), {each.epoch: each for each in old_epochs(connection)}

    def learn(self, changed: "Changed") -> None:
        """What a transaction made of the epochs is durable."""
        self._present, self._old = changed

    def _load(self, connection: sqlite3.Connection) -> None:
        self.learn(self.changed(connection))

    def _forget(self) -> None:
        """A step, and none right after it: the disk is for those who stand at the gate."""
        if self._pausing:
            self._pausing = False
            return
        done = next((each for each in self._old.values() if each.acknowledged == each.size), None)
        if done is not None:
            self._writer.submit(lambda connection: self._forget_some(connection, done), self._forgotten)

    def _forget_some(self, connection: sqlite3.Connection, old: OldEpoch) -> "Changed":
        if (old.number,) in connection.execute("SELECT number FROM old_epochs").fetchall():
            forget_some(connection, old)
        return self.changed(connection)

    def _forgotten(self, changed: "Changed") -> None:
        if len(changed[1]) < len(self._old):
            self._writer.scrub()
        self._pausing = True
        self.learn(changed)


Changed = tuple[bytes, Mapping[bytes, OldEpoch]]


def present_in(connection: sqlite3.Connection) -> bytes:
    """The epoch that is written, as it is within this transaction."""
    epoch: bytes = connection.execute("SELECT epoch FROM identity").fetchone()[0]
    return epoch


def old_epochs(connection: sqlite3.Connection) -> tuple[OldEpoch, ...]:
    """Those that have ended, oldest first."""
    rows = connection.execute("SELECT number, epoch, size, acknowledged FROM old_epochs ORDER BY number").fetchall()
    return tuple(OldEpoch(*row) for row in rows)


def mark(connection: sqlite3.Connection, checkpoint: Checkpoint, note: bytes, told_ms: int) -> None:
    """Keep that the present epoch's past is another; of several words, the one that tells of most entries."""
    connection.execute(_MARK, (checkpoint.size, note, told_ms))


def is_marked(connection: sqlite3.Connection) -> bool:
    """Tell whether the present epoch must end."""
    return connection.execute("SELECT 1 FROM other_past").fetchone() is not None


def end_epoch(connection: sqlite3.Connection, next_epoch: bytes) -> EpochEnded | None:
    """End the present epoch if it is marked, and begin the next, without entries; None: it is not marked.

    To be called in the transaction that writes the next one's first entry, and when the tree is grown over all entries.

    Raises:
        StorageError: something has no outcome yet.
    """
    marked = connection.execute("SELECT size, note, told_ms FROM other_past").fetchone()
    if marked is None:
        return None
    for table in SETTLED:
        if connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise StorageError(
                f"the journal's epoch cannot end: {table} of it have no outcome; report this as a mistake"
            )
    ended = present_in(connection)
    size = connection.execute("SELECT size FROM tree").fetchone()[0]
    acknowledged = connection.execute("SELECT size, note FROM acknowledged").fetchone() or (0, None)
    number = connection.execute(_KEEP_OLD, (ended, size, *acknowledged, *marked)).lastrowid
    old = OldEpoch(number or 0, ended, size, acknowledged[0])
    for table, aside in zip(RENAMED, (old.entries, old.checkpoints), strict=True):
        _put_aside(connection, table, aside)
    for statement in _guards(old):
        connection.execute(statement)
    for table in EMPTIED:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO tree (one, size, hashes) VALUES (1, 0, x'')")
    connection.execute("UPDATE identity SET epoch = ?", (next_epoch,))
    return EpochEnded(ended, size, marked[0])


def root_of_old(connection: sqlite3.Connection, old: OldEpoch, size: int) -> bytes | None:
    """The root of the checkpoint that an old epoch has at `size`."""
    row = connection.execute(f"SELECT note FROM {old.checkpoints} WHERE size = ?", (size,)).fetchone()
    return checkpoint_of(parse_note(row[0])).root if row else None


def acknowledge_old(connection: sqlite3.Connection, old: OldEpoch, size: int, note: bytes) -> None:
    """Keep that headquarters has every entry of an old epoch below `size`."""
    connection.execute(
        "UPDATE old_epochs SET acknowledged = ?, acknowledgement = ? WHERE number = ?", (size, note, old.number)
    )


def forget_some(connection: sqlite3.Connection, old: OldEpoch) -> None:
    """Delete a few entries of an old epoch that is acknowledged, and with the last of them the epoch."""
    oldest = f"SELECT sequence FROM {old.entries} ORDER BY sequence LIMIT {FORGET}"
    if connection.execute(f"DELETE FROM {old.entries} WHERE sequence IN ({oldest})").rowcount == FORGET:
        return
    for table in (old.entries, old.checkpoints):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("DELETE FROM old_erased WHERE epoch = ?", (old.epoch,))
    connection.execute("DELETE FROM old_epochs WHERE number = ?", (old.number,))


def _put_aside(connection: sqlite3.Connection, table: str, aside: str) -> None:
    """Give a table another name, and its own to an empty one that is made in the same way."""
    made = connection.execute(_HOW_MADE, (table,)).fetchall()
    for kind, name, _ in made:
        if kind != "table":
            connection.execute(f"DROP {kind} {name}")
    connection.execute(f"ALTER TABLE {table} RENAME TO {aside}")
    for *_, statement in made:
        connection.execute(statement)


def _guards(old: OldEpoch) -> tuple[str, ...]:
    number, entries = old.number, old.entries
    return (
        f"""CREATE TRIGGER old_{number}_has_ended BEFORE INSERT ON {entries}
             BEGIN SELECT raise(ABORT, 'nothing is added to an epoch that has ended'); END""",
        f"""CREATE TRIGGER old_{number}_is_never_rewritten BEFORE UPDATE ON {entries}
             WHEN new.sequence <> old.sequence OR new.record <> old.record OR new.sealed IS NOT NULL
             BEGIN SELECT raise(ABORT, 'only the sealed part of an entry may be erased'); END""",
        f"""CREATE TRIGGER old_{number}_unacknowledged_stay BEFORE DELETE ON {entries}
             WHEN old.sequence >= (SELECT acknowledged FROM old_epochs WHERE number = {number})
             BEGIN SELECT raise(ABORT, 'headquarters has not acknowledged this entry'); END""",
    )


_MARK = """INSERT INTO other_past (one, size, note, told_ms) VALUES (1, ?, ?, ?)
  ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note, told_ms = excluded.told_ms
  WHERE excluded.size > size"""
_KEEP_OLD = """INSERT INTO old_epochs
  (epoch, size, acknowledged, acknowledgement, other_size, other_note, other_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"""
_HOW_MADE = """SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL
  ORDER BY type <> 'table', rowid"""
