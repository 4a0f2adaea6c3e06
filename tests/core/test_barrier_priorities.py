"""What goes before the cycle, whatever phase the lane is in: every phase with every such event."""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_rows import ENDS_OWED, WITHOUT_BOARD
from terminal.core.barrier_signals import Alarm, BoardLost, ContactsRead, Event, Incident, On, Ordered, Stopped
from terminal.core.barrier_words import (
    CALL,
    CLOSED_LIMIT,
    FIRE,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Mark,
    OwedVehicle,
    Phase,
    Result,
    Settings,
    State,
)
from tests.core.barrier_stories import ALL_CONTACTS, ALL_OUTPUTS, ended

EVERY = pytest.mark.parametrize("phase", Phase)
NOT_LOCKED = {*WITHOUT_BOARD, Phase.ARM_OFF, Phase.EMERGENCY_OPEN}
PEOPLE = {Phase.HELD_OPEN, Phase.LOCKED, Phase.ARM_OFF, Phase.EMERGENCY_OPEN}
ALL_MARKS = frozenset({Mark.LOCKED, Mark.HELD, Mark.PAUSED})


def lane_in(phase: Phase, *active: str, marks: frozenset[Mark] = frozenset()) -> State:
    settings = Settings(fitted=ALL_CONTACTS, outputs=ALL_OUTPUTS)
    owed = () if phase in ENDS_OWED | {Phase.CLOSED} else (OwedVehicle(cards=(1, 2), served=True),)
    contacts = frozenset() if phase in WITHOUT_BOARD else frozenset(active)
    return State(settings=settings, phase=phase, active=contacts, owed=owed, marks=marks)


@EVERY
@pytest.mark.parametrize(
    ("event", "to", "not_in"),
    [
        (BoardLost(), Phase.BOARD_LOST, set()),
        (Stopped(), Phase.BOOT, set()),
        (On(FIRE), Phase.EMERGENCY_OPEN, WITHOUT_BOARD),
        (On(SWING_OFF), Phase.ARM_OFF, {*WITHOUT_BOARD, Phase.EMERGENCY_OPEN}),
        (Ordered(GuardOrder.LOCK), Phase.LOCKED, NOT_LOCKED),
        (Ordered(GuardOrder.HOLD), Phase.HELD_OPEN, {*NOT_LOCKED, Phase.LOCKED}),
    ],
)
def test_what_goes_before_the_cycle_leads_to_its_phase(
    phase: Phase, event: Event, to: Phase, not_in: set[Phase]
) -> None:
    before = lane_in(phase)
    after, orders = step(before, event)
    assert after.phase is (phase if phase in not_in else to)
    unknown = after.phase in ENDS_OWED and after.phase is not phase
    cards = [(card, Result.UNKNOWN) for vehicle in before.owed for card in vehicle.cards]
    assert ended(orders) == (cards if unknown or (before.owed and phase is Phase.UNKNOWN) else [])


@EVERY
@pytest.mark.parametrize(("contact", "order"), [(TAMPER, Incident("tamper")), (CALL, Alarm("call"))])
def test_tamper_and_call_are_told_in_every_phase_and_move_nothing(
    phase: Phase, contact: str, order: Incident | Alarm
) -> None:
    after, orders = step(lane_in(phase), On(contact))
    assert after.phase is phase
    assert (order in orders) is (phase not in WITHOUT_BOARD)


@EVERY
@pytest.mark.parametrize("last", [CLOSED_LIMIT, OPEN_LIMIT])
def test_both_limits_are_told_in_every_phase_once_and_stop_the_cycle(phase: Phase, last: str) -> None:
    first = OPEN_LIMIT if last == CLOSED_LIMIT else CLOSED_LIMIT
    after, orders = step(lane_in(phase, first), On(last))
    told = orders.count(Alarm("contacts-contradict"))
    if phase in WITHOUT_BOARD | {Phase.FAULT_CLOSE}:
        assert (after.phase, told) == (phase, 0)
    else:
        assert (after.phase, told) == (phase if phase in PEOPLE else Phase.FAULT_CLOSE, 1)


@EVERY
@pytest.mark.parametrize(
    ("order", "mark", "stays"),
    [
        (GuardOrder.UNLOCK, Mark.LOCKED, set(Phase) - {Phase.LOCKED}),
        (GuardOrder.RELEASE, Mark.HELD, set(Phase)),
        (GuardOrder.RESUME, Mark.PAUSED, set(Phase)),
    ],
)
def test_what_a_person_ordered_for_longer_can_be_taken_back_in_every_phase(
    phase: Phase, order: GuardOrder, mark: Mark, stays: set[Phase]
) -> None:
    after, _ = step(lane_in(phase, "loop_safety", marks=ALL_MARKS), Ordered(order))
    assert mark not in after.marks
    assert (after.phase is phase) is (phase in stays)


@EVERY
def test_pause_is_kept_in_every_phase(phase: Phase) -> None:
    after, orders = step(lane_in(phase), Ordered(GuardOrder.PAUSE))
    assert (after.phase, Mark.PAUSED in after.marks, orders) == (phase, True, ())


@EVERY
@pytest.mark.parametrize("marks", [frozenset(), frozenset({Mark.EMERGENCY})])
def test_contacts_are_read_only_where_there_was_no_board(phase: Phase, marks: frozenset[Mark]) -> None:
    after, orders = step(lane_in(phase, marks=marks), ContactsRead(frozenset({CLOSED_LIMIT})))
    if phase in WITHOUT_BOARD:
        assert after.phase is (Phase.EMERGENCY_OPEN if marks else Phase.CLOSED)
    else:
        assert (after.phase, orders) == (phase, ())
