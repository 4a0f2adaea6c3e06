"""Who is owed: vehicles bumper to bumper, passengers, strangers, and loops that chatter or stay on."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_signals import Admitted, Alarm, Event, Expired, Off, On, Passage, StartTimer
from terminal.core.barrier_words import (
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    Logic,
    Mark,
    Phase,
    Result,
    Timer,
)
from tests.core.barrier_stories import (
    ADMITTED,
    BEHIND_GAP_OVER,
    BOOM_FALLS,
    BOOM_RISES,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GOES_BACK,
    LEAVES_ARM,
    LOOPS_CLEAR,
    NEXT_CLOSE_UP,
    OPENED_ELSEWHERE,
    PULSE,
    SAFETY_GAP_OVER,
    SECOND_TAPS,
    STRANGER,
    THIRD_TAPS,
    UNDER,
    UP,
    ended,
    lane,
    moved,
    outcome,
    tell,
    under,
    up,
    waiting,
)

PASSED, ASSUMED, NO_SHOW, BACKED_OUT = Result.PASSED, Result.ASSUMED, Result.NO_SHOW, Result.BACKED_OUT
EACH = pytest.mark.parametrize("logic", Logic)


def passenger(result: Result, number: int, driver: int) -> Passage:
    return Passage(result, number, passenger_of=driver)


# -------------------------------------------------------------------------------------------------- bumper to bumper


@EACH
def test_three_bumper_to_bumper_each_tapping_while_the_one_before_passes(logic: Logic) -> None:
    story: tuple[Event, ...] = (*SECOND_TAPS, *NEXT_CLOSE_UP, LEAVES_ARM, *THIRD_TAPS, Off(LOOP_SAFETY))
    story += (On(LOOP_SAFETY), LEAVES_ARM, *LOOPS_CLEAR)
    end, told = tell(under(logic), *story)
    assert (end.phase, ended(told), {*end.vehicles()}) == (
        Phase.CLOSING,
        [(1, PASSED), (2, PASSED), (3, PASSED)],
        set(),
    )
    extra = {Logic.IMPULSE_COUNT: 2}.get(logic, 0)
    assert [order for order in moved(told) if order == PULSE] == [PULSE] * extra


@EACH
def test_next_vehicle_after_a_gap_ends_the_passage_before_it(logic: Logic) -> None:
    story = (*SECOND_TAPS, On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY))
    second, told = tell(under(logic), *story)
    assert (second.phase, ended(told), {*second.vehicles()}) == (Phase.PASSING, [(1, PASSED)], {2})
    alone = tell(second, LEAVES_ARM, Off(LOOP_BEHIND), BEHIND_GAP_OVER)[0]
    assert ended(tell(alone, *GOES_BACK)[1]) == []
    assert ended(tell(alone, *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_next_vehicle_after_a_gap_has_its_own_time_under_the_boom() -> None:
    gap = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER)
    for before in (tell(UNDER, *SECOND_TAPS)[0], STRANGER):
        assert StartTimer(Timer.UNDER_BOOM, 120_000) in step(tell(before, *gap)[0], On(LOOP_SAFETY))[1]


def test_second_tap_before_the_first_has_reached_the_boom_is_not_carried_along_by_it() -> None:
    """Only the first was under it: the second left `loop_arm` and stands before the boom."""
    two = tell(UP, LEAVES_ARM, *SECOND_TAPS)[0]
    end, told = tell(two, On(LOOP_SAFETY), LEAVES_ARM, *DRIVES_AWAY)
    assert (end.phase, ended(told), moved(told)) == (Phase.OPEN, [(1, PASSED)], [PULSE])
    assert ended(tell(end, On(LOOP_SAFETY), *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_third_that_only_moves_up_is_not_carried_along_by_the_second() -> None:
    three = tell(UNDER, *SECOND_TAPS, LEAVES_ARM, *THIRD_TAPS)[0]
    end, told = tell(three, *NEXT_CLOSE_UP, LEAVES_ARM, *LOOPS_CLEAR)
    assert (ended(told), {*end.vehicles()}) == ([(1, PASSED), (2, PASSED)], {3})


def test_second_that_stays_on_loop_arm_is_still_owed() -> None:
    """The first drew a trailer: its drawbar, not the second vehicle, let the loop go for a moment."""
    end, told = tell(UNDER, *SECOND_TAPS, *NEXT_CLOSE_UP, *LOOPS_CLEAR)
    assert (end.phase, ended(told), moved(told)) == (Phase.OPEN, [(1, PASSED)], [PULSE])


def test_followers_cannot_be_told_without_loop_arm() -> None:
    two = tell(under(without={LOOP_ARM}), Admitted(2), *NEXT_CLOSE_UP, *LOOPS_CLEAR)[0]
    assert {*two.vehicles()} == {2}


@EACH
def test_first_shunts_and_nothing_that_was_under_the_boom_then_counts_for_the_second(logic: Logic) -> None:
    back = tell(under(logic), *SECOND_TAPS, *GOES_BACK)[0]
    assert (back.phase, [vehicle.came for vehicle in back.owed]) == (Phase.OPEN, [True, False])
    end, told = tell(back, On(LOOP_SAFETY), LEAVES_ARM, *DRIVES_AWAY)
    assert (ended(told), {*end.vehicles()}) == ([(1, PASSED)], {2})


def test_first_backs_out_of_a_queue_and_nobody_passes() -> None:
    assert outcome(UNDER, *SECOND_TAPS, *GOES_BACK, Expired(Timer.PASSAGE))[1][1:3] == [
        Passage(BACKED_OUT, 1),
        Passage(NO_SHOW, 2),
    ]


def test_second_that_backs_out_when_the_first_has_passed() -> None:
    second = tell(UNDER, *SECOND_TAPS, *DRIVES_AWAY)[0]
    story = (*DRIVES_UNDER, *GOES_BACK, Expired(Timer.PASSAGE))
    assert ended(tell(second, *story)[1]) == [(2, BACKED_OUT)]


def test_nose_that_touched_the_loop_before_the_boom_rose_does_not_count_twice() -> None:
    nose = tell(ADMITTED, On(LOOP_SAFETY), LEAVES_ARM, *GOES_BACK, *BOOM_RISES, *SECOND_TAPS)[0]
    end, told = tell(nose, On(LOOP_SAFETY), LEAVES_ARM, *DRIVES_AWAY)
    assert (ended(told), {*end.vehicles()}) == ([(1, PASSED)], {2})


# -------------------------------------------------------------------------------------------------------- passengers


def test_second_card_before_the_boom_is_a_passenger_and_ends_as_his_driver() -> None:
    both, told = tell(ADMITTED, Admitted(2), *BOOM_RISES, Admitted(3))
    assert (moved(told), [vehicle.cards for vehicle in both.owed]) == ([], [(1, 2, 3)])
    end, told = tell(both, *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS)
    assert [order for order in told if isinstance(order, Passage)] == [
        Passage(PASSED, 1),
        passenger(PASSED, 2, 1),
        passenger(PASSED, 3, 1),
    ]
    assert end.phase is Phase.CLOSED


@EACH
def test_passenger_has_no_order_of_his_own(logic: Logic) -> None:
    assert moved(tell(up(logic), Admitted(2))[1]) == []


@pytest.mark.parametrize("before", [(LEAVES_ARM, On(LOOP_ARM)), (On(LOOP_SAFETY),)])
def test_card_after_loop_arm_was_released_or_loop_safety_came_on_is_a_new_vehicle(before: tuple[Event, ...]) -> None:
    assert [vehicle.cards for vehicle in tell(UP, *before, Admitted(2))[0].owed] == [(1,), (2,)]


def test_passenger_of_the_second_vehicle() -> None:
    two = tell(UNDER, *SECOND_TAPS, Admitted(3))[0]
    assert [vehicle.cards for vehicle in two.owed] == [(1,), (2, 3)]
    third = tell(two, *NEXT_CLOSE_UP, Admitted(4))[0]
    assert [vehicle.cards for vehicle in third.owed] == [(1,), (2, 3), (4,)]


def test_passenger_is_no_vehicle_that_could_pass_by_itself() -> None:
    both = tell(UNDER, *SECOND_TAPS, Admitted(3))[0]
    assert ended(tell(both, *NEXT_CLOSE_UP, LEAVES_ARM, *LOOPS_CLEAR)[1]) == [(1, PASSED), (2, PASSED), (3, PASSED)]


@pytest.mark.parametrize(("shares", "cards"), [(True, [(1, 2)]), (False, [(1,), (2,)])])
def test_without_loop_arm_the_policy_says_who_is_a_passenger(shares: bool, cards: list[tuple[int, ...]]) -> None:
    first = tell(waiting(without={LOOP_ARM}), Admitted(1, shares=shares))[0]
    assert [vehicle.cards for vehicle in tell(first, Admitted(2, shares=shares))[0].owed] == cards
    gone_under = tell(first, *BOOM_RISES, On(LOOP_SAFETY), Admitted(2, shares=shares))[0]
    assert [vehicle.cards for vehicle in gone_under.owed] == [(1,), (2,)]


def test_loop_arm_that_is_stuck_says_nothing_of_passengers() -> None:
    stuck = tell(waiting(), Expired(Timer.ARM_STUCK), Admitted(1))[0]
    assert [vehicle.cards for vehicle in tell(stuck, Admitted(2))[0].owed] == [(1,), (2,)]


def test_first_vehicle_of_the_next_cycle_has_no_passengers_from_the_one_before() -> None:
    no_show = tell(UP, *BOOM_FALLS)[0]
    assert [vehicle.cards for vehicle in tell(no_show, Admitted(2))[0].owed] == [(2,)]


# ---------------------------------------------------------------------------------------------------------- strangers


def test_stranger_under_the_boom_does_not_pass_for_who_is_owed() -> None:
    end, told = tell(STRANGER, *DRIVES_AWAY)
    assert (end.phase, ended(told), moved(told)) == (Phase.OPEN, [], [PULSE])
    assert ended(tell(end, *DRIVES_UNDER, *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_who_follows_a_stranger_after_a_gap_is_who_is_owed() -> None:
    story = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, *DRIVES_UNDER, Off(LOOP_BEHIND), BEHIND_GAP_OVER)
    second = tell(STRANGER, *story)[0]
    assert Mark.STRANGER not in second.marks
    assert ended(tell(second, *GOES_BACK)[1]) == []
    assert ended(tell(second, *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_who_follows_a_stranger_without_a_gap_passes_with_him() -> None:
    assert ended(tell(STRANGER, *NEXT_CLOSE_UP, LEAVES_ARM, *LOOPS_CLEAR)[1]) == [(2, PASSED)]


def test_strangers_drawbar_is_nobodys_passage() -> None:
    assert ended(tell(STRANGER, *NEXT_CLOSE_UP, *LOOPS_CLEAR)[1]) == []


def test_stranger_after_a_stranger_is_a_possible_tailgate() -> None:
    story = (*DRIVES_UNDER, On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY))
    assert outcome(OPENED_ELSEWHERE, *story)[1] == [Alarm("tailgate"), Alarm("possible-tailgate")]


def test_drawbar_of_who_came_after_a_gap_is_no_tailgate() -> None:
    gap = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY))
    for before in (tell(UNDER, *SECOND_TAPS, *gap)[0], tell(STRANGER, *gap)[0]):
        assert outcome(before, Off(LOOP_SAFETY), On(LOOP_SAFETY)) == (Phase.PASSING, [])


def test_gap_alone_is_nobodys_passage() -> None:
    """Yard traffic has just left `loop_behind`; the first goes back a little and comes again."""
    first = tell(UP, On(LOOP_BEHIND), Off(LOOP_BEHIND), *DRIVES_UNDER, *SECOND_TAPS, *GOES_BACK)[0]
    assert (first.phase, Mark.GAP in first.marks) == (Phase.PASSING, True)
    assert outcome(first, On(LOOP_SAFETY)) == (Phase.PASSING, [])


def test_stranger_that_goes_back_is_nobodys_back_out() -> None:
    end, told = tell(STRANGER, *GOES_BACK, Expired(Timer.PASSAGE))
    assert (end.phase, ended(told)) == (Phase.CLOSING, [(2, NO_SHOW)])


def test_stranger_that_went_back_is_forgotten() -> None:
    """With nobody owed the lane is open as before; whoever is admitted then passes as himself."""
    alone, told = tell(OPENED_ELSEWHERE, *DRIVES_UNDER, *GOES_BACK)
    assert (alone.phase, told) == (Phase.OPEN, [Alarm("tailgate")])
    assert Timer.TOO_LONG in alone.timers
    assert ended(tell(alone, *SECOND_TAPS, *DRIVES_UNDER, *DRIVES_AWAY)[1]) == [(2, PASSED)]


def test_stranger_in_a_fault_is_forgotten_with_it() -> None:
    fault = tell(OPENED_ELSEWHERE, *DRIVES_UNDER, *BOOM_FALLS[1:])[0]
    assert fault.phase is Phase.FAULT_CLOSE
    resting = tell(fault, *GOES_BACK, Off("open_limit"), Expired(Timer.STEADY))[0]
    end = tell(resting, *SECOND_TAPS, *BOOM_RISES, *DRIVES_UNDER, *DRIVES_AWAY)
    assert ended(end[1]) == [(2, PASSED)]


# --------------------------------------------------------------------------------------------- loops that misbehave


def test_loop_behind_that_is_stuck_is_left_out_and_the_passage_assumed() -> None:
    waits = tell(UNDER, On(LOOP_BEHIND), *GOES_BACK)[0]
    assert waits.phase is Phase.PASSING
    end, told = tell(tell(UNDER, On(LOOP_BEHIND))[0], Expired(Timer.BEHIND_STUCK), *GOES_BACK)
    assert (end.phase, ended(told)) == (Phase.CLOSING, [(1, PASSED)])
    resting = tell(lane("closed_limit", LOOP_BEHIND, LOOP_ARM), Expired(Timer.BEHIND_STUCK))[0]
    story = (Admitted(1), *BOOM_RISES, *DRIVES_UNDER, *GOES_BACK)
    assert ended(tell(resting, *story)[1]) == [(1, ASSUMED)]


def test_loop_behind_that_gets_stuck_when_the_other_is_clear_ends_the_passage() -> None:
    waits = tell(UNDER, On(LOOP_BEHIND), *GOES_BACK)[0]
    assert ended(tell(waits, Expired(Timer.BEHIND_STUCK))[1]) == [(1, PASSED)]


@EACH
def test_loop_safety_is_never_left_out(logic: Logic) -> None:
    stuck = tell(under(logic), On(LOOP_BEHIND), Expired(Timer.SAFETY_STUCK), Off(LOOP_BEHIND), BEHIND_GAP_OVER)[0]
    assert (stuck.phase, {*stuck.levels}) == (Phase.PASSING, {"open"} if logic is Logic.HOLD else set())
    assert ended(tell(stuck, *GOES_BACK)[1]) == [(1, PASSED)]


def test_stuck_loop_counts_again_when_it_has_been_off() -> None:
    resting = tell(lane("closed_limit", LOOP_BEHIND, LOOP_ARM), Expired(Timer.BEHIND_STUCK), Off(LOOP_BEHIND))[0]
    under_boom = tell(resting, BEHIND_GAP_OVER, Admitted(1), *BOOM_RISES, *DRIVES_UNDER)[0]
    assert ended(tell(under_boom, *DRIVES_AWAY)[1]) == [(1, PASSED)]


def test_second_that_was_never_seen_alone_on_loop_behind_has_passed() -> None:
    """The first still stood on it when the second drove onto it."""
    story = (*SECOND_TAPS, On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY), LEAVES_ARM)
    assert ended(tell(UNDER, *story, *LOOPS_CLEAR)[1]) == [(1, PASSED), (2, PASSED)]
