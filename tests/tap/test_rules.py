"""Lists and rules change under the taps, or are not there at all."""

import pytest

from terminal.core.barrier_words import Phase, Side
from tests.card.chips import Held
from tests.simulation_board.board_process import NOBODY_COMES, BoardProcess
from tests.tap.one_lane import Lanes, pulses, said
from tests.tap.site import Site


@pytest.mark.parametrize(("side", "outcome"), [(Side.ENTRY, "refuse"), (Side.EXIT, "desk")])
def test_without_rules_no_card_is_believed_nor_even_read(
    side: Side, outcome: str, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = Held(site.card("anna"))
    with one_lane(direction=side.value, publication=None) as lane:
        assert said(lane.taps.tap("front", side, card)) == (outcome, "lane-closed")
        assert lane.told() == [("tap-outcome", {"outcome": outcome, "reason": "lane-closed", "detail": "no-rules"})]
        lane.take("good")
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
    assert card.sent == []
    assert len(pulses(board)) == 1


@NOBODY_COMES
def test_card_blocked_at_headquarters_is_refused_at_the_next_tap_and_admitted_when_it_is_active_again(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = site.card("anna")
    with one_lane() as lane:
        assert said(lane.tap(card)) == ("admit", "ok")
        lane.wait_for(Phase.CLOSED, times=2)
        lane.take("anna-blocked")
        assert said(lane.tap(card)) == ("refuse", "blocked")
        lane.take("anna-back")
        assert said(lane.tap(card)) == ("admit", "ok")
        lane.wait_for(Phase.OPENING, times=2)
        assert [facts["reason"] for _, facts in lane.told() if "reason" in facts] == ["ok", "blocked", "ok"]
    assert len(pulses(board)) == 2


def test_cards_of_an_issuer_key_that_was_withdrawn_are_not_authentic(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        lane.take("issuer-withdrawn")
        assert said(lane.tap(site.card("anna"))) == ("refuse", "not-authentic")
    assert pulses(board) == []


def test_lane_that_the_policy_does_not_name_is_closed(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(number=9, board_lane=4) as lane:
        assert said(lane.tap(site.card("anna"))) == ("refuse", "lane-closed")
    assert pulses(board, 4) == []
