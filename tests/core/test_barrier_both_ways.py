"""A lane for both directions: who has it, and that the loops change roles for who leaves."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness, refusal
from terminal.core.barrier_signals import (
    Admitted,
    Busy,
    DriveForward,
    Event,
    Expired,
    Off,
    On,
    Ordered,
    Ready,
    Untapped,
    WrongSide,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OF_A_PASSAGE,
    OPEN_LIMIT,
    SWING_OFF,
    GuardOrder,
    Phase,
    Result,
    Side,
    Timer,
)
from tests.core.barrier_stories import (
    ALL_OUTPUTS,
    BOOM_FALLS,
    BOOM_RISES,
    LET_DOWN,
    PULSE,
    SAFETY_GAP_OVER,
    UNDER,
    ended,
    lane,
    moved,
    tell,
)

IN, OUT = Side.ENTRY, Side.EXIT
RESTING = lane(CLOSED_LIMIT, direction="both")
"""Its `loop_arm` lies outside and its `loop_behind` inside, as an entering vehicle meets them."""
INSIDE, OUTSIDE = LOOP_BEHIND, LOOP_ARM
LEAVING = tell(RESTING, On(INSIDE), Admitted(1, OUT), *BOOM_RISES, On(LOOP_SAFETY), Off(INSIDE))[0]
ENTERING = tell(RESTING, On(OUTSIDE), Admitted(1, IN), *BOOM_RISES, On(LOOP_SAFETY), Off(OUTSIDE))[0]
GOES_OUT = (On(OUTSIDE), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(OUTSIDE), Expired(Timer.ARM_GAP))


def test_vehicle_leaves_over_the_loops_in_the_other_order() -> None:
    end, told = tell(LEAVING, *GOES_OUT, *BOOM_FALLS)
    assert (end.phase, ended(told), end.owner) == (Phase.CLOSED, [(1, Result.PASSED)], None)


def test_vehicle_that_leaves_and_comes_back_inside_has_backed_out() -> None:
    back = (On(INSIDE), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(INSIDE))
    assert ended(tell(LEAVING, *back, Expired(Timer.PASSAGE))[1]) == [(1, Result.BACKED_OUT)]


def test_passenger_of_who_leaves_is_told_by_the_loop_inside() -> None:
    both = tell(RESTING, On(INSIDE), Admitted(1, OUT), Admitted(2, OUT))[0]
    assert [vehicle.cards for vehicle in both.owed] == [(1, 2)]
    two = tell(RESTING, On(INSIDE), Admitted(1, OUT), Off(INSIDE), On(INSIDE), Admitted(2, OUT))[0]
    assert [vehicle.cards for vehicle in two.owed] == [(1,), (2,)]


def test_both_sides_at_once_the_first_one_admitted_has_the_lane_until_it_is_closed() -> None:
    state = tell(RESTING, On(INSIDE), On(OUTSIDE))[0]
    assert [readiness(state, side) for side in (IN, OUT)] == [Ready(), Ready()]
    state = step(state, Admitted(1, OUT))[0]
    stories: tuple[tuple[Event, ...], ...] = ((), BOOM_RISES, (On(LOOP_SAFETY),), (Off(OUTSIDE), *GOES_OUT))
    for events in stories:
        state = tell(state, *events)[0]
        assert (state.owner, readiness(state, IN)) == (OUT, Busy()), state.phase
        assert refusal(state, GuardOrder.OPEN, IN) == "lane-busy"
        assert refusal(state, GuardOrder.OPEN, OUT) is None
    assert state.phase is Phase.CLOSING
    closed = tell(state, *BOOM_FALLS, On(OUTSIDE))[0]
    assert (closed.owner, readiness(closed, IN)) == (None, Ready())


@pytest.mark.parametrize(("side", "before"), [(IN, OUTSIDE), (OUT, INSIDE)])
def test_next_one_of_the_side_that_has_the_lane_stands_on_its_own_loop(side: Side, before: str) -> None:
    state = ENTERING if side is IN else LEAVING
    assert readiness(state, side) == DriveForward()
    assert readiness(step(state, On(before))[0], side) == Ready()
    assert moved(tell(state, On(before), Admitted(2, side))[1]) == []


@pytest.mark.parametrize(
    ("fitted", "side", "on", "answer"),
    [
        (True, IN, OUTSIDE, Ready()),
        (True, IN, INSIDE, DriveForward()),
        (True, OUT, INSIDE, Ready()),
        (True, OUT, OUTSIDE, DriveForward()),
        (False, OUT, OUTSIDE, Ready()),
    ],
)
def test_before_anybody_has_the_lane_each_side_is_asked_for_its_own_loop(
    fitted: bool, side: Side, on: str, answer: object
) -> None:
    state = lane(CLOSED_LIMIT, on, direction="both", without=() if fitted else {INSIDE})
    assert readiness(state, side) == answer


def test_loop_inside_alone_is_yard_traffic_until_somebody_leaves() -> None:
    assert tell(RESTING, On(INSIDE), Off(INSIDE)) == (tell(RESTING, On(INSIDE), Off(INSIDE))[0], [])


def test_queue_that_leaves_bumper_to_bumper() -> None:
    story = (On(INSIDE), Admitted(2, OUT), On(OUTSIDE), Off(LOOP_SAFETY), On(LOOP_SAFETY), Off(INSIDE))
    assert ended(tell(LEAVING, *story, *GOES_OUT[1:])[1]) == [(1, Result.PASSED), (2, Result.PASSED)]


@pytest.mark.parametrize(("direction", "wrong"), [("entry", OUT), ("exit", IN)])
def test_wrong_side_of_a_lane_for_one_direction(direction: str, wrong: Side) -> None:
    state = lane(CLOSED_LIMIT, LOOP_ARM, direction=direction)
    assert readiness(state, wrong) == WrongSide()
    assert refusal(state, GuardOrder.OPEN, wrong) == "wrong-side"


def test_lane_for_one_direction_belongs_to_nobody() -> None:
    assert UNDER.owner is None


@pytest.mark.parametrize("event", [On(SWING_OFF), On(CLOSED_LIMIT)])
def test_fault_gives_the_lane_back(event: Event) -> None:
    assert tell(LEAVING, event)[0].owner is None


def test_exit_that_no_order_can_help_has_the_lane_until_it_has_ended() -> None:
    fault = tell(RESTING, On(SWING_OFF), On(INSIDE), Admitted(1, OUT))[0]
    assert fault.owner is OUT
    gone, told = tell(fault, On(LOOP_SAFETY), Off(INSIDE), *GOES_OUT)
    assert (gone.owner, ended(told)) == (None, [(1, Result.ASSUMED)])


def test_after_closing_for_one_side_the_other_is_pulsed() -> None:
    closed = tell(LEAVING, *GOES_OUT, Off(OPEN_LIMIT), On(CLOSED_LIMIT), On(OUTSIDE))[0]
    assert moved(tell(closed, Admitted(2, IN))[1]) == [PULSE]


def test_boom_held_open_lets_both_sides_pass_though_a_loop_is_stuck_under_the_first() -> None:
    held = lane(CLOSED_LIMIT, OUTSIDE, direction="both", outputs=ALL_OUTPUTS)
    held = tell(held, Ordered(GuardOrder.HOLD), *BOOM_RISES, Admitted(1, IN), On(LOOP_SAFETY))[0]
    assert [readiness(held, side) for side in (IN, OUT)] == [Ready(), Ready()]
    both = step(held, Admitted(2, OUT))[0]
    assert both.vehicles() == {1, 2}
    ends = tell(both, Expired(Timer.PASSAGE), Expired(Timer.SAFETY_STUCK))
    assert ended(ends[1]) == [(1, Result.UNKNOWN), (2, Result.UNKNOWN)]
    later = tell(ends[0], Admitted(3, OUT), Expired(Timer.PASSAGE))[1]
    assert ended(later) == [(3, Result.UNKNOWN)]


def test_boom_that_stays_open_for_nobody_belongs_to_nobody() -> None:
    closes = tell(ENTERING, On(INSIDE), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(INSIDE), Expired(Timer.BEHIND_GAP))[0]
    back = tell(closes, On(LOOP_SAFETY), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[0]
    assert (back.phase, back.owed, back.owner) == (Phase.OPEN, (), None)


HELD = tell(lane(CLOSED_LIMIT, direction="both", outputs=ALL_OUTPUTS), Ordered(GuardOrder.HOLD), *BOOM_RISES)[0]


def test_loops_that_are_clear_for_the_other_side_only_do_not_keep_a_released_boom_up() -> None:
    """Who was admitted inside did not come; what stands on the loop outside is before the boom, not behind it."""
    leaving = tell(HELD, On(INSIDE), Admitted(1, OUT), Off(INSIDE), Expired(Timer.BEHIND_GAP))[0]
    released = tell(leaving, On(OUTSIDE), Ordered(GuardOrder.RELEASE))[0]
    assert (released.phase, released.owner) == (Phase.HELD_OPEN, OUT)
    end, told = tell(released, Expired(Timer.PASSAGE))
    assert (end.phase, ended(told), moved(told)) == (Phase.CLOSING, [(1, Result.NO_SHOW)], [LET_DOWN])


def test_who_came_in_untapped_is_counted_when_the_one_that_goes_out_gets_the_lane() -> None:
    coming = tell(HELD, On(LOOP_SAFETY), On(INSIDE), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[0]
    taken, told = tell(coming, Admitted(1, OUT))
    assert (told, taken.marks & OF_A_PASSAGE) == ([Untapped()], frozenset())
    assert ended(tell(taken, On(LOOP_SAFETY), Off(INSIDE), *GOES_OUT)[1]) == [(1, Result.PASSED)]


def test_card_of_the_other_side_is_no_passenger() -> None:
    both = tell(HELD, On(OUTSIDE), On(INSIDE), Admitted(1, IN), Admitted(2, OUT))[0]
    assert [vehicle.cards for vehicle in both.owed] == [(1,), (2,)]
