"""Exits whose boom cannot be relied upon, or that people closed: written down, a guard called, nobody forgotten."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from terminal.core.barrier_words import GuardOrder, Phase
from terminal.core.journal import Entry, Kind
from terminal.core.stay import Stay, StayOpened
from tests.lane.rig import intent
from tests.simulation_board.board_process import BoardProcess
from tests.storage.support import Held as HeldDisk
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import Site

EAN = 8712345678906
HELPED = ("desk", "lane-closed")
QUICK: dict[str, Any] = {"gap_ms": 30, "left_closed_ms": 50, "passage_ms": 300}
BEFORE = Stay(zone=2, lane=1, entered_ms=1)


def forced(lane: OneLane) -> None:
    lane.world.contact("closed_limit", False)
    lane.wait_for(Phase.FORCED)


def jammed(lane: OneLane) -> None:
    """The boom does not open for whoever was let out first; he is forgotten as `unknown`."""
    lane.world.jam(True)
    lane.lane.obey(GuardOrder.OPEN, intent(999))
    lane.wait_for(Phase.FAULT_OPEN)


def arm_off(lane: OneLane) -> None:
    lane.world.happen(arm="off")
    lane.wait_for(Phase.ARM_OFF)


def is_inside(lane: OneLane, card_number: bytes) -> None:
    lane.journal.append(Entry(kind=Kind.PASSAGE, lane=1), StayOpened(card_number, EAN, BEFORE)).result()


def drives_through(lane: OneLane) -> None:
    lane.world.contact("loop_arm", None)
    lane.world.vehicle("follow", speed_m_s=100.0)


@pytest.mark.parametrize(("trouble", "relays"), [(forced, 0), (jammed, 2), (arm_off, 0)])
def test_exit_is_written_down_a_guard_is_called_and_his_passage_told_by_the_loops(
    trouble: Callable[[OneLane], None], relays: int, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="exit", travel_ms=100, **QUICK | {"passage_ms": 5000}) as lane:
        is_inside(lane, site.numbers["anna"])
        trouble(lane)
        answer = lane.tap(site.card("anna"))
        assert said(answer) == HELPED
        assert answer.key is not None
        assert {"alarm": "call", "reasons": ["lane-closed"], "tap": answer.key.sequence} in lane.alarms_written()
        assert [(kind, facts.get("outcome", facts.get("result"))) for kind, facts in lane.told()] == [
            ("tap-intent", "admit"),
            ("tap-outcome", "owed"),
        ]
        drives_through(lane)
        lane.written(Kind.PASSAGE, result="assumed", intent=answer.key.sequence)
        assert lane.stays.inside(site.numbers["anna"]) is None
    assert len(pulses(board)) == relays


def test_exit_of_whom_the_loops_tell_nothing_is_unknown_and_held_against_nobody(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="exit", **QUICK) as lane:
        is_inside(lane, site.numbers["anna"])
        forced(lane)
        assert said(lane.tap(site.card("anna"))) == HELPED
        lane.written(Kind.PASSAGE, result="unknown")
        stay = lane.stays.inside(site.numbers["anna"])
        assert stay is not None
        assert (stay.neutral, stay.entered_ms) == (True, BEFORE.entered_ms)


def test_card_held_up_twice_at_a_boom_that_is_broken_is_one_exit_and_one_call(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="exit", **QUICK | {"passage_ms": 5000}) as lane:
        forced(lane)
        first, again = lane.tap(site.card("anna")), lane.tap(site.card("anna"))
        assert again.decision == first.decision
        assert again.key is None
        assert [kind for kind, _ in lane.told()] == ["tap-intent", "tap-outcome"]
        assert [alarm["alarm"] for alarm in lane.alarms_written()] == ["forced", "call"]


def test_entry_is_not_let_in_by_a_boom_that_is_broken(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(**QUICK) as lane:
        forced(lane)
        assert said(lane.tap(site.card("anna"))) == ("refuse", "lane-closed")
        assert [kind for kind, _ in lane.told()] == ["tap-outcome"]
        assert lane.stays.count(2) == 0
    assert pulses(board) == []


@pytest.mark.parametrize("order", [GuardOrder.LOCK, GuardOrder.PAUSE])
def test_exit_that_people_closed_sends_to_the_desk_and_calls_a_guard(
    order: GuardOrder, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="exit") as lane:
        assert lane.lane.obey(order, intent(999)) is None
        assert said(lane.tap(site.card("anna"))) == HELPED
        assert [kind for kind, _ in lane.told()] == ["tap-outcome"]
        assert [alarm["alarm"] for alarm in lane.alarms_written()] == ["call"]
    assert pulses(board) == []


def while_it_is_written_down(lane: OneLane, disk: HeldDisk, site: Site, happens: Callable[[], None]) -> tuple[str, str]:
    """Anna's answer, when this happens between the decision and the durable intent."""
    answers: list[tuple[str, str] | None] = []
    lane.entries()
    disk.hold()
    tap = threading.Thread(target=lambda: answers.append(said(lane.tap(site.card("anna")))))
    tap.start()
    assert disk.reached.wait(60)
    happens()
    disk.go_on.set()
    tap.join()
    (answer,) = answers
    assert answer is not None
    return answer


@pytest.mark.parametrize(("direction", "result"), [("entry", "failed"), ("exit", "owed")])
def test_boom_that_is_forced_while_the_intent_is_written_moves_for_nobody_and_a_person_helps(
    direction: str, result: str, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(direction=direction, before_commit=disk, **QUICK | {"passage_ms": 5000}) as lane:
        assert while_it_is_written_down(lane, disk, site, lambda: forced(lane)) == HELPED
        assert lane.told()[-1][1]["result"] == result
        assert ("call" in [alarm["alarm"] for alarm in lane.alarms_written()]) is (direction == "exit")
        assert lane.stays.count(2) == 0
    assert pulses(board) == []


@pytest.mark.parametrize("order", [GuardOrder.LOCK, GuardOrder.PAUSE])
def test_lane_that_is_closed_by_a_person_while_the_intent_is_written_opens_for_nobody(
    order: GuardOrder, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()

    with one_lane(before_commit=disk) as lane:
        orders: list[threading.Thread] = []

        def closes() -> None:  # its mark waits for the same disk
            orders.append(threading.Thread(target=lane.lane.obey, args=(order, intent(999))))
            orders[0].start()
            mark = {GuardOrder.LOCK: "locked", GuardOrder.PAUSE: "paused"}[order]
            lane.until(lambda state: mark in state.marks)

        assert while_it_is_written_down(lane, disk, site, closes) == HELPED
        orders[0].join()
        assert lane.told()[-1] == ("tap-outcome", {"result": "failed", "intent": 0})
        assert lane.stays.count(2) == 0
    assert pulses(board) == []
