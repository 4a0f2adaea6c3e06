"""Orders that are carried out, and orders that are refused: what moves, and what the journal tells of it."""

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from terminal.core.barrier_words import FIRE, Mark, Phase, Side
from terminal.core.journal import Kind, OrderResult
from terminal.orders import Answer
from tests.orders.rig import Lanes

BY = {"by": "xs-status"}


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[Lanes]:
    """One entry."""
    with Lanes(tmp_path) as lanes:
        yield lanes


def given(what: str, **more: object) -> dict[str, object]:
    return {"order": what, **BY, **more}


def settled(what: str, of: int | None, result: str, **more: object) -> dict[str, object]:
    return {"order": what, "settles": of, "result": result, **more}


def test_order_to_open_lets_one_vehicle_through_and_is_told_from_beginning_to_end(lanes: Lanes) -> None:
    assert lanes.give("open", account="k.bakker") == Answer(
        result=OrderResult.OBEYED, say="lane 1: open is carried out", sequence=0
    )
    assert lanes.pulses() == 1
    lanes.came_to(Phase.OPEN)
    lanes.wait_for(Phase.CLOSED)
    assert lanes.told() == [(1, given("open")), (1, settled("open", 0, "obeyed"))]
    assert lanes.unsealed(0) == {"reason": "as agreed", "account": "k.bakker"}
    assert lanes.told(Kind.PASSAGE) == [(1, {"order": 0, "result": "no-show"})]
    assert lanes.gate.journal.open_orders() == ()


def test_reason_and_account_are_in_no_log_and_in_no_public_part(
    lanes: Lanes, tmp_path: Path, log: Sequence[Mapping[str, object]]
) -> None:
    lanes.give("open", reason="Jan Smit lost his card", account="k.bakker")
    said = "".join(map(repr, [*log, *lanes.told(*Kind)]))
    for file in (tmp_path / "journal").iterdir():
        said += repr(file.read_bytes())
    assert "Smit" not in said
    assert "k.bakker" not in said
    assert [entry["result"] for entry in log if entry["event"] == "order"] == ["obeyed"]


def test_lane_is_held_released_locked_unlocked_paused_and_resumed(lanes: Lanes) -> None:
    for what, phase in (("hold", Phase.HELD_OPEN), ("release", Phase.CLOSED), ("lock", Phase.LOCKED)):
        assert lanes.give(what).result is OrderResult.OBEYED
        lanes.wait_for(phase)
    assert lanes.give("unlock").result is OrderResult.OBEYED
    lanes.wait_for(Phase.CLOSED)
    assert lanes.give("pause").result is OrderResult.OBEYED
    assert Mark.PAUSED in lanes.lanes[1].state.marks
    assert lanes.give("resume").result is OrderResult.OBEYED
    assert Mark.PAUSED not in lanes.lanes[1].state.marks
    assert [told["order"] for _, told in lanes.told() if "settles" in told] == [
        "hold", "release", "lock", "unlock", "pause", "resume",
    ]  # fmt: skip


def test_orders_in_a_fire_are_refused_and_written_down_until_somebody_confirms(lanes: Lanes) -> None:
    with lanes.world() as world:
        world.fire(True)
        lanes.wait_for(Phase.EMERGENCY_OPEN)
        answers = [lanes.give(what) for what in ("hold", "lock", "open")]
        assert {(answer.result, answer.why) for answer in answers} == {(OrderResult.REFUSED, "emergency-open")}
        assert "the boom stays open until the contact is off and you `confirm`" in answers[0].say
        answers.append(lanes.give("confirm"))
        assert answers[-1].why == "fire-still-on"
        world.fire(False)
        lanes.wait_until(lambda: FIRE not in lanes.lanes[1].state.active)
        answers.append(lanes.give("confirm"))
        assert answers[-1].result is OrderResult.OBEYED
        lanes.wait_for(Phase.CLOSED)
    hold, lock, opened, *confirms = [answer.sequence for answer in answers]
    assert lanes.told() == [
        (1, facts)
        for pair in (
            (given("hold"), settled("hold", hold, "refused", why="emergency-open")),
            (given("lock"), settled("lock", lock, "refused", why="emergency-open")),
            (given("open"), settled("open", opened, "refused", why="emergency-open")),
            (given("confirm"), settled("confirm", confirms[0], "refused", why="fire-still-on")),
            (given("confirm"), settled("confirm", confirms[1], "obeyed")),
        )
        for facts in pair
    ]
    assert lanes.pulses() == lanes.pulses(relay="hold_open") == lanes.pulses(relay="close") == 0


def test_relay_that_does_not_answer_may_have_moved_and_is_not_moved_again(tmp_path: Path) -> None:
    with Lanes(tmp_path, board_answer_s=1.0) as lanes:
        lanes.board.signal(signal.SIGSTOP)
        answer = lanes.give("open")
        lanes.board.signal(signal.SIGCONT)
        assert answer.result is OrderResult.UNKNOWN
        assert "look at the barrier" in answer.say
        assert lanes.told() == [(1, given("open")), (1, settled("open", 0, "unknown"))]


# ------------------------------------------------------------------------------------------- before anything is written


@pytest.mark.parametrize(
    ("what", "more", "why"),
    [
        ("open", {"lane": 2}, "no-such-lane"),
        ("open", {"side": Side.EXIT}, "no-such-side"),
        ("lock", {"lane": 200}, "no-such-lane"),
    ],
)
def test_order_that_means_no_lane_of_this_gate_is_refused_and_not_written_down(
    what: str, more: dict[str, Any], why: str, lanes: Lanes
) -> None:
    answer = lanes.give(what, **more)
    assert (answer.result, answer.why, answer.sequence) == (OrderResult.REFUSED, why, None)
    assert lanes.told() == []
    assert lanes.pulses() == 0


def test_lane_that_is_driven_both_ways_opens_for_the_side_that_is_named(tmp_path: Path) -> None:
    with Lanes(tmp_path, "both") as lanes:
        assert lanes.give("open").why == "which-side"
        assert lanes.pulses() == 0
        assert lanes.give("open", side=Side.EXIT).result is OrderResult.OBEYED
        assert lanes.lanes[1].state.owner is Side.EXIT
        assert lanes.told()[0] == (1, given("open", side="exit"))


def test_last_way_out_is_locked_only_by_who_is_sure(tmp_path: Path) -> None:
    with Lanes(tmp_path, "entry", "exit", "both") as lanes:
        assert lanes.give("lock", 2).result is OrderResult.OBEYED
        answer = lanes.give("lock", 3)
        assert (answer.result, answer.why, answer.sequence) == (OrderResult.REFUSED, "sure", None)
        assert "the last lane in service that lets anybody out" in answer.say
        assert lanes.lanes[3].state.phase is Phase.CLOSED
        assert lanes.give("lock", 1).result is OrderResult.OBEYED
        assert lanes.give("lock", 3, sure=True).result is OrderResult.OBEYED
        lanes.wait_for(Phase.LOCKED, 3)
        assert [facts["settles"] for _, facts in lanes.told() if "settles" in facts] == [0, 2, 4]


@pytest.mark.parametrize("out_of_service", ["pause", "lock", "arm off", "fault"])
def test_exit_that_lets_nobody_out_does_not_count_as_a_way_out(out_of_service: str, tmp_path: Path) -> None:
    with Lanes(tmp_path, "exit", "exit") as lanes:
        if out_of_service == "arm off":
            with lanes.world(2) as world:
                world.contact("swing_off", True)
                lanes.wait_for(Phase.ARM_OFF, 2)
        elif out_of_service == "fault":
            with lanes.world(2) as world:
                world.contact("open_limit", True)
                lanes.wait_for(Phase.FAULT_CLOSE, 2)
        else:
            lanes.give(out_of_service, 2)
        assert lanes.give("lock", 1).why == "sure"


def test_two_guards_who_lock_the_two_exits_at_once_do_not_lock_both(tmp_path: Path) -> None:
    with Lanes(tmp_path, "exit", "exit") as lanes:
        for _ in range(5):
            answers: list[Answer] = []
            both_ready = threading.Barrier(2)

            def lock(number: int, answers: list[Answer] = answers, ready: threading.Barrier = both_ready) -> None:
                ready.wait(60)
                answers.append(lanes.give("lock", number))

            guards = [threading.Thread(target=lock, args=(number,)) for number in (1, 2)]
            for guard in guards:
                guard.start()
            for guard in guards:
                guard.join()
            assert sorted(str(answer.result) for answer in answers) == ["obeyed", "refused"]
            for number in (1, 2):
                lanes.give("unlock", number)
                lanes.wait_for(Phase.CLOSED, number)
