"""What another process sees of a gate's journal, and what it is told when there is nothing to be seen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from terminal.core.checkpoint import checkpoint_of
from terminal.core.journal import decode_record
from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, decode_batch
from terminal.core.signed_note import parse_note
from terminal.storage.view_reader import NoView, ViewReader
from tests.storage.support import TERMINAL, Gate, intent
from tests.storage.test_retention import acknowledged
from tests.storage.test_view import Shown


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    shown = Shown(tmp_path)
    yield shown
    shown.close()


def reader(shown: Shown) -> ViewReader:
    return ViewReader(shown.path, TERMINAL)


def refused(reader: ViewReader) -> str:
    with pytest.raises(NoView) as caught:
        reader.look()
    return caught.value.why


def test_look_tells_how_far_the_journal_is(shown: Shown) -> None:
    shown.write(7)
    shown.turn()
    look = reader(shown).look()
    assert look.checkpoint is not None
    newest = checkpoint_of(parse_note(look.checkpoint))
    assert (newest.size, newest.epoch, newest.terminal) == (7, shown.gate.store.epoch, TERMINAL)
    assert (look.size, look.epoch, look.acknowledged) == (7, shown.gate.store.epoch, 0)
    assert (look.software, look.list_number, look.list_issued_at_s, look.clock) == ("1.0", None, None, None)


def test_batches_hold_the_whole_journal_and_end_at_checkpoints(shown: Shown) -> None:
    shown.write(1203)
    shown.turn()
    while (look := reader(shown).look()).size < 1203:  # it is copied page by page
        shown.turn()
    seen = reader(shown)
    first, ends = 0, []
    while batch := seen.batch(look.run, first, look.size):
        again = decode_batch(batch.encode())
        assert [decode_record(record).sequence for record, _ in again.entries] == list(
            range(first, first + len(again.entries))
        )
        first += len(again.entries)
        assert checkpoint_of(parse_note(again.checkpoint)).size == first
        ends.append(first)
    assert first == 1203
    assert all(b - a <= MAX_BATCH_ENTRIES for a, b in zip([0, *ends], ends, strict=False))


def test_headquarters_that_lost_what_it_had_can_be_sent_all_of_it_again(shown: Shown) -> None:
    sizes = []
    for count in (1, 99, 1, 630, 2, 400, 70):
        shown.write(count)
        sizes.append(shown.gate.notes()[-1])
    for note in sizes:
        acknowledged(shown.gate, checkpoint_of(note).size)
        shown.turn()
    while (look := reader(shown).look()).size < 1203:
        shown.turn()
    shown.turn()
    assert look.acknowledged == 1203
    for cursor in (0, *(checkpoint_of(note).size for note in sizes)):
        first = cursor
        while first < 1203:
            batch = reader(shown).batch(look.run, first, look.size)
            assert batch is not None, f"nothing begins at {first}"
            first += len(batch.entries)
    kept = [size for (size,) in shown.read("SELECT size FROM checkpoints ORDER BY size")]
    assert kept == [checkpoint_of(note).size for note in shown.gate.notes()]
    assert len(kept) <= 6


def test_large_entries_make_small_batches(shown: Shown) -> None:
    for future in [shown.gate.journal.append(intent()) for _ in range(700)]:
        future.result(60)
    shown.turn()
    while (look := reader(shown).look()).size < 700:
        shown.turn()
    batch = reader(shown).batch(look.run, 0, look.size)
    assert batch is not None
    assert len(batch.encode()) <= MAX_BATCH_BYTES


def test_batch_does_not_go_beyond_its_limit(shown: Shown) -> None:
    for _ in range(4):
        shown.write(1)
    shown.turn()
    look = reader(shown).look()
    assert [len(batch.entries) for limit in (1, 3) if (batch := reader(shown).batch(look.run, 0, limit))] == [1, 3]
    assert reader(shown).batch(look.run, 4, look.size) is None


def test_view_of_the_next_start_is_another_one(shown: Shown) -> None:
    shown.write(3)
    shown.turn()
    before = reader(shown).look()
    shown.view._made = False  # as at a start
    shown.turn()
    after = reader(shown).look()
    assert (after.run == before.run, after.epoch, after.size) == (False, before.epoch, 3)
    assert reader(shown).batch(before.run, 0, 3) is None


def test_no_gate_has_run_yet(tmp_path: Path) -> None:
    seen = ViewReader(tmp_path / "view.db", TERMINAL)
    assert (refused(seen), seen.stamp()) == ("missing", None)


def test_gate_that_writes_for_long(shown: Shown) -> None:
    shown.write(1)
    shown.turn()
    with closing(sqlite3.connect(shown.path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert refused(reader(shown)) == "held"
    assert reader(shown).look().size == 1


def test_view_of_another_terminal(shown: Shown) -> None:
    shown.turn()
    assert refused(ViewReader(shown.path, "other")) == "other-terminal"


def test_file_that_is_no_view(tmp_path: Path) -> None:
    path = tmp_path / "view.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE identity (terminal, epoch)")
        other.commit()
    assert refused(ViewReader(path, TERMINAL)) == "other-file"


def test_view_whose_making_was_interrupted(shown: Shown) -> None:
    shown.turn()
    with closing(sqlite3.connect(shown.path, timeout=60, isolation_level=None)) as view:
        view.execute("DROP TABLE facts")
    assert refused(reader(shown)) == "half-made"
    shown.view._made = False
    shown.turn()


def test_bytes_that_are_no_database(tmp_path: Path) -> None:
    path = tmp_path / "view.db"
    path.write_bytes(b"no database, but as long as the head of one would be" * 40)
    assert refused(ViewReader(path, TERMINAL)) == "unreadable"


def test_reader_holds_nothing_between_its_looks(shown: Shown) -> None:
    shown.write(1)
    shown.turn()
    reader(shown).look()
    assert shown.view.stop(60)
    with closing(sqlite3.connect(shown.path, timeout=0, isolation_level=None)) as view:
        view.execute("BEGIN EXCLUSIVE")


def test_journal_of_a_gate_without_entries(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        view = gate.store.view(tmp_path / "view.db", facts=dict, trouble=lambda _: None)
        view.start()
        assert view.stop(60)
    look = ViewReader(tmp_path / "view.db", TERMINAL).look()
    assert (look.size, look.checkpoint) == (0, None)
