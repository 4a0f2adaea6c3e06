"""Places in a zone with room for one, where nobody goes in twice: from the admission on, over all lanes."""

import threading

from terminal.core.barrier_words import Phase
from terminal.core.journal import Kind
from terminal.core.stay import Stay
from tests.simulation_board.board_process import NOBODY_COMES, BoardProcess
from tests.storage.support import Held as HeldDisk
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import BERTH_LANES, Site
from tests.tap.test_board_lost import muffled

LANE, OTHER_LANE = BERTH_LANES
ZONE = 3
EAN = 8712345678906
BOARD_LANE, OTHER_BOARD_LANE = 1, 2
ENOUGH_S = 3.0
"""For a disk that is not held, on any machine."""
A_MOMENT_S = 0.3


def drives_in(lane: OneLane) -> None:
    lane.world.contact("loop_arm", None)
    lane.world.vehicle("arrive", speed_m_s=100.0)
    lane.world.vehicle("pass", speed_m_s=100.0)
    lane.wait_for(Phase.CLOSED, times=2)
    lane.world.contact("loop_arm", True)
    lane.sees_somebody()


def test_place_is_taken_for_every_lane_before_the_vehicle_has_driven_in(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with (
        one_lane(number=LANE, board_lane=BOARD_LANE) as lane,
        one_lane(number=OTHER_LANE, board_lane=OTHER_BOARD_LANE, beside=lane) as other,
    ):
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert said(other.tap(site.card("anna"))) == ("desk", "already-inside")
        assert said(other.tap(site.card("farid"))) == ("desk", "full")
    assert pulses(board, OTHER_BOARD_LANE) == []


def test_last_place_is_not_given_away_twice_by_two_lanes_that_decide_at_once(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    answers: list[tuple[str, str] | None] = []
    with one_lane(number=LANE, board_lane=BOARD_LANE) as lane:
        tap = threading.Thread(target=lambda: answers.append(said(lane.tap(site.card("anna")))))
        with lane.stays.deciding():
            tap.start()
            tap.join(A_MOMENT_S)
            lane.stays.promise(site.numbers["farid"], EAN, Stay(zone=ZONE, lane=OTHER_LANE, entered_ms=0))
        tap.join()
    assert answers == [("desk", "full")]
    assert pulses(board, BOARD_LANE) == []


def test_same_card_while_the_end_of_its_passage_waits_for_the_disk(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(number=LANE, board_lane=BOARD_LANE, before_commit=disk, budget_s=1.0) as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.entries()
        disk.hold()
        drives_in(lane)
        assert said(lane.tap(site.card("anna"))) == ("desk", "already-inside")
        disk.go_on.set()
        assert lane.told(Kind.PASSAGE) == [("passage", {"result": "passed", "intent": 0})]
        stay = lane.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert (stay.zone, stay.lane, stay.intent) == (ZONE, LANE, 0)
        assert lane.stays.count(ZONE) == 1
        assert said(lane.tap(site.card("farid"))) == ("desk", "full")
    assert len(pulses(board, BOARD_LANE)) == 1


@NOBODY_COMES
def test_no_show_gives_its_place_back(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(number=LANE, board_lane=BOARD_LANE) as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.wait_for(Phase.CLOSED, times=2)
        assert lane.told(Kind.PASSAGE)[0][1]["result"] == "no-show"
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")
    assert len(pulses(board, BOARD_LANE)) == 2


def test_place_is_given_back_by_an_entry_that_the_disk_did_not_let_in(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(number=LANE, board_lane=BOARD_LANE, before_commit=disk, budget_s=ENOUGH_S) as lane:
        lane.entries()
        disk.hold()
        assert said(lane.tap(site.card("anna"))) == ("refuse", "storage")
        disk.go_on.set()
        lane.entries()
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")


@NOBODY_COMES
def test_place_is_given_back_when_the_relay_did_not_answer(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(number=LANE, board_lane=BOARD_LANE, board_class=muffled()) as lane:
        assert said(lane.tap(site.card("anna"))) == ("desk", "lane-closed")
        assert lane.stays.count(ZONE) == 0
        lane.wait_for(Phase.CLOSED, times=2)
        lane.sees_somebody()
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")


def test_whether_he_came_in_is_not_known_and_held_against_nobody(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(number=LANE, board_lane=BOARD_LANE) as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.world.fire(True)
        lane.wait_for(Phase.EMERGENCY_OPEN)
        assert lane.told(Kind.PASSAGE)[0][1]["result"] == "unknown"
        stay = lane.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert stay.neutral
        assert lane.stays.count(ZONE) == 0


def test_place_is_given_back_when_the_lane_is_shut_while_the_intent_is_written(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    answers: list[tuple[str, str] | None] = []
    with one_lane(number=LANE, board_lane=BOARD_LANE, before_commit=disk) as lane:
        lane.entries()
        disk.hold()
        tap = threading.Thread(target=lambda: answers.append(said(lane.tap(site.card("anna")))))
        tap.start()
        assert disk.reached.wait(60)
        lane.world.fire(True)
        lane.wait_for(Phase.EMERGENCY_OPEN)
        disk.go_on.set()
        tap.join()
        assert answers == [("desk", "lane-closed")]
        assert lane.told()[-1] == ("tap-outcome", {"result": "failed", "intent": 0})
        assert lane.stays.count(ZONE) == 0
    assert pulses(board, BOARD_LANE) == []
