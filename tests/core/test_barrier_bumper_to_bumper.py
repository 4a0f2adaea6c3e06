"""Vehicles between which `loop_safety` never goes off: who may have passed with another is no no-show."""

import pytest

from terminal.core.barrier_signals import Admitted, Event, Expired, Off, On, Passage
from terminal.core.barrier_words import LOOP_ARM, LOOP_BEHIND, LOOP_SAFETY, Logic, Phase, Result, State, Timer
from tests.core.barrier_stories import (
    ADMITTED,
    BOOM_FALLS,
    BOOM_RISES,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GOES_BACK,
    HELD,
    LEAVES_ARM,
    LOOPS_CLEAR,
    SECOND_TAPS,
    STAYS_DOWN,
    STRANGER,
    THIRD_TAPS,
    UNDER,
    ended,
    tell,
    under,
)

PASSED, NO_SHOW, BACKED_OUT, UNKNOWN = Result.PASSED, Result.NO_SHOW, Result.BACKED_OUT, Result.UNKNOWN
NEVER_APART = (*SECOND_TAPS, On(LOOP_BEHIND), LEAVES_ARM, *LOOPS_CLEAR)
"""The second drives so close behind the first that the loop under the boom takes them for one."""
TIME_IS_OVER = Expired(Timer.PASSAGE)


def after_two(logic: Logic = Logic.IMPULSE) -> State:
    """Both have left the loops, and the boom is up."""
    end = tell(under(logic), *NEVER_APART)[0]
    return tell(end, *BOOM_FALLS, *BOOM_RISES)[0] if logic is Logic.STEP else end


@pytest.mark.parametrize("logic", Logic)
def test_second_that_no_loop_told_from_the_first_may_have_passed(logic: Logic) -> None:
    assert ended(tell(under(logic), *NEVER_APART)[1]) == [(1, PASSED)]
    end, told = tell(after_two(logic), TIME_IS_OVER)
    assert (end.phase, ended(told), end.owed) == (Phase.CLOSING, [(2, UNKNOWN)], ())


def test_passenger_of_the_second_ends_as_his_driver() -> None:
    story = (*SECOND_TAPS, Admitted(3), On(LOOP_BEHIND), LEAVES_ARM, *LOOPS_CLEAR, TIME_IS_OVER)
    assert tell(UNDER, *story)[1][-3:-1] == [Passage(UNKNOWN, 2), Passage(UNKNOWN, 3, passenger_of=2)]


def test_boom_that_comes_down_at_once_says_no_more_of_the_second() -> None:
    story = (*SECOND_TAPS, On(LOOP_BEHIND), LEAVES_ARM, Off(LOOP_SAFETY), Off(LOOP_BEHIND), *STAYS_DOWN)
    assert ended(tell(under(Logic.IMPULSE_COUNT), *story)[1]) == [(1, PASSED), (2, UNKNOWN)]


def test_second_that_only_moved_up_is_let_through_and_seen() -> None:
    assert ended(tell(after_two(), On(LOOP_SAFETY), *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_third_that_passes_for_the_second_may_have_passed() -> None:
    """Nobody can tell which of the two came alone."""
    end, told = tell(after_two(), *THIRD_TAPS, *DRIVES_UNDER, *DRIVES_AWAY, TIME_IS_OVER)
    assert (ended(told), end.owed) == ([(2, PASSED), (3, UNKNOWN)], ())


def test_three_that_no_loop_told_apart() -> None:
    """A fourth comes later and passes for the second."""
    three = (*SECOND_TAPS, LEAVES_ARM, *THIRD_TAPS, On(LOOP_BEHIND), LEAVES_ARM, *LOOPS_CLEAR)
    end = tell(UNDER, *three)[0]
    assert ended(tell(end, TIME_IS_OVER)[1]) == [(2, UNKNOWN), (3, UNKNOWN)]
    assert ended(tell(end, On(LOOP_SAFETY), *DRIVES_AWAY, TIME_IS_OVER)[1]) == [(2, PASSED), (3, UNKNOWN)]


def test_second_under_the_first_ones_trailer_when_the_next_one_leaves_loop_arm() -> None:
    """The open space of the trailer is over the loop just then."""
    story = (*SECOND_TAPS, LEAVES_ARM, On(LOOP_ARM), On(LOOP_BEHIND), Off(LOOP_SAFETY), LEAVES_ARM, *LOOPS_CLEAR[1:])
    assert ended(tell(UNDER, *story, TIME_IS_OVER)[1]) == [(1, PASSED), (2, UNKNOWN)]


def test_another_that_goes_back_later_does_not_say_that_the_second_did() -> None:
    assert ended(tell(after_two(), On(LOOP_SAFETY), *GOES_BACK, TIME_IS_OVER)[1]) == [(2, UNKNOWN)]


@pytest.mark.parametrize("to", [NO_SHOW, UNKNOWN])
def test_who_follows_a_stranger_may_have_passed_with_him_unless_it_stands_on_loop_arm_still(to: Result) -> None:
    leaves: tuple[Event, ...] = (LEAVES_ARM,) if to is UNKNOWN else ()
    assert ended(tell(STRANGER, *leaves, *DRIVES_AWAY, TIME_IS_OVER)[1]) == [(2, to)]


def test_second_under_a_boom_that_is_held_open() -> None:
    assert ended(tell(HELD, Admitted(1), *DRIVES_UNDER, *NEVER_APART, TIME_IS_OVER)[1]) == [(1, PASSED), (2, UNKNOWN)]


def test_second_that_stays_on_loop_arm_is_a_no_show() -> None:
    assert ended(tell(UNDER, *SECOND_TAPS, *DRIVES_AWAY, TIME_IS_OVER)[1]) == [(1, PASSED), (2, NO_SHOW)]


def test_second_that_leaves_loop_arm_when_nothing_is_under_the_boom_is_a_no_show() -> None:
    """Whoever drives under it then, the loop sees him come."""
    between = (*SECOND_TAPS, On(LOOP_BEHIND), Off(LOOP_SAFETY), LEAVES_ARM, *LOOPS_CLEAR[1:])
    assert ended(tell(UNDER, *between, TIME_IS_OVER)[1]) == [(1, PASSED), (2, NO_SHOW)]


def test_second_that_makes_room_for_the_first_to_back_out_is_a_no_show() -> None:
    """Where nobody has passed, nobody has passed with him; nor does it count for who passes later."""
    back = tell(UNDER, *SECOND_TAPS, LEAVES_ARM, *GOES_BACK)[0]
    assert ended(tell(back, TIME_IS_OVER)[1]) == [(1, BACKED_OUT), (2, NO_SHOW)]
    assert ended(tell(back, *DRIVES_UNDER[:1], *DRIVES_AWAY, TIME_IS_OVER)[1]) == [(1, PASSED), (2, NO_SHOW)]


def test_first_that_rolls_to_and_fro_before_a_boom_that_is_still_down_does_not_let_the_second_pass() -> None:
    """A loop counts under the boom when that has left its place, and not before."""
    rolls: tuple[Event, ...] = (LEAVES_ARM, *SECOND_TAPS, On(LOOP_SAFETY), Off(LOOP_SAFETY), LEAVES_ARM)
    end, told = tell(ADMITTED, *rolls, *BOOM_RISES, On(LOOP_SAFETY), *DRIVES_AWAY)
    assert (ended(told), [vehicle.cards for vehicle in end.owed]) == ([(1, PASSED)], [(2,)])


@pytest.mark.parametrize("without", [frozenset({LOOP_ARM}), frozenset[str]()])
def test_where_no_loop_arm_tells_whoever_was_owed_may_have_passed(without: frozenset[str]) -> None:
    first = under(without=without) if without else tell(UNDER, On(LOOP_ARM), Expired(Timer.ARM_STUCK))[0]
    assert ended(tell(first, Admitted(2), *DRIVES_AWAY, TIME_IS_OVER)[1]) == [(1, PASSED), (2, UNKNOWN)]
