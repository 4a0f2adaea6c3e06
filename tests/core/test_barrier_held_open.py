"""A boom that is held open by a person, and its release: whose passage it was, and who had not tapped."""

import pytest

from terminal.core.barrier_answers import refusal
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    Event,
    Expired,
    Off,
    On,
    Passage,
    Untapped,
)
from terminal.core.barrier_words import (
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    GuardOrder,
    Logic,
    Mark,
    Phase,
    Result,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_stories import (
    ALL_CONTACTS,
    ALL_OUTPUTS,
    AT_REST,
    BOOM_FALLS,
    BOOM_RISES,
    DOWN_LEVEL,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GOES_BACK,
    HELD,
    HOLD,
    HOLD_UP,
    LET_DOWN,
    NEXT_CLOSE_UP,
    OCCUPIED,
    PULSE,
    RED,
    RELEASE,
    UP_LEVEL,
    ended,
    moved,
    outcome,
    tell,
    under,
    up,
    waiting,
)


def test_hold_is_a_level_on_hold_open_or_else_on_the_input_of_a_controller_that_wants_levels() -> None:
    assert moved(tell(waiting(outputs=ALL_OUTPUTS), HOLD)[1]) == [HOLD_UP]
    assert moved(tell(waiting(Logic.HOLD), HOLD)[1]) == [UP_LEVEL]
    assert moved(tell(up(Logic.HOLD), HOLD)[1]) == []
    assert moved(tell(up(Logic.HOLD, outputs=ALL_OUTPUTS), HOLD)[1]) == [HOLD_UP, DOWN_LEVEL]


def test_tap_before_a_boom_that_is_held_open_is_owed_without_an_order() -> None:
    owed, told = tell(HELD, Admitted(1))
    assert (owed.phase, told, {*owed.vehicles()}) == (Phase.HELD_OPEN, [], {1})
    assert outcome(owed, *DRIVES_UNDER, *DRIVES_AWAY) == (Phase.HELD_OPEN, [Passage(Result.PASSED, 1)])
    assert outcome(owed, *DRIVES_UNDER, *GOES_BACK, Expired(Timer.PASSAGE))[1] == [Passage(Result.BACKED_OUT, 1)]
    assert outcome(owed, Expired(Timer.PASSAGE))[1] == [Passage(Result.NO_SHOW, 1)]


def test_passage_of_a_held_boom_is_assumed_where_a_loop_is_missing() -> None:
    no_behind = tell(waiting(outputs=ALL_OUTPUTS, without={LOOP_BEHIND}), HOLD, *BOOM_RISES)[0]
    assert ended(tell(no_behind, Admitted(1), *DRIVES_UNDER, *GOES_BACK)[1]) == [(1, Result.ASSUMED)]
    assert tell(no_behind, *DRIVES_UNDER, *GOES_BACK)[1] == [Untapped()]
    no_safety = tell(waiting(outputs=ALL_OUTPUTS, without={LOOP_SAFETY}), HOLD, *BOOM_RISES)[0]
    assert ended(tell(no_safety, Admitted(1), Expired(Timer.PASSAGE))[1]) == [(1, Result.ASSUMED)]


def test_others_are_counted_untapped() -> None:
    assert tell(OCCUPIED, *DRIVES_AWAY)[1] == [Untapped()]
    assert tell(OCCUPIED, *GOES_BACK)[1] == []


def test_tap_while_another_is_under_the_held_boom_does_not_pass_with_it() -> None:
    owed, told = tell(OCCUPIED, On(LOOP_ARM), Admitted(1), *DRIVES_AWAY)
    assert (told, {*owed.vehicles()}) == ([Untapped()], {1})
    close_up = (*NEXT_CLOSE_UP, Off(LOOP_ARM), *DRIVES_AWAY[1:])
    assert tell(OCCUPIED, On(LOOP_ARM), Admitted(1), *close_up)[1] == [Untapped(), Passage(Result.PASSED, 1)]


def test_queue_under_the_held_boom_bumper_to_bumper() -> None:
    two = tell(HELD, Admitted(1), *DRIVES_UNDER, On(LOOP_ARM), Admitted(2))[0]
    assert ended(tell(two, *NEXT_CLOSE_UP, Off(LOOP_ARM), *DRIVES_AWAY[1:])[1]) == [
        (1, Result.PASSED),
        (2, Result.PASSED),
    ]


def test_time_runs_out_while_the_loops_are_not_yet_clear() -> None:
    late = tell(HELD, Admitted(1), *DRIVES_UNDER, On(LOOP_BEHIND), Off(LOOP_SAFETY))[0]
    waits, told = tell(late, Expired(Timer.PASSAGE))
    assert (told, Timer.PASSAGE in waits.timers) == ([], True)
    assert ended(tell(waits, *DRIVES_AWAY[2:])[1]) == [(1, Result.PASSED)]


@pytest.mark.parametrize("tail", [(), (On(LOOP_BEHIND), Off(LOOP_SAFETY))])
def test_hold_in_mid_passage(tail: tuple[Event, ...]) -> None:
    held, told = tell(under(outputs=ALL_OUTPUTS), *tail, HOLD)
    assert (held.phase, moved(told), ended(told)) == (Phase.HELD_OPEN, [HOLD_UP], [])
    assert ended(tell(held, *DRIVES_AWAY)[1]) == [(1, Result.PASSED)]


def test_who_was_owed_before_the_hold_and_does_not_come_is_a_no_show() -> None:
    assert ended(tell(up(outputs=ALL_OUTPUTS), HOLD, Expired(Timer.PASSAGE))[1]) == [(1, Result.NO_SHOW)]


def test_held_boom_that_stays_down_raises_an_alarm() -> None:
    down = tell(waiting(outputs=ALL_OUTPUTS), HOLD)[0]
    assert outcome(down, Expired(Timer.OPENING)) == (Phase.HELD_OPEN, [Alarm("did-not-open")])
    assert outcome(HELD, Expired(Timer.OPENING)) == (Phase.HELD_OPEN, [])


def test_release_waits_for_the_loops_and_who_passes_then_is_still_told() -> None:
    released, told = tell(OCCUPIED, RELEASE)
    assert (released.phase, moved(told)) == (Phase.HELD_OPEN, [])
    end, told = tell(released, *DRIVES_AWAY)
    assert (end.phase, moved(told), Untapped() in told) == (Phase.CLOSING, [LET_DOWN], True)


@pytest.mark.parametrize(("story", "result"), [(DRIVES_AWAY, Result.PASSED), (GOES_BACK, None)])
def test_release_while_who_is_owed_is_under_the_boom(story: tuple[Event, ...], result: Result | None) -> None:
    end, told = tell(HELD, Admitted(1), *DRIVES_UNDER, RELEASE, *story)
    assert ended(told) == ([(1, result)] if result else [])
    assert end.phase is (Phase.CLOSING if result else Phase.OPEN)
    assert moved(told) == ([LET_DOWN] if result else [PULSE, LET_DOWN])
    assert ended(tell(end, Expired(Timer.PASSAGE))[1]) == ([] if result else [(1, Result.BACKED_OUT)])


@pytest.mark.parametrize(("story", "told"), [(DRIVES_UNDER, [Untapped()]), ((Admitted(1), *DRIVES_UNDER), [])])
def test_release_where_no_loop_behind_is_fitted(story: tuple[Event, ...], told: list[object]) -> None:
    held = tell(waiting(outputs=ALL_OUTPUTS, without={LOOP_BEHIND}), HOLD, *BOOM_RISES)[0]
    end, orders = tell(held, *story, RELEASE, *GOES_BACK)
    assert (end.phase, ended(orders)) == (Phase.CLOSING, [] if told else [(1, Result.ASSUMED)])
    assert [order for order in orders if isinstance(order, Untapped)] == told


def test_hold_again_before_the_release_took_effect() -> None:
    held = tell(OCCUPIED, RELEASE, HOLD, *DRIVES_AWAY)[0]
    assert (held.phase, {*held.levels}) == (Phase.HELD_OPEN, {"hold_open"})


@pytest.mark.parametrize("logic", Logic)
def test_who_is_owed_at_the_release_has_the_boom_opened_for_him(logic: Logic) -> None:
    held = tell(waiting(logic, outputs=ALL_OUTPUTS), HOLD, *BOOM_RISES, Admitted(1))[0]
    end, told = tell(held, RELEASE)
    if logic is Logic.STEP:
        assert (end.phase, moved(told)) == (Phase.CLOSING, [LET_DOWN])
        end, told = tell(end, *BOOM_FALLS)
        assert (end.phase, moved(told)) == (Phase.OPENING, [PULSE])
    else:
        assert (end.phase, moved(told)) == (Phase.OPEN, [UP_LEVEL if logic is Logic.HOLD else PULSE, LET_DOWN])


def test_release_before_the_boom_has_moved_is_no_boom_that_opens_for_ever() -> None:
    down = tell(waiting(outputs=ALL_OUTPUTS), HOLD, Admitted(1), RELEASE)[0]
    assert outcome(down, Expired(Timer.OPENING), Expired(Timer.OPENING))[0] is Phase.FAULT_OPEN


def test_level_of_who_was_owed_before_the_hold_is_on_again_after_it() -> None:
    end, told = tell(up(Logic.HOLD, outputs=ALL_OUTPUTS), HOLD, RELEASE)
    assert (end.phase, moved(told)[2:]) == (Phase.OPEN, [UP_LEVEL, LET_DOWN])


def test_pulse_of_who_was_owed_before_the_hold_is_not_given_twice() -> None:
    end, told = tell(up(outputs=ALL_OUTPUTS), HOLD, RELEASE)
    assert (end.phase, moved(told)) == (Phase.OPEN, [HOLD_UP, LET_DOWN])


def test_step_falls_for_who_is_owed_and_lets_him_creep_under() -> None:
    held = tell(waiting(Logic.STEP, outputs=ALL_OUTPUTS), HOLD, *BOOM_RISES, Admitted(1))[0]
    assert outcome(tell(held, RELEASE)[0], On(LOOP_SAFETY)) == (Phase.PASSING, [])


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_stranger_and_a_follower_who_tapped_pass_a_boom_that_is_held_or_being_released(
    behind: bool, released: bool
) -> None:
    without = set() if behind else {LOOP_BEHIND}
    held = tell(waiting(outputs=ALL_OUTPUTS, without=without), HOLD, *BOOM_RISES, *DRIVES_UNDER)[0]
    close_up: tuple[Event, ...] = (On(LOOP_ARM), Admitted(1), *NEXT_CLOSE_UP, Off(LOOP_ARM))
    end, told = tell(held, *close_up, *([RELEASE] if released else []), *DRIVES_AWAY[1:])
    assert [order for order in told if isinstance(order, Untapped | Passage)] == [
        Untapped(),
        Passage(Result.PASSED if behind else Result.ASSUMED, 1),
    ]
    assert end.phase is (Phase.CLOSING if released else Phase.HELD_OPEN)
    assert (Timer.CLOSING in end.timers, Mark.HELD in end.marks) == (released, not released)


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_who_tapped_passes_a_boom_that_is_held_or_being_released(behind: bool, released: bool) -> None:
    without = set() if behind else {LOOP_BEHIND}
    held = tell(waiting(outputs=ALL_OUTPUTS, without=without), HOLD, *BOOM_RISES, Admitted(1), *DRIVES_UNDER)[0]
    end, told = tell(held, *([RELEASE] if released else []), *DRIVES_AWAY)
    assert [order for order in told if isinstance(order, Untapped | Passage)] == [
        Passage(Result.PASSED if behind else Result.ASSUMED, 1)
    ]
    assert (Timer.CLOSING in end.timers, end.phase) == (released, Phase.CLOSING if released else Phase.HELD_OPEN)


@pytest.mark.parametrize("released", [False, True])
def test_stranger_that_goes_back_is_not_counted(released: bool) -> None:
    end, told = tell(OCCUPIED, *([RELEASE] if released else []), *GOES_BACK)
    assert [order for order in told if isinstance(order, Untapped | Passage)] == []
    assert (end.phase, Timer.CLOSING in end.timers) == (Phase.CLOSING if released else Phase.HELD_OPEN, released)


def test_yard_traffic_behind_a_held_boom_is_nobodys_passage() -> None:
    yard = (On(LOOP_BEHIND), Off(LOOP_BEHIND), Expired(Timer.BEHIND_GAP))
    owed, told = tell(HELD, Admitted(1), *yard)
    assert (owed.phase, told, {*owed.vehicles()}) == (Phase.HELD_OPEN, [], {1})
    assert ended(tell(owed, *DRIVES_UNDER, *GOES_BACK)[1]) == []


def test_release_ends_the_hold_and_waits_for_the_boom_to_come_down() -> None:
    for released in (tell(HELD, RELEASE)[0], tell(HELD, On(LOOP_BEHIND), RELEASE, *DRIVES_AWAY[1:])[0]):
        assert (released.phase, Mark.HELD in released.marks) == (Phase.CLOSING, False)
        end, told = tell(released, Expired(Timer.CLOSING))
        assert (end.phase, told[-1]) == (Phase.FAULT_CLOSE, Alarm("open-too-long"))


def test_each_tap_before_a_held_boom_has_its_own_time() -> None:
    late = tell(HELD, Expired(Timer.PASSAGE), Admitted(1))[0]
    assert ended(tell(late, Expired(Timer.PASSAGE))[1]) == [(1, Result.NO_SHOW)]


def test_boom_that_is_released_over_somebody_shows_red_and_is_released_once() -> None:
    waits, told = tell(OCCUPIED, RELEASE)
    assert (waits.phase, told) == (Phase.HELD_OPEN, [RED])
    assert refusal(waits, GuardOrder.RELEASE, Side.ENTRY) == "released-already"


def test_hold_that_was_kept_moves_nothing_where_nothing_can_hold_the_boom_any_more() -> None:
    at_start = State(settings=Settings(fitted=ALL_CONTACTS), marks=frozenset({Mark.HELD}))
    assert moved(tell(at_start, AT_REST)[1]) == []
