"""A journal with another past: the epoch ends, another begins, once."""

import sqlite3
import threading
from pathlib import Path

import pytest

from terminal.core.acknowledgement import Acknowledged, Ignored, OtherPast
from terminal.core.checkpoint import Checkpoint, checkpoint_of, signed
from terminal.core.journal import Kind
from terminal.core.signed_note import parse_note
from terminal.core.stay import Stay, StayOpened
from terminal.errors import StorageError
from terminal.recovery import settle
from terminal.storage.epochs import EMPTIED, FORGET, RENAMED, SETTLED
from tests.storage.past import (
    STRANGER,
    acknowledge,
    by_office,
    checkpoint,
    rows,
    run,
    told_of_another_past,
    write,
)
from tests.storage.support import EAN, SIGNING_KEY, Gate, Held, changed_by_hand, intent, outcome, start

OF_NO_EPOCH = {"stays", "zone_opened", "kept", "day_keys", "old_epochs", "identity", "old_erased", "purchases"}
KINDS = [Kind.EPOCH, Kind.ALARM_RAISED, Kind.START]


def told(gate: Gate) -> list[Kind]:
    return [entry.record.kind for entry in gate.entries()]


def test_first_entry_of_the_new_epoch_names_the_old_one_and_how_much_it_is_known_to_have_had(tmp_path: Path) -> None:
    old = told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        assert gate.journal.epoch == gate.store.epoch != old
        first, alarm, begin = gate.entries()
        assert (first.record.kind, first.record.sequence, first.record.lane) == (Kind.EPOCH, 0, None)
        assert first.record.public == {"epoch": old, "size": 7}
        assert alarm.record.public == {"alarm": "other-past", "about": old.hex(), "size": 7, "had": 4}
        assert begin.record.kind is Kind.START
        assert gate.checked_sizes() == [2, 3]
        assert gate.journal.append(start()).result().sequence == 3


def test_epoch_goes_on_when_nothing_was_told(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 3)
        epoch = gate.journal.epoch
        acknowledge(gate, by_office(checkpoint(gate, 2)))
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        assert (gate.journal.epoch, told(gate)) == (epoch, [Kind.START] * 4)


def test_epoch_is_ended_once(tmp_path: Path) -> None:
    told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        epoch = gate.journal.epoch
        assert gate.store.begin_epoch(gate.journal) is None
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        assert (gate.journal.epoch, told(gate)) == (epoch, [*KINDS, Kind.START])


def test_journal_that_is_opened_anew_right_after_the_change_misses_nothing(tmp_path: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("the disk failed")

    told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        assert gate.store.begin_epoch(gate.journal) is not None
        with pytest.raises(StorageError):
            gate.store._writer.submit(fail).result(60)
        assert gate.journal.append(start()).result(60).sequence == 2


def test_longest_word_of_another_past_is_the_one_that_is_kept(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 3)
        for size in (7, 9, 8):
            assert isinstance(acknowledge(gate, by_office(checkpoint(gate, size, bytes(32)))), OtherPast)
    assert rows(tmp_path / "journal", "SELECT size FROM other_past") == [(9,)]


def test_epoch_that_grew_longer_than_the_other_past_is_named_with_its_own_length(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 5)
        assert isinstance(acknowledge(gate, by_office(checkpoint(gate, 3, bytes(32)))), OtherPast)
        run(gate)
        assert gate.entries()[0].record.public["size"] == 6


def test_what_was_open_is_settled_in_its_own_epoch_and_stays_belong_to_none(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        key = gate.journal.append(intent()).result()
        stay = Stay(zone=1, lane=1, entered_ms=gate.clock.ms, intent=key.sequence)
        gate.journal.append(outcome(of=0), StayOpened(bytes(8), EAN, stay)).result()
        gate.journal.append(intent(bytes(range(1, 9)))).result()
        gate.store.kept.put("alarms", b"[]").result()
        acknowledge(gate, by_office(checkpoint(gate, 9, bytes(32))))
    days = rows(tmp_path / "journal", "SELECT * FROM day_keys")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        assert told(gate) == KINDS
        assert (gate.journal.open_intents(), gate.journal.open_passages()) == ((), ())
        assert gate.stays.inside(bytes(8)) == stay
        assert gate.store.kept.get("alarms") == b"[]"
        assert gate.journal.append(intent()).result().sequence == 3
        assert [each.sequence for each in gate.journal.open_intents()] == [3]
        who = [entry.record.public.get("who") for entry in gate.journal.entries(3)]
    assert rows(tmp_path / "journal", "SELECT * FROM day_keys") == days
    assert rows(tmp_path / "journal", "SELECT count(*) FROM old_entries_1") == [(3 + 4,)]
    assert who[0] is not None


def test_epoch_with_an_open_intent_does_not_end(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(intent()).result()
        acknowledge(gate, by_office(checkpoint(gate, 9, bytes(32))))
        epoch = gate.journal.epoch
        with pytest.raises(StorageError, match="open_intents of it have no outcome"):
            gate.store.begin_epoch(gate.journal)
        assert (gate.journal.epoch, told(gate)) == (epoch, [Kind.TAP_INTENT])
        run(gate)
        assert told(gate) == KINDS


def test_entry_of_the_same_transaction_is_the_last_of_the_old_epoch(tmp_path: Path) -> None:
    told_of_another_past(tmp_path / "journal")
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        first = gate.journal.append(start(7))
        assert held.reached.wait(60)
        last = gate.journal.append(start(8))
        change = threading.Thread(target=gate.store.begin_epoch, args=(gate.journal,))
        change.start()
        while len(gate.store._writer._waiting) < 2:
            assert change.is_alive()
        held.go_on.set()
        change.join(60)
        assert (first.result(60).sequence, last.result(60).sequence) == (3, 4)
        (old,) = gate.store._epochs.old
        assert old.size == 5
        assert told(gate) == KINDS[:2]
        assert gate.checked_sizes() == [2]
    assert rows(tmp_path / "journal", "SELECT max(sequence) FROM old_entries_1") == [(4,)]
    assert rows(tmp_path / "journal", "SELECT max(size) FROM old_checkpoints_1") == [(5,)]


def test_what_the_database_refuses_it_refuses_in_the_new_epoch_and_in_the_old(tmp_path: Path) -> None:
    told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
    for statement, why in {
        "INSERT INTO entries VALUES (9, x'00', NULL)": "next sequence number",
        "UPDATE entries SET record = x'00'": "sealed part",
        "DELETE FROM entries WHERE sequence = 2": "newest entry stays|not acknowledged",
        "DELETE FROM entries WHERE sequence = 0": "not acknowledged",
        "UPDATE tree SET size = 1": "tree only grows",
        "INSERT INTO old_entries_1 VALUES (9, x'00', NULL)": "has ended",
        "UPDATE old_entries_1 SET record = x'00'": "sealed part",
        "DELETE FROM old_entries_1 WHERE sequence = 2": "not acknowledged",
        "UPDATE old_epochs SET acknowledged = 1": "stays acknowledged",
        "UPDATE old_epochs SET acknowledged = 9": "CHECK",
    }.items():
        with pytest.raises(sqlite3.IntegrityError, match=why):
            changed_by_hand(tmp_path / "journal", statement)
    changed_by_hand(tmp_path / "journal", "DELETE FROM old_entries_1 WHERE sequence < 2")


def test_of_every_table_it_is_said_what_becomes_of_it(tmp_path: Path) -> None:
    """Whoever adds a table must say whether it is of an epoch."""
    with Gate(tmp_path / "journal"):
        pass
    tables = {name for (name,) in rows(tmp_path / "journal", "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables - {"sqlite_sequence"} == {*RENAMED, *EMPTIED, *SETTLED, *OF_NO_EPOCH}


# --------------------------------------------------------------------------------------- acknowledging what has ended


def ended(folder: Path, entries: int = 3) -> tuple[list[bytes], bytes]:
    """Headquarters' acknowledgements of each size of an epoch that has ended, and that epoch."""
    with Gate(folder) as gate:
        write(gate, entries)
        acknowledge(gate, by_office(checkpoint(gate, entries + 9, bytes(32))))
        run_before_the_end = gate.journal.epoch
        settle(gate.journal, software="1.0", stay_after=lambda _: None)
        notes = [by_office(note) for note in gate.notes()]
        gate.store.begin_epoch(gate.journal)
        return notes, run_before_the_end


def test_old_epoch_is_acknowledged_like_the_present_one(tmp_path: Path) -> None:
    notes, epoch = ended(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        assert isinstance(acknowledge(gate, notes[1]), Acknowledged)
        assert acknowledge(gate, notes[0]) == Ignored("old")
        assert [(old.epoch, old.size, old.acknowledged) for old in gate.store._epochs.old] == [(epoch, 4, 2)]
    assert rows(tmp_path / "journal", "SELECT sequence FROM old_entries_1") == [(0,), (1,), (2,), (3,)]
    assert rows(tmp_path / "journal", "SELECT size FROM old_checkpoints_1") == [(1,), (2,), (3,), (4,)]


def test_word_that_ended_the_epoch_ends_nothing_more(tmp_path: Path) -> None:
    _, epoch = ended(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        for size in (2, 4, 12, 99):
            assert acknowledge(gate, by_office(checkpoint(gate, size, bytes(32), epoch))) == Ignored("ended")
    assert rows(tmp_path / "journal", "SELECT * FROM other_past") == []


def test_forged_acknowledgement_of_an_old_epoch_drops_nothing(tmp_path: Path) -> None:
    notes, _ = ended(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        stranger = by_office(signed(checkpoint_of(parse_note(notes[-1])), SIGNING_KEY), STRANGER)
        assert acknowledge(gate, stranger) == Ignored("not-cosigned")
        assert acknowledge(gate, by_office(checkpoint(gate, 3, bytes(32), bytes(16)))) == Ignored("other-journal")
        assert acknowledge(gate, notes[-1].replace(b"\n4\n", b"\n3\n")) == Ignored("not-cosigned")
        assert [old.acknowledged for old in gate.store._epochs.old] == [0]


def test_old_epoch_that_is_acknowledged_to_its_end_goes_step_by_step(tmp_path: Path) -> None:
    notes, _ = ended(tmp_path / "journal", 2 * FORGET)
    with Gate(tmp_path / "journal") as gate:
        assert isinstance(acknowledge(gate, notes[-2]), Acknowledged)
        gate.beats.wait_for(6)
        assert rows(tmp_path / "journal", "SELECT count(*) FROM old_entries_1") == [(2 * FORGET + 1,)]
        assert isinstance(acknowledge(gate, notes[-1]), Acknowledged)
        while gate.store._epochs.old:
            gate.beats.wait_for()
        gate.beats.wait_for()
        write(gate, 1)
    tables = {name for (name,) in rows(tmp_path / "journal", "SELECT name FROM sqlite_schema")}
    assert not any(name.startswith("old_") and name.endswith("_1") for name in tables)
    assert rows(tmp_path / "journal", "SELECT * FROM old_epochs") == []


def test_second_restored_image_ends_a_second_epoch(tmp_path: Path) -> None:
    notes, first = ended(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        second = gate.journal.epoch
        acknowledge(gate, by_office(checkpoint(gate, 50, bytes(32))))
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        assert [old.epoch for old in gate.store._epochs.old] == [first, second]
        assert gate.entries()[0].record.public == {"epoch": second, "size": 50}
        assert isinstance(acknowledge(gate, notes[0]), Acknowledged)
        assert [old.acknowledged for old in gate.store._epochs.old] == [1, 0]


# ------------------------------------------------------------------------------------------------------- the own head


@pytest.mark.parametrize("size", [4, 9])
def test_own_checkpoint_that_the_journal_never_had_tells_of_another_past(tmp_path: Path, size: int) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 3)
        note = checkpoint(gate, size, bytes(32))
        judgement = OtherPast(Checkpoint("gate-1", gate.journal.epoch, size, bytes(32)))
        assert gate.journal.checkpoints.acknowledge(note.encode(), []).result(60) == judgement
        assert acknowledge(gate, note.encode()) == judgement


def test_own_checkpoint_that_fits_says_nothing(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 3)
        for note in gate.notes():
            assert acknowledge(gate, note.encode()) == Ignored("not-cosigned")
    assert rows(tmp_path / "journal", "SELECT * FROM other_past") == []
