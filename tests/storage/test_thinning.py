"""Checkpoints below the acknowledged one: few are left, and every entry can still be sent in a batch."""

from itertools import pairwise
from pathlib import Path

from terminal.core.checkpoint import checkpoint_of
from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Batch
from tests.storage.past import acknowledge, by_office
from tests.storage.support import Gate, intent
from tests.storage.test_retention import acknowledged, left


def sizes(gate: Gate) -> list[int]:
    return [checkpoint_of(note).size for note in gate.notes()]


def test_any_entry_can_be_sent_after_many_small_acknowledgements(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for _ in range(700):  # as large as these are, a batch holds fewer than 500 of them
            gate.journal.append(intent()).result(60)
        notes = gate.notes()
        for note in notes[9::10]:
            acknowledge(gate, by_office(note))
        kept, stored, left_notes = sizes(gate), gate.entries(), gate.notes()
        for begin, end, note in zip([0, *kept], kept, left_notes, strict=False):
            its = tuple((each.record_bytes, each.sealed) for each in stored[begin:end])
            assert len(Batch(gate.journal.epoch, begin, its, note.encode()).encode()) <= MAX_BATCH_BYTES
        assert kept[-1] == 700
        assert all(later - earlier > MAX_BATCH_ENTRIES / 4 for earlier, later in pairwise([0, *kept[:-1]]))


def test_one_acknowledgement_of_a_long_journal_leaves_a_checkpoint_a_batch(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for _ in range(40):
            for future in [gate.journal.append(intent()) for _ in range(50)]:
                future.result(60)
        acknowledged(gate)
        kept = sizes(gate)
        assert kept[-1] == 2000
        assert len(kept) < 20
        assert all(later - earlier <= MAX_BATCH_ENTRIES for earlier, later in pairwise([0, *kept]))


def test_checkpoints_go_with_the_entries_below_them(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for _ in range(1000):
            gate.journal.append(intent())
        gate.journal.append(intent()).result(60)
        acknowledged(gate)
        gate.store._writer.submit(lambda connection: connection.execute("DELETE FROM open_intents")).result(60)
        gate.store._writer.submit(lambda connection: connection.execute("DELETE FROM open_passages")).result(60)
        assert gate.store.retention().drop(before_ms=None)
        assert min(sizes(gate)) >= min(left(gate))
