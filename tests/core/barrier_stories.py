"""Words to tell a story to the barrier's table and to hear what it ordered."""

from collections.abc import Iterable

from terminal.core.barrier import step
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Admitted,
    Alarm,
    ContactsRead,
    Event,
    Expired,
    Light,
    Off,
    On,
    Order,
    Passage,
    Phase,
    Pulse,
    Settings,
    Standing,
    State,
    Timer,
)

ALL_CONTACTS = frozenset({FIRE, CLOSED_LIMIT, OPEN_LIMIT, LOOP_SAFETY, LOOP_BEHIND, LOOP_ARM})
PULSE = Pulse("open", 500)
GREEN, RED = Light(green=True), Light(green=False)

SAFETY_GAP_OVER, BEHIND_GAP_OVER = Expired(Timer.SAFETY_GAP), Expired(Timer.BEHIND_GAP)
BOOM_RISES = (Off(CLOSED_LIMIT), On(OPEN_LIMIT))
BOOM_FALLS = (Off(OPEN_LIMIT), On(CLOSED_LIMIT))
DRIVES_UNDER = (On(LOOP_SAFETY), Off(LOOP_ARM))
DRIVES_AWAY = (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, Off(LOOP_BEHIND), BEHIND_GAP_OVER)


def lane(*active: str, without: Iterable[str] = (), settings: Settings | None = None) -> State:
    """A lane whose board was taken just now and found with these contacts on."""
    fitted = ALL_CONTACTS - frozenset(without)
    kept = settings or Settings(fitted=fitted)
    return step(State(settings=kept), ContactsRead(frozenset(active)))[0]


def tell(state: State, *events: Event) -> tuple[State, list[Order]]:
    """All that is ordered in the course of `events`, without the timers."""
    told: list[Order] = []
    for event in events:
        state, orders = step(state, event)
        told += [order for order in orders if isinstance(order, Pulse | Alarm | Standing | Passage | Light)]
    return state, told


def outcome(state: State, *events: Event) -> tuple[Phase, list[Order]]:
    """Where a story ends and all that was ordered, without the timers."""
    end, told = tell(state, *events)
    return end.phase, told


WAITING = lane(CLOSED_LIMIT, LOOP_ARM)
"""Boom down, a vehicle before it."""
ADMITTED = tell(WAITING, Admitted(1))[0]
UP = tell(ADMITTED, *BOOM_RISES)[0]
UNDER = tell(UP, *DRIVES_UNDER)[0]
