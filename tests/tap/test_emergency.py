"""Fire: whoever leaves is recorded, nobody is let in, and of nobody in the zone it is certain any more."""

from terminal.core.barrier_words import Phase
from terminal.core.journal import Kind
from tests.simulation_board.board_process import BoardProcess
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import Site
from tests.tap.test_exits_helped import is_inside


def burns(lane: OneLane) -> None:
    lane.world.fire(True)
    lane.wait_for(Phase.EMERGENCY_OPEN)


def test_who_leaves_is_recorded_and_nothing_is_owed(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(direction="exit") as lane:
        burns(lane)
        for _ in range(2):
            answer = lane.tap(site.card("anna"))
            assert said(answer) == ("admit", "ok")
            assert answer.key is not None
        recorded = [entry.record for entry in lane.entries() if entry.record.kind is Kind.TAP_OUTCOME]
        assert [record.public["outcome"] for record in recorded] == ["admit", "admit"]
        assert all("who" in record.public and record.sealed_sha256 for record in recorded)
        assert lane.lane.state.owed == ()
        assert not lane.lane.owes(site.numbers["anna"])
        assert lane.journal.open_passages() == ()
        assert [alarm["alarm"] for alarm in lane.alarms_written()] == ["fire", "fire-release"]
    assert pulses(board) == []


def test_nobody_is_let_in_while_it_burns(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane() as lane:
        burns(lane)
        assert said(lane.tap(site.card("anna"))) == ("refuse", "lane-closed")
        assert [kind for kind, _ in lane.told()] == ["tap-outcome"]
        assert lane.stays.count(2) == 0
    assert pulses(board) == []


def test_everybody_in_the_zone_is_uncertain_from_the_moment_that_the_release_is_in_the_journal(
    one_lane: Lanes, site: Site
) -> None:
    people = [site.numbers[name] for name in ("anna", "farid")]
    with one_lane() as lane:
        for card_number in people:
            is_inside(lane, card_number)
        assert lane.stays.count(2) == 2
        burns(lane)
        lane.written(Kind.ALARM_RAISED, alarm="fire-release")
        stays = [lane.stays.inside(card_number) for card_number in people]
        assert [stay.neutral for stay in stays if stay] == [True, True]
        assert lane.stays.count(2) == 0
