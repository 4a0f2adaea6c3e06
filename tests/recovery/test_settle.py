from pathlib import Path

import pytest

from terminal.core.journal import EntryKey, Kind
from terminal.errors import StorageError
from terminal.recovery import settle
from tests.storage.support import Gate, Held, intent, killed_while_writing, outcome


def told(gate: Gate) -> list[tuple[Kind, int | None, object, object]]:
    return [
        (entry.record.kind, entry.record.lane, entry.record.public.get("intent"), entry.record.public.get("result"))
        for entry in gate.entries()
    ]


def test_first_run_begins_with_its_start_entry(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        assert settle(gate.journal, software="1.2") == (EntryKey("gate-1", gate.journal.epoch, 0),)
        (entry,) = gate.entries()
    assert (entry.record.kind, entry.record.lane, entry.record.public) == (Kind.START, None, {"software": "1.2"})
    assert entry.sealed is None


def test_intents_that_the_last_run_left_open_become_unknown_and_only_they(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (intent(), intent(), outcome(of=1), intent()):
            gate.journal.append(entry).result()
    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2")
        assert gate.journal.open_intents() == ()
        assert told(gate)[4:] == [
            (Kind.START, None, None, None),
            (Kind.TAP_OUTCOME, 1, 0, "unknown"),
            (Kind.TAP_OUTCOME, 1, 3, "unknown"),
        ]
    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2")
        assert told(gate)[7:] == [(Kind.START, None, None, None)]


def test_gate_that_was_killed_has_every_intent_settled_once(tmp_path: Path) -> None:
    killed_while_writing(tmp_path / "journal", 100)
    with Gate(tmp_path / "journal") as gate:
        opened = {entry.sequence for entry in gate.journal.open_intents()}
        assert opened
        settle(gate.journal, software="1.2")
        entries = told(gate)
    intents = [number for number, (kind, *_) in enumerate(entries) if kind is Kind.TAP_INTENT]
    assert sorted(of for kind, _, of, _ in entries if kind is Kind.TAP_OUTCOME and isinstance(of, int)) == intents
    assert {of for _, _, of, result in entries if result == "unknown"} == opened


def test_start_that_cannot_be_written_down_in_time_is_an_error(tmp_path: Path) -> None:
    disk = Held()
    with Gate(tmp_path / "journal", before_commit=disk) as gate:
        disk.hold()
        with pytest.raises(StorageError, match=r"start could not be written down within 0\.05 s"):
            settle(gate.journal, software="1.2", timeout_s=0.05)
        disk.go_on.set()
