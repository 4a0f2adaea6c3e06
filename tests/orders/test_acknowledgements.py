"""Acknowledgements over the gate's socket: who may bring them, what they do, and what a forged one does not."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terminal.core.barrier_words import Phase
from terminal.core.checkpoint import Checkpoint, checkpoint_of, cosigned, signed
from terminal.core.journal import Kind
from terminal.core.signed_note import SignedNote
from terminal.gate.asked import MAX_NOTE_BYTES
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE
from tests.orders.rig import GUARD_UID, LISTED, OWN_UID, STRANGER_UID, UIDS, Lanes
from tests.storage.past import COSIGNER, OFFICE, STRANGER, by_office, checkpoint, rows, write
from tests.storage.support import SIGNING_KEY, TERMINAL

ROOT = bytes(32)


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[Lanes]:
    """The gate has three entries."""
    with Lanes(tmp_path) as lanes:
        lanes.cosigners = (COSIGNER,)
        write(lanes.gate, 3)
        yield lanes


def hand_over(lanes: Lanes, note: bytes | str, uid: int = OWN_UID) -> dict[str, Any]:
    text = note if isinstance(note, str) else note.decode()
    return lanes.requests.answer(uid, {"version": 1, "ask": "acknowledge", "note": text})


def of(size: int, root: bytes = ROOT, **changes: Any) -> SignedNote:
    """A checkpoint of a past that is made up, signed with the true key."""
    return signed(replace(Checkpoint(TERMINAL, bytes(16), size, root), **changes), SIGNING_KEY)


def kept(lanes: Lanes) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[int]]:
    """What is acknowledged, what is marked, which checkpoints are left."""
    folder = lanes.gate.folder
    return (
        rows(folder, "SELECT size FROM acknowledged"),
        rows(folder, "SELECT size FROM other_past"),
        [size for (size,) in rows(folder, "SELECT size FROM checkpoints ORDER BY size")],
    )


NOTHING: tuple[list[Any], list[Any], list[int]] = ([], [], [1, 2, 3])


def test_acknowledgement_is_kept_and_answered_with_its_size(lanes: Lanes) -> None:
    assert hand_over(lanes, by_office(checkpoint(lanes.gate, 2))) == {
        "version": 1, "result": "acknowledged", "size": 2,
    }  # fmt: skip
    assert kept(lanes) == ([(2,)], [], [2, 3])


def test_old_acknowledgement_drops_nothing(lanes: Lanes) -> None:
    older, newer = (by_office(checkpoint(lanes.gate, size)) for size in (1, 3))
    hand_over(lanes, newer)
    for late in (older, newer):
        answer = hand_over(lanes, late)
        assert (answer["result"], answer["why"]) == ("ignored", "old")
    assert kept(lanes) == ([(3,)], [], [3])


def test_forged_acknowledgements_drop_nothing(lanes: Lanes) -> None:
    true = checkpoint(lanes.gate, 2)
    stated = checkpoint_of(true)
    forged = {
        "no-note": [b"hello", b"\n", by_office(true)[:-9], b"x" * MAX_NOTE_BYTES],
        "other-journal": [
            by_office(signed(replace(stated, terminal="gate-2"), SIGNING_KEY)),
            by_office(signed(replace(stated, epoch=bytes(16)), SIGNING_KEY)),
        ],
        "not-cosigned": [
            by_office(true, STRANGER),
            by_office(true).replace(b"\n2\n", b"\n3\n"),
            true.encode(),
            cosigned(true, "other-office", OFFICE, 1).encode(),
        ],
        "not-ours": [by_office(signed(stated, STRANGER)), by_office(signed(replace(stated, size=99), STRANGER))],
    }
    for why, notes in forged.items():
        for note in notes:
            answer = hand_over(lanes, note)
            assert (answer["result"], answer["why"]) == ("ignored", why), note
            assert answer["say"].startswith("nothing follows from it: ")
    assert kept(lanes) == NOTHING
    assert lanes.alarms.standing() == ()
    assert not lanes.acknowledging.other_past


def test_key_that_was_retired_cosigns_nothing_any_more(lanes: Lanes) -> None:
    note = by_office(checkpoint(lanes.gate, 2))
    lanes.cosigners = (replace(COSIGNER, key=STRANGER.public_key().public_bytes_raw().hex()),)
    assert hand_over(lanes, note)["why"] == "not-cosigned"
    assert kept(lanes) == NOTHING


def test_while_no_rules_are_in_force_nobody_can_acknowledge(lanes: Lanes) -> None:
    note = by_office(checkpoint(lanes.gate, 2))
    lanes.cosigners = ()
    answer = hand_over(lanes, note)
    assert (answer["result"], answer["why"]) == ("ignored", "no-keys")
    assert kept(lanes) == NOTHING
    lanes.cosigners = (COSIGNER,)
    assert hand_over(lanes, note)["result"] == "acknowledged"


@pytest.mark.parametrize(("size", "root"), [(2, ROOT), (7, ROOT)], ids=["other root", "longer than the journal"])
@pytest.mark.parametrize("is_cosigned", [True, False], ids=["cosigned", "own head"])
def test_word_of_another_past_drops_nothing_and_raises_the_alarm_once(
    lanes: Lanes, size: int, root: bytes, is_cosigned: bool
) -> None:
    note = of(size, root, epoch=lanes.gate.journal.epoch)
    for _ in range(3):
        answer = hand_over(lanes, by_office(note) if is_cosigned else note.encode())
        assert (answer["result"], answer["size"]) == ("other-past", size)
        assert "a new epoch begins when the lanes rest" in answer["say"]
    assert lanes.acknowledging.other_past
    assert lanes.told(Kind.ALARM_RAISED) == [
        (None, {"alarm": "other-past", "size": size, "epoch": lanes.gate.journal.epoch})
    ]
    acknowledged, marked, checkpoints = kept(lanes)
    assert (acknowledged, marked, checkpoints[:3]) == ([], [(size,)], [1, 2, 3])
    assert lanes.give("open").result == "obeyed"


@pytest.mark.parametrize(
    "note",
    [None, 7, "", ["a"], {"text": "a"}, "é" * (MAX_NOTE_BYTES // 2 + 1), "x" * (MAX_NOTE_BYTES + 1)],
    ids=["null", "number", "empty", "list", "object", "long in bytes", "long"],
)
def test_note_that_is_no_text_or_too_long_is_not_understood(lanes: Lanes, note: object) -> None:
    answer = lanes.requests.answer(OWN_UID, {"version": 1, "ask": "acknowledge", "note": note})
    assert (answer["result"], answer["why"]) == ("refused", "not-understood")
    assert answer["say"] == "`note` is a signed note of 1 to 8192 bytes"
    assert kept(lanes) == NOTHING


@pytest.mark.parametrize("note", ["x" * MAX_NOTE_BYTES, "half \ud800 a pair", "\x00" * 100, "a\nb\n\n— x y\n"])
def test_any_text_of_that_length_is_judged(lanes: Lanes, note: str) -> None:
    assert hand_over(lanes, note)["why"] == "no-note"


def test_answer_fits_a_packet_however_long_the_note(lanes: Lanes) -> None:
    note = "\x00" * MAX_NOTE_BYTES
    assert len(json.dumps({"version": 1, "ask": "state", "note": "a" * MAX_NOTE_BYTES})) < 16 * 1024
    assert len(json.dumps(hand_over(lanes, note))) < 1024


@pytest.mark.parametrize("uid", [STRANGER_UID, GUARD_UID])
def test_whoever_is_not_listed_for_it_may_not(lanes: Lanes, uid: int) -> None:
    answer = hand_over(lanes, by_office(checkpoint(lanes.gate, 2)), uid)
    assert (answer["result"], answer["why"]) == ("refused", "not-allowed")
    assert '"acknowledge"' in answer["say"]
    assert kept(lanes) == NOTHING
    assert lanes.told() == []


def test_user_of_sync_needs_no_other_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LISTED, "xs-sync", ("acknowledge",))
    monkeypatch.setitem(UIDS, "xs-sync", 993)
    with Lanes(tmp_path) as lanes:
        lanes.cosigners = (COSIGNER,)
        write(lanes.gate, 3)
        assert hand_over(lanes, by_office(checkpoint(lanes.gate, 2)), 993)["result"] == "acknowledged"
        assert lanes.requests.answer(993, {"version": 1, "ask": "state"})["why"] == "not-allowed"


def test_flood_is_stopped_and_asks_nothing_of_the_disk(tmp_path: Path) -> None:
    now_s = 0.0
    with Lanes(tmp_path, monotonic_s=lambda: now_s) as lanes:
        lanes.cosigners = (COSIGNER,)
        write(lanes.gate, 3)
        lanes.gate.beats.wait_for()
        log = lanes.gate.folder / "journal.db-wal"
        before, forged = log.read_bytes(), by_office(checkpoint(lanes.gate, 2), STRANGER)
        whys = [hand_over(lanes, forged)["why"] for _ in range(ACKNOWLEDGEMENTS_A_MINUTE + 1)]
        assert whys == ["not-cosigned"] * ACKNOWLEDGEMENTS_A_MINUTE + ["too-many"]
        assert log.read_bytes() == before
        assert hand_over(lanes, by_office(checkpoint(lanes.gate, 2)))["why"] == "too-many"
        now_s = 61.0
        assert hand_over(lanes, by_office(checkpoint(lanes.gate, 2)))["result"] == "acknowledged"
        assert kept(lanes) == ([(2,)], [], [2, 3])


def test_disk_that_is_locked_is_said_and_the_note_can_be_brought_again(tmp_path: Path) -> None:
    with Lanes(tmp_path) as lanes:
        lanes.cosigners = (COSIGNER,)
        write(lanes.gate, 3)
        note = by_office(checkpoint(lanes.gate, 2))
        lanes.gate.store._database.busy_s = 0.0
        lanes.gate.store._writer.submit(lambda connection: connection.execute("PRAGMA busy_timeout = 0")).result(60)
        with closing(sqlite3.connect(lanes.gate.folder / "journal.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = hand_over(lanes, note)
        assert (answer["result"], answer["why"]) == ("refused", "storage")
        assert "locked by another program" in answer["say"]
        assert hand_over(lanes, note)["result"] == "acknowledged"
        assert lanes.lanes[1].state.phase is Phase.CLOSED
