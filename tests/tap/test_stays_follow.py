"""Who is inside follows the passage, not the tap: for every way in which one ends, for drivers and for passengers."""

from collections.abc import Callable
from typing import Any

import pytest

from terminal.core.barrier_words import CONTACTS, LOOP_BEHIND, Phase, Side
from terminal.core.journal import Kind
from tests.simulation_board.board_process import LONG_MS, BoardProcess
from tests.storage.support import Held as HeldDisk
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import BERTH_LANES, Site
from tests.tap.test_exits_helped import BEFORE, is_inside

CREW = ("anna", "farid")
ZONE = 2
Ends = Callable[[OneLane], None]


def passes(lane: OneLane) -> None:
    lane.world.contact("loop_arm", None)
    lane.world.vehicle("pass", speed_m_s=100.0)


def nobody_comes(lane: OneLane) -> None:
    """The controller closes by itself."""


def backs_out(lane: OneLane) -> None:
    lane.world.contact("loop_arm", None)
    lane.world.vehicle("drive-on", speed_m_s=100.0)
    lane.wait_for(Phase.PASSING)
    lane.world.vehicle("back-out", speed_m_s=100.0)


def burns(lane: OneLane) -> None:
    lane.wait_for(Phase.OPEN)
    lane.world.fire(True)


WITHOUT_BEHIND = {"fitted": frozenset(CONTACTS) - {LOOP_BEHIND}}
End = tuple[str, Ends, dict[str, Any]]
ENDS: list[End] = [
    ("passed", passes, {}),
    ("assumed", passes, WITHOUT_BEHIND),
    ("no-show", nobody_comes, {}),
    ("backed-out", backs_out, {}),
    ("unknown", burns, {}),
]
CERTAIN, UNCERTAIN, NOBODY = (True, False), (True, True), (False, False)
"""There is a stay; it is neutral."""
AFTER: dict[tuple[Side, str], tuple[bool, bool]] = {
    (Side.ENTRY, "passed"): CERTAIN,
    (Side.ENTRY, "assumed"): CERTAIN,
    (Side.ENTRY, "no-show"): NOBODY,
    (Side.ENTRY, "backed-out"): NOBODY,
    (Side.ENTRY, "unknown"): UNCERTAIN,
    (Side.EXIT, "passed"): NOBODY,
    (Side.EXIT, "assumed"): NOBODY,
    (Side.EXIT, "no-show"): CERTAIN,
    (Side.EXIT, "backed-out"): CERTAIN,
    (Side.EXIT, "unknown"): UNCERTAIN,
}


@pytest.mark.parametrize(
    ("end", "no_show_ms"),
    [(end, 2000 if end[0] == "no-show" else LONG_MS) for end in ENDS],
    ids=[result for result, *_ in ENDS],
)
@pytest.mark.parametrize("side", list(Side))
def test_stays_of_driver_and_passenger_follow_how_their_passage_ended(
    side: Side, end: End, one_lane: Lanes, site: Site
) -> None:
    result, ends, settings = end
    with one_lane(direction=side.value, gap_ms=30, **settings) as lane:
        if side is Side.EXIT:
            for name in CREW:
                is_inside(lane, site.numbers[name])
        taps = [lane.tap(site.card(name)) for name in CREW]
        assert [said(tap) for tap in taps] == [("admit", "ok")] * 2
        assert lane.stays.count(ZONE) == 2  # promised at entry; at exit still inside
        ends(lane)
        assert [lane.ended(tap) for tap in taps] == [result] * 2
        passengers = [entry.record.public.get("passenger_of") for entry in lane.entries()
                      if entry.record.kind is Kind.PASSAGE and "passenger_of" in entry.record.public]  # fmt: skip
        driver = taps[0].key
        assert driver is not None
        assert passengers == [driver.sequence]
        stays = [lane.stays.inside(site.numbers[name]) for name in CREW]
        assert [(stay is not None, stay is not None and stay.neutral) for stay in stays] == [AFTER[side, result]] * 2
        assert lane.stays.count(ZONE) == (2 if AFTER[side, result] == CERTAIN else 0)
        if side is Side.ENTRY:
            assert [stay.passenger for stay in stays if stay] == [False, True][: 2 * AFTER[side, result][0]]
        else:
            assert {stay.entered_ms for stay in stays if stay} <= {BEFORE.entered_ms}
        assert lane.journal.open_passages() == ()


@pytest.mark.parametrize(
    ("ends", "again", "no_show_ms"),
    [
        (passes, ("desk", "already-inside"), LONG_MS),
        (nobody_comes, ("admit", "ok"), 300),
        (burns, ("refuse", "lane-closed"), LONG_MS),
    ],
)
def test_who_went_in_does_not_go_in_twice_and_who_did_not_may_try_anew(
    ends: Ends, again: tuple[str, str], one_lane: Lanes, site: Site
) -> None:
    with one_lane(number=BERTH_LANES[0], board_lane=1, gap_ms=30) as lane:
        first = lane.tap(site.card("anna"))
        ends(lane)
        lane.ended(first)
        lane.world.contact("loop_arm", True)
        lane.sees_somebody()
        lane.until(lambda state: state.phase in {Phase.CLOSED, Phase.EMERGENCY_OPEN})
        assert said(lane.tap(site.card("anna"))) == again


def test_passenger_needs_a_place_of_his_own(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(number=BERTH_LANES[0], board_lane=1) as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert said(lane.tap(site.card("farid"))) == ("desk", "full")
        assert lane.lane.state.vehicles() == {1}
    assert len(pulses(board, 1)) == 1


def test_any_of_several_owed_cards_held_up_again_gets_its_own_answer_and_no_new_intent(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="exit") as lane:
        before = len(lane.entries())
        first = {name: lane.tap(site.card(name)) for name in ("anna", "bram", "farid")}
        again = {name: lane.tap(site.card(name)) for name in ("farid", "anna", "bram")}
        assert {name: answer.decision for name, answer in again.items()} == {
            name: answer.decision for name, answer in first.items()
        }
        assert [answer.key for answer in again.values()] == [None] * 3
        kinds = [entry.record.kind for entry in lane.entries()[before:]]
        assert kinds.count(Kind.TAP_INTENT) == 3
        assert kinds.count(Kind.ALARM_RAISED) == 1  # bram, who is blocked, is told of once
    assert len(pulses(board)) == 1


def test_exits_in_a_queue_leave_while_the_disk_hangs_and_each_is_told_of_once_by_its_own_name(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(direction="exit", before_commit=disk, budget_s=0.05, gap_ms=30, somebody=False) as lane:
        for name in CREW:
            is_inside(lane, site.numbers[name])
        before = len(lane.entries())
        disk.hold()
        for name, does in zip(CREW, ("drive-on", "arrive"), strict=True):
            lane.world.vehicle("arrive", name, length_m=3.0, speed_m_s=100.0)
            lane.sees_somebody()
            assert [said(lane.tap(site.card(name))) for _ in range(2)] == [("admit", "ok")] * 2
            lane.world.vehicle(does, name, speed_m_s=100.0)
            lane.wait_for(Phase.PASSING)
        for name in CREW:
            lane.world.vehicle("pass", name, speed_m_s=50.0, light=True)
        lane.until(lambda state: state.phase is Phase.CLOSED and not state.owed)
        assert all(lane.stays.inside(site.numbers[name]) for name in CREW)
        disk.go_on.set()
        lane.entries()  # the intents; what names them follows
        told = [
            (entry.record.kind.value, entry.record.public["result"], entry.record.public["intent"])
            for entry in lane.entries()[before:]
            if entry.record.kind in {Kind.TAP_OUTCOME, Kind.PASSAGE}
        ]
        first, second = (entry.record.sequence for entry in lane.entries() if entry.record.kind is Kind.TAP_INTENT)
        assert sorted(told) == [
            ("passage", "passed", first),
            ("passage", "passed", second),
            ("tap-outcome", "opened", first),
            ("tap-outcome", "owed", second),
        ]
        assert [lane.stays.inside(site.numbers[name]) for name in CREW] == [None, None]
        assert (lane.journal.open_passages(), lane.journal.open_intents()) == ((), ())
    assert len(pulses(board)) == 2
