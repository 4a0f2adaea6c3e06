"""Two lanes of one gate on a disk that is full: what is written late says where a card is, not where it was."""

import time

from terminal.core.barrier_words import Phase
from terminal.core.journal import Kind
from tests.tap.one_lane import PATIENCE_S, Lanes, OneLane, said
from tests.tap.site import OPEN_LANE, Site

OTHER_LANE = OPEN_LANE + 1


def drives_through(lane: OneLane) -> None:
    lane.world.contact("loop_arm", None)
    lane.world.vehicle("arrive", speed_m_s=100.0)
    lane.world.vehicle("pass", speed_m_s=100.0)
    lane.wait_for(Phase.CLOSED, times=2)


def passages(lane: OneLane) -> list[int | None]:
    """The lanes of two passages, in the order of the journal, once both are durable."""
    deadline_s = time.monotonic() + PATIENCE_S
    lanes: list[int | None] = []
    while len(lanes) < 2 and time.monotonic() < deadline_s:
        lanes = [entry.record.lane for entry in lane.entries() if entry.record.kind is Kind.PASSAGE]
    return lanes


def test_who_came_in_and_left_while_the_disk_was_full_is_not_inside(one_lane: Lanes, site: Site) -> None:
    with one_lane(gap_ms=30) as way_in, one_lane(number=OTHER_LANE, direction="exit", gap_ms=30, beside=way_in) as out:
        goes_in = way_in.tap(site.card("anna"))
        assert said(goes_in) == ("admit", "ok")
        way_in.entries()
        way_in.disk.full = True
        drives_through(way_in)
        assert said(out.tap(site.card("anna"))) == ("admit", "ok")
        drives_through(out)
        assert way_in.stays.inside(site.numbers["anna"]) is not None  # as far as anything is durable
        assert way_in.lane.stop()  # it will never come round again; the other lane does
        way_in.disk.full = False
        assert way_in.ended(goes_in) == "passed"
        assert passages(way_in) == [OPEN_LANE, OTHER_LANE]
        assert way_in.stays.inside(site.numbers["anna"]) is None
