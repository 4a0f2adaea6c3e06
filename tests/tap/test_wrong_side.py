"""A card held up where nobody drives his way, and a lane that the other side has."""

from collections.abc import Callable
from dataclasses import replace

from terminal.core.barrier_words import LOOP_BEHIND, Phase, Side
from terminal.core.reasons import Hint
from terminal.tap.story import Taps
from tests.card.chips import Held
from tests.simulation_board.board_process import NOBODY_COMES_LATER, BoardProcess
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import Site


def serving(lane: OneLane, lanes: Callable[[Side], tuple[int, ...]]) -> Taps:
    """The taps of this lane, in a gate of which `lanes` serve a side."""
    return Taps(replace(lane.ports, serving=lanes))


def test_card_at_the_wrong_side_is_told_where_to_go_not_read_and_not_written_down(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = Held(site.card("anna"))
    with one_lane() as lane:
        before = len(lane.entries())
        taps = serving(lane, lambda side: (3, 4) if side is Side.EXIT else (2,))
        answer = taps.tap("back", Side.EXIT, card)
        assert (answer.decision, answer.hint, answer.go_to, answer.key) == (None, Hint.WRONG_SIDE, (3, 4), None)
        assert len(lane.entries()) == before
    assert card.sent == []
    assert pulses(board) == []


@NOBODY_COMES_LATER
def test_other_side_of_a_lane_that_is_taken_hears_that_it_is_busy_until_the_boom_is_down(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="both") as lane:
        lane.world.contact("loop_behind", True)
        lane.until(lambda state: LOOP_BEHIND in state.active)
        assert said(lane.tap(site.card("anna"), side=Side.ENTRY)) == ("admit", "ok")
        busy = lane.tap(site.card("farid"), side=Side.EXIT)
        assert said(busy) == ("desk", "lane-busy")
        assert "call" not in [alarm["alarm"] for alarm in lane.alarms_written()]
        lane.wait_for(Phase.CLOSED, times=2)
        assert said(lane.tap(site.card("farid"), side=Side.EXIT)) == ("admit", "ok")
    assert len(pulses(board)) == 2


def test_one_reader_serves_entry_and_the_other_exit_and_the_stay_goes_with_the_way(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="both", gap_ms=30) as lane:
        for side, inside in ((Side.ENTRY, True), (Side.EXIT, False)):
            lane.world.contact("loop_arm", None)
            lane.world.vehicle("arrive", side.value, speed_m_s=100.0, **{"from": side.value})
            lane.until(lambda state: state.active & {"loop_arm", LOOP_BEHIND} != set())
            answer = lane.tap(site.card("anna"), side=side)
            assert said(answer) == ("admit", "ok")
            lane.world.vehicle("pass", side.value, speed_m_s=100.0)
            assert lane.ended(answer) == "passed"
            assert (lane.stays.inside(site.numbers["anna"]) is not None) is inside
            lane.until(lambda state: state.phase is Phase.CLOSED)
