"""The four logics of a barrier's controller, line by line as the design's table has them."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    Event,
    Expired,
    Level,
    Off,
    On,
    Order,
    Ordered,
    Passage,
    StartTimer,
)
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    CLOSED_LIMIT,
    CONTROLLER_FAULT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    GuardOrder,
    Logic,
    Phase,
    Result,
    State,
    Timer,
)
from tests.core.barrier_stories import (
    ALL_OUTPUTS,
    BOOM_FALLS,
    BOOM_RISES,
    CLOSE,
    DOWN_LEVEL,
    DRIVES_AWAY,
    DRIVES_UNDER,
    PULSE,
    STAYS_DOWN,
    UP_LEVEL,
    admitted,
    ended,
    moved,
    tell,
    under,
    up,
    waiting,
)

IMPULSE, COUNT, STEP, HOLD = Logic.IMPULSE, Logic.IMPULSE_COUNT, Logic.STEP, Logic.HOLD
EACH = pytest.mark.parametrize("logic", Logic)
NEXT = (On(LOOP_ARM), Admitted(2))
"""The next vehicle comes before the boom and is admitted."""


@pytest.mark.parametrize(("logic", "order"), [(IMPULSE, PULSE), (COUNT, PULSE), (STEP, PULSE), (HOLD, UP_LEVEL)])
def test_open(logic: Logic, order: Order) -> None:
    assert moved(step(waiting(logic), Admitted(1))[1]) == [order]


@EACH
def test_one_vehicle_passes_and_the_level_goes_off_when_the_loops_are_clear(logic: Logic) -> None:
    end, told = tell(up(logic), *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS)
    assert (end.phase, ended(told)) == (Phase.CLOSED, [(1, Result.PASSED)])
    assert moved(told) == ([DOWN_LEVEL] if logic is HOLD else [])
    held_on = tell(under(logic), *DRIVES_AWAY[:-1])[0]
    assert held_on.levels == ({"open"} if logic is HOLD else set())


@pytest.mark.parametrize(
    ("logic", "at_its_tap", "when_the_first_has_passed", "at_closed_limit"),
    [(IMPULSE, [], [PULSE], []), (COUNT, [PULSE], [], []), (STEP, [], [], [PULSE]), (HOLD, [], [], [])],
)
def test_second_vehicle_owed(
    logic: Logic, at_its_tap: list[Order], when_the_first_has_passed: list[Order], at_closed_limit: list[Order]
) -> None:
    two, told = tell(under(logic), *NEXT)
    assert moved(told) == at_its_tap
    one, told = tell(two, *DRIVES_AWAY)
    assert (ended(told), moved(told)) == ([(1, Result.PASSED)], when_the_first_has_passed)
    assert one.phase is (Phase.CLOSING if logic is STEP else Phase.OPEN)
    if logic is STEP:
        one, told = tell(one, *BOOM_FALLS)
        assert (one.phase, moved(told)) == (Phase.OPENING, at_closed_limit)
        one = tell(one, *BOOM_RISES)[0]
    end, told = tell(one, *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS)
    assert (end.phase, ended(told)) == (Phase.CLOSED, [(2, Result.PASSED)])
    assert moved(told) == ([DOWN_LEVEL] if logic is HOLD else [])


@EACH
@pytest.mark.parametrize("wired", [True, False])
def test_closing_after_a_no_show(logic: Logic, wired: bool) -> None:
    outputs = ALL_OUTPUTS if wired else frozenset({"open"})
    closing, told = tell(up(logic, outputs=outputs), Expired(Timer.PASSAGE))
    by_pulse = [CLOSE] if wired and logic in {IMPULSE, COUNT} else []
    assert (closing.phase, moved(told)) == (Phase.CLOSING, [DOWN_LEVEL] if logic is HOLD else by_pulse)
    assert (ended(told), Timer.CLOSING in closing.timers) == ([(1, Result.NO_SHOW)], True)


@pytest.mark.parametrize("logic", [IMPULSE, COUNT])
@pytest.mark.parametrize("blind", [LOOP_SAFETY, None])
def test_closing_is_not_ordered_where_no_loop_looks_or_one_is_not_clear(logic: Logic, blind: str | None) -> None:
    settings = {"outputs": ALL_OUTPUTS, "without": {blind} if blind else set()}
    waits = up(logic, **settings)
    if blind is None:
        waits = tell(waits, On(LOOP_BEHIND))[0]
    assert moved(tell(waits, Expired(Timer.PASSAGE))[1]) == []


@pytest.mark.parametrize("breaks_off", [On(LOOP_SAFETY), Admitted(2)])
def test_order_to_close_under_way_is_broken_off(breaks_off: Event) -> None:
    closing = tell(up(outputs=ALL_OUTPUTS), Expired(Timer.PASSAGE))[0]
    off, *rest = moved(tell(closing, breaks_off)[1])
    assert off == Level("close", on=False)
    assert rest == ([PULSE] if isinstance(breaks_off, Admitted) else [])


@EACH
def test_next_vehicle_while_the_boom_falls(logic: Logic) -> None:
    falling = tell(under(logic), *DRIVES_AWAY, Off(OPEN_LIMIT))[0]
    again, told = tell(falling, *NEXT)
    if logic is STEP:
        assert (again.phase, moved(told)) == (Phase.CLOSING, [])
        again, told = tell(again, On(CLOSED_LIMIT))
    assert (again.phase, moved(told)) == (Phase.OPENING, [UP_LEVEL if logic is HOLD else PULSE])


def test_retry_of_impulse_is_once_and_only_while_closed_limit_is_on() -> None:
    again, told = tell(admitted(), Expired(Timer.OPENING))
    assert (again.phase, moved(told)) == (Phase.OPENING, [PULSE])
    assert tell(again, Expired(Timer.OPENING))[0].phase is Phase.FAULT_OPEN
    on_its_way, told = tell(admitted(), Off(CLOSED_LIMIT), Expired(Timer.OPENING))
    assert (on_its_way.phase, moved(told)) == (Phase.FAULT_OPEN, [])


@pytest.mark.parametrize("logic", [COUNT, STEP])
def test_never_a_retry_of_impulse_count_and_step(logic: Logic) -> None:
    end, told = tell(admitted(logic), Expired(Timer.OPENING))
    assert (end.phase, moved(told)) == (Phase.FAULT_OPEN, [])


def off_for_two_seconds() -> State:
    """The level was on in vain, and is off before the second attempt."""
    return tell(admitted(HOLD), Expired(Timer.OPENING))[0]


def test_retry_of_hold_is_off_for_two_seconds_and_on_again_once() -> None:
    off, told = step(admitted(HOLD), Expired(Timer.OPENING))
    assert (off.phase, {*off.levels}, told) == (Phase.OPENING, set(), (DOWN_LEVEL, StartTimer(Timer.RETRY, 2_000)))
    on, told = step(off, Expired(Timer.RETRY))
    assert told == (UP_LEVEL, StartTimer(Timer.OPENING, 6_000))
    end, orders = tell(on, Expired(Timer.OPENING))
    assert (end.phase, orders) == (
        Phase.FAULT_OPEN,
        [Alarm("did-not-open"), Passage(Result.UNKNOWN, 1), DOWN_LEVEL],
    )


def test_retry_of_hold_is_not_begun_over_a_loop_that_is_occupied() -> None:
    occupied = tell(admitted(HOLD), On(LOOP_SAFETY))[0]
    end, told = tell(occupied, Expired(Timer.OPENING))
    assert (end.phase, moved(told), {*end.levels}) == (Phase.FAULT_OPEN, [], {"open"})


@pytest.mark.parametrize(
    ("events", "phase"),
    [
        ((On(LOOP_SAFETY), Off(CLOSED_LIMIT)), Phase.PASSING),
        ((Off(CLOSED_LIMIT), On(LOOP_SAFETY)), Phase.PASSING),
        (BOOM_RISES, Phase.OPEN),
    ],
)
def test_boom_that_moves_after_all_during_the_retry_of_hold_is_kept_up(events: tuple[Event, ...], phase: Phase) -> None:
    end, told = tell(off_for_two_seconds(), *events)
    assert (end.phase, moved(told), {*end.levels}) == (phase, [UP_LEVEL], {"open"})
    assert end.timers & {Timer.PASSAGE, Timer.UNDER_BOOM}


def test_another_vehicle_does_not_shorten_the_two_seconds() -> None:
    next_one = tell(off_for_two_seconds(), Off(LOOP_ARM), *NEXT)[0]
    assert ({*next_one.levels}, {*next_one.vehicles()}) == (set(), {1, 2})
    assert tell(next_one, Expired(Timer.RETRY))[0].levels == {"open"}


def test_step_is_never_pulsed_on_a_boom_that_is_not_down() -> None:
    """It would close it: somebody else's button has opened it, or the controller's mains are coming back."""
    rising = tell(waiting(STEP), On(CONTROLLER_FAULT), Off(CLOSED_LIMIT))[0]
    waits, told = tell(rising, Admitted(1))
    assert (waits.phase, told, {*waits.vehicles()}) == (Phase.CLOSING, [], {1})
    assert moved(tell(waits, On(CLOSED_LIMIT))[1]) == [PULSE]
    opened = tell(waiting(STEP), Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))[0]
    there, told = tell(opened, Admitted(1))
    assert (there.phase, moved(told)) == (Phase.OPEN, [])
    assert moved(tell(there, *BOOM_FALLS)[1]) == [PULSE]


@pytest.mark.parametrize("logic", [IMPULSE, COUNT, HOLD])
def test_whoever_is_admitted_before_a_boom_opened_elsewhere_has_an_order_of_his_own(logic: Logic) -> None:
    opened = tell(waiting(logic), Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))[0]
    there, told = tell(opened, Admitted(1))
    assert (there.phase, moved(told)) == (Phase.OPEN, [UP_LEVEL if logic is HOLD else PULSE])


@pytest.mark.parametrize("seen", [Result.PASSED, Result.ASSUMED])
@pytest.mark.parametrize(("logic", "order"), [(IMPULSE, [PULSE]), (STEP, [PULSE]), (HOLD, []), (COUNT, None)])
def test_boom_that_comes_down_before_the_second_vehicle_owed_opens_again_unless_its_pulse_was_given(
    logic: Logic, order: list[Order] | None, seen: Result
) -> None:
    behind = (On(LOOP_BEHIND), Off(LOOP_SAFETY), Off(LOOP_BEHIND)) if seen is Result.PASSED else (Off(LOOP_SAFETY),)
    end, told = tell(tell(under(logic), *NEXT, *behind)[0], *STAYS_DOWN)
    if order is None:
        assert (end.phase, moved(told), ended(told)) == (Phase.CLOSED, [], [(1, seen), (2, Result.NO_SHOW)])
    else:
        assert (end.phase, moved(told), ended(told)) == (Phase.OPENING, order, [(1, seen)])


def test_count_that_the_controller_lost_leaves_the_next_vehicle_a_no_show() -> None:
    """Its pulse was given, and is not given twice; it may tap again."""
    second = tell(under(COUNT), *NEXT, *DRIVES_AWAY)[0]
    end, told = tell(second, *BOOM_FALLS)
    assert (end.phase, moved(told), ended(told)) == (Phase.CLOSED, [], [(2, Result.NO_SHOW)])
    assert moved(tell(end, Admitted(3))[1]) == [PULSE]


def test_impulse_count_takes_each_pulse_at_once_while_the_boom_rises() -> None:
    assert moved(tell(admitted(COUNT), Off(LOOP_ARM), *NEXT)[1]) == [PULSE]


@EACH
def test_open_boom_that_no_loop_looks_under_has_let_its_vehicle_pass(logic: Logic) -> None:
    end, told = tell(up(logic, without={LOOP_SAFETY}), Expired(Timer.PASSAGE))
    assert (end.phase, ended(told)) == (Phase.CLOSING, [(1, Result.ASSUMED)])


@pytest.mark.parametrize("logic", [IMPULSE, COUNT, HOLD])
@pytest.mark.parametrize("behind", [True, False])
def test_boom_that_the_second_vehicle_needs_does_not_count_as_closing(logic: Logic, behind: bool) -> None:
    without = {OPEN_LIMIT} if behind else {OPEN_LIMIT, LOOP_BEHIND}
    first = tell(admitted(logic, without=without), Off(CLOSED_LIMIT), Expired(Timer.OPENING), *DRIVES_UNDER)[0]
    *before, last = DRIVES_AWAY if behind else (Off(LOOP_SAFETY), Expired(Timer.SAFETY_GAP))
    end, orders = step(tell(first, *NEXT, *before)[0], last)
    timers = [order.timer for order in orders if isinstance(order, StartTimer)]
    assert (end.phase, timers) == (
        (Phase.OPENING, [Timer.OPENING]) if logic is IMPULSE else (Phase.OPEN, [Timer.PASSAGE])
    )
    assert (ended(orders), moved(orders)) == (
        [(1, Result.PASSED if behind else Result.ASSUMED)],
        [PULSE] if logic is IMPULSE else [],
    )


@pytest.mark.parametrize("behind", [True, False])
def test_impulse_count_gives_who_had_tapped_before_a_held_boom_his_pulse_in_his_turn(behind: bool) -> None:
    without = set() if behind else {LOOP_BEHIND}
    held = tell(waiting(COUNT, outputs=ALL_OUTPUTS, without=without), Ordered(GuardOrder.HOLD), *BOOM_RISES)[0]
    two = tell(held, Admitted(1), Off(LOOP_ARM), *NEXT)[0]
    first, told = tell(two, Ordered(GuardOrder.RELEASE))
    assert [order for order in moved(told) if order == PULSE] == [PULSE]
    second, told = tell(first, On(LOOP_SAFETY), *DRIVES_AWAY)
    assert (second.phase, moved(told)) == (Phase.OPEN, [PULSE])


@EACH
def test_each_vehicle_before_an_open_boom_has_its_own_time(logic: Logic) -> None:
    opened = tell(waiting(logic), Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))[0]
    for state in (opened, tell(up(logic), Off(LOOP_ARM), On(LOOP_ARM))[0]):
        assert StartTimer(Timer.PASSAGE, 30_000) in step(state, Admitted(2))[1]


@EACH
def test_boom_that_leaves_open_limit_waits_to_be_down_where_only_that_can_tell(logic: Logic) -> None:
    for absent in ({CLOSED_LIMIT}, {CLOSED_LIMIT, LOOP_SAFETY}):
        resting = tell(waiting(logic, without=absent), Expired(Timer.SETTLE), Admitted(1), On(OPEN_LIMIT))[0]
        assert Timer.CLOSING in tell(resting, Off(OPEN_LIMIT))[0].timers


@EACH
def test_boom_that_left_its_limit_just_now_is_waited_for_by_step_alone(logic: Logic) -> None:
    moving = tell(waiting(logic), Off(CLOSED_LIMIT), Admitted(1))[0]
    assert moving.phase is (Phase.CLOSING if logic is STEP else Phase.OPENING)
    assert Timer.CLOSING in moving.timers or logic is not STEP
    assert tell(waiting(logic, without={CLOSED_LIMIT}), Expired(Timer.SETTLE), Admitted(1))[0].phase is Phase.OPENING


@pytest.mark.parametrize("logic", [IMPULSE, COUNT])
def test_order_to_close_ends_with_closing_so_that_none_to_open_meets_it(logic: Logic) -> None:
    closing, told = tell(up(logic, outputs=ALL_OUTPUTS), Expired(Timer.PASSAGE))
    assert moved(told) == [CLOSE]
    assert moved(tell(closing, *BOOM_FALLS)[1]) == [Level(CLOSE_OUTPUT, on=False)]
    assert moved(tell(closing, Admitted(2))[1]) == [Level(CLOSE_OUTPUT, on=False), PULSE]
    assert moved(tell(closing, On(FIRE))[1]) == [Level(CLOSE_OUTPUT, on=False)]
