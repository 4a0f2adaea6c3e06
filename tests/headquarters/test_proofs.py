"""Verifying the whole database and proving single entries: tampering is found, erasing is no tampering."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import acknowledgement_keys
from headquarters.journal.proving import MAX_FILE_BYTES, ProofRefused, prove, verify_proof
from headquarters.journal.terminals import Terminals
from headquarters.journal.verifying import MAX_MISTAKES, JournalReport, verify
from headquarters.tables.journal import compact_ranges, entries, epochs, waiting
from terminal.core.journal import EntryKey, Kind
from terminal.core.merkle import leaf_hash
from terminal.core.messages import MAX_BATCH_ENTRIES
from terminal.errors import ConfigurationError, StorageError
from tests.headquarters.box import EPOCH, KEY, NAME, Box, register, sealing_key
from tests.headquarters.conftest import Office

NOW = 1_790_000_500
TERMINAL_KEY = KEY.public_key().public_bytes_raw()
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()


@pytest.fixture
def box(office: Office) -> Box:
    box = Box(sealing=sealing_key(office)).write(5)
    box.tell(Kind.TAP_INTENT, {"reader": "r1"}, {"person": 7})
    return box.write(4)


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    collector = register(office, box)
    collector.collect(box.name, box.batch(0, 7), NOW)
    collector.collect(box.name, box.batch(7), NOW)
    return collector


def report(office: Office) -> JournalReport:
    (only,) = verify(office.database, acknowledgement_keys(office.keys))
    return only


def change(office: Office, statement: sa.Update | sa.Delete) -> None:
    with office.database.transaction() as connection:
        assert connection.execute(statement).rowcount


def mistakes(office: Office) -> list[str]:
    return report(office).mistakes


# ------------------------------------------------------------------------------------------------------ the whole


@pytest.mark.usefixtures("collector")
def test_untouched_database_verifies(office: Office) -> None:
    assert report(office) == JournalReport(NAME, EPOCH, proven=10)


@pytest.mark.usefixtures("collector")
def test_erased_part_is_counted_and_all_roots_still_verify(office: Office) -> None:
    change(office, entries.update().values(sealed=None))
    assert report(office) == JournalReport(NAME, EPOCH, proven=10, erased=1)


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize(
    ("tampered", "found"),
    [
        (
            entries.update().where(entries.c.sequence == 5).values(sealed=b"x"),
            "entry 5: its sealed part is not the one",
        ),
        (entries.update().where(entries.c.sequence == 3).values(leaf_hash=bytes(32)), "entry 3: its leaf hash is not"),
        (entries.update().where(entries.c.sequence == 3).values(record=b"\x00"), "entry 3: not a journal record"),
        (entries.update().where(entries.c.sequence == 3).values(kind="passage"), "entry 3: its columns do not say"),
        (entries.delete().where(entries.c.sequence == 3), "entry 3: was acknowledged, and is not here"),
        (entries.delete().where(entries.c.sequence == 9), "entry 9: was acknowledged, and is not here"),
        (epochs.update().values(hashes=bytes(64)), "the tree at 10 is not that of the entries"),
        (epochs.update().values(acknowledgement=b"x"), "the acknowledgement: a note without signatures"),
        (
            epochs.update().values(acknowledgement=Box().write(10).checkpoint()),
            "the acknowledgement has another size or",
        ),
        (epochs.update().values(largest_note=Box().write(9).checkpoint()), "the largest checkpoint has another size"),
    ],
)
def test_tampering_with_the_database_is_found(office: Office, tampered: sa.Update | sa.Delete, found: str) -> None:
    change(office, tampered)
    assert any(each.startswith(found) for each in mistakes(office)), mistakes(office)


@pytest.mark.usefixtures("collector")
def test_swapped_records_are_found_by_the_tree(office: Office, box: Box) -> None:
    other = box.copy(3).write(1, "other")
    forged = other.entries[3][0]
    change(office, entries.update().where(entries.c.sequence == 3).values(record=forged, leaf_hash=leaf_hash(forged)))
    assert mistakes(office) == ["the tree at 10 is not that of the entries"]


def test_tree_that_is_none_is_said_to_be_damaged(office: Office, box: Box, collector: Collector) -> None:
    change(office, epochs.update().values(hashes=bytes(33)))
    for ask in (lambda: mistakes(office), lambda: collector.collect(box.name, box.batch(), NOW)):
        with pytest.raises(StorageError, match="a journal's tree in the register is damaged"):
            ask()


@pytest.mark.usefixtures("collector")
def test_acknowledgement_by_a_key_that_nobody_names_is_found(office: Office, box: Box) -> None:
    change(office, epochs.update().values(acknowledgement=box.checkpoint()))
    assert mistakes(office) == ["the acknowledgement bears no cosignature by a key that issuers.json names"]


def test_checkpoint_that_waits_is_verified_too(office: Office, box: Box, collector: Collector) -> None:
    box.write(4)
    collector.collect(box.name, box.batch(12), NOW)
    assert report(office) == JournalReport(NAME, EPOCH, proven=10, beyond=2)
    change(office, waiting.update().values(note=replace(box, key=Ed25519PrivateKey.generate()).checkpoint()))
    assert mistakes(office) == ["the checkpoint at 14 is not signed by the terminal"]


def test_checkpoint_that_no_longer_waits_for_anything_is_compared(
    office: Office, box: Box, collector: Collector
) -> None:
    box.write(4)
    lie = box.batch_of(12, box.entries[12:], box.checkpoint(root=bytes(32)))
    for body in (lie, box.batch(10, 12)):
        collector.collect(box.name, body, NOW)
    collector.note_head(box.name, box.head(checkpoint=box.checkpoint(13, root=bytes(32))), NOW)
    assert mistakes(office) == ["the checkpoint at 13 has not the root of the entries"]


def test_tree_that_is_kept_on_the_way_is_verified_too(office: Office, collector: Collector) -> None:
    long = Box(name="gate-2").write(1100)
    Terminals(office.database).add(long.name, 4711, TERMINAL_KEY, office.change)
    for first in range(0, 1100, MAX_BATCH_ENTRIES):
        collector.collect(long.name, long.batch(first, min(first + MAX_BATCH_ENTRIES, 1100)), NOW)
    for values, found in (
        ({"hashes": bytes(32)}, "the tree kept at 1024 is not that of the entries"),
        ({"size": 2048}, "the tree kept at 2048 has no entries below it"),
    ):
        change(office, compact_ranges.update().values(values))
        _, second = verify(office.database, acknowledgement_keys(office.keys))
        assert second.mistakes == [found]


@pytest.mark.usefixtures("collector")
def test_cursor_far_beyond_the_entries_is_found_at_once(office: Office) -> None:
    change(office, epochs.update().values(size=1 << 62, hashes=bytes(32)))
    found = report(office)
    assert found.mistakes[0] == "entry 10: was acknowledged, and is not here"
    assert len(found.mistakes) + found.more_mistakes == (1 << 62) - 10 + 1  # and the acknowledgement's size


def test_numbers_of_an_ended_epoch_that_never_came_are_lost(office: Office, box: Box, collector: Collector) -> None:
    box.write(8)
    collector.note_head(box.name, box.head(), NOW)
    collector.collect(box.name, box.batch(13, 15), NOW)
    new = replace(box, epoch=bytes(16), entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 19})
    collector.collect(new.name, new.batch(), NOW)
    old, now = verify(office.database, acknowledgement_keys(office.keys))
    assert old == JournalReport(NAME, EPOCH, proven=10, beyond=2, lost=[range(10, 13), range(15, 19)])
    assert now == JournalReport(NAME, bytes(16), proven=1)


@pytest.mark.usefixtures("collector")
def test_many_mistakes_are_counted_beyond_a_bound(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(20).batch(10), NOW)
    change(office, entries.update().values(kind="clock"))
    found = report(office)
    assert (len(found.mistakes), found.more_mistakes) == (MAX_MISTAKES, 10)


# ------------------------------------------------------------------------------------------------------ one entry


def proof(office: Office, sequence: int) -> bytes:
    with office.database.transaction(read_only=True) as connection:
        return prove(connection, EntryKey(NAME, EPOCH, sequence), acknowledgement_keys(office.keys))


def our_key(office: Office) -> bytes:
    return office.keys.signing("acknowledgement").public


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("sequence", range(10))
def test_every_entry_is_proven_to_who_trusts_both_keys(office: Office, sequence: int) -> None:
    proven = verify_proof(proof(office, sequence), TERMINAL_KEY, our_key(office))
    assert (proven.record.sequence, proven.checkpoint.size, proven.cosigned_at_s) == (sequence, 10, NOW)
    assert (proven.terminal_trusted, proven.headquarters_trusted) == (True, True)


@pytest.mark.usefixtures("collector")
def test_proof_survives_the_erasure_of_the_sealed_part(office: Office) -> None:
    change(office, entries.update().values(sealed=None))
    proven = verify_proof(proof(office, 5), TERMINAL_KEY, our_key(office))
    assert proven.record.sealed_sha256 is not None


@pytest.mark.usefixtures("collector")
def test_proof_by_its_own_keys_is_trusted_by_nobody(office: Office) -> None:
    proven = verify_proof(proof(office, 3), None, None)
    assert (proven.terminal_trusted, proven.headquarters_trusted) == (False, False)


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize(
    ("change_it", "why"),
    [
        (lambda it: it | {"record": it["record"].replace("302e", "392e")}, "is no entry of the journal"),
        (lambda it: it | {"inclusion": it["inclusion"][:-1]}, "is no entry of the journal"),
        (lambda it: it | {"checkpoint": it["checkpoint"].replace("\n10\n", "\n11\n")}, "is no entry|not signed"),
        (lambda it: it | {"checkpoint": it["checkpoint"].rsplit("— xs-h", 1)[0]}, "not cosigned by headquarters"),
        (lambda it: it | {"keys": {}}, "not signed by the terminal's key"),
        (lambda it: it | {"inclusion": ["00"]}, "of a length that there is not"),
        (lambda it: it | {"record": "zz"}, "no proof of format"),
        (lambda it: it | {"record": 7}, "no proof of format"),
        (lambda it: it | {"keys": []}, "no proof of format"),
        (lambda it: it | {"more": 1}, "no proof of format"),
        (lambda it: it | {"format": "xs-journal-proof-2"}, "no proof of format"),
        (lambda it: it | {"checkpoint": "x"}, "a note without signatures"),
        (lambda it: [it], "no proof of format"),
    ],
)
def test_proof_that_was_changed_proves_nothing(
    office: Office, change_it: Callable[[dict[str, Any]], Any], why: str
) -> None:
    changed = json.dumps(change_it(json.loads(proof(office, 3)))).encode()
    with pytest.raises(ProofRefused, match=why):
        verify_proof(changed, None, None)


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[" * MAX_FILE_BYTES, b"1" * MAX_FILE_BYTES, b" " * (MAX_FILE_BYTES + 1)]
)
def test_file_that_is_no_proof_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ProofRefused, match=r"no proof of format|at most"):
        verify_proof(data, None, None)


@pytest.mark.usefixtures("collector")
def test_proof_is_read_up_to_a_bound(office: Office) -> None:
    whole = proof(office, 3)
    assert verify_proof(whole.ljust(MAX_FILE_BYTES), None, None).record.sequence == 3
    with pytest.raises(ProofRefused, match=f"at most {MAX_FILE_BYTES} bytes"):
        verify_proof(whole.ljust(MAX_FILE_BYTES + 1), None, None)


@pytest.mark.usefixtures("collector")
def test_proof_made_with_other_keys_does_not_hold_for_who_trusts_the_true_ones(office: Office) -> None:
    true = proof(office, 3)
    with pytest.raises(ProofRefused, match="not signed by the terminal's key"):
        verify_proof(true, STRANGER, our_key(office))
    with pytest.raises(ProofRefused, match="not cosigned by headquarters' key"):
        verify_proof(true, TERMINAL_KEY, STRANGER)


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("gone", [3, 9])
def test_nothing_is_proven_of_a_journal_with_a_hole(office: Office, gone: int) -> None:
    change(office, entries.delete().where(entries.c.sequence == gone))
    with pytest.raises(StorageError, match="does not lead to the root that was signed"):
        proof(office, 3)


def test_entry_that_waits_for_others_cannot_be_proven(office: Office, box: Box, collector: Collector) -> None:
    box.write(4)
    collector.collect(box.name, box.batch(12), NOW)
    for sequence in (12, 99):
        with pytest.raises(ConfigurationError, match="nothing is proven of it yet"):
            proof(office, sequence)
