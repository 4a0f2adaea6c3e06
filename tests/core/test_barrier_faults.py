"""The barrier in trouble: booms that do not obey, somebody else's hands, fire, a board that is gone."""

from dataclasses import replace

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_answers import standing
from terminal.core.barrier_rows import FAULTS, UNRELIABLE
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    BoardLost,
    ContactsRead,
    Event,
    Expired,
    Off,
    On,
    Ordered,
    Passage,
    Standing,
    Stopped,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    CONTROLLER_FAULT,
    FIRE,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Phase,
    Result,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_stories import (
    ADMITTED,
    ALL_CONTACTS,
    BOOM_FALLS,
    BOOM_RISES,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GREEN,
    OPENED_ELSEWHERE,
    PULSE,
    RED,
    SAFETY_GAP_OVER,
    UNDER,
    UP,
    WAITING,
    lane,
    outcome,
    tell,
)


def test_boom_that_does_not_move_gets_one_more_pulse_and_then_a_fault() -> None:
    expired = Expired(Timer.OPENING)
    again, told = tell(ADMITTED, expired)
    assert (again.phase, told) == (Phase.OPENING, [PULSE])
    assert outcome(again, expired) == (Phase.FAULT_OPEN, [Alarm("did-not-open"), Passage(Result.UNKNOWN, 1)])


def test_boom_stuck_half_way_gets_no_second_pulse() -> None:
    assert outcome(ADMITTED, Off(CLOSED_LIMIT), Expired(Timer.OPENING)) == (
        Phase.FAULT_OPEN,
        [Alarm("did-not-open"), Passage(Result.UNKNOWN, 1)],
    )


def test_retry_is_allowed_anew_for_the_next_vehicle() -> None:
    slow = (Expired(Timer.OPENING), *BOOM_RISES, *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS)
    rested = tell(ADMITTED, *slow)[0]
    assert outcome(rested, Admitted(2), Expired(Timer.OPENING)) == (Phase.OPENING, [PULSE, PULSE])


def test_boom_that_stays_up_is_a_fault_until_it_is_down_for_a_while() -> None:
    stuck, told = tell(UNDER, *DRIVES_AWAY, Expired(Timer.CLOSING))
    assert (stuck.phase, told) == (Phase.FAULT_CLOSE, [Passage(Result.PASSED, 1), Alarm("open-too-long")])
    down = tell(stuck, Off(OPEN_LIMIT), On(CLOSED_LIMIT))[0]
    assert down.phase is Phase.FAULT_CLOSE
    assert tell(down, Off(CLOSED_LIMIT), Expired(Timer.STEADY))[0].phase is Phase.FAULT_CLOSE
    assert tell(down, Expired(Timer.STEADY))[0].phase is Phase.CLOSED
    assert tell(stuck, Off(OPEN_LIMIT), Expired(Timer.STEADY))[0].phase is Phase.FAULT_CLOSE
    assert tell(stuck, On(CLOSED_LIMIT), Expired(Timer.STEADY))[0].phase is Phase.FAULT_CLOSE


@pytest.mark.parametrize("phase", sorted(FAULTS))
def test_fault_ends_when_the_boom_is_down_for_long_enough_and_not_when_it_chatters(phase: Phase) -> None:
    fault = State(settings=WAITING.settings, phase=phase, rested=WAITING.rested)
    down = tell(fault, On(CLOSED_LIMIT))[0]
    assert tell(down, Expired(Timer.STEADY))[0].phase is Phase.CLOSED
    assert tell(down, Off(CLOSED_LIMIT), Expired(Timer.STEADY))[0].phase is phase
    blind = replace(fault, settings=lane(without={CLOSED_LIMIT}).settings)
    assert tell(blind, On(LOOP_SAFETY), Off(LOOP_SAFETY), Expired(Timer.SETTLE))[0].phase is Phase.CLOSED


def test_boom_lifted_by_hand_is_forced() -> None:
    lifted = tell(WAITING, Off(CLOSED_LIMIT))[0]
    assert outcome(lifted, Expired(Timer.LEFT_CLOSED)) == (Phase.FORCED, [Alarm("forced")])
    assert outcome(lifted, On(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED)) == (Phase.CLOSED, [])


def test_boom_opened_by_somebody_elses_button() -> None:
    story = (Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))
    assert outcome(WAITING, *story) == (Phase.OPEN, [Alarm("forced"), Alarm("opened-elsewhere")])
    quick = (Off(CLOSED_LIMIT), On(OPEN_LIMIT))
    assert outcome(WAITING, *quick) == (Phase.CLOSED, [])
    assert outcome(WAITING, *quick, Expired(Timer.LEFT_CLOSED)) == outcome(WAITING, *story)
    slow = (*story[:2], Expired(Timer.ELSEWHERE), *story[2:])
    assert outcome(WAITING, *slow) == (Phase.FORCED, [Alarm("forced")])


@pytest.mark.parametrize("state", [WAITING, ADMITTED, UP, UNDER])
def test_contacts_that_contradict_each_other_take_the_lane_out_of_service(state: State) -> None:
    end, told = tell(state, On(OPEN_LIMIT), On(CLOSED_LIMIT))
    both = {OPEN_LIMIT, CLOSED_LIMIT} <= end.active
    assert end.phase is (Phase.FAULT_CLOSE if both else Phase.CLOSED)
    assert told.count(Alarm("contacts-contradict")) == 1
    assert outcome(end, Off(OPEN_LIMIT), Expired(Timer.STEADY))[0] is Phase.CLOSED


@pytest.mark.parametrize("state", [WAITING, ADMITTED, UP, UNDER, lane(), lane(CLOSED_LIMIT, OPEN_LIMIT)])
def test_fire_opens_no_relay_and_ends_whoever_is_owed(state: State) -> None:
    end, told = tell(state, On(FIRE))
    assert end.phase is Phase.EMERGENCY_OPEN
    assert [order for order in told if isinstance(order, Passage)] == [
        Passage(Result.UNKNOWN, vehicle) for vehicle in state.vehicles()
    ]
    assert PULSE not in told
    assert Standing("fire", holds=True) in told
    assert step(end, Admitted(9)) == (end, ())


def test_emergency_ends_only_when_fire_is_clear_and_a_guard_confirms() -> None:
    fire = tell(WAITING, On(FIRE))[0]
    assert tell(fire, Ordered(GuardOrder.CONFIRM))[0].phase is Phase.EMERGENCY_OPEN
    assert tell(fire, Off(FIRE))[0].phase is Phase.EMERGENCY_OPEN
    assert outcome(fire, Off(FIRE), Ordered(GuardOrder.CONFIRM)) == (Phase.CLOSED, [Standing("fire", holds=False)])


def test_emergency_outlives_the_board() -> None:
    lost = tell(WAITING, On(FIRE), BoardLost())[0]
    assert tell(lost, ContactsRead(frozenset({CLOSED_LIMIT})))[0].phase is Phase.EMERGENCY_OPEN


@pytest.mark.parametrize(("direction", "light"), [("entry", RED), ("exit", GREEN)])
def test_light_in_an_emergency_is_green_at_an_exit_only(direction: str, light: object) -> None:
    settings = Settings(direction="exit" if direction == "exit" else "entry", fitted=ALL_CONTACTS)
    _, told = tell(State(settings=settings), ContactsRead(frozenset({FIRE})))
    assert told[-1] == light


@pytest.mark.parametrize(
    "state", [tell(WAITING, BoardLost())[0], tell(WAITING, On(CONTROLLER_FAULT))[0], tell(WAITING, On(TAMPER))[0]]
)
def test_stop_does_not_say_that_what_is_wrong_is_over(state: State) -> None:
    told = step(state, Stopped())[1]
    assert standing(state)
    assert not [order for order in told if isinstance(order, Standing)]


def test_board_lost_in_mid_passage_and_found_again_orders_nothing() -> None:
    lost, told = tell(UNDER, BoardLost())
    assert told == [Passage(Result.UNKNOWN, 1), Standing("board", holds=True)]
    assert (lost.phase, lost.active, lost.timers) == (Phase.BOARD_LOST, frozenset(), frozenset())
    assert step(lost, ContactsRead(frozenset({CLOSED_LIMIT})))[1][0] == Standing("board", holds=False)
    assert outcome(lost, ContactsRead(frozenset({CLOSED_LIMIT}))) == (Phase.CLOSED, [RED])


def test_vehicle_that_nobody_admitted_uses_a_boom_opened_elsewhere() -> None:
    assert outcome(OPENED_ELSEWHERE, On(LOOP_SAFETY)) == (Phase.PASSING, [Alarm("tailgate")])
    assert outcome(OPENED_ELSEWHERE, On(LOOP_SAFETY), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[0] is Phase.OPEN


def test_once_the_boom_was_down_a_restart_excuses_nobody() -> None:
    rested = tell(lane(OPEN_LIMIT), *BOOM_FALLS)[0]
    assert outcome(rested, Admitted(1), *BOOM_RISES, *DRIVES_UNDER)[1] == [PULSE, GREEN, RED]
    elsewhere = (Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT), On(LOOP_SAFETY))
    assert outcome(rested, *elsewhere)[1][-1] == Alarm("tailgate")


def test_boom_left_open_by_somebody_raises_an_alarm() -> None:
    assert outcome(OPENED_ELSEWHERE, Expired(Timer.TOO_LONG)) == (Phase.OPEN, [Alarm("open-too-long")])


def test_boom_that_opens_after_all_is_open_for_nobody() -> None:
    fault = tell(ADMITTED, Off(CLOSED_LIMIT), Expired(Timer.OPENING))[0]
    assert outcome(fault, On(OPEN_LIMIT)) == (Phase.OPEN, [])
    assert outcome(fault, On(OPEN_LIMIT), Expired(Timer.TOO_LONG)) == (Phase.OPEN, [Alarm("open-too-long")])


def test_fault_is_not_over_while_the_other_limit_is_on_again() -> None:
    fault = tell(UNDER, *DRIVES_AWAY, Expired(Timer.CLOSING), Off(OPEN_LIMIT), On(CLOSED_LIMIT))[0]
    assert outcome(fault, On(OPEN_LIMIT), Expired(Timer.STEADY)) == (Phase.FAULT_CLOSE, [])


def test_boom_that_stays_down_in_a_fire_raises_an_alarm_of_its_own() -> None:
    """A broken wire to the controller, or people shut in."""
    assert outcome(tell(WAITING, On(FIRE))[0], Expired(Timer.OPENING))[1] == [Alarm("fire-boom-down")]
    assert outcome(tell(UP, On(FIRE))[0], Expired(Timer.OPENING))[1] == []


@pytest.mark.parametrize("event", [On(FIRE), On(SWING_OFF), Ordered(GuardOrder.LOCK)])
def test_contacts_that_contradict_each_other_are_told_where_people_have_the_lane(event: Event) -> None:
    stopped = tell(WAITING, event)[0]
    assert outcome(stopped, On(OPEN_LIMIT)) == (stopped.phase, [Alarm("contacts-contradict")])


def test_exit_over_a_boom_that_cannot_be_relied_upon_is_assumed_without_loop_behind() -> None:
    fault = tell(lane(CLOSED_LIMIT, without={LOOP_BEHIND}, direction="exit"), On(SWING_OFF), Admitted(1, Side.EXIT))[0]
    assert outcome(fault, On(LOOP_SAFETY), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[1] == [Passage(Result.ASSUMED, 1)]


@pytest.mark.parametrize("first", [On(CONTROLLER_FAULT), Off(CLOSED_LIMIT)])
def test_limit_lost_while_the_controller_has_a_fault_is_forced_only_if_it_is_still_lost_then(first: Event) -> None:
    second = Off(CLOSED_LIMIT) if first == On(CONTROLLER_FAULT) else On(CONTROLLER_FAULT)
    fault = tell(WAITING, first, second, Expired(Timer.LEFT_CLOSED))[0]
    assert fault.phase is Phase.CLOSED
    assert tell(fault, Off(CONTROLLER_FAULT), Expired(Timer.LEFT_CLOSED))[0].phase is Phase.FORCED
    assert tell(fault, On(CLOSED_LIMIT), Off(CONTROLLER_FAULT), Expired(Timer.LEFT_CLOSED))[0].phase is Phase.CLOSED


def test_controller_whose_fault_ends_is_not_forced_where_no_closed_limit_is_fitted() -> None:
    resting = tell(lane(without={CLOSED_LIMIT}), Expired(Timer.SETTLE))[0]
    end = tell(resting, On(CONTROLLER_FAULT), Off(CONTROLLER_FAULT), Expired(Timer.LEFT_CLOSED))[0]
    assert (end.phase, end.timers) == (Phase.CLOSED, frozenset())


@pytest.mark.parametrize("story", [(On(LOOP_SAFETY), Off(LOOP_SAFETY)), (On(LOOP_BEHIND), Off(LOOP_BEHIND))])
def test_exit_that_did_not_pass_both_loops_is_still_owed(story: tuple[Event, ...]) -> None:
    fault = tell(lane(CLOSED_LIMIT, direction="exit"), On(SWING_OFF), Admitted(1, Side.EXIT))[0]
    clear = (SAFETY_GAP_OVER, Expired(Timer.BEHIND_GAP))
    assert outcome(fault, *story, *clear) == (Phase.ARM_OFF, [])


@pytest.mark.parametrize("phase", sorted(UNRELIABLE))
@pytest.mark.parametrize("behind", [True, False])
def test_loops_tell_who_left_where_the_boom_cannot_be_relied_upon_and_strangers_from_him(
    phase: Phase, behind: bool
) -> None:
    fitted = ALL_CONTACTS - (set() if behind else {LOOP_BEHIND})
    rested = frozenset({LOOP_SAFETY, LOOP_BEHIND})
    state = State(settings=Settings(fitted=fitted, direction="exit"), phase=phase, rested=rested)
    left = outcome(state, Admitted(1, Side.EXIT), *DRIVES_UNDER, *DRIVES_AWAY)
    assert left == (phase, [Passage(Result.ASSUMED, 1)])
    assert outcome(state, *DRIVES_UNDER, Admitted(1, Side.EXIT), *DRIVES_AWAY) == (phase, [])
