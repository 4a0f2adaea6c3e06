"""What somebody did to the file of a gate that was off is noticed, or refused by the database itself."""

import sqlite3
from pathlib import Path

import pytest

from terminal.errors import StorageError
from tests.storage.support import Gate, changed_by_hand, intent, start


def test_changed_sealed_part_is_noticed(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(intent()).result()
        gate.journal.append(start()).result()
    changed_by_hand(
        tmp_path / "journal",
        "DROP TRIGGER records_are_never_rewritten",
        "UPDATE entries SET sealed = CAST(substr(sealed, 1, 40) || x'00' AS BLOB) WHERE sequence = 0",
    )
    with Gate(tmp_path / "journal") as gate, pytest.raises(StorageError, match=r"entry 0 .* not as it was written"):
        gate.entries()


def test_record_under_another_number_is_noticed(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(start()).result()
    changed_by_hand(
        tmp_path / "journal",
        "DROP TRIGGER records_are_never_rewritten",
        "UPDATE entries SET sequence = 7",
    )
    with pytest.raises(StorageError, match=r"entry 7 .* not as it was written"):
        Gate(tmp_path / "journal")


def test_damaged_newest_record_is_noticed_at_start(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(start()).result()
    changed_by_hand(
        tmp_path / "journal",
        "DROP TRIGGER records_are_never_rewritten",
        "UPDATE entries SET record = substr(record, 2)",
    )
    with pytest.raises(StorageError, match="entry 0 of the journal is damaged"):
        Gate(tmp_path / "journal")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entries (sequence, record) VALUES (5, x'00')",
        "INSERT INTO entries (sequence, record) VALUES (1, x'00')",
        "UPDATE entries SET record = x'00' WHERE sequence = 1",
        "UPDATE entries SET sealed = x'00' WHERE sequence = 1",
        "UPDATE entries SET sequence = 9 WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 2",
        "DELETE FROM entries",
    ],
)
def test_database_itself_refuses_to_rewrite_the_journal(tmp_path: Path, statement: str) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (start(), intent(), start()):
            gate.journal.append(entry).result()
    with pytest.raises(sqlite3.IntegrityError):
        changed_by_hand(tmp_path / "journal", statement)


def test_erased_sealed_part_and_dropped_old_entries_leave_the_rest_readable(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (start(), intent(), start()):
            gate.journal.append(entry).result()
    changed_by_hand(
        tmp_path / "journal",
        "INSERT INTO acknowledged (one, size, note) VALUES (1, 1, x'00')",
        "DELETE FROM entries WHERE sequence = 0",
        "UPDATE entries SET sealed = NULL WHERE sequence = 1",
    )
    with Gate(tmp_path / "journal") as gate:
        erased, newest = gate.entries()
        assert (erased.sealed, erased.record.sealed_sha256 is None) == (None, False)
        assert newest.record.sequence == 2
        assert gate.journal.append(start()).result().sequence == 3
