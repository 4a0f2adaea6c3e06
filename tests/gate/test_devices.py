"""Readers, board and daemon that are not there, or come and go."""

from collections.abc import Callable

import pytest

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS
from simulation.world import World
from tests.gate.processes import Event, Gate, GateFolder
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd", "slot")]


def test_reader_that_is_not_there_shuts_its_lane_and_no_other(place: GateFolder, world: World, tap: Tap) -> None:
    place.lanes = {OPEN_LANE: READERS[0].name, 3: "Some Reader 00 00"}
    with place.start() as gate:
        gate.state(lambda state: "lane 2 ready; lane 3 shut (reader Some Reader 00 00 absent)" in state)
        gate.event("alarm-raised", alarm="reader", lane=3, about="Some Reader 00 00")
        assert tap(gate, "anna")["reason"] == "ok"
        assert gate.terminate() == 0


def test_board_that_comes_late_puts_the_lane_in_service(place: GateFolder, board: BoardProcess, tap: Tap) -> None:
    board.kill()
    with place.start() as gate:
        gate.state(lambda state: "lane 2 shut (barrier board-lost)" in state)
        assert tap(gate, "anna")["reason"] == "lane-closed"
        board.start()
        with World(board.socket, OPEN_LANE) as world:
            world.contact("loop_arm", True)
            gate.event("barrier", phase="closed")
            assert tap(gate, "anna")["reason"] == "ok"
        gate.event("alarm-raised", alarm="board")
        gate.event("alarm-cleared", alarm="board")


def test_board_held_by_another_gate_is_not_shared(place: GateFolder, world: World, tap: Tap) -> None:
    with place.start() as gate:
        gate.ready()
        place.data = place.folder / "another"
        with place.start() as another:
            another.state(lambda state: "lane 2 shut (barrier board-lost" in state)
            assert str(gate.pid) in another.event("board-lost")["error"]


def test_daemon_killed_and_started_again_serves_the_next_tap(
    place: GateFolder, world: World, pcscd: PcscDaemon, tap: Tap
) -> None:
    if not pcscd.owned:
        pytest.skip("the PC/SC daemon belongs to this machine's service manager")
    with place.start() as gate:
        gate.ready()
        mark = gate.mark()
        pcscd.kill()
        try:
            gate.event("reader", since=mark, state="no-daemon")
            gate.state(lambda state: "shut (reader Virtual PCD 00 00 no-daemon)" in state)
        finally:
            pcscd.start()
        gate.event("reader", since=mark, state="ready")
        assert tap(gate, "anna")["reason"] == "ok"
        gate.event("alarm-cleared", since=mark, alarm="reader")
        assert gate.terminate() == 0
