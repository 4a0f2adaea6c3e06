"""The power is cut while an epoch ends: afterwards it is the old one with its mark, or the new one."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.core.journal import Kind
from tests.storage.past import rows, run, snapshots, told_of_another_past
from tests.storage.support import ROOT, Gate

KINDS = [Kind.EPOCH, Kind.ALARM_RAISED, Kind.START]


def told(gate: Gate) -> list[Kind]:
    return [entry.record.kind for entry in gate.entries()]


def check_one_epoch_or_the_other(folder: Path, old: bytes) -> str:
    """Open what a power cut left, and go on; tells which of the two it was."""
    before = rows_of(folder)
    with Gate(folder) as gate:
        was = "old" if gate.journal.epoch == old else "new"
        assert bool(rows(folder, "SELECT * FROM other_past")) == (was == "old")
        assert [kind is Kind.EPOCH for kind in told(gate)].count(True) == (was == "new")
        run(gate)
        assert gate.journal.epoch != old
        kinds = told(gate)
        assert kinds[:2] == KINDS[:2]
        assert set(kinds[2:]) == {Kind.START}
        assert [entry.record.sequence for entry in gate.entries()] == list(range(len(kinds)))
        assert gate.checked_sizes()[-1] == len(kinds)
    assert rows(folder, "SELECT sequence FROM old_entries_1 WHERE sequence < 3") == [(0,), (1,), (2,)]
    assert rows_of(folder) >= before
    return was


def rows_of(folder: Path) -> set[bytes]:
    """The records of both epochs, also of a database that has but one."""
    tables = [name for (name,) in rows(folder, "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        record
        for table in tables
        if table == "entries" or table.startswith("old_entries_")
        for (record,) in rows(folder, f"SELECT record FROM {table}")  # noqa: S608  names from the database itself
    }


def test_power_cut_at_any_step_leaves_the_old_epoch_or_the_new(tmp_path: Path) -> None:
    folder, cuts = tmp_path / "journal", tmp_path / "cuts"
    old = told_of_another_past(folder)
    with Gate(folder, database=snapshots(cuts)) as gate:
        run(gate)
    found = [check_one_epoch_or_the_other(cut, old) for cut in sorted(cuts.iterdir())]
    assert found == sorted(found, reverse=True)
    assert set(found) == {"old", "new"}
    assert found.count("old") > 5


def test_log_that_is_cut_anywhere_leaves_the_old_epoch_or_the_new(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    old = told_of_another_past(folder)
    with Gate(folder) as gate:
        run(gate)
        shutil.copytree(folder, tmp_path / "running")
    log = (tmp_path / "running" / "journal.db-wal").read_bytes()
    chance = random.Random(28)  # noqa: S311  a seed, so that a failure comes again
    found = set()
    for number, place in enumerate([len(log), *(chance.randrange(32, len(log)) for _ in range(25))]):
        shutil.copytree(tmp_path / "running", tmp_path / str(number))
        (tmp_path / str(number) / "journal.db-wal").write_bytes(log[:place])
        found.add(check_one_epoch_or_the_other(tmp_path / str(number), old))
    assert found == {"old", "new"}


@pytest.mark.parametrize(("commit", "was"), [("before", "old"), ("after", "new")])
def test_gate_killed_around_the_commit(tmp_path: Path, commit: str, was: str) -> None:
    folder = tmp_path / "journal"
    old = told_of_another_past(folder)
    command = [sys.executable, "-m", "tests.storage.children", "end-epoch", str(folder), commit]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == -9
    assert check_one_epoch_or_the_other(folder, old) == was
