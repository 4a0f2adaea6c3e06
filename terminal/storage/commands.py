"""Commands of headquarters carried out in the database: the change, its entry and the number, or nothing of it.

A command comes again until headquarters has the entry that answers it, so its number is kept in the transaction that
carries it out; one that is not greater was done. Another order is another case in `_carry_out`.
"""

# ruff: noqa: S608 - names of tables come from `OldEpoch`, which makes them of a number

import sqlite3
from collections.abc import Mapping
from typing import Any

from terminal.core.command import Command, Erase
from terminal.core.journal import COMMAND, Entry, Kind
from terminal.storage.epochs import old_epochs, present_in

_DONE = "commands/done"
"""The kept state with the number of the last command that was carried out."""


def last_done(connection: sqlite3.Connection) -> int:
    """The number of the last command that was carried out, -1 before the first."""
    row = connection.execute("SELECT value FROM kept WHERE name = ?", (_DONE,)).fetchone()
    return -1 if row is None else int.from_bytes(row[0])


def carry_out(connection: sqlite3.Connection, command: Command) -> Entry | None:
    """Do it in the transaction that is open, and give the entry that tells of it; None: it was done before."""
    if command.number <= last_done(connection):
        return None
    public = {COMMAND: command.number, **_carry_out(connection, command)}
    number = command.number.to_bytes(8)
    connection.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", (_DONE, number))
    return Entry(kind=Kind.ERASURE, public=public)


def _carry_out(connection: sqlite3.Connection, command: Command) -> Mapping[str, Any]:
    match command.order:
        case Erase(epoch, sequences):
            erased = _erase(connection, epoch, sequences)
            missing = len(sequences) - erased
            return {"what": "sealed-parts", "epoch": epoch, "count": erased, "missing": missing}


def _erase(connection: sqlite3.Connection, epoch: bytes, sequences: tuple[int, ...]) -> int:
    """How many sealed parts were there, and are not any more."""
    old = next((each for each in old_epochs(connection) if each.epoch == epoch), None)
    if old is None and epoch != present_in(connection):
        return 0
    table = "entries" if old is None else old.entries
    erase = f"UPDATE {table} SET sealed = NULL WHERE sequence = ? AND sealed IS NOT NULL"
    gone = [sequence for sequence in sequences if connection.execute(erase, (sequence,)).rowcount]
    if old is not None:  # of the present epoch a trigger notes it
        rows = [(epoch, sequence) for sequence in gone]
        connection.executemany("INSERT INTO old_erased (epoch, sequence) VALUES (?, ?)", rows)
    return len(gone)
