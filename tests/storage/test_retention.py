"""Entries that headquarters has are dropped, from the beginning, and no other; the journal goes on without them."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.acknowledgement import Acknowledged
from terminal.core.checkpoint import checkpoint_of, cosigned
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import Entry, Kind
from terminal.core.merkle import leaf_hash, root_of
from terminal.storage.retention import CHUNK, SHRINK_PAGES
from tests.storage.support import HOUR_MS, ROOT, Gate, changed_by_hand, intent, outcome, start

OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32))
COSIGNER = HeadquartersKey(name="office", key=OFFICE.public_key().public_bytes_raw().hex())


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Gate(tmp_path / "journal") as gate:
        yield gate


def written(gate: Gate, count: int) -> None:
    for future in [gate.journal.append(start(number)) for number in range(count)]:
        future.result()


def acknowledged(gate: Gate, size: int | None = None) -> None:
    """Headquarters acknowledges the checkpoint of this size, or the newest."""
    note = next(note for note in reversed(gate.notes()) if size in {None, checkpoint_of(note).size})
    data = cosigned(note, "office", OFFICE, 1_790_000_000).encode()
    assert isinstance(gate.journal.checkpoints.acknowledge(data, [COSIGNER]).result(), Acknowledged)


def dropped(gate: Gate, before_ms: int | None = None) -> int:
    """How many go until no more do."""
    retention, total = gate.store.retention(), 0
    while went := retention.drop(before_ms=before_ms):
        assert went <= CHUNK
        total += went
    return total


def left(gate: Gate) -> list[int]:
    return [entry.record.sequence for entry in gate.entries()]


def test_acknowledged_entries_older_than_that_go_and_younger_ones_stay(gate: Gate) -> None:
    written(gate, 3)
    gate.clock.ms += HOUR_MS
    written(gate, 3)
    acknowledged(gate)
    assert dropped(gate, gate.clock.ms - HOUR_MS) == 0
    assert dropped(gate, gate.clock.ms - HOUR_MS + 1) == 3
    assert gate.store.retention().oldest() == 3
    assert left(gate) == [3, 4, 5]


def test_unacknowledged_entry_stays_however_old(gate: Gate) -> None:
    for number in range(6):
        gate.journal.append(start(number)).result()
    assert dropped(gate, gate.clock.ms + 1) == 0
    acknowledged(gate, 4)
    assert dropped(gate, gate.clock.ms + 1) == 4
    assert left(gate) == [4, 5]


def test_newest_entry_stays_and_the_numbers_go_on_from_it_also_after_a_start(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        written(gate, CHUNK * 2 + 1)
        leaves = [leaf_hash(entry.record_bytes) for entry in gate.entries()]
        acknowledged(gate)
        assert dropped(gate, gate.clock.ms + 1) == CHUNK * 2
        assert left(gate) == [CHUNK * 2]
    for _ in range(2):
        with Gate(tmp_path / "journal") as gate:
            gate.journal.append(start(9)).result()
            leaves.append(leaf_hash(gate.entries()[-1].record_bytes))
            newest = checkpoint_of(gate.notes()[-1])
            assert (newest.size, newest.root) == (len(leaves), root_of(leaves))


def test_entry_after_one_that_says_it_is_younger_waits_for_it(gate: Gate) -> None:
    for hours in (0, 2, 0, 3):  # the clock ran ahead, and was set back
        gate.clock.ms += hours * HOUR_MS
        written(gate, 1)
        gate.clock.ms -= hours * HOUR_MS
    acknowledged(gate)
    assert dropped(gate, gate.clock.ms + HOUR_MS) == 1
    assert dropped(gate, gate.clock.ms + 2 * HOUR_MS + 1) == 2


ORDER = Entry(kind=Kind.ORDER, lane=1, public={"order": "open", "by": "root"}, sealed={"reason": "as agreed"})
OBEYED = Entry(kind=Kind.ORDER, lane=1, public={"order": "open", "settles": 1, "result": "obeyed"})
BY_ORDER = Entry(kind=Kind.PASSAGE, lane=1, public={"order": 1, "result": "passed"})
PASSED = Entry(kind=Kind.PASSAGE, lane=1, public={"intent": 1, "result": "passed"})


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (intent(), (outcome(1), PASSED)),
        (intent(), (PASSED, outcome(1))),
        (ORDER, (OBEYED, BY_ORDER)),
        (ORDER, (BY_ORDER, OBEYED)),
    ],
    ids=["intent, then its passage", "passage, then its intent", "order, then its passage", "passage, then its order"],
)
def test_what_the_next_start_must_settle_stays_with_all_that_follows(
    tmp_path: Path, begins: Entry, ends: tuple[Entry, ...]
) -> None:
    with Gate(tmp_path / "journal") as gate:
        written(gate, 1)
        gate.journal.append(begins).result()
        for end in ends:
            written(gate, 1)
            acknowledged(gate)
            dropped(gate, gate.clock.ms + 1)
            assert left(gate)[0] == 1
            opened = gate.journal.open_intents(), gate.journal.open_orders(), gate.journal.open_passages()
            assert any(opened)
            gate.journal.append(end).result()
        acknowledged(gate)
        dropped(gate, gate.clock.ms + 1)
        assert left(gate) == [5]


def test_short_disk_takes_whole_chunks_of_any_age_and_leaves_what_is_not_acknowledged(gate: Gate) -> None:
    written(gate, CHUNK - 1)
    acknowledged(gate)
    written(gate, 1)
    assert dropped(gate) == 0
    acknowledged(gate)
    written(gate, CHUNK)
    assert dropped(gate) == CHUNK
    assert dropped(gate) == 0
    assert left(gate) == list(range(CHUNK, 2 * CHUNK))


def test_nothing_of_a_dropped_entry_is_legible_in_any_file_of_the_journal_or_the_view(tmp_path: Path) -> None:
    folder, view_path = tmp_path / "journal", tmp_path / "view" / "view.db"
    view_path.parent.mkdir()
    marks = [f"legible-{number:04}" for number in range(CHUNK)]
    with Gate(folder) as gate:
        view = gate.store.view(view_path, facts=dict, trouble=lambda _: None)
        view.start()
        for mark in marks:
            entry = Entry(kind=Kind.START, public={"software": mark}, sealed={"reason": "x" * 300})
            gate.journal.append(entry)
        written(gate, 1)
        sealed = [entry.sealed for entry in gate.entries()[:CHUNK]]
        assert all(mark.encode() in on_disk(folder) for mark in marks)
        assert all(part is not None and part[-40:] in on_disk(folder) for part in sealed)
        _until_shown(view_path, CHUNK + 1)
        acknowledged(gate)
        assert dropped(gate, gate.clock.ms + 1) == CHUNK
        gate.beats.wait_for()
        for place in (folder, view_path.parent):
            _until_shown(view_path, 1)
            legible = on_disk(place)
            assert not [mark for mark in marks if mark.encode() in legible]
            assert not [part for part in sealed if part is not None and part[-40:] in legible]
        assert view.stop()


def test_sealed_part_that_is_erased_vanishes_from_the_view(tmp_path: Path) -> None:
    view_path = tmp_path / "view" / "view.db"
    view_path.parent.mkdir()
    with Gate(tmp_path / "journal") as gate:
        view = gate.store.view(view_path, facts=dict, trouble=lambda _: None)
        for _ in range(3):
            gate.journal.append(intent()).result()
        first, second, third = (entry.sealed or b"" for entry in gate.entries())
        view.start()
        _until_shown(view_path, 3)
        for number in (0, 2):
            changed_by_hand(tmp_path / "journal", f"UPDATE entries SET sealed = NULL WHERE sequence = {number}")  # noqa: S608
            written(gate, 1)
        assert view.stop()
        with closing(sqlite3.connect(view_path)) as shown:
            parts = [part for (part,) in shown.execute("SELECT sealed FROM entries ORDER BY sequence")]
    assert parts == [None, second, None, None, None]
    assert first[-40:] not in on_disk(view_path.parent)
    assert third[-40:] not in on_disk(view_path.parent)


def test_file_gets_shorter_where_the_disk_needs_that(gate: Gate, tmp_path: Path) -> None:
    file = tmp_path / "journal" / "journal.db"
    for number in range(2000):
        gate.journal.append(Entry(kind=Kind.START, public={"software": "x" * 1000, "number": number}))
    written(gate, 1)
    acknowledged(gate)
    gate.beats.wait_for()
    gate.store._writer.submit(lambda _: None, lambda _: gate.store._writer.scrub()).result()
    gate.beats.wait_for()
    long_bytes = file.stat().st_size
    retention = gate.store.retention()
    while retention.drop(before_ms=None):
        pass
    free_bytes = retention.free_page_bytes()
    assert free_bytes > long_bytes / 2
    for _ in range(free_bytes // (SHRINK_PAGES * 4096) + 1):
        retention.shrink()
    assert retention.free_page_bytes() == 0
    gate.beats.wait_for()
    assert file.stat().st_size < long_bytes - free_bytes / 2
    written(gate, 1)
    assert left(gate)[-1] == 2001


def test_gate_killed_while_it_drops_leaves_a_journal_without_its_beginning_and_whole(tmp_path: Path) -> None:
    chance = random.Random(20261122)  # noqa: S311  a seed, so that a failure comes again
    folder = tmp_path / "journal"
    with Gate(folder) as gate:
        for _ in range(20):
            written(gate, CHUNK)
        leaves = [leaf_hash(entry.record_bytes) for entry in gate.entries()]
        acknowledged(gate)
    begins = [0]
    for _ in range(4):
        command = [sys.executable, "-m", "tests.storage.children", "drop", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ}) as child:
            assert child.stdout is not None
            for _ in range(chance.randrange(1, 5)):
                if child.stdout.readline() == b"nothing left\n":  # it was faster than we were
                    break
            child.kill()
        with Gate(folder) as gate:
            numbers = left(gate)
            assert numbers == list(range(numbers[0], 20 * CHUNK))
            assert [leaf_hash(entry.record_bytes) for entry in gate.entries()] == leaves[numbers[0] :]
            assert gate.store.retention().oldest() == numbers[0]
        begins.append(numbers[0])
    assert begins == sorted(begins)
    assert begins[1] > 0


def on_disk(folder: Path) -> bytes:
    found = b""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # of a transaction that has ended meanwhile
            found += path.read_bytes()
    return found


def _until_shown(path: Path, entries: int) -> None:
    """The view is copied on a thread of its own: ask it until it has so many."""
    deadline_s, pause = time.monotonic() + 60, threading.Event()
    while time.monotonic() < deadline_s:
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=60)) as view:
                if view.execute("SELECT count(*) FROM entries").fetchone() == (entries,):
                    return
        except sqlite3.OperationalError:  # not made yet
            pass
        pause.wait(0.01)
    raise AssertionError(f"the view never had {entries} entries")
