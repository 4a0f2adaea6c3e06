"""A gate that starts while, by its journal, somebody is still on his way through."""

from typing import Literal

from terminal.core.barrier_words import Phase
from terminal.core.journal import Entry, Kind
from terminal.core.stay import Stay, StayOpened
from terminal.recovery import NeverTold, settle
from tests.simulation_board.board_process import NOBODY_COMES_LATER
from tests.tap.one_lane import Lanes, OneLane, said
from tests.tap.site import OPEN_LANE, Site

EAN = 8712345678906
BEFORE = Stay(zone=1, lane=1, entered_ms=1)
SINCE = Stay(zone=1, lane=1, entered_ms=2**50)


def starts_anew(lane: OneLane, direction: Literal["entry", "exit"]) -> None:
    """What a gate does at start, over the journal of one that was killed in mid-passage."""
    never_told = NeverTold(rules=lane.keeper, stays=lane.stays, epoch=lane.store.epoch)
    settle(lane.journal, software="1.2", stay_after=never_told)


def goes_in(lane: OneLane, card_number: bytes, stay: Stay) -> None:
    lane.journal.append(Entry(kind=Kind.PASSAGE, lane=1), StayOpened(card_number, EAN, stay)).result()


@NOBODY_COMES_LATER
def test_who_was_let_in_before_a_crash_may_be_inside(one_lane: Lanes, site: Site) -> None:
    with one_lane() as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        starts_anew(lane, "entry")
        assert lane.told(Kind.PASSAGE) == [("passage", {"result": "unknown", "intent": 0})]
        lane.wait_for(Phase.CLOSED, times=2)  # this one lives on, and may not end the passage a second time
        assert len(lane.told(Kind.PASSAGE)) == 1
        stay = lane.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert (stay.neutral, stay.lane, stay.intent) == (True, OPEN_LANE, 0)


def test_who_was_let_out_before_a_crash_may_have_gone(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="exit") as lane:
        goes_in(lane, site.numbers["anna"], BEFORE)
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        starts_anew(lane, "exit")
        stay = lane.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert (stay.neutral, stay.entered_ms) == (True, BEFORE.entered_ms)


def test_who_went_in_anew_since_is_inside_for_certain(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="exit") as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        goes_in(lane, site.numbers["anna"], SINCE)
        starts_anew(lane, "exit")
        assert lane.stays.inside(site.numbers["anna"]) == SINCE


def test_of_who_was_let_in_and_out_again_before_a_crash_nothing_is_certain(one_lane: Lanes, site: Site) -> None:
    with one_lane() as way_in, one_lane(number=OPEN_LANE + 1, direction="exit", beside=way_in) as way_out:
        assert said(way_in.tap(site.card("anna"))) == ("admit", "ok")
        assert said(way_out.tap(site.card("anna"))) == ("admit", "ok")
        promised = way_in.stays.inside(site.numbers["anna"])
        assert promised is not None
        way_in.stays.give_back(site.numbers["anna"], promised.lane, promised.entered_ms)  # not known after a crash
        starts_anew(way_in, "entry")
        ends = [facts["result"] for _, facts in way_in.told(Kind.PASSAGE)]
        assert ends == ["unknown", "unknown"]
        stay = way_in.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert stay.neutral
