"""The barrier where a contact is not fitted and time stands in for it."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_signals import Admitted, Alarm, Event, Expired, Off, On, Passage
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Logic,
    Phase,
    Result,
    Timer,
)
from tests.core.barrier_stories import (
    ALL_CONTACTS,
    BOOM_FALLS,
    BOOM_RISES,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GOES_BACK,
    GREEN,
    PULSE,
    RED,
    SAFETY_GAP_OVER,
    ended,
    lane,
    outcome,
    tell,
    under,
)


def test_without_open_limit_the_travel_time_stands_in() -> None:
    opening = tell(lane(CLOSED_LIMIT, without={OPEN_LIMIT}), Admitted(1))[0]
    assert outcome(opening, Off(CLOSED_LIMIT), Expired(Timer.OPENING)) == (Phase.OPEN, [GREEN])
    assert outcome(opening, Expired(Timer.OPENING), Expired(Timer.OPENING))[0] is Phase.FAULT_OPEN


def test_without_closed_limit_travel_time_and_clear_loops_stand_in() -> None:
    closing = tell(lane(without={CLOSED_LIMIT}), Expired(Timer.SETTLE), Admitted(1), On(OPEN_LIMIT), *DRIVES_UNDER)[0]
    closing, told = tell(closing, *DRIVES_AWAY, Off(OPEN_LIMIT))
    assert (closing.phase, told) == (Phase.CLOSING, [Passage(Result.PASSED, 1)])
    assert tell(closing, On(LOOP_BEHIND), Expired(Timer.SETTLE))[0].phase is Phase.CLOSING
    assert tell(closing, Expired(Timer.SETTLE))[0].phase is Phase.CLOSED


def test_without_closed_limit_there_is_never_a_retry() -> None:
    opening = tell(lane(without={CLOSED_LIMIT}), Expired(Timer.SETTLE), Admitted(1))[0]
    assert PULSE not in tell(opening, Expired(Timer.OPENING))[1]


def test_without_loop_behind_a_passage_is_assumed() -> None:
    up = tell(lane(CLOSED_LIMIT, without={LOOP_BEHIND}), Admitted(1), *BOOM_RISES)[0]
    assert outcome(up, On(LOOP_SAFETY), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[1] == [RED, Passage(Result.ASSUMED, 1)]


def test_without_loop_safety_a_passage_is_assumed_by_time() -> None:
    up = tell(lane(CLOSED_LIMIT, without={LOOP_SAFETY}), Admitted(1), *BOOM_RISES)[0]
    assert outcome(up, Expired(Timer.PASSAGE))[1] == [Passage(Result.ASSUMED, 1), RED]


def test_without_any_contact_the_cycle_runs_on_timers() -> None:
    story = (Expired(Timer.SETTLE), Admitted(1), Expired(Timer.OPENING), Expired(Timer.PASSAGE), Expired(Timer.SETTLE))
    assert outcome(lane(without=ALL_CONTACTS), *story) == (
        Phase.CLOSED,
        [PULSE, GREEN, Passage(Result.ASSUMED, 1), RED],
    )


def test_boom_opened_elsewhere_is_seen_without_closed_limit() -> None:
    resting = tell(lane(without={CLOSED_LIMIT}), Expired(Timer.SETTLE))[0]
    opened, told = tell(resting, On(OPEN_LIMIT))
    assert (opened.phase, told) == (Phase.OPEN, [Alarm("opened-elsewhere")])
    assert outcome(opened, Expired(Timer.TOO_LONG)) == (Phase.OPEN, [Alarm("open-too-long")])
    assert outcome(opened, Off(OPEN_LIMIT))[0] is Phase.CLOSING


def test_boom_that_only_leaves_open_limit_is_not_closing_where_closed_limit_will_tell() -> None:
    for absent in (set[str](), {LOOP_SAFETY}):
        up = tell(lane(CLOSED_LIMIT, without=absent), Admitted(1), *BOOM_RISES)[0]
        assert outcome(up, Off(OPEN_LIMIT)) == (Phase.OPEN, [RED])


def test_contact_that_is_not_fitted_is_not_believed() -> None:
    resting = lane(CLOSED_LIMIT, without={FIRE})
    assert step(resting, On(FIRE)) == (resting, ())


def test_controller_closes_and_no_loop_could_have_seen_the_vehicle() -> None:
    up = tell(lane(CLOSED_LIMIT, without={LOOP_SAFETY}), Admitted(1), *BOOM_RISES)[0]
    assert outcome(up, *BOOM_FALLS) == (Phase.CLOSED, [RED, Passage(Result.ASSUMED, 1)])


@pytest.mark.parametrize(
    ("absent", "before", "result"),
    [
        ({CLOSED_LIMIT}, (), Result.NO_SHOW),
        ({CLOSED_LIMIT}, (*DRIVES_UNDER, Off(LOOP_SAFETY), SAFETY_GAP_OVER), Result.BACKED_OUT),
        ({CLOSED_LIMIT, LOOP_SAFETY}, (), Result.ASSUMED),
    ],
)
def test_boom_that_leaves_open_limit_is_closing_where_only_that_can_tell(
    absent: set[str], before: tuple[Event, ...], result: Result
) -> None:
    up = tell(lane(without=absent), Expired(Timer.SETTLE), Admitted(1), On(OPEN_LIMIT), *before)[0]
    assert outcome(up, Off(OPEN_LIMIT)) == (Phase.CLOSING, [Passage(result, 1), RED])


@pytest.mark.parametrize("logic", Logic)
def test_without_loop_behind_each_logic_closes_after_its_last_vehicle(logic: Logic) -> None:
    over = tell(under(logic, without={LOOP_BEHIND}), *GOES_BACK)
    assert (over[0].phase, ended(over[1])) == (Phase.CLOSING, [(1, Result.ASSUMED)])
    two = tell(under(logic, without={LOOP_BEHIND}), On(LOOP_ARM), Admitted(2), *GOES_BACK)
    assert (two[0].phase, ended(two[1])) == (
        Phase.CLOSING if logic is Logic.STEP else Phase.OPEN,
        [(1, Result.ASSUMED)],
    )


def test_step_without_closed_limit_opens_for_the_second_when_the_boom_must_be_down() -> None:
    first = tell(lane(without={CLOSED_LIMIT}, logic=Logic.STEP), Expired(Timer.SETTLE), Admitted(1), On(OPEN_LIMIT))[0]
    falling = tell(first, *DRIVES_UNDER, On(LOOP_ARM), Admitted(2), *DRIVES_AWAY, Off(OPEN_LIMIT))[0]
    assert outcome(falling, Expired(Timer.SETTLE)) == (Phase.OPENING, [PULSE])
