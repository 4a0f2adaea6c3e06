"""Words to tell a story to the barrier's table and to hear what it ordered."""

from collections.abc import Iterable
from typing import Any

from terminal.core.barrier import step
from terminal.core.barrier_books import is_on
from terminal.core.barrier_rows import FAULTS, WATCHED
from terminal.core.barrier_signals import (
    Admitted,
    CancelTimer,
    ContactsRead,
    Event,
    Expired,
    Level,
    Light,
    Off,
    On,
    Order,
    Ordered,
    Passage,
    Pulse,
    Standing,
    StartTimer,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    CONTACTS,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    MOMENTS,
    OPEN_LIMIT,
    GuardOrder,
    Logic,
    Mark,
    Phase,
    Result,
    Settings,
    State,
    Timer,
)

ALL_CONTACTS = frozenset((*CONTACTS, *MOMENTS))
ALL_OUTPUTS = frozenset({"open", "close", "hold_open"})
PULSE = Pulse("open", 500)
CLOSE = Pulse("close", 500)
UP_LEVEL, DOWN_LEVEL = Level("open", on=True), Level("open", on=False)
HOLD_UP, LET_DOWN = Level("hold_open", on=True), Level("hold_open", on=False)
GREEN, RED = Light(green=True), Light(green=False)

HOLD, RELEASE = Ordered(GuardOrder.HOLD), Ordered(GuardOrder.RELEASE)
LOCK, UNLOCK = Ordered(GuardOrder.LOCK), Ordered(GuardOrder.UNLOCK)
PAUSE, RESUME, CONFIRM = Ordered(GuardOrder.PAUSE), Ordered(GuardOrder.RESUME), Ordered(GuardOrder.CONFIRM)

AT_REST = ContactsRead(frozenset({CLOSED_LIMIT, LOOP_ARM}))
SAFETY_GAP_OVER, BEHIND_GAP_OVER = Expired(Timer.SAFETY_GAP), Expired(Timer.BEHIND_GAP)
BOOM_RISES = (Off(CLOSED_LIMIT), On(OPEN_LIMIT))
BOOM_FALLS = (Off(OPEN_LIMIT), On(CLOSED_LIMIT))
STAYS_DOWN = (*BOOM_FALLS, Expired(Timer.DOWN))
DRIVES_UNDER = (On(LOOP_SAFETY), Off(LOOP_ARM))
DRIVES_AWAY = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(LOOP_BEHIND), BEHIND_GAP_OVER)
LOOPS_CLEAR = (Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(LOOP_BEHIND), BEHIND_GAP_OVER)
GOES_BACK = (Off(LOOP_SAFETY), SAFETY_GAP_OVER)
NEXT_CLOSE_UP = (On(LOOP_BEHIND), Off(LOOP_SAFETY), On(LOOP_SAFETY))
"""The next vehicle follows before the gap is long enough to tell the two apart."""
SECOND_TAPS = (On(LOOP_ARM), Admitted(2))
THIRD_TAPS = (On(LOOP_ARM), Admitted(3))
LEAVES_ARM = Off(LOOP_ARM)


def lane(*active: str, without: Iterable[str] = (), marks: Iterable[Mark] = (), **settings: Any) -> State:
    """A lane whose board was taken just now and found with these contacts on; `marks` were kept from before."""
    fitted = ALL_CONTACTS - frozenset(without)
    new = State(settings=Settings(fitted=fitted, **settings), marks=frozenset(marks))
    return step(new, ContactsRead(frozenset(active)))[0]


WAITS_FOR = {Phase.OPENING: {Timer.OPENING, Timer.RETRY}, Phase.CLOSING: {Timer.CLOSING}}
ENTERED_WITH = {Phase.PASSING: {Timer.UNDER_BOOM}, Phase.OPEN: {Timer.PASSAGE, Timer.TOO_LONG}}


def something_will_end_it(before: State, after: State) -> None:
    """No lane waits for an event that may never come.

    Raises:
        AssertionError: this one would.
    """
    waits_for = WAITS_FOR.get(after.phase)
    if after.phase is not before.phase:
        waits_for = waits_for or ENTERED_WITH.get(after.phase)
    assert waits_for is None or waits_for & after.timers
    if after.owed and after.phase in {Phase.OPEN, *WATCHED}:
        assert Timer.PASSAGE in after.timers
    if after.phase in FAULTS and is_on(after, CLOSED_LIMIT) and not is_on(after, OPEN_LIMIT):
        assert Timer.STEADY in after.timers


def tell(state: State, *events: Event) -> tuple[State, list[Order]]:
    """All that is ordered in the course of `events`, without the timers, and without alarms that do not stand."""
    told: list[Order] = []
    for event in events:
        before = state
        state, orders = step(before, event)
        something_will_end_it(before, state)
        silent = isinstance(event, ContactsRead)
        told += [
            order
            for order in orders
            if not isinstance(order, StartTimer | CancelTimer)
            and not (silent and isinstance(order, Standing) and not order.holds)
        ]
    return state, told


def outcome(state: State, *events: Event) -> tuple[Phase, list[Order]]:
    """Where a story ends and all that was ordered, without the timers."""
    end, told = tell(state, *events)
    return end.phase, told


def moved(orders: Iterable[Order]) -> list[Order]:
    """The orders that move the boom."""
    return [order for order in orders if isinstance(order, Pulse | Level)]


def ended(orders: Iterable[Order]) -> list[tuple[int | None, Result]]:
    """Who ended how, in order."""
    return [(order.vehicle, order.result) for order in orders if isinstance(order, Passage)]


def waiting(logic: Logic = Logic.IMPULSE, **settings: Any) -> State:
    """Boom down, a vehicle before it."""
    return lane(CLOSED_LIMIT, LOOP_ARM, logic=logic, **settings)


def admitted(logic: Logic = Logic.IMPULSE, **settings: Any) -> State:
    """The boom was told to open for vehicle 1."""
    return tell(waiting(logic, **settings), Admitted(1))[0]


def up(logic: Logic = Logic.IMPULSE, **settings: Any) -> State:
    """The boom is up, vehicle 1 before it."""
    return tell(admitted(logic, **settings), *BOOM_RISES)[0]


def under(logic: Logic = Logic.IMPULSE, **settings: Any) -> State:
    """Vehicle 1 is under the boom."""
    return tell(up(logic, **settings), *DRIVES_UNDER)[0]


WAITING, ADMITTED, UP, UNDER = waiting(), admitted(), up(), under()
OPENED_ELSEWHERE = tell(WAITING, Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))[0]
HELD = tell(waiting(outputs=ALL_OUTPUTS), HOLD, *BOOM_RISES)[0]
"""A person holds the boom open."""
OCCUPIED = tell(HELD, *DRIVES_UNDER)[0]
"""Somebody who has not tapped is under it."""
STRANGER = tell(OPENED_ELSEWHERE, *DRIVES_UNDER, *SECOND_TAPS)[0]
"""Nobody was admitted, and something is under the boom; then vehicle 2 before it is admitted."""
