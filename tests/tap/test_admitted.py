"""Who is admitted, what is written down, and in which order it happens."""

import threading

import pytest

from demonstration.cast import CAST, Person
from simulation.card import FaultyCard
from terminal.core.barrier_words import Phase, Side
from terminal.core.journal import Kind
from terminal.core.reasons import Outcome, Reason
from terminal.core.situation import Decision
from terminal.tap.entry import exit_alarms
from tests.card.chips import Held
from tests.simulation_board.board_process import NOBODY_COMES, NOBODY_COMES_LATER, BoardProcess
from tests.storage.support import Held as HeldDisk
from tests.tap.one_lane import Lanes, pulses, said
from tests.tap.site import OPEN_LANE, TRAINED_LANE, Site

SELECT, AUTHENTICATE, SECOND_HALF, READ = 0x5A, 0x71, 0xAF, 0xAD
HELD_S = 0.2
"""Many times what a tap takes."""


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_everybody_of_the_cast_gets_the_answer_that_his_card_and_the_lists_give(
    person: Person, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane(number=TRAINED_LANE) as lane:
        answer = lane.tap(site.card(person.name))
        assert said(answer) == person.expected
        first, *rest = lane.told()
        opened = person.expected == ("admit", "ok")
        assert first[0] == ("tap-intent" if opened else "tap-outcome")
        assert (first[1]["outcome"], first[1]["reason"]) == person.expected
        if opened:
            lane.wait_for(Phase.OPENING)
            assert answer.key is not None
            assert lane.told()[1:] == [("tap-outcome", {"result": "opened", "intent": answer.key.sequence})]
        else:
            assert rest == []
    assert len(pulses(board, TRAINED_LANE)) == opened


def test_intent_is_durable_before_the_relay_moves(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane() as lane:
        lane.entries()
        lane.disk.committed_ns.clear()
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        (pulse_ns,) = pulses(board, OPEN_LANE)
        assert lane.disk.committed_ns[0] < pulse_ns


def test_nothing_moves_while_the_disk_has_not_answered(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    disk = HeldDisk()
    with one_lane(before_commit=disk) as lane:
        lane.entries()
        disk.hold()
        tap = threading.Thread(target=lambda: lane.tap(site.card("anna")))
        tap.start()
        assert disk.reached.wait(60)
        tap.join(HELD_S)
        assert tap.is_alive()
        assert pulses(board, OPEN_LANE) == []
        assert lane.phases == [Phase.CLOSED]
        disk.go_on.set()
        tap.join()
        assert len(pulses(board, OPEN_LANE)) == 1


def test_access_only_tap_costs_four_apdus(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    card = FaultyCard(site.card("anna"))
    with one_lane() as lane:
        assert said(lane.tap(card)) == ("admit", "ok")
    assert card.heard == (SELECT, AUTHENTICATE, SECOND_HALF, READ)


def test_tap_where_trainings_are_asked_for_costs_one_apdu_more_for_each_piece(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = FaultyCard(site.card("anna"))
    with one_lane(number=TRAINED_LANE) as lane:
        assert said(lane.tap(card)) == ("admit", "ok")
    assert card.heard == (SELECT, AUTHENTICATE, SECOND_HALF, READ, READ)


def test_exit_asks_for_no_trainings(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    card = FaultyCard(site.card("dmitri"))
    with one_lane(number=TRAINED_LANE, direction="exit") as lane:
        assert said(lane.tap(card)) == ("admit", "ok")
    assert card.heard == (SELECT, AUTHENTICATE, SECOND_HALF, READ)


def test_blocked_card_is_let_out_and_that_is_written_down(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane(direction="exit") as lane:
        answer = lane.tap(site.card("bram"))
        assert said(answer) == ("admit", "ok")
        assert answer.decision is not None
        assert [str(flag) for flag in answer.decision.flags] == ["blocked"]
        (intent,) = [entry.record for entry in lane.entries() if entry.record.kind is Kind.TAP_INTENT]
        assert intent.public["flags"] == ["blocked"]
        assert lane.alarms_written() == [{"alarm": "exit-flagged", "reasons": ["blocked"], "tap": intent.sequence}]
    assert len(pulses(board, OPEN_LANE)) == 1


def test_entry_that_sends_to_the_desk_calls_nobody(one_lane: Lanes, site: Site) -> None:
    with one_lane(number=TRAINED_LANE) as lane:
        assert said(lane.tap(site.card("dmitri"))) == ("desk", "training-missing")
        assert lane.alarms_written() == []


def test_guard_is_called_each_time_an_exit_sends_to_the_desk(one_lane: Lanes, site: Site) -> None:
    with one_lane(direction="exit") as lane:
        for _ in range(2):
            assert said(lane.tap(site.card("ivo"))) == ("desk", "not-authentic")
        assert lane.alarms_written() == [
            {"alarm": "call", "reasons": ["not-authentic"], "tap": tap.record.sequence}
            for tap in lane.entries()
            if tap.record.kind is Kind.TAP_OUTCOME
        ]


@pytest.mark.parametrize(
    ("outcome", "reason", "flags", "alarms"),
    [
        (Outcome.ADMIT, Reason.OK, (), []),
        (Outcome.ADMIT, Reason.OK, (Reason.LIST_TOO_OLD,), []),
        (Outcome.ADMIT, Reason.OK, (Reason.EXPIRED, Reason.LIST_TOO_OLD), [("exit-flagged", ["expired"])]),
        (
            Outcome.DESK,
            Reason.NO_OPEN_STAY,
            (Reason.BLOCKED,),
            [("exit-flagged", ["blocked"]), ("call", ["no-open-stay"])],
        ),
    ],
)
def test_what_a_guard_hears_of_an_exit(
    outcome: Outcome, reason: Reason, flags: tuple[Reason, ...], alarms: list[tuple[str, list[str]]]
) -> None:
    assert exit_alarms(Decision(outcome=outcome, reason=reason, help=reason.help, flags=flags), None) == alarms


def test_nobody_before_the_boom_is_told_to_drive_forward_and_his_card_is_not_touched(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = Held(site.card("anna"))
    with one_lane(somebody=False) as lane:
        before = len(lane.entries())
        answer = lane.taps.tap("front", Side.ENTRY, card)
        assert (answer.decision, answer.key) == (None, None)
        assert len(lane.entries()) == before
    assert card.sent == []
    assert pulses(board, OPEN_LANE) == []


@NOBODY_COMES_LATER
def test_same_card_again_while_its_vehicle_is_owed_gets_the_same_answer_and_opens_once(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        first = lane.tap(site.card("anna"))
        again = lane.tap(site.card("anna"))
        assert again.decision == first.decision
        assert again.key is None
        assert [kind for kind, _ in lane.told(Kind.TAP_INTENT)] == ["tap-intent"]
        lane.wait_for(Phase.CLOSED, times=2)
    assert len(pulses(board, OPEN_LANE)) == 1


@NOBODY_COMES_LATER
def test_another_card_of_the_same_vehicle_opens_nothing_and_one_of_the_next_does(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")
        assert len(pulses(board, OPEN_LANE)) == 1
        lane.wait_for(Phase.CLOSED, times=2)
        assert said(lane.tap(site.card("farid"))) == ("admit", "ok")
    assert len(pulses(board, OPEN_LANE)) == 2


def test_copied_credential_is_not_taken_for_the_card_whose_vehicle_is_owed(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        assert said(lane.tap(site.card("ivo"))) == ("refuse", "not-authentic")


@NOBODY_COMES
def test_card_blocked_in_between_is_not_given_the_answer_of_before(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.wait_for(Phase.CLOSED, times=2)
        lane.take("anna-blocked")
        assert said(lane.tap(site.card("anna"))) == ("refuse", "blocked")
    assert len(pulses(board, OPEN_LANE)) == 1


def test_blocked_card_before_a_boom_that_somebody_else_opened_is_not_given_the_answer_of_before(
    one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    with one_lane() as lane:
        assert said(lane.tap(site.card("anna"))) == ("admit", "ok")
        lane.world.contact("loop_arm", None)
        lane.world.vehicle("arrive", speed_m_s=100.0)
        lane.world.vehicle("pass", speed_m_s=100.0)
        lane.wait_for(Phase.CLOSED, times=2)
        lane.take("anna-blocked")
        lane.world.contact("loop_arm", True)
        lane.world.contact("closed_limit", False)
        lane.wait_for(Phase.FORCED)
        lane.world.contact("open_limit", True)
        lane.wait_for(Phase.OPEN, times=2)
        assert said(lane.tap(site.card("anna"))) == ("refuse", "blocked")
        assert lane.told()[-1] == (
            "tap-outcome",
            {"outcome": "refuse", "reason": "blocked", "detail": "read-key-newest"},
        )
    assert len(pulses(board, OPEN_LANE)) == 1
