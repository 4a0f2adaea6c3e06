"""A lane for both directions: who has it, what the contacts mean for him, and that nobody is let in against him."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from simulation.world import World
from terminal.core.barrier_signals import Busy, DriveForward, Ready, WrongSide
from terminal.core.barrier_words import LOOP_ARM, LOOP_BEHIND, GuardOrder, Phase, Side
from terminal.core.journal import Kind, TapResult
from tests.lane.rig import QUICK, Rig, intent
from tests.lane.vehicles import QUICK_M_S
from tests.simulation_board.board_process import BoardProcess

BOTH = replace(QUICK, direction="both")
BEFORE = {Side.ENTRY: LOOP_ARM, Side.EXIT: LOOP_BEHIND}
"""Where a vehicle waits, by the name that the contact has for one that enters."""


def arrives(rig: Rig, world: World, side: Side) -> None:
    world.vehicle("arrive", side.value, speed_m_s=QUICK_M_S, **{"from": side.value})
    rig.wait_for(lambda state: BEFORE[side] in state.active)


def other(side: Side) -> Side:
    return Side.EXIT if side is Side.ENTRY else Side.ENTRY


@pytest.mark.parametrize("side", list(Side))
def test_vehicle_passes_from_either_side_and_the_other_side_waits_until_the_boom_is_down(
    side: Side, board: BoardProcess, world: World
) -> None:
    with Rig(board.socket, BOTH).in_service() as rig:
        assert rig.lane.readiness(side) == DriveForward()
        arrives(rig, world, side)
        assert (rig.lane.readiness(side), rig.lane.readiness(other(side))) == (Ready(), DriveForward())
        assert rig.lane.admit(intent(1), side=side) is TapResult.OPENED
        assert rig.lane.readiness(other(side)) == Busy()
        assert rig.lane.obey(GuardOrder.OPEN, intent(3), other(side)) == "lane-busy"
        assert rig.lane.admit(intent(2), side=other(side)) is TapResult.FAILED
        world.vehicle("pass", side.value, speed_m_s=QUICK_M_S)
        rig.journal.wait_for(Kind.PASSAGE, result="passed", intent=1)
        rig.wait_for(Phase.CLOSED)
        assert rig.lane.readiness(other(side)) == DriveForward()
        assert board.changes("open") == [True, False]
        assert rig.journal.told() == [("tap-outcome", "opened"), ("passage", "passed")]


def test_both_sides_at_once_let_one_through(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, BOTH).in_service() as rig, ThreadPoolExecutor(2) as taps:
        for side in Side:
            arrives(rig, world, side)
        results = list(taps.map(lambda side: rig.lane.admit(intent(1), side=side), Side))
        assert sorted(results) == [TapResult.FAILED, TapResult.OPENED]
        rig.wait_for(lambda state: state.owner is list(Side)[results.index(TapResult.OPENED)])
        assert board.changes("open") in ([True], [True, False])


def test_person_lets_a_vehicle_out_of_a_lane_for_both(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, BOTH).in_service() as rig:
        arrives(rig, world, Side.EXIT)
        assert rig.lane.obey(GuardOrder.OPEN, intent(4), Side.EXIT) is None
        world.vehicle("pass", Side.EXIT.value, speed_m_s=QUICK_M_S)
        rig.journal.wait_for(Kind.PASSAGE, result="passed", order=4)
        rig.wait_for(Phase.CLOSED)


@pytest.mark.parametrize("side", list(Side))
def test_lane_of_one_way_lets_nobody_through_the_other_way(side: Side, board: BoardProcess) -> None:
    with Rig(board.socket, replace(QUICK, direction=side.value)).in_service() as rig:
        assert rig.lane.readiness(other(side)) == WrongSide()
        assert rig.lane.admit(intent(1), side=other(side)) is TapResult.FAILED
        assert rig.lane.obey(GuardOrder.OPEN, intent(2), other(side)) == "wrong-side"
        assert rig.journal.told() == []
        assert rig.lane.obey(GuardOrder.OPEN, intent(3)) is None  # its own
    assert board.changes("open")[:1] == [True]
