"""What people ordered, a fire and an arm that came off, over a gate that is killed and started again."""

import pytest

from simulation.world import World
from terminal.core.barrier_words import GuardOrder
from tests.lane.test_lane_killed import GateProcess, gate_on
from tests.simulation_board.board_process import BoardProcess


def phase_after_a_kill(gate: GateProcess, board: BoardProcess, world: World) -> str:
    """Where the next gate is when it has its board; it lets nobody in, save where the boom is held open."""
    gate.kill()
    mark = world.mark()
    with gate_on(board) as again:
        world.wait_for(what="gate", does="take", since=mark)
        assert (again.admit(1) == "failed") is (again.phase != "held-open")
        return again.phase


def test_lock_stays_until_somebody_unlocks(board: BoardProcess, world: World) -> None:
    with gate_on(board) as gate:
        assert gate.obey(GuardOrder.LOCK) is None
        assert phase_after_a_kill(gate, board, world) == "locked"
    with gate_on(board) as gate:
        assert gate.obey(GuardOrder.UNLOCK) is None
        gate.kill()
    with gate_on(board) as gate:
        assert gate.phase in {"unknown", "closed"}
    assert board.changes("open") == []


def test_held_boom_is_held_again_with_its_level_and_released_no_more(board: BoardProcess, world: World) -> None:
    with gate_on(board) as gate:
        assert gate.obey(GuardOrder.HOLD) is None
        world.wait_for(name="open_limit", on=True)
        assert phase_after_a_kill(gate, board, world) == "held-open"
    assert board.changes("hold_open") == [True, False, True]
    assert board.changes("open") == []


def test_pause_lasts(board: BoardProcess, world: World) -> None:
    with gate_on(board) as gate:
        assert gate.obey(GuardOrder.PAUSE) is None
        assert phase_after_a_kill(gate, board, world) in {"unknown", "closed"}
    assert board.changes("open") == []


@pytest.mark.parametrize(("contact", "phase"), [("fire", "emergency-open"), ("swing_off", "arm-off")])
def test_fire_and_arm_need_a_persons_word_after_the_restart_too(
    contact: str, phase: str, board: BoardProcess, world: World
) -> None:
    with gate_on(board) as gate:
        world.contact(contact, True)
        while (why := gate.obey(GuardOrder.CONFIRM)) == "nothing-to-confirm":
            pass
        assert why in {"fire-still-on", "arm-still-off"}
        assert gate.obey(GuardOrder.PAUSE) is None  # durable, and with it what was kept before
        assert gate.obey(GuardOrder.RESUME) is None
        gate.kill()
        world.contact(contact, None)
    with gate_on(board) as gate:
        assert gate.phase == phase
        assert gate.obey(GuardOrder.HOLD) == phase
        assert gate.obey(GuardOrder.CONFIRM) is None
        gate.kill()
    with gate_on(board) as gate:
        assert gate.phase != phase
        assert gate.obey(GuardOrder.CONFIRM) == "nothing-to-confirm"
