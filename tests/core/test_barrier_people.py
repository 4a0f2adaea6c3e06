"""What people order: lock, unlock, pause, confirm; what goes before what, and outlives a restart."""

from itertools import product

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness
from terminal.core.barrier_signals import (
    Admitted,
    ContactsRead,
    Off,
    On,
    Ordered,
    Passage,
    Ready,
    Stopped,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    KEPT,
    LOOP_ARM,
    OPEN_LIMIT,
    SWING_OFF,
    Logic,
    Mark,
    Phase,
    Result,
    Side,
    State,
)
from tests.core.barrier_stories import (
    ALL_OUTPUTS,
    AT_REST,
    BOOM_FALLS,
    BOOM_RISES,
    CONFIRM,
    DOWN_LEVEL,
    DRIVES_AWAY,
    DRIVES_UNDER,
    HELD,
    HOLD,
    HOLD_UP,
    LET_DOWN,
    LOCK,
    OCCUPIED,
    PAUSE,
    RELEASE,
    RESUME,
    UNLOCK,
    WAITING,
    admitted,
    ended,
    lane,
    moved,
    outcome,
    tell,
    under,
    up,
    waiting,
)


@pytest.mark.parametrize("state", [WAITING, admitted(), up(), under(), HELD, lane()])
def test_lock_never_orders_to_close_and_ends_whoever_is_owed(state: State) -> None:
    end, told = tell(state, LOCK)
    assert (end.phase, ended(told)) == (Phase.LOCKED, [(number, Result.UNKNOWN) for number in state.vehicles()])
    assert moved(told) == ([LET_DOWN] if state is HELD else [])


def test_lock_keeps_the_level_until_the_loops_are_clear() -> None:
    locked, told = tell(OCCUPIED, LOCK)
    assert (locked.phase, moved(told)) == (Phase.LOCKED, [])
    assert moved(tell(locked, *DRIVES_AWAY)[1]) == [LET_DOWN]


def test_lock_ends_a_hold_for_good() -> None:
    unlocked = tell(HELD, LOCK, *BOOM_FALLS, UNLOCK)[0]
    assert (unlocked.phase, unlocked.marks & {*KEPT}) == (Phase.CLOSED, frozenset())


def test_unlock_reads_all_contacts_anew() -> None:
    locked = tell(WAITING, LOCK, *BOOM_RISES)[0]
    assert tell(locked, UNLOCK)[0].phase is Phase.OPEN


def test_paused_lane_lets_out_who_is_owed_and_takes_no_cards() -> None:
    paused = tell(admitted(), PAUSE)[0]
    end, told = tell(paused, *BOOM_RISES, *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS, On(LOOP_ARM))
    assert (end.phase, ended(told)) == (Phase.CLOSED, [(1, Result.PASSED)])
    assert readiness(tell(end, RESUME)[0], Side.ENTRY) == Ready()


@pytest.mark.parametrize("contact", [FIRE, SWING_OFF])
def test_orders_that_stood_before_an_alarm_take_hold_again_after_it(contact: str) -> None:
    for order, phase in ((LOCK, Phase.LOCKED), (HOLD, Phase.HELD_OPEN)):
        stopped = tell(waiting(outputs=ALL_OUTPUTS), order, On(contact), Off(contact))[0]
        assert tell(stopped, CONFIRM)[0].phase is phase


@pytest.mark.parametrize(("order", "ends"), [(LOCK, UNLOCK), (HOLD, RELEASE)])
def test_orders_may_be_taken_back_during_an_emergency(order: Ordered, ends: Ordered) -> None:
    stopped = tell(waiting(outputs=ALL_OUTPUTS), order, On(FIRE), ends, Off(FIRE), *BOOM_FALLS)[0]
    assert tell(stopped, CONFIRM)[0].phase is Phase.CLOSED


def test_arm_that_came_off_during_a_fire_is_looked_at_when_that_is_over() -> None:
    fire = tell(WAITING, On(FIRE), On(SWING_OFF), Off(SWING_OFF), Off(FIRE))[0]
    second = tell(fire, CONFIRM)[0]
    assert second.phase is Phase.ARM_OFF
    assert tell(second, CONFIRM)[0].phase is Phase.CLOSED


def test_fire_goes_before_an_arm_that_is_off_and_both_before_lock_and_hold() -> None:
    everything = tell(waiting(outputs=ALL_OUTPUTS), HOLD, On(SWING_OFF), On(FIRE))[0]
    assert everything.phase is Phase.EMERGENCY_OPEN
    assert tell(everything, Off(FIRE), CONFIRM)[0].phase is Phase.ARM_OFF


def test_held_level_stays_on_in_an_emergency() -> None:
    burns, told = tell(HELD, On(FIRE))
    assert (moved(told), {*burns.levels}) == ([], {"hold_open"})
    assert moved(tell(up(Logic.HOLD), On(FIRE))[1]) == []


@pytest.mark.parametrize("state", [up(Logic.HOLD), under(Logic.HOLD)])
def test_level_of_whoever_was_owed_in_a_fire_goes_off_when_it_is_over(state: State) -> None:
    burns = tell(state, On(FIRE), *(DRIVES_AWAY if state.phase is Phase.PASSING else ()), Off(FIRE))[0]
    end, told = tell(burns, CONFIRM)
    assert (end.phase, moved(told)) == (Phase.OPEN, [DOWN_LEVEL])
    assert tell(end, *BOOM_FALLS)[0].phase is Phase.CLOSED


FIRST = {
    Mark.EMERGENCY: Phase.EMERGENCY_OPEN,
    Mark.SWUNG_OFF: Phase.ARM_OFF,
    Mark.LOCKED: Phase.LOCKED,
    Mark.HELD: Phase.HELD_OPEN,
}


@pytest.mark.parametrize("bits", list(product([False, True], repeat=len(KEPT))))
def test_kept_marks_take_hold_after_a_restart_the_first_one_before_the_others(bits: tuple[bool, ...]) -> None:
    kept = {mark for mark, is_set in zip(KEPT, bits, strict=True) if is_set}
    state = lane(CLOSED_LIMIT, LOOP_ARM, marks=kept, outputs=ALL_OUTPUTS)
    assert state.phase is next((phase for mark, phase in FIRST.items() if mark in kept), Phase.CLOSED)
    assert state.marks & {*KEPT} == kept


@pytest.mark.parametrize("state", [HELD, tell(WAITING, LOCK)[0], tell(WAITING, On(FIRE))[0], tell(WAITING, PAUSE)[0]])
def test_stop_and_start_lead_to_the_same_phase(state: State) -> None:
    assert tell(state, Stopped(), AT_REST)[0].phase is state.phase


@pytest.mark.parametrize(
    ("contact", "phase"), [(SWING_OFF, Phase.ARM_OFF), (FIRE, Phase.EMERGENCY_OPEN), (OPEN_LIMIT, Phase.HELD_OPEN)]
)
def test_hold_that_was_kept_moves_no_relay_where_something_goes_before_it(contact: str, phase: Phase) -> None:
    new = State(settings=HELD.settings, marks=frozenset({Mark.HELD}))
    end, told = step(new, ContactsRead(frozenset({contact})))
    assert (end.phase, moved(told)) == (phase, [HOLD_UP] if phase is Phase.HELD_OPEN else [])


def test_stop_of_the_gate_ends_whoever_is_owed() -> None:
    for state in (admitted(), up(), under(), tell(HELD, Admitted(1))[0]):
        assert outcome(state, Stopped())[1][0] == Passage(Result.UNKNOWN, 1)
