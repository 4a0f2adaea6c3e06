"""From start to stop."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from simulation.vpcd import VirtualReaderSlot
from simulation.world import World
from terminal.core.journal import Kind, Record, decode_record
from tests.gate.processes import Event, Gate, GateFolder
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]


def records(data: Path) -> list[Record]:
    """The journal of a gate that has ended."""
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        rows = connection.execute("SELECT record FROM entries ORDER BY sequence").fetchall()
    return [decode_record(record) for (record,) in rows]


def relay(board: BoardProcess) -> list[tuple[str, object]]:
    """What became of the open relay and who held the lines, as the board tells it."""
    return [
        ("open", line["on"]) if line["what"] == "output" else (line["does"], line["pid"])
        for line in board.lines()
        if line["lane"] == OPEN_LANE and (line["what"] == "gate" or line.get("name") == "open")
    ]


def released(gate: Gate) -> list[tuple[str, object]]:
    """What every gate does first: a relay that was left on goes off."""
    return [("take", gate.pid), ("leave", gate.pid)]


def test_ready_is_said_when_a_tap_would_be_answered(place: GateFolder, world: World, slot: VirtualReaderSlot) -> None:
    with place.start() as gate:
        in_service = re.compile(r"(READY=1\n)?STATUS=lane 2 ready; lists \d+ s old")
        gate.state(lambda state: in_service.fullmatch(state) is not None)
        assert gate.states[0] == "STATUS=starting"
        assert gate.states[1].startswith("READY=1\nSTATUS=lane 2 ")
        gate.event("ready")
        before = [event["event"] for event in gate.told("started", "reader", "barrier", "ready")]
        assert before[0] == "started"
        if in_service.fullmatch(gate.states[1]):  # on a slow machine it says so a second after the start, as it is
            assert sorted(before[1:3]) == ["barrier", "reader"]


def test_what_is_committed_is_shown_to_the_other_processes(place: GateFolder, world: World, tap: Tap) -> None:
    with place.start() as gate:
        gate.ready()
        assert tap(gate, "anna")["outcome"] == "admit"
        assert gate.terminate() == 0
    with closing(sqlite3.connect(place.view)) as view:
        shown = [decode_record(record) for (record,) in view.execute("SELECT record FROM entries ORDER BY sequence")]
        facts = dict(view.execute("SELECT name, value FROM facts"))
    written = records(place.data)
    assert shown == written[: len(shown)]
    assert {record.kind for record in shown} >= {Kind.START, Kind.TAP_INTENT}
    assert facts.keys() == {"software", "clock", "list_number", "list_issued_at_s", "free_bytes", "acknowledged"}
    assert facts["list_number"] is not None


def test_admitted_card_opens_and_a_blocked_one_does_not(
    place: GateFolder, world: World, board: BoardProcess, tap: Tap
) -> None:
    with place.start() as gate:
        gate.ready()
        answer = tap(gate, "anna")
        assert (answer["outcome"], answer["reason"]) == ("admit", "ok")
        gate.event("barrier", phase="closed", was="open")
        answer = tap(gate, "bram")
        assert (answer["outcome"], answer["reason"]) == ("refuse", "blocked")
        assert gate.terminate() == 0
    assert relay(board) == [
        *released(gate),
        ("take", gate.pid), ("open", True), ("open", False), ("leave", gate.pid),
    ]  # fmt: skip
    full = {"disk", "disk-short"}  # of the machine that runs the tests
    kinds = [record.kind for record in records(place.data) if record.public.get("alarm") not in full]
    assert kinds == [
        Kind.START,
        Kind.CONFIGURATION_CHANGED,
        Kind.LIST_APPLIED,
        Kind.LEVEL_CHANGED,
        Kind.TAP_INTENT,
        Kind.TAP_OUTCOME,
        Kind.PASSAGE,
        Kind.TAP_OUTCOME,
    ]


def test_stop_in_mid_pulse_releases_the_relay_and_ends_with_0(
    place: GateFolder, world: World, board: BoardProcess, tap: Tap
) -> None:
    place.pulse_ms = 1000
    with place.start() as gate:
        gate.ready()
        tap(gate, "anna")
        assert gate.terminate() == 0
    assert relay(board) == [
        *released(gate),
        ("take", gate.pid), ("open", True), ("open", False), ("leave", gate.pid),
    ]  # fmt: skip
    assert gate.states[-1] == "STOPPING=1\nSTATUS=stopping: relays are released"
    assert records(place.data)[-1].public["result"] == "unknown"


def test_every_line_of_the_log_is_json(place: GateFolder, world: World, tap: Tap) -> None:
    with place.start() as gate:
        gate.ready()
        for name in ("anna", "kim"):
            tap(gate, name)
        gate.terminate()
        assert len(gate.lines) > 5
        assert all(isinstance(json.loads(line), dict) for line in gate.lines)


def test_watchdog_is_fed_while_everything_makes_progress(place: GateFolder, slot: VirtualReaderSlot) -> None:
    with place.start({"WATCHDOG_USEC": "3000000"}) as gate:
        gate.ready()
        gate.state(lambda state: state == "WATCHDOG=1", since=len(gate.states))
        gate.state(lambda state: state == "WATCHDOG=1", since=len(gate.states))
        assert not any("no progress" in state for state in gate.states)


def test_second_gate_on_the_same_journal_says_who_has_it_and_ends(place: GateFolder, slot: VirtualReaderSlot) -> None:
    with place.start() as gate:
        gate.ready()
        with place.start() as second:
            assert second.wait() == 1
        assert len(second.lines) == 1
        assert f"is in use by another gate (process {gate.pid}); stop that one first" in second.lines[0]
        assert second.states[-1].startswith("STATUS=stopped: the journal in ")
        gate.state(lambda state: state == "WATCHDOG=1", since=len(gate.states))


@pytest.mark.parametrize("damage", [b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 4080, b"not a journal"])
def test_damaged_journal_stops_the_gate_with_one_line(
    damage: bytes, place: GateFolder, board: BoardProcess, slot: VirtualReaderSlot
) -> None:
    place.data.mkdir(mode=0o700)
    (place.data / "journal.db").touch(mode=0o600)
    (place.data / "journal.db").write_bytes(damage)
    with place.start() as gate:
        assert gate.wait() == 1
    assert len(gate.lines) == 1
    assert str(place.data) in gate.lines[0]
    assert not any("READY" in state for state in gate.states)
    assert relay(board) == released(gate)


def test_journal_open_to_others_stops_the_gate_with_one_line(place: GateFolder, slot: VirtualReaderSlot) -> None:
    place.data.mkdir(mode=0o755)
    with place.start() as gate:
        assert gate.wait() == 1
    assert len(gate.lines) == 1
    assert "chmod 700" in gate.lines[0]
