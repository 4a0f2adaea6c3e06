"""The barrier's cycle, told as stories: what happened → where the lane is and all that it ordered."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness
from terminal.core.barrier_rows import Absent, Released, Rested
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    CancelTimer,
    ContactsRead,
    Expired,
    Off,
    On,
    Passage,
    Ready,
    StartTimer,
)
from terminal.core.barrier_table import TABLE
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Phase,
    Result,
    Settings,
    Side,
    State,
    Timer,
)
from terminal.ports import Input, Output
from tests.core.barrier_stories import (
    ADMITTED,
    ALL_CONTACTS,
    BEHIND_GAP_OVER,
    BOOM_FALLS,
    BOOM_RISES,
    DRIVES_AWAY,
    DRIVES_UNDER,
    GREEN,
    PULSE,
    RED,
    SAFETY_GAP_OVER,
    STAYS_DOWN,
    UNDER,
    UP,
    WAITING,
    outcome,
    tell,
)


def test_admitted_vehicle_passes_and_the_lane_is_ready_for_the_next() -> None:
    end, told = tell(WAITING, Admitted(1), *BOOM_RISES, *DRIVES_UNDER, *DRIVES_AWAY, *BOOM_FALLS)
    assert told == [PULSE, GREEN, RED, Passage(Result.PASSED, 1)]
    assert (end.phase, end.owed, end.timers) == (Phase.CLOSED, (), frozenset())
    assert readiness(step(end, On(LOOP_ARM))[0], Side.ENTRY) == Ready()


def test_every_order_of_an_admission_comes_in_its_place() -> None:
    opening, orders = step(WAITING, Admitted(1))
    assert orders == (PULSE, StartTimer(Timer.OPENING, 6_000))
    moving, orders = step(opening, Off(CLOSED_LIMIT))
    assert orders == ()
    _, orders = step(moving, On(OPEN_LIMIT))
    assert orders == (CancelTimer(Timer.OPENING), StartTimer(Timer.PASSAGE, 30_000), GREEN)


@pytest.mark.parametrize(
    ("active", "phase"),
    [
        ({CLOSED_LIMIT}, Phase.CLOSED),
        ({OPEN_LIMIT}, Phase.OPEN),
        (set(), Phase.UNKNOWN),
        ({FIRE, CLOSED_LIMIT}, Phase.EMERGENCY_OPEN),
        ({OPEN_LIMIT, CLOSED_LIMIT}, Phase.FAULT_CLOSE),
        ({OPEN_LIMIT, LOOP_SAFETY}, Phase.PASSING),
    ],
)
def test_start_finds_the_boom_where_its_contacts_say(active: set[str], phase: Phase) -> None:
    end, orders = step(State(settings=Settings(fitted=ALL_CONTACTS)), ContactsRead(frozenset(active)))
    assert end.phase is phase
    assert not end.owed
    assert PULSE not in orders
    assert orders[-1] == RED


def test_vehicle_that_was_under_the_boom_at_start_is_unknown_and_the_one_behind_it_a_tailgater() -> None:
    found, told = tell(
        State(settings=Settings(fitted=ALL_CONTACTS)), ContactsRead(frozenset({OPEN_LIMIT, LOOP_SAFETY}))
    )
    assert told == [Passage(Result.UNKNOWN, None), RED]
    assert outcome(found, *DRIVES_AWAY, On(LOOP_SAFETY)) == (Phase.PASSING, [Alarm("tailgate")])
    assert outcome(found, Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY)) == (Phase.PASSING, [Alarm("tailgate")])


def test_before_the_board_was_taken_nothing_opens() -> None:
    assert step(State(settings=Settings(fitted=ALL_CONTACTS)), Admitted(1)) == (
        State(settings=Settings(fitted=ALL_CONTACTS)),
        (),
    )


def test_next_vehicle_admitted_while_the_boom_falls_opens_it_again() -> None:
    falling = tell(UNDER, *DRIVES_AWAY, Off(OPEN_LIMIT), On(LOOP_ARM))[0]
    assert outcome(falling, Admitted(2), On(OPEN_LIMIT)) == (Phase.OPEN, [PULSE, GREEN])


def test_nobody_comes_is_a_no_show() -> None:
    assert outcome(UP, Expired(Timer.PASSAGE)) == (Phase.CLOSING, [Passage(Result.NO_SHOW, 1), RED])


def test_controller_closes_before_anybody_came() -> None:
    assert outcome(UP, *BOOM_FALLS) == (Phase.CLOSED, [RED, Passage(Result.NO_SHOW, 1)])


def test_vehicle_shunts_and_still_passes() -> None:
    story = (*DRIVES_UNDER, Off(LOOP_SAFETY), SAFETY_GAP_OVER, BEHIND_GAP_OVER, *DRIVES_UNDER, *DRIVES_AWAY)
    assert outcome(UP, *story) == (Phase.CLOSING, [RED, GREEN, RED, Passage(Result.PASSED, 1)])


def test_vehicle_under_the_boom_backs_out() -> None:
    back = (Off(LOOP_SAFETY), SAFETY_GAP_OVER, Expired(Timer.PASSAGE))
    assert outcome(UNDER, *back) == (Phase.CLOSING, [GREEN, Passage(Result.BACKED_OUT, 1), RED])


def test_drawbar_is_no_gap_between_vehicles() -> None:
    story = (On(LOOP_BEHIND), Off(LOOP_SAFETY), On(LOOP_SAFETY), Off(LOOP_SAFETY), SAFETY_GAP_OVER)
    assert outcome(UNDER, *story, Off(LOOP_BEHIND), BEHIND_GAP_OVER) == (Phase.CLOSING, [Passage(Result.PASSED, 1)])


def test_gap_timer_of_a_loop_that_came_on_again_is_no_event() -> None:
    back_on = tell(UNDER, Off(LOOP_SAFETY), On(LOOP_SAFETY))[0]
    assert step(back_on, SAFETY_GAP_OVER) == (back_on, ())


def test_second_vehicle_close_behind_raises_possible_tailgate_once() -> None:
    story = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY), Off(LOOP_SAFETY), On(LOOP_SAFETY))
    assert outcome(UNDER, *story) == (Phase.PASSING, [Alarm("possible-tailgate")])


def test_tailgater_under_the_falling_boom() -> None:
    falling = tell(UNDER, *DRIVES_AWAY)[0]
    assert outcome(falling, On(LOOP_SAFETY)) == (Phase.PASSING, [Alarm("tailgate")])


def test_vehicle_creeps_under_the_rising_boom() -> None:
    assert outcome(ADMITTED, Off(CLOSED_LIMIT), On(LOOP_SAFETY))[0] is Phase.PASSING


def test_nose_on_the_loop_while_the_boom_is_still_down_is_no_passage() -> None:
    nose = tell(ADMITTED, On(LOOP_SAFETY))
    assert (nose[0].phase, nose[0].vehicles(), nose[1]) == (Phase.OPENING, frozenset({1}), [])
    assert outcome(nose[0], Off(CLOSED_LIMIT)) == (Phase.PASSING, [])


def test_vehicle_stalls_under_the_boom() -> None:
    assert outcome(UNDER, Expired(Timer.UNDER_BOOM)) == (Phase.PASSING, [Alarm("vehicle-under-boom")])


def test_boom_comes_down_during_the_passage() -> None:
    assert outcome(UNDER, *STAYS_DOWN)[1][0] == Passage(Result.ASSUMED, 1)
    assert outcome(UNDER, On(LOOP_BEHIND), Off(LOOP_SAFETY), *STAYS_DOWN)[1][0] == Passage(Result.PASSED, 1)


def test_closed_limit_that_rebounds_under_a_creeping_vehicle_ends_no_passage() -> None:
    creeps = tell(ADMITTED, Off(CLOSED_LIMIT), On(LOOP_SAFETY))[0]
    assert outcome(creeps, On(CLOSED_LIMIT), Off(CLOSED_LIMIT), Expired(Timer.DOWN)) == (Phase.PASSING, [])
    back = tell(creeps, On(CLOSED_LIMIT), Off(CLOSED_LIMIT), On(OPEN_LIMIT), Off(LOOP_SAFETY), SAFETY_GAP_OVER)[0]
    assert outcome(back, Expired(Timer.PASSAGE))[1][0] == Passage(Result.BACKED_OUT, 1)


def test_vehicle_drives_through_the_closed_boom() -> None:
    assert outcome(WAITING, On(LOOP_SAFETY), Off(LOOP_SAFETY), On(LOOP_SAFETY)) == (
        Phase.CLOSED,
        [Alarm("drive-through")],
    )


def test_the_table_names_contacts_and_outputs_as_the_board_does() -> None:
    named = {
        part.contact
        for row in TABLE
        for part in (*row.when, *row.events)
        if isinstance(part, On | Off | Absent | Released | Rested)
    }
    assert named <= ALL_CONTACTS == {contact.value for contact in Input} - {Input.METER}
    assert PULSE.output == Output.OPEN


def test_behind_gap_counts_only_when_it_ran_out() -> None:
    passing = tell(UNDER, On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(LOOP_BEHIND))[0]
    assert passing.phase is Phase.PASSING
    assert tell(passing, BEHIND_GAP_OVER)[0].phase is Phase.CLOSING


def test_controller_closes_on_a_vehicle_that_shunted_back() -> None:
    back = tell(UNDER, Off(LOOP_SAFETY), SAFETY_GAP_OVER)[0]
    assert outcome(back, *BOOM_FALLS) == (Phase.CLOSED, [RED, Passage(Result.BACKED_OUT, 1)])
