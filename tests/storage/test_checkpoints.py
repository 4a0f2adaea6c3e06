"""The tree and its signed checkpoints: in step with the entries, whatever happens to the transaction or the disk."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.acknowledgement import Acknowledged, Ignored, OtherPast
from terminal.core.checkpoint import Checkpoint, checkpoint_of, cosigned, signed
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import Entry, Kind
from terminal.core.merkle import leaf_hash, root_of
from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, Batch
from terminal.core.signed_note import parse_note
from terminal.errors import StorageError
from tests.storage.support import SIGNING_KEY, TERMINAL, Gate, Held, changed_by_hand, start

OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32))
COSIGNER = HeadquartersKey(name="office", key=OFFICE.public_key().public_bytes_raw().hex())


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Gate(tmp_path / "journal") as gate:
        yield gate


def test_every_commit_has_a_signed_checkpoint_over_all_entries(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for number in range(5):
            gate.journal.append(start(number)).result()
        assert gate.checked_sizes() == [1, 2, 3, 4, 5]


def test_entries_of_one_transaction_share_a_checkpoint(tmp_path: Path) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        first = gate.journal.append(start(0))
        assert held.reached.wait(60)
        rest = [gate.journal.append(start(number)) for number in range(1, 5)]
        held.go_on.set()
        for future in (first, *rest):
            future.result()
        assert gate.checked_sizes() == [1, 5]


def test_write_that_was_undone_leaves_nothing_in_the_tree(gate: Gate, tmp_path: Path) -> None:
    gate.journal.append(start(0)).result()
    with pytest.raises(ValueError, match="who"):
        gate.journal.append(Entry(kind=Kind.START, public={"who": b"somebody"})).result()
    gate.journal.append(start(1)).result()
    assert gate.checked_sizes() == [1, 2]


def test_tree_goes_on_after_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        with Gate(tmp_path / "journal") as gate:
            gate.journal.append(start(number)).result()
            assert gate.checked_sizes() == list(range(1, number + 2))


def test_journal_of_before_there_was_a_tree_gets_one_at_the_next_start(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for number in range(3):
            gate.journal.append(start(number)).result()
    changed_by_hand(
        tmp_path / "journal", "DROP TRIGGER tree_never_shrinks", "UPDATE tree SET size = 0, hashes = x''",
        "DELETE FROM checkpoints",
    )  # fmt: skip
    with Gate(tmp_path / "journal") as gate:
        assert gate.checked_sizes() == [3]


@pytest.mark.parametrize(("entries", "letters"), [(MAX_BATCH_ENTRIES * 2 + 1, 10), (30, 16_000)], ids=["many", "large"])
def test_between_two_checkpoints_lies_no_more_than_one_batch(tmp_path: Path, entries: int, letters: int) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        first = gate.journal.append(start(0))
        assert held.reached.wait(60)
        rest = [gate.journal.append(Entry(kind=Kind.START, public={"software": "x" * letters})) for _ in range(entries)]
        held.go_on.set()
        for future in (first, *rest):
            future.result()
        sizes = [0, *gate.checked_sizes()]
        stored = [(entry.record_bytes, entry.sealed) for entry in gate.entries()]
        checkpoints = [note.encode() for note in gate.notes()]
    assert sizes[-1] == entries + 1
    assert len(sizes) > 3
    for begin, end, checkpoint in zip(sizes, sizes[1:], checkpoints, strict=False):
        batch = Batch(gate.journal.epoch, begin, tuple(stored[begin:end]), checkpoint)
        assert len(batch.encode()) <= MAX_BATCH_BYTES


def test_tree_that_lost_its_way_keeps_the_journal_shut(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(start()).result()
    changed_by_hand(tmp_path / "journal", "UPDATE tree SET size = 3, hashes = zeroblob(64)")
    with pytest.raises(StorageError, match="tree has 3 leaves for 1 entries"):
        Gate(tmp_path / "journal")


def test_damaged_tree_is_noticed_at_the_start(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(start()).result()
    changed_by_hand(tmp_path / "journal", "UPDATE tree SET size = 2, hashes = zeroblob(64)")
    with pytest.raises(StorageError, match="tree is damaged"):
        Gate(tmp_path / "journal")


# ------------------------------------------------------------------------------------------------ acknowledgements


def acknowledgement(gate: Gate, size: int, key: Ed25519PrivateKey = OFFICE) -> bytes:
    """Headquarters' acknowledgement of the first `size` entries."""
    leaves = [leaf_hash(entry.record_bytes) for entry in gate.entries()]
    checkpoint = Checkpoint(TERMINAL, gate.journal.epoch, size, root_of(leaves[:size]))
    return cosigned(signed(checkpoint, SIGNING_KEY), "office", key, 1_790_000_000).encode()


def test_acknowledged_checkpoint_is_kept_and_those_below_it_in_its_batch_go(gate: Gate, tmp_path: Path) -> None:
    for number in range(4):
        gate.journal.append(start(number)).result()
    judgement = gate.journal.checkpoints.acknowledge(acknowledgement(gate, 3), [COSIGNER]).result()
    assert isinstance(judgement, Acknowledged)
    assert judgement.checkpoint.size == 3
    assert [checkpoint_of(each).size for each in gate.notes()] == [3, 4]


def test_acknowledgement_outlives_the_run_and_an_older_one_changes_nothing(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for number in range(4):
            gate.journal.append(start(number)).result()
        older, newer = acknowledgement(gate, 2), acknowledgement(gate, 3)
        gate.journal.checkpoints.acknowledge(newer, [COSIGNER]).result()
    with Gate(tmp_path / "journal") as gate:
        for late in (older, newer):
            assert gate.journal.checkpoints.acknowledge(late, [COSIGNER]).result() == Ignored("old")


def test_unacknowledged_entry_cannot_be_dropped(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for number in range(4):
            gate.journal.append(start(number)).result()
        gate.journal.checkpoints.acknowledge(acknowledgement(gate, 2), [COSIGNER]).result()
    changed_by_hand(tmp_path / "journal", "DELETE FROM entries WHERE sequence < 2")
    with pytest.raises(sqlite3.IntegrityError, match="not acknowledged"):
        changed_by_hand(tmp_path / "journal", "DELETE FROM entries WHERE sequence = 2")


@pytest.mark.parametrize(
    ("bent", "judgement"),
    [
        ("noise", Ignored("no-note")),
        ("too long", Ignored("no-note")),
        ("other terminal", Ignored("other-journal")),
        ("other epoch", Ignored("other-journal")),
        ("stranger cosigned", Ignored("not-cosigned")),
        ("nobody cosigned", Ignored("not-cosigned")),
        ("size moved", Ignored("not-cosigned")),
        ("stranger's checkpoint", Ignored("not-ours")),
    ],
)
def test_forged_acknowledgement_drops_nothing(gate: Gate, tmp_path: Path, bent: str, judgement: Ignored) -> None:
    for number in range(3):
        gate.journal.append(start(number)).result()
    true = acknowledgement(gate, 2)
    epoch, root = gate.journal.epoch, bytes(32)
    forged = {
        "noise": b"\xff" * 100,
        "too long": true + b"x" * 20_000,
        "other terminal": cosigned(
            signed(Checkpoint("gate-2", epoch, 2, root), SIGNING_KEY), "office", OFFICE, 1
        ).encode(),
        "other epoch": cosigned(
            signed(Checkpoint(TERMINAL, bytes(16), 2, root), SIGNING_KEY), "office", OFFICE, 1
        ).encode(),
        "stranger cosigned": acknowledgement(gate, 2, Ed25519PrivateKey.generate()),
        "nobody cosigned": signed(checkpoint_of(parse_note(true)), SIGNING_KEY).encode(),
        "size moved": true.replace(b"\n2\n", b"\n3\n"),
        "stranger's checkpoint": cosigned(
            signed(checkpoint_of(parse_note(true)), Ed25519PrivateKey.generate()), "office", OFFICE, 1
        ).encode(),
    }[bent]
    assert gate.journal.checkpoints.acknowledge(forged, [COSIGNER]).result() == judgement
    assert [checkpoint_of(each).size for each in gate.notes()] == [1, 2, 3]


@pytest.mark.parametrize(("size", "root"), [(2, bytes(32)), (7, bytes(32))], ids=["other root", "longer than we are"])
def test_authentic_acknowledgement_of_a_past_that_is_not_ours_is_told_apart(
    gate: Gate, tmp_path: Path, size: int, root: bytes
) -> None:
    for number in range(3):
        gate.journal.append(start(number)).result()
    checkpoint = Checkpoint(TERMINAL, gate.journal.epoch, size, root)
    note = cosigned(signed(checkpoint, SIGNING_KEY), "office", OFFICE, 1_790_000_000).encode()
    assert gate.journal.checkpoints.acknowledge(note, [COSIGNER]).result() == OtherPast(checkpoint)
    assert [checkpoint_of(each).size for each in gate.notes()] == [1, 2, 3]
