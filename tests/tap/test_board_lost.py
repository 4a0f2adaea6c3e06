"""The relay does not answer, or is not there."""

from simulation.world import World
from terminal.core.barrier_words import Phase
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import HardwareError
from terminal.ports import Output
from tests.simulation_board.board_process import NOBODY_COMES, BoardProcess
from tests.tap.one_lane import Lanes, pulses, said
from tests.tap.site import OPEN_LANE, Site


def muffled() -> type[SimulatedBoard]:
    """A board that does what it is told; the answer to the first opening gets lost."""
    lost: list[bool] = []

    class Muffled(SimulatedBoard):
        def drive(self, output: Output, on: bool) -> None:
            super().drive(output, on)
            if output is Output.OPEN and on and not lost:
                lost.append(True)
                raise HardwareError("no answer")

    return Muffled


@NOBODY_COMES
def test_relay_that_does_not_answer_sends_to_the_desk_and_the_outcome_is_unknown(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(board_class=muffled()) as lane:
        answer = lane.tap(site.card("anna"))
        assert said(answer) == ("desk", "lane-closed")
        assert answer.key is not None
        lane.wait_for(Phase.BOARD_LOST)
        intent, outcome = lane.told()
        assert (intent[0], intent[1]["outcome"]) == ("tap-intent", "admit")
        assert outcome == ("tap-outcome", {"result": "unknown", "intent": answer.key.sequence})
        lane.wait_for(Phase.CLOSED, times=2)
        assert lane.alarms_written() == [{"alarm": "board"}]
        assert lane.standing() == ()
        assert len(lane.told()) == 2
    assert len(pulses(board)) == 1


@NOBODY_COMES
def test_card_whose_relay_did_not_answer_is_admitted_anew_once_the_board_is_back(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(board_class=muffled()) as lane:
        lane.tap(site.card("anna"))
        lane.wait_for(Phase.CLOSED, times=2)
        lane.sees_somebody()
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.wait_for(Phase.OPENING, times=2)
        assert [facts["result"] for kind, facts in lane.told() if kind == "tap-outcome"] == ["unknown", "opened"]


def test_without_a_board_every_card_finds_the_lane_closed_until_it_is_back(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(somebody=False) as lane:
        board.kill()
        lane.wait_for(Phase.BOARD_LOST)
        assert said(lane.tap(site.card("anna"))) == ("refuse", "lane-closed")
        assert lane.standing() == ("board",)
        board.start()
        with World(board.socket, OPEN_LANE) as world:
            world.contact("loop_arm", True)
            lane.wait_for(Phase.CLOSED, times=2)
            lane.sees_somebody()
            assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert [(kind, facts.get("reason")) for kind, facts in lane.told()][:1] == [("tap-outcome", "lane-closed")]
    assert len(pulses(board)) == 1


def test_exit_without_a_board_sends_to_the_desk(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(direction="exit", somebody=False) as lane:
        board.kill()
        lane.wait_for(Phase.BOARD_LOST)
        assert said(lane.tap(site.card("anna"))) == ("desk", "lane-closed")
