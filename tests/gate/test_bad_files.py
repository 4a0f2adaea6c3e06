"""Files of an installer that are wrong or not there: one clear line each, and the lane stays shut."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demonstration.office import Office
from simulation.world import World
from terminal.edges.simulated_board import SimulatedBoard
from terminal.ports import Output
from tests.gate.processes import Event, Gate, GateFolder
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd", "slot")]


def test_every_mistake_in_gate_toml_is_one_line_and_the_exit_status_says_configuration(place: GateFolder) -> None:
    place.lanes = {2: "", 300: "Virtual PCD 00 00"}
    with place.start() as gate:
        assert gate.wait() == 78
    assert [line.partition("gate.toml: ")[2].partition(":")[0] for line in gate.lines] == [
        "lane[1].reader[1].name",
        "lane[2].number",
    ]
    assert all(line.startswith(f"xs-terminal: {place.configuration}: ") for line in gate.lines)
    assert gate.states[-1].startswith("STATUS=stopped: ")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[terminal\n", b"a = 1\n" * 20_000])
def test_unusable_gate_toml_is_said_without_a_traceback(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    if content is not None:
        file.write_bytes(content)
    with Gate(file, {}) as gate:
        assert gate.wait() == 78
    assert gate.lines
    assert all(line.startswith(f"xs-terminal: {file}: ") for line in gate.lines)


def test_gate_without_keys_is_ready_with_every_lane_shut_and_serves_as_soon_as_they_are_there(
    place: GateFolder, world: World, tap: Tap
) -> None:
    (place.keys / "card-keys.json").unlink()
    with place.start() as gate:
        state = gate.state(lambda state: "READY=1" in state)
        assert "STATUS=every lane is shut: " in state
        assert str(place.keys / "card-keys.json") in state
        gate.state(lambda state: state == "WATCHDOG=1")
        place.site.hand_keys_to(place.keys)
        gate.state(lambda state: "lane 2 ready" in state)
        assert tap(gate, "anna")["reason"] == "ok"
        assert gate.terminate() == 0


@pytest.mark.parametrize("lacking", ["keys", "journal"])
def test_relay_left_on_by_a_gate_that_was_killed_is_released_by_one_that_cannot_serve(
    lacking: str, place: GateFolder, world: World, board: BoardProcess
) -> None:
    killed = SimulatedBoard(board.socket, OPEN_LANE)
    killed.drive(Output.OPEN, True)
    killed.close()
    assert board.changes("open") == [True]
    if lacking == "keys":
        (place.keys / "card-keys.json").unlink()
    else:
        place.data.mkdir(mode=0o755)
    with place.start() as gate:
        world.wait_for(name="open", on=False)
        if lacking == "keys":
            gate.state(lambda state: "STATUS=every lane is shut: " in state)
            assert gate.terminate() == 0
        else:
            assert gate.wait() == 1
    assert board.changes("open") == [True, False]


@pytest.mark.parametrize("content", [b"", b'{"read": ["00"]}', b"\xff" * 100, b"[" * 100_000])
def test_key_file_that_is_none_is_named_and_never_shown(content: bytes, place: GateFolder) -> None:
    (place.keys / "card-keys.json").write_bytes(content)
    with place.start() as gate:
        state = gate.state(lambda state: "READY=1" in state)
        assert "every lane is shut: " in state
        assert gate.event("no-keys")["mistakes"]
        assert gate.terminate() == 0
    assert len(gate.lines) == 1
    assert "Traceback" not in gate.lines[0]


def test_mirror_that_is_empty_keeps_the_lane_shut_until_the_files_arrive(
    place: GateFolder, world: World, board: BoardProcess, tap: Tap
) -> None:
    for file in sorted(place.mirror.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    with place.start() as gate:
        gate.said_ready()
        gate.state(lambda state: "lane 2 shut (no rules in force)" in state)
        answer = tap(gate, "anna")
        assert (answer["outcome"], answer["reason"]) == ("refuse", "lane-closed")
        place.site.carry("good", place.mirror)
        gate.event("in-force")
        gate.state(lambda state: state.startswith("STATUS=lane 2 ready"))
        assert tap(gate, "anna")["reason"] == "ok"
        gate.terminate()
    assert board.changes("open") == [True, False]


def test_gate_without_its_root_says_so_and_believes_nothing_until_it_has_it(
    place: GateFolder, world: World, tap: Tap
) -> None:
    place.root.unlink()
    with place.start() as gate:
        gate.said_ready()
        refusal = gate.event("update-refused", subject="root")
        assert "root.json" in refusal["why"]
        assert refusal["fault"] == "document"
        assert tap(gate, "anna")["reason"] == "lane-closed"
        place.root.write_bytes(place.site.root)
        gate.event("in-force")
        assert tap(gate, "anna")["reason"] == "ok"


def test_mirror_of_another_headquarters_is_not_believed(
    place: GateFolder, world: World, board: BoardProcess, tap: Tap, tmp_path: Path
) -> None:
    office = Office(tmp_path / "elsewhere", lambda: datetime.now(UTC))
    place.root.write_bytes(office.root())
    office.close()
    with place.start() as gate:
        gate.said_ready()
        gate.event("update-refused")
        assert tap(gate, "anna")["reason"] == "lane-closed"
        place.root.write_bytes(place.site.root)
        gate.event("in-force")
        assert tap(gate, "anna")["reason"] == "ok"


def test_list_that_changes_in_the_mirror_decides_the_next_tap_without_a_restart(
    place: GateFolder, world: World, tap: Tap
) -> None:
    with place.start() as gate:
        gate.ready()
        assert tap(gate, "anna")["reason"] == "ok"
        mark = gate.mark()
        place.site.carry("anna-blocked", place.mirror)
        gate.event("in-force", since=mark)
        assert tap(gate, "anna")["reason"] == "blocked"
        mark = gate.mark()
        place.site.carry("anna-back", place.mirror)
        gate.event("in-force", since=mark)
        assert tap(gate, "anna")["reason"] == "ok"


def test_half_of_an_update_leaves_the_lists_in_force_as_they_were(place: GateFolder, world: World, tap: Tap) -> None:
    with place.start() as gate:
        gate.ready()
        mark = gate.mark()
        (place.mirror / "timestamp.json").write_bytes(place.site.files("anna-blocked")["timestamp.json"])
        gate.event("update-refused", since=mark)
        assert tap(gate, "anna")["reason"] == "ok"
        place.site.carry("anna-blocked", place.mirror)
        gate.event("in-force", since=mark)
        assert tap(gate, "anna")["reason"] == "blocked"
