"""The board as a process: what its clients see, and what stands in its trace when somebody is killed."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from simulation.driver import Movement
from simulation.lane import CONTACTS, OUTPUTS
from simulation.logics import Logic
from simulation.vehicle import BODIES
from simulation.world import World, WorldError
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import HardwareError
from terminal.ports import Input, Output
from tests.simulation_board.board_process import FAST, BoardProcess

QUICK_M_S = 100.0


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    with BoardProcess(tmp_path) as process:
        yield process


def test_gate_reads_contacts_drives_relays_and_hears_edges(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    heard: SimpleQueue[tuple[Input, bool]] = SimpleQueue()
    gate.subscribe(lambda contact, on: heard.put((contact, on)))
    assert gate.outputs() == set(Output) - {Output.SERVICE}
    assert [contact for contact, on in gate.levels().items() if on] == [Input.CLOSED_LIMIT]
    gate.drive(Output.OPEN, True)
    assert heard.get(timeout=60) == (Input.CLOSED_LIMIT, False)
    assert heard.get(timeout=60) == (Input.OPEN_LIMIT, True)
    gate.close()


def test_trace_has_every_change_with_both_clocks_before_the_gate_is_answered(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    gate.drive(Output.LIGHT_RED, True)
    gate.drive(Output.LIGHT_RED, True)
    start, take, light = board.lines()
    assert (start["what"], start["does"], start["lane"]) == ("board", "start", 1)
    assert (take["what"], take["does"], take["pid"]) == ("gate", "take", os.getpid())
    assert set(light) == {"monotonic_ns", "wall_ms", "what", "lane", "name", "on"}
    assert (light["what"], light["name"], light["on"]) == ("output", "light_red", True)
    assert take["monotonic_ns"] <= light["monotonic_ns"]
    gate.close()


def test_relay_keeps_its_level_when_the_gate_goes_and_is_safe_when_it_comes_back(board: BoardProcess) -> None:
    with World(board.socket) as world:
        gate = SimulatedBoard(board.socket, 1)
        gate.drive(Output.OPEN, True)
        gate.close()
        world.wait_for(what="gate", does="leave")
        assert world.look()["outputs"]["open"] is True
        mark = world.mark()
        SimulatedBoard(board.socket, 1).close()
        world.wait_for(what="gate", does="leave", since=mark)
        told = [line for line in world.since(mark) if line["what"] != "contact"]
        assert [(line["what"], line.get("does"), line.get("on")) for line in told] == [
            ("gate", "take", None),
            ("output", None, False),
            ("gate", "leave", None),
        ]


def test_second_gate_is_told_who_holds_the_lines(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    with pytest.raises(HardwareError, match=f"lines of lane 1 are held by process {os.getpid()}"):
        SimulatedBoard(board.socket, 1)
    gate.close()
    with World(board.socket) as world:
        assert world.look()["outputs"]["open"] is False


def test_lines_are_free_as_soon_as_their_holder_hangs_up(board: BoardProcess) -> None:
    for _ in range(20):
        SimulatedBoard(board.socket, 1).close()


def test_lane_that_is_not_there_is_refused(board: BoardProcess) -> None:
    with pytest.raises(HardwareError, match="there is no lane 7; there are 1"):
        SimulatedBoard(board.socket, 7)


def test_relay_that_is_not_there_is_refused_and_the_line_stays(tmp_path: Path) -> None:
    with BoardProcess(tmp_path, *FAST, "--without", "close") as board:
        gate = SimulatedBoard(board.socket, 1)
        with pytest.raises(HardwareError, match="no relay 'close'"):
            gate.drive(Output.CLOSE, True)
        gate.drive(Output.LIGHT_GREEN, True)
        gate.close()


def test_board_killed_is_a_hardware_error_from_every_method(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    board.kill()
    with pytest.raises(HardwareError, match="does not answer"):
        gate.levels()
    with pytest.raises(HardwareError, match="does not answer"):
        gate.drive(Output.OPEN, True)
    gate.close()


def test_no_board_is_a_hardware_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="is it running"):
        SimulatedBoard(tmp_path / "none.sock", 1)


def test_board_that_is_restarted_goes_on_with_its_trace(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    gate.drive(Output.LIGHT_RED, True)
    board.kill()
    gate.close()
    before = board.lines()
    board.start()
    assert board.lines()[: len(before)] == before
    assert board.lines()[len(before)]["does"] == "start"


def test_second_board_on_the_same_socket_is_refused(board: BoardProcess) -> None:
    command = [sys.executable, "-m", "simulation.board", "--socket", str(board.socket), "--trace", str(board.trace)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert second.stderr == f"simulated board: another board serves on {board.socket} already\n"


@pytest.mark.parametrize(("socket_in", "trace_in"), [("nowhere", "."), (".", "nowhere")])
def test_place_where_no_board_can_serve_is_named_with_what_to_do(tmp_path: Path, socket_in: str, trace_in: str) -> None:
    at, trace = tmp_path / socket_in / "board", tmp_path / trace_in / "trace"
    command = [sys.executable, "-m", "simulation.board", "--socket", str(at), "--trace", str(trace)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    option, what = ("--socket", f"serve on {at}") if socket_in == "nowhere" else ("--trace", f"write the trace {trace}")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"simulated board: cannot {what}: No such file or directory; {option} names a file in a folder that this user"
        " can write\n"
    )


@pytest.mark.parametrize(
    "packet",
    [
        b"{",
        b"[]",
        b"[" * 4000,
        b'{"gate": true}',
        b'{"drive": "open", "on": true}',
        b'{"lane": 1, "jam": true}',
        b"\xff" * 9000,
    ],
)
def test_nonsense_is_answered_and_moves_nothing(board: BoardProcess, packet: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.connect(str(board.socket))
        wire.send(packet)
        assert "error" in json.loads(wire.recv(65536))
    assert [line["what"] for line in board.lines()] == ["board"]


def test_world_is_told_why_it_cannot_have_what_it_asks(board: BoardProcess) -> None:
    with World(board.socket) as world:
        with pytest.raises(WorldError, match="no movement 'fly'"):
            world.vehicle("fly")
        with pytest.raises(WorldError, match="no contact 'sun'"):
            world.contact("sun", True)
        with pytest.raises(WorldError, match="length_m lies between 3 and 30"):
            world.vehicle("arrive", length_m=1000)
        with pytest.raises(TimeoutError):
            world.wait_for(within_s=0.05, what="never")


def test_vehicle_drives_through_in_real_time(board: BoardProcess) -> None:
    gate = SimulatedBoard(board.socket, 1)
    with World(board.socket) as world:
        world.vehicle("arrive", speed_m_s=QUICK_M_S)
        world.wait_for(name="loop_arm", on=True)
        world.vehicle("pass", speed_m_s=QUICK_M_S)
        gate.drive(Output.OPEN, True)
        gate.drive(Output.OPEN, False)
        world.wait_for(name="loop_behind", on=False)
        world.wait_for(name="closed_limit", on=True)
    gate.close()


def test_lanes_of_one_board_know_nothing_of_each_other(tmp_path: Path) -> None:
    with BoardProcess(tmp_path, *FAST, "--lanes", "2", "--without", "loop_behind") as board:
        first, second = SimulatedBoard(board.socket, 1), SimulatedBoard(board.socket, 2)
        first.drive(Output.OPEN, True)
        assert Input.LOOP_BEHIND not in second.levels()
        with World(board.socket, lane=2) as world:
            assert world.look()["outputs"]["open"] is False
        first.close()
        second.close()


def test_each_lane_may_have_a_logic_and_contacts_of_its_own(tmp_path: Path) -> None:
    options = ("--lanes", "2", "--logic", "step", "--lane", "2:hold", "--without", "2:loop_arm", "--without", "fire")
    with BoardProcess(tmp_path, *FAST, *options) as board:
        starts = [line for line in board.lines() if line["what"] == "board"]
        assert [(line["lane"], line["logic"]) for line in starts] == [(1, "step"), (2, "hold")]
        assert ["loop_arm" in line["contacts"] for line in starts] == [True, False]
        assert ["fire" in line["contacts"] for line in starts] == [False, False]


def test_model_goes_as_many_times_faster_as_it_is_told(tmp_path: Path) -> None:
    """At its own speed it would be under way for much longer than anybody waits here."""
    with BoardProcess(tmp_path, "--travel-ms", "120000", "--speed", "100") as board, World(board.socket) as world:
        gate = SimulatedBoard(board.socket, 1)
        gate.drive(Output.OPEN, True)
        began = world.wait_for(what="output", name="open", on=True)["monotonic_ns"]
        up = world.wait_for(what="contact", name="open_limit", on=True)["monotonic_ns"]
        assert (up - began) / 1e9 >= 1.2
        gate.close()


def test_gate_is_told_a_contact_when_it_has_settled_and_the_trace_has_every_bounce(tmp_path: Path) -> None:
    with BoardProcess(tmp_path, "--debounce-ms", "30") as board, World(board.socket) as world:
        gate = SimulatedBoard(board.socket, 1)
        heard: SimpleQueue[tuple[Input, bool]] = SimpleQueue()
        gate.subscribe(lambda contact, on: heard.put((contact, on)))
        world.happen(contact="loop_arm", bounces=4, within_ms=20)
        world.contact("tamper", True)
        assert heard.get(timeout=60) == (Input.TAMPER, True)
        gate.close()
        assert sum(line["what"] == "raw" and line["name"] == "loop_arm" for line in board.lines()) == 8


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--lane", "3:hold"), "there is no lane 3"),
        (("--lane", "1:magic"), "1:magic: should be the number of a lane and a logic"),
        (("--without", "sun"), "no contact or relay 'sun'"),
        (("--travel-ms", "0"), "a boom takes at least 1 ms"),
        (("--speed", "0"), "a speed lies between"),
    ],
)
def test_option_that_makes_no_sense_is_refused(tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    command = [
        sys.executable,
        "-m",
        "simulation.board",
        "--socket",
        str(tmp_path / "s"),
        "--trace",
        str(tmp_path / "t"),
    ]
    refused = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert why in refused.stderr


def test_help_lists_logics_contacts_relays_and_vehicles() -> None:
    command = [sys.executable, "-m", "simulation.board", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for word in (*Logic, *CONTACTS, *OUTPUTS, *BODIES, *Movement):
        assert word in told
