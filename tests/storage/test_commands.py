"""Commands in the database: in one transaction with their entry and number, in every epoch, and in the view."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.command import Command, Erase
from terminal.core.journal import Entry, Kind
from terminal.errors import StorageError
from tests.storage.past import acknowledge, by_office, checkpoint, rows, run, snapshots
from tests.storage.support import TERMINAL, Gate, intent, outcome
from tests.storage.test_view import Shown


def erase(epoch: bytes, *sequences: int, number: int = 1) -> Command:
    return Command(terminal=TERMINAL, number=number, ends_s=2**40, order=Erase(epoch, sequences))


def with_an_old_epoch(folder: Path) -> bytes:
    """Of the old epoch entries 0 and 2 have a sealed part; nothing of it is acknowledged."""
    with Gate(folder) as gate:
        for number in (0, 2):
            gate.journal.append(intent()).result(60)
            gate.journal.append(outcome(number)).result(60)
        acknowledge(gate, by_office(checkpoint(gate, 7, bytes(32))))
        epoch = gate.journal.epoch
        run(gate)
    return epoch


def parts(folder: Path, table: str) -> list[int]:
    statement = f"SELECT sequence FROM {table} WHERE sealed IS NOT NULL ORDER BY sequence"  # noqa: S608  names of ours
    return [sequence for (sequence,) in rows(folder, statement)]


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    with_an_old_epoch(tmp_path / "journal")
    shown = Shown(tmp_path)
    yield shown
    shown.close()


def test_part_of_an_old_epoch_is_erased_and_the_present_one_tells(tmp_path: Path) -> None:
    old = with_an_old_epoch(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        key = gate.journal.carry_out(erase(old, 0, 1, 77)).result(60)
        assert key is not None
        assert key.epoch != old
        told = gate.entries()[key.sequence].record
    assert (told.kind, told.public["count"], told.public["missing"]) == (Kind.ERASURE, 1, 2)
    assert parts(tmp_path / "journal", "old_entries_1") == [2]


def test_what_is_erased_vanishes_from_the_view_in_either_epoch(shown: Shown) -> None:
    shown.gate.journal.append(intent()).result(60)
    shown.turn()
    ((old,),) = shown.read("SELECT epoch FROM old_epochs")
    assert isinstance(old, bytes)
    newest = shown.gate.entries()[-1].record.sequence
    shown.gate.journal.carry_out(erase(old, 2, number=1)).result(60)
    shown.gate.journal.carry_out(erase(shown.gate.journal.epoch, newest, number=2)).result(60)
    shown.turn()
    assert shown.read("SELECT sequence FROM old_entries WHERE sealed IS NOT NULL") == [(0,)]
    assert shown.read("SELECT sequence FROM entries WHERE sealed IS NOT NULL") == []


def test_power_cut_at_any_step_leaves_all_of_a_command_or_nothing(tmp_path: Path) -> None:
    folder, cuts = tmp_path / "journal", tmp_path / "cuts"
    with Gate(folder) as gate:
        gate.journal.append(intent()).result(60)
        epoch = gate.journal.epoch
    with Gate(folder, database=snapshots(cuts)) as gate:
        gate.journal.carry_out(erase(epoch, 0)).result(60)
    found = []
    for cut in sorted(cuts.iterdir()):
        with Gate(cut) as gate:
            told = [each.record.public["count"] for each in gate.entries() if each.record.kind is Kind.ERASURE]
            again = gate.journal.carry_out(erase(epoch, 0)).result(60)
            assert (told, again is None) in (([], False), ([1], True))
            found.append(again is None)
        assert parts(cut, "entries") == []
    assert set(found) == {False, True}


def test_command_whose_entry_the_disk_refused_is_carried_out_the_next_time(tmp_path: Path) -> None:
    failing = [False]

    def before_commit() -> None:
        if failing[0]:
            raise StorageError("the disk failed")

    with Gate(tmp_path / "journal", before_commit=before_commit) as gate:
        gate.journal.append(intent()).result(60)
        failing[0] = True
        with pytest.raises(StorageError, match="the disk failed"):
            gate.journal.carry_out(erase(gate.journal.epoch, 0)).result(60)
        failing[0] = False
        assert [each.sealed is not None for each in gate.entries()] == [True]
        assert gate.journal.carry_out(erase(gate.journal.epoch, 0)).result(60) is not None
        gate.journal.append(Entry(kind=Kind.START, public={"software": "1"})).result(60)
        assert [each.record.kind for each in gate.entries()] == [Kind.TAP_INTENT, Kind.ERASURE, Kind.START]
