"""Headquarters' commands over the gate's socket: carried out once, for headquarters alone, and proven by an entry."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from terminal.commanding import MAX_COMMAND_LETTERS
from terminal.core.command import MAX_ERASED, Command, Erase
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import Kind
from terminal.core.merkle import leaf_hash, root_of
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE
from tests.orders.rig import GUARD_UID, OWN_UID, STRANGER_UID, Lanes
from tests.storage.past import OFFICE, STRANGER
from tests.storage.support import NOON_MS, TERMINAL, intent, outcome

KEY = HeadquartersKey(name="xs-headquarters/command", key=OFFICE.public_key().public_bytes_raw().hex())
ENDS_S = NOON_MS // 1000 + 60


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[Lanes]:
    """The gate has entries 0, 2 and 4 with a sealed part, 1, 3 and 5 without."""
    with Lanes(tmp_path) as lanes:
        lanes.command_keys = (KEY,)
        for number in (0, 2, 4):
            lanes.gate.journal.append(intent()).result(60)
            lanes.gate.journal.append(outcome(number)).result(60)
        yield lanes


def command(lanes: Lanes, *sequences: int, **changes: Any) -> Command:
    order = Erase(changes.pop("epoch", lanes.gate.journal.epoch), sequences)
    return replace(Command(terminal=TERMINAL, number=7, ends_s=ENDS_S, order=order), **changes)


def give(lanes: Lanes, body: Command | bytes, uid: int = OWN_UID) -> dict[str, Any]:
    data = body.signed(OFFICE) if isinstance(body, Command) else body
    return lanes.requests.answer(uid, {"version": 1, "ask": "command", "command": b64encode(data).decode()})


def sealed(lanes: Lanes) -> list[int]:
    """Which entries still have their sealed part."""
    return [entry.record.sequence for entry in lanes.gate.entries() if entry.sealed is not None]


def erasures(lanes: Lanes) -> list[dict[str, Any]]:
    return [dict(each.record.public) for each in lanes.gate.entries() if each.record.kind is Kind.ERASURE]


def test_erased_parts_are_gone_an_entry_says_so_and_the_root_still_holds(lanes: Lanes) -> None:
    before = {entry.record.sequence: entry.sealed for entry in lanes.gate.entries()}
    answer = give(lanes, command(lanes, 0, 1, 2, 99))
    assert answer == {"version": 1, "result": "done", "number": 7, "sequence": 6}
    assert sealed(lanes) == [4]
    assert erasures(lanes) == [
        {"command": 7, "what": "sealed-parts", "epoch": lanes.gate.journal.epoch, "count": 2, "missing": 2}
    ]
    assert lanes.gate.checked_sizes()[-1] == 7
    assert root_of([leaf_hash(entry.record_bytes) for entry in lanes.gate.entries()])
    lanes.gate.store._writer.submit(lambda _: None).result(60)
    lanes.gate.store.close()
    files = b"".join(path.read_bytes() for path in lanes.gate.folder.iterdir() if path.name.startswith("journal.db"))
    for number in (0, 2):
        part = before[number]
        assert part is not None
        assert part not in files


def test_command_that_comes_again_does_nothing(lanes: Lanes) -> None:
    first = command(lanes, 0)
    give(lanes, first)
    for _ in range(2):
        assert give(lanes, first) == {"version": 1, "result": "done-before", "number": 7}
    assert len(erasures(lanes)) == 1


def test_replayed_older_command_does_nothing(lanes: Lanes) -> None:
    give(lanes, command(lanes, 0))
    assert give(lanes, command(lanes, 2, number=6))["result"] == "done-before"
    assert sealed(lanes) == [2, 4]
    assert give(lanes, command(lanes, 2, number=8))["result"] == "done"


def test_number_is_kept_over_a_restart(tmp_path: Path) -> None:
    for result in ("done", "done-before"):
        with Lanes(tmp_path) as lanes:
            lanes.command_keys = (KEY,)
            assert give(lanes, command(lanes, 0))["result"] == result


def test_forged_commands_erase_nothing(lanes: Lanes) -> None:
    mine = command(lanes, 0)
    largest = tuple(range(MAX_ERASED))
    attacks: dict[str, list[bytes]] = {
        "not-signed": [mine.signed(STRANGER), mine.signed(OFFICE)[:-1] + bytes([mine.signed(OFFICE)[-1] ^ 1])],
        "not-understood": [b"hello", mine.signed(OFFICE)[:-1], mine.signed(OFFICE) + b"\0", bytes(3000)],
        "other-terminal": [replace(mine, terminal="gate-2").signed(OFFICE)],
        "expired": [replace(mine, ends_s=NOON_MS // 1000).signed(OFFICE)],
    }
    for why, bodies in attacks.items():
        for body in bodies:
            answer = give(lanes, body)
            assert (answer["result"], answer["why"]) == ("ignored", why), body
    assert sealed(lanes) == [0, 2, 4]
    assert erasures(lanes) == []
    assert give(lanes, command(lanes, *largest))["result"] == "done"


def test_command_of_a_key_that_was_retired(lanes: Lanes) -> None:
    lanes.command_keys = (replace(KEY, key=STRANGER.public_key().public_bytes_raw().hex()),)
    assert give(lanes, command(lanes, 0))["why"] == "not-signed"
    assert sealed(lanes) == [0, 2, 4]


def test_key_of_acknowledgements_commands_nothing(lanes: Lanes) -> None:
    lanes.cosigners, lanes.command_keys = (KEY,), ()
    assert give(lanes, command(lanes, 0))["why"] == "no-keys"
    assert sealed(lanes) == [0, 2, 4]


def test_clock_that_is_set_forward_ends_a_command(lanes: Lanes) -> None:
    lanes.gate.clock.ms = ENDS_S * 1000
    assert give(lanes, command(lanes, 0))["why"] == "expired"
    lanes.gate.clock.ms -= 1
    assert give(lanes, command(lanes, 0))["result"] == "done"


def test_epoch_that_this_terminal_never_had(lanes: Lanes) -> None:
    assert give(lanes, command(lanes, 0, 2, epoch=bytes(16)))["result"] == "done"
    assert [(each["count"], each["missing"]) for each in erasures(lanes)] == [(0, 2)]
    assert sealed(lanes) == [0, 2, 4]


@pytest.mark.parametrize("uid", [STRANGER_UID, GUARD_UID])
def test_whoever_is_not_listed_for_it_may_not(lanes: Lanes, uid: int) -> None:
    answer = give(lanes, command(lanes, 0), uid)
    assert (answer["result"], answer["why"]) == ("refused", "not-allowed")
    assert '"command"' in answer["say"]
    assert sealed(lanes) == [0, 2, 4]


@pytest.mark.parametrize("text", ["", "A" * (MAX_COMMAND_LETTERS + 1), None, 7], ids=["empty", "long", "null", "int"])
def test_command_that_is_no_text_or_too_long_is_not_understood(lanes: Lanes, text: object) -> None:
    answer = lanes.requests.answer(OWN_UID, {"version": 1, "ask": "command", "command": text})
    assert (answer["result"], answer["why"]) == ("refused", "not-understood")


@pytest.mark.parametrize("text", ["A", "é", "AAAA\tAAAA", "ééé=", "A" * MAX_COMMAND_LETTERS])
def test_any_other_text_is_no_command(lanes: Lanes, text: str) -> None:
    answer = lanes.requests.answer(OWN_UID, {"version": 1, "ask": "command", "command": text})
    assert answer["why"] == "not-understood"
    assert len(json.dumps(answer)) < 1024


def test_flood_is_stopped_and_said_once(lanes: Lanes) -> None:
    forged = command(lanes, 0).signed(STRANGER)
    with capture_logs() as said:
        whys = [give(lanes, forged)["why"] for _ in range(ACKNOWLEDGEMENTS_A_MINUTE + 1)]
    assert whys == ["not-signed"] * ACKNOWLEDGEMENTS_A_MINUTE + ["too-many"]
    assert [line["event"] for line in said] == ["command-not-signed"]
