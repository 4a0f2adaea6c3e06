"""Levels that keep a boom up, and orders to close: over lost boards, at a clean stop, with somebody under the boom."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from simulation.world import World
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    HOLD_OUTPUT,
    LOOP_SAFETY,
    OPEN_OUTPUT,
    GuardOrder,
    Logic,
    Mark,
    Phase,
)
from terminal.core.journal import Kind, TapResult
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import HardwareError
from terminal.ports import Output
from tests.lane.rig import QUICK, MemoryMarks, Rig, intent
from tests.lane.vehicles import QUICK_M_S, arrives
from tests.simulation_board.board_process import FAST, NOBODY_COMES, BoardProcess

HOLDS = replace(QUICK, outputs=frozenset({OPEN_OUTPUT, HOLD_OUTPUT, CLOSE_OUTPUT}))
LEVEL = replace(QUICK, logic=Logic.HOLD)
LONG_PULSE = replace(HOLDS, pulse_ms=600_000, passage_ms=60_000)
"""Whatever breaks a pulse off does it long before it would end, and nobody has passed until the clock is put on."""
A_MOMENT_S = 0.15
GAP_S = 30.0


def under_the_boom(rig: Rig, world: World, on: bool) -> None:
    world.contact("loop_safety", on)
    rig.wait_for(lambda state: (LOOP_SAFETY in state.active) is on)


def test_held_boom_is_held_again_once_the_board_that_was_lost_is_back(board: BoardProcess) -> None:
    with Rig(board.socket, HOLDS).in_service() as rig:
        assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
        board.kill()
        rig.wait_for(Phase.BOARD_LOST)
        assert rig.lane.state.levels == frozenset()
        board.start()
        rig.wait_for(Phase.HELD_OPEN)
        assert board.changes("hold_open") == [True, True]  # a board that starts again has all its relays off


def test_level_of_a_vehicle_is_not_put_on_again_after_the_board_was_lost(tmp_path: Path) -> None:
    with BoardProcess(tmp_path, *FAST, "--logic", "hold") as board, Rig(board.socket, LEVEL).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        board.kill()
        rig.wait_for(Phase.BOARD_LOST)
        board.start()
        rig.wait_for(Phase.CLOSED)
        assert board.changes("open") == [True]
        assert ("passage", "unknown") in rig.journal.told()


class MuffledHold(SimulatedBoard):
    """A board that does what it is told and whose answer to the first order to hold gets lost."""

    muffled = True

    def drive(self, output: Output, on: bool) -> None:
        super().drive(output, on)
        if output is Output.HOLD_OPEN and on and MuffledHold.muffled:
            MuffledHold.muffled = False
            raise HardwareError("no answer")


@NOBODY_COMES
def test_relay_that_does_not_answer_for_a_level_is_set_safe_and_the_order_taken_up_again(board: BoardProcess) -> None:
    with Rig(board.socket, HOLDS, board=MuffledHold).in_service() as rig:
        with pytest.raises(HardwareError, match="no answer"):
            rig.lane.obey(GuardOrder.HOLD, intent(1))
        rig.wait_for(Phase.HELD_OPEN)
        assert board.changes("hold_open") == [True, False, True]
        assert rig.lane.obey(GuardOrder.RELEASE, intent(2)) is None
        rig.wait_for(Phase.CLOSED)


def test_clean_stop_keeps_the_level_while_somebody_is_under_the_boom_and_a_drawbar_is_no_gap(
    board: BoardProcess, world: World
) -> None:
    kept = MemoryMarks()
    rig = Rig(board.socket, replace(HOLDS, gap_ms=int(GAP_S * 1000)), kept=kept, clear_s=10 * GAP_S)
    rig.lane.start()
    rig.wait_for(Phase.CLOSED)
    assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
    under_the_boom(rig, world, True)
    ended = threading.Event()

    def end() -> None:
        assert rig.lane.stop()
        ended.set()

    stop = threading.Thread(target=end)
    stop.start()
    under_the_boom(rig, world, False)
    assert not ended.wait(A_MOMENT_S)
    under_the_boom(rig, world, True)
    assert not ended.wait(A_MOMENT_S)
    assert board.changes("hold_open") == [True]
    under_the_boom(rig, world, False)
    rig.ahead_s += GAP_S
    assert ended.wait(60)
    stop.join()
    assert board.changes("hold_open") == [True, False]
    assert kept[Mark.HELD].number == 1


def test_clean_stop_opens_for_nobody_while_it_waits(board: BoardProcess, world: World) -> None:
    rig = Rig(board.socket, HOLDS)
    rig.lane.start()
    rig.wait_for(Phase.CLOSED)
    assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
    under_the_boom(rig, world, True)
    stop = threading.Thread(target=rig.lane.stop)
    stop.start()
    while rig.lane.admit(intent(2)) is not TapResult.FAILED:  # it was asked before the end reached the lane
        pass
    under_the_boom(rig, world, False)
    stop.join()
    assert board.changes("open") == []


def test_clean_stop_does_not_wait_for_ever_for_who_stays_under_the_boom(board: BoardProcess, world: World) -> None:
    rig = Rig(board.socket, HOLDS, clear_s=A_MOMENT_S)
    rig.lane.start()
    rig.wait_for(Phase.CLOSED)
    assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
    under_the_boom(rig, world, True)
    assert rig.lane.stop()
    assert board.changes("hold_open") == [True, False]


def test_order_to_close_is_broken_off_when_something_comes_under_the_boom(tmp_path: Path) -> None:
    with (
        BoardProcess(tmp_path, *FAST, "--no-show-ms", "600000") as board,
        World(board.socket) as world,
        Rig(board.socket, LONG_PULSE).in_service() as rig,
    ):
        arrives(rig, world)
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        rig.wait_for(Phase.OPEN)
        world.jam(True)  # it cannot go down before he is under it
        rig.ahead_s += LONG_PULSE.passage_ms / 1000
        world.wait_for(name="close", on=True)
        world.vehicle("follow", speed_m_s=QUICK_M_S)
        off = world.wait_for(name="close", on=False)
        came = world.wait_for(name="loop_safety", on=True)
        assert came["monotonic_ns"] < off["monotonic_ns"]
        rig.journal.wait_for(Kind.ALARM_RAISED, alarm="tailgate")
        assert board.changes("close") == [True, False]


def test_fire_breaks_an_order_to_close_off(tmp_path: Path) -> None:
    with (
        BoardProcess(tmp_path, *FAST, "--no-show-ms", "60000") as board,
        World(board.socket) as world,
        Rig(board.socket, LONG_PULSE).in_service() as rig,
    ):
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        rig.wait_for(Phase.OPEN)
        rig.ahead_s += LONG_PULSE.passage_ms / 1000
        world.wait_for(name="close", on=True)
        world.fire(True)
        rig.wait_for(Phase.EMERGENCY_OPEN)
        world.wait_for(name="close", on=False)
