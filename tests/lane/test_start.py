"""A gate that starts with what another configuration, or another moment, left behind."""

from dataclasses import replace

from simulation.world import World
from terminal.core.barrier_words import Mark, Phase
from terminal.core.journal import Kind
from tests.lane.rig import QUICK, MemoryMarks, Rig
from tests.simulation_board.board_process import BoardProcess


def test_hold_of_a_lane_that_lost_its_output_is_forgotten_and_told(board: BoardProcess, world: World) -> None:
    kept = MemoryMarks()
    kept(Mark.HELD).save(1)
    with Rig(board.socket, replace(QUICK, outputs=frozenset({"open"})), kept=kept).in_service() as rig:
        rig.journal.wait_for(Kind.ALARM_RAISED, alarm="hold-forgotten")
        assert rig.lane.state.phase is Phase.CLOSED
        assert kept(Mark.HELD).wait_for(0)
    assert board.changes("open") == []
