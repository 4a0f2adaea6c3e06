"""The disk is slow, full or gone: an entry stays shut, an exit opens, and the journal tells the truth afterwards."""

import pytest

from terminal.core.barrier_words import Phase, Side
from terminal.core.journal import Kind
from tests.simulation_board.board_process import NOBODY_COMES, BoardProcess
from tests.storage.support import Held as HeldDisk
from tests.tap.one_lane import Lanes, pulses, said
from tests.tap.site import BERTH_LANES, OPEN_LANE, Site

SHORT_S = 0.05
ENOUGH_S = 3.0
"""For a disk that is not held, on any machine."""


def test_entry_is_refused_when_the_disk_is_too_slow_and_the_late_intent_opens_nothing(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(before_commit=disk, budget_s=SHORT_S) as lane:
        lane.entries()
        disk.hold()
        answer = lane.tap(site.card("anna"))
        assert said(answer) == ("refuse", "storage")
        assert (answer.key, answer.durable_ms) == (None, None)
        assert lane.standing() == ("storage",)
        disk.go_on.set()
        lane.entries()
        intent, outcome = lane.told()
        assert (intent[0], intent[1]["outcome"]) == ("tap-intent", "admit")
        assert outcome[0] == "tap-outcome"
        assert outcome[1]["result"] == "storage"
        assert lane.journal.open_intents() == ()
        assert lane.phases == [Phase.CLOSED]
    assert pulses(board) == []


def test_next_tap_after_a_slow_one_is_admitted_and_clears_the_alarm(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(before_commit=disk, budget_s=ENOUGH_S) as lane:
        lane.entries()
        disk.hold()
        lane.tap(site.card("anna"))
        disk.go_on.set()
        lane.entries()
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert lane.standing() == ()
        assert lane.told(Kind.ALARM_RAISED, Kind.ALARM_CLEARED) == [
            ("alarm-raised", {"alarm": "storage"}),
            ("alarm-cleared", {"alarm": "storage"}),
        ]
    assert len(pulses(board)) == 1


@pytest.mark.parametrize("passage_ends_first", [False, True])
@NOBODY_COMES
def test_exit_opens_when_the_disk_is_too_slow_and_the_journal_says_so_once_and_on_whose_account(
    passage_ends_first: bool, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(direction="exit", before_commit=disk, budget_s=SHORT_S) as lane:
        lane.entries()
        disk.hold()
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.wait_for(Phase.OPENING)
        assert len(pulses(board)) == 1
        assert lane.standing() == ("storage",)
        if passage_ends_first:
            lane.wait_for(Phase.CLOSED, times=2)
        disk.go_on.set()
        lane.entries()
        told = [(kind, facts.get("result", facts.get("outcome")), "intent" in facts) for kind, facts in lane.told()]
        assert told == [
            ("tap-intent", "admit", False),
            ("tap-outcome", "opened", True),
        ]
        assert lane.journal.open_intents() == ()
        lane.wait_for(Phase.CLOSED, times=2)
        assert lane.told(Kind.PASSAGE) == [("passage", {"result": "no-show", "intent": 0})]
        assert lane.journal.open_passages() == ()
    assert len(pulses(board)) == 1


@pytest.mark.parametrize(("direction", "answer"), [("entry", ("refuse", "storage")), ("exit", ("admit", "ok"))])
@NOBODY_COMES
def test_full_disk_shuts_the_entry_and_holds_nobody_at_the_exit(
    direction: str, answer: tuple[str, str], one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    is_exit = direction == "exit"
    with one_lane(direction=direction) as lane:
        lane.entries()
        lane.disk.full = True
        assert said(lane.tap(site.card("anna"))) == answer
        assert lane.standing() == ("storage",)
        lane.disk.full = False
        assert all(facts.get("outcome") != "admit" for _, facts in lane.told())
        lane.wait_for(Phase.CLOSED, times=2 if is_exit else 1)
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")
        assert lane.standing() == ()
    assert len(pulses(board)) == (2 if is_exit else 1)


def test_journal_that_has_ended_admits_nobody(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane() as lane:
        lane.store.close()
        assert said(lane.tap(site.card("anna"))) == ("refuse", "storage")
        assert said(lane.tap(site.card("bram"))) == ("refuse", "blocked")
        assert lane.standing() == ("storage",)
    assert pulses(board) == []


def test_refusal_is_answered_also_when_it_cannot_be_written_down(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    disk = HeldDisk()
    with one_lane(before_commit=disk, budget_s=SHORT_S) as lane:
        lane.entries()
        disk.hold()
        assert said(lane.tap(site.card("bram"))) == ("refuse", "blocked")
        assert lane.standing() == ("storage",)
        disk.go_on.set()
        assert [(kind, facts["reason"]) for kind, facts in lane.told()] == [("tap-outcome", "blocked")]


@pytest.mark.parametrize(("direction", "answer"), [("entry", ("refuse", "storage")), ("exit", ("admit", "ok"))])
def test_entry_that_cannot_be_encoded_is_an_answer_like_a_disk_that_failed(
    direction: str, answer: tuple[str, str], one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    def mistake() -> None:
        raise ValueError("a sealed part is too long")

    with one_lane(direction=direction, sealing_key=mistake) as lane:
        assert said(lane.tap(site.card("anna"))) == answer
        assert [alarm["alarm"] for alarm in lane.alarms_written()] == ["storage"]
        opened = direction == "exit"
        assert lane.told() == ([("tap-outcome", {"result": "opened"})] if opened else [])
    assert len(pulses(board)) == opened


def test_when_only_the_reserve_is_left_an_entry_is_sent_to_the_desk_and_nothing_is_written_of_it(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(number=BERTH_LANES[0], board_lane=OPEN_LANE) as lane:  # where there is room for one
        before = len(lane.entries())
        lane.disk.only_reserve = True
        answer = lane.tap(site.card("anna"))
        assert said(answer) == ("desk", "storage")
        assert said(lane.tap(site.card("bram"))) == ("refuse", "blocked")
        assert len(lane.entries()) == before
        assert lane.phases == [Phase.CLOSED]
        lane.disk.only_reserve = False
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")  # nobody was given the place that is free
    assert len(pulses(board)) == 1


@NOBODY_COMES
def test_when_only_the_reserve_is_left_an_exit_is_written_and_opened(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="exit") as lane:
        lane.disk.only_reserve = True
        answer = lane.tap(site.card("anna"))
        assert said(answer) == ("admit", "ok")
        assert answer.durable_ms is not None
        assert lane.ended(answer) == "no-show"
        assert lane.standing() == ()
    assert len(pulses(board)) == 1


def test_lane_of_both_ways_lets_out_and_not_in_when_only_the_reserve_is_left(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(direction="both") as lane:
        lane.world.contact("loop_behind", True)
        lane.until(lambda state: "loop_behind" in state.active)
        lane.disk.only_reserve = True
        assert said(lane.tap(site.card("anna"), side=Side.ENTRY)) == ("desk", "storage")
        assert said(lane.tap(site.card("farid"), side=Side.EXIT)) == ("admit", "ok")
    assert len(pulses(board)) == 1
