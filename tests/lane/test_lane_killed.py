"""Gate or board killed, stopped or hung in mid-pulse. The truth is the board's trace."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from simulation.world import World
from terminal.alarms import AlarmKey
from terminal.core.barrier_signals import Closed, Ready
from terminal.core.barrier_words import LOOP_ARM, GuardOrder, Phase, Side
from terminal.core.journal import Kind, TapResult
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import HardwareError
from terminal.lane.lines import set_safe
from terminal.ports import Input, Output
from tests.lane.rig import Rig, intent
from tests.simulation_board.board_process import NOBODY_COMES, BoardProcess

QUICK_M_S = 100.0
UNANSWERED = [
    ("tap-outcome", "unknown"),
    ("passage", "unknown"),
    ("alarm-raised", "board"),
    ("alarm-cleared", "board"),
]
"""What the journal tells of a relay that did not answer, on a board that came back."""


class GateProcess:
    """`one_lane_gate` running, on the journal of the one before it."""

    def __init__(self, board: BoardProcess) -> None:
        folder = str(board.socket.parent / "gate")
        command = [sys.executable, "-m", "tests.lane.one_lane_gate", str(board.socket), folder]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.phase = str(self.heard()["phase"])

    def heard(self) -> dict[str, Any]:
        assert self._process.stderr is not None
        heard: dict[str, Any] = json.loads(self._process.stderr.readline())
        return heard

    def admit(self, sequence: int) -> str:
        return str(self._ask(f"{sequence}"))

    def obey(self, order: GuardOrder) -> str | None:
        """None, or why not; the order is durable as number 9."""
        why = self._ask(f"9 {order}")
        return None if why is None else str(why)

    def _ask(self, line: str) -> object:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.heard()["result"]

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(60)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def gate_on(board: BoardProcess) -> Iterator[GateProcess]:
    gate = GateProcess(board)
    try:
        yield gate
    finally:
        gate.end()


def relay_and_holders(board: BoardProcess) -> list[tuple[str, object]]:
    """What the trace says of the `open` relay and of who held the lines, in order."""
    return [
        (line["name"], line["on"]) if line["what"] == "output" else (line["what"], line["does"])
        for line in board.lines()
        if line["what"] == "gate" or line.get("name") == "open"
    ]


@NOBODY_COMES
def test_gate_killed_in_mid_pulse_leaves_the_relay_on_until_the_next_start_and_opens_no_second_time(
    board: BoardProcess, world: World
) -> None:
    with gate_on(board) as killed:
        assert killed.admit(1) == "opened"
        killed.signal(signal.SIGKILL)
        killed.wait()
    world.wait_for(what="gate", does="leave")
    world.wait_for(name="open_limit", on=True)
    assert relay_and_holders(board) == [("gate", "take"), ("open", True), ("gate", "leave")]
    with gate_on(board) as gate:
        assert gate.phase in {"open", "opening", "unknown"}
        world.wait_for(name="closed_limit", on=True)
        gate.signal(signal.SIGTERM)
        assert gate.heard()["journal"] == []
    assert relay_and_holders(board)[3:5] == [("gate", "take"), ("open", False)]
    assert board.changes("open") == [True, False]


def test_vehicle_admitted_before_the_kill_is_unknown_and_no_tailgater(board: BoardProcess, world: World) -> None:
    world.vehicle("arrive", speed_m_s=QUICK_M_S)
    with gate_on(board) as killed:
        assert killed.admit(1) == "opened"
        world.wait_for(name="open_limit", on=True)
        killed.signal(signal.SIGKILL)
        killed.wait()
    with Rig(board.socket).in_service_from(Phase.OPEN) as rig:
        world.vehicle("pass")
        assert rig.journal.wait_for(Kind.PASSAGE).public == {"result": "unknown"}
        rig.wait_for(Phase.CLOSED)
        assert rig.journal.told() == [("passage", "unknown")]


def test_clean_stop_in_mid_pulse_releases_the_relay_before_the_process_ends(board: BoardProcess) -> None:
    with gate_on(board) as gate:
        assert gate.admit(1) == "opened"
        gate.signal(signal.SIGTERM)
        assert gate.heard() == {"ended": True, "journal": [["tap-outcome", "opened"], ["passage", "unknown"]]}
        assert gate.wait() == 0
    assert relay_and_holders(board)[:3] == [("gate", "take"), ("open", True), ("open", False)]


def test_board_killed_with_a_vehicle_owed_shuts_the_lane_until_it_is_back(board: BoardProcess) -> None:
    with Rig(board.socket).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        board.kill()
        rig.wait_for(Phase.BOARD_LOST)
        assert rig.lane.readiness(Side.ENTRY) == Closed("board-lost")
        assert rig.alarms.standing() == (AlarmKey("board", 1),)
        assert rig.lane.admit(intent(2)) is TapResult.FAILED
        board.start()
        rig.wait_for(Phase.CLOSED)
        assert rig.alarms.standing() == ()
        assert rig.journal.told() == [
            ("tap-outcome", "opened"),
            ("passage", "unknown"),
            ("alarm-raised", "board"),
            ("alarm-cleared", "board"),
        ]
        assert board.changes("open").count(True) == 1


def test_lane_starts_without_a_board_and_serves_once_there_is_one(board: BoardProcess, world: World) -> None:
    board.kill()
    rig = Rig(board.socket)
    rig.lane.start()
    rig.wait_for(Phase.BOARD_LOST)
    board.start()
    rig.wait_for(Phase.CLOSED)
    assert rig.lane.stop()


@NOBODY_COMES
def test_relay_that_does_not_answer_may_have_fired(board: BoardProcess) -> None:
    with Rig(board.socket, board_answer_s=1.0).in_service() as rig:
        board.signal(signal.SIGSTOP)
        assert rig.lane.admit(intent(1)) is TapResult.UNKNOWN
        rig.wait_for(Phase.BOARD_LOST)
        board.signal(signal.SIGCONT)
        rig.wait_for(lambda state: state.phase not in {Phase.BOOT, Phase.BOARD_LOST})
        rig.wait_for(Phase.CLOSED)
        assert rig.journal.told() == UNANSWERED
        assert board.changes("open") in ([], [True, False])


class MuffledBoard(SimulatedBoard):
    """A board that does what it is told and whose answer to the first opening gets lost."""

    muffled = True

    def drive(self, output: Output, on: bool) -> None:
        super().drive(output, on)
        if output is Output.OPEN and on and MuffledBoard.muffled:
            MuffledBoard.muffled = False
            raise HardwareError("no answer")


@NOBODY_COMES
def test_relay_whose_answer_got_lost_is_set_safe_and_never_pulsed_again(board: BoardProcess) -> None:
    with Rig(board.socket, board=MuffledBoard).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.UNKNOWN
        rig.came_to(Phase.BOARD_LOST)
        rig.wait_for(Phase.CLOSED)
        assert board.changes("open") == [True, False]
        assert rig.journal.told() == UNANSWERED


class DeafBoard(SimulatedBoard):
    """A board whose edges all get lost, as those of a driver that ran out of room."""

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        pass


class OldBoard(SimulatedBoard):
    """A board whose callback can still be called when it is long gone."""

    heard_by: ClassVar[list[Callable[[Input, bool], None]]] = []

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        self.heard_by.append(changed)


def test_late_edge_of_a_board_that_was_lost_is_not_believed(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, board=OldBoard).in_service() as rig:
        board.kill()
        rig.wait_for(Phase.BOARD_LOST)
        board.start()
        rig.wait_for(Phase.CLOSED)
        OldBoard.heard_by[0](Input.FIRE, True)
        OldBoard.heard_by[1](Input.LOOP_ARM, True)
        rig.wait_for(lambda state: LOOP_ARM in state.active)
        assert Phase.EMERGENCY_OPEN not in rig.phases


def test_edge_that_got_lost_is_found_at_the_next_turn(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, board=DeafBoard).in_service() as rig:
        world.contact("loop_arm", True)
        rig.wait_for(lambda _: rig.lane.readiness(Side.ENTRY) == Ready())


def test_relay_that_a_killed_gate_left_on_is_released_by_whoever_only_takes_the_board(board: BoardProcess) -> None:
    killed = SimulatedBoard(board.socket, 1)
    killed.drive(Output.OPEN, True)
    killed.close()
    boards = {lane: partial(SimulatedBoard, board.socket, lane) for lane in (1, 99)}
    assert set(set_safe(boards)) == {99}
    assert relay_and_holders(board)[3:] == [("gate", "take"), ("open", False), ("gate", "leave")]
