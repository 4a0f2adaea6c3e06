"""The books that are kept of a lane's contacts, loops and timers, before its table sees what happened.

A contact is on or off as it is wired; the table asks for its *role*. In a lane for both directions `loop_arm` is the
loop before the boom for whoever has the lane: for a leaving vehicle it is the contact called `loop_behind`.
"""

from dataclasses import replace
from typing import assert_never

from terminal.core.barrier_signals import (
    Admitted,
    BoardLost,
    CancelTimer,
    ContactsRead,
    Event,
    Expired,
    LoopsClear,
    Off,
    On,
    Order,
    Ordered,
    Seen,
    StartTimer,
    Stopped,
)
from terminal.core.barrier_words import (
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    LOOPS,
    OF_A_PASSAGE,
    Mark,
    OwedVehicle,
    Phase,
    Side,
    State,
    Timer,
)

GAPS = {LOOP_SAFETY: Timer.SAFETY_GAP, LOOP_BEHIND: Timer.BEHIND_GAP, LOOP_ARM: Timer.ARM_GAP}
STUCK = {LOOP_SAFETY: Timer.SAFETY_STUCK, LOOP_BEHIND: Timer.BEHIND_STUCK, LOOP_ARM: Timer.ARM_STUCK}
LOOP_TIMERS = frozenset((*GAPS.values(), *STUCK.values()))
"""Timers of a loop; the others belong to the phase that started them."""
NO_BOARD = frozenset({Phase.BOOT, Phase.BOARD_LOST})

Done = tuple[State, tuple[Order, ...]]


def contact_of(state: State, role: str) -> str:
    """The contact that has this role now, and the other way round."""
    if state.owner is Side.EXIT and state.settings.direction == "both":
        return {LOOP_ARM: LOOP_BEHIND, LOOP_BEHIND: LOOP_ARM}.get(role, role)
    return role


def is_fitted(state: State, role: str) -> bool:
    """Tell whether the contact is wired and tells anything: a stuck loop does not, save the one under the boom."""
    contact = contact_of(state, role)
    return contact in state.settings.fitted and (contact not in state.stuck or contact == LOOP_SAFETY)


def is_on(state: State, role: str) -> bool:
    """Tell whether the contact is on, and tells anything."""
    return contact_of(state, role) in state.active and is_fitted(state, role)


def is_clear(state: State) -> bool:
    """Tell whether the loops under and behind the boom have been off for `gap_ms`, those that are fitted."""
    return all(
        contact_of(state, role) in state.rested and not is_on(state, role)
        for role in (LOOP_SAFETY, LOOP_BEHIND)
        if is_fitted(state, role)
    )


def start(state: State, *timers: Timer) -> Done:
    """Start them, or start them anew."""
    orders = tuple(StartTimer(timer, state.settings.duration_ms(timer)) for timer in timers)
    return replace(state, timers=state.timers | set(timers)), orders


def cancel(state: State, *timers: Timer) -> Done:
    """Stop those that run."""
    running = tuple(timer for timer in timers if timer in state.timers)
    return replace(state, timers=state.timers - set(running)), tuple(CancelTimer(timer) for timer in running)


def note(state: State, event: Event) -> tuple[State, Seen | None, tuple[Order, ...]]:
    """Keep the books; gives what the table is to see of `event`, by role, or None for nothing."""
    if _is_no_news(state, event):
        return state, None, ()
    match event:
        case On(contact):
            noted, orders = _came_on(state, contact)
            return noted, On(contact_of(noted, contact)), orders
        case Off(contact):
            noted, orders = _went_off(state, contact)
            return noted, Off(contact_of(noted, contact)), orders
        case Expired(timer):
            return _ran_out(replace(state, timers=state.timers - {timer}), timer)
        case ContactsRead(active):
            on = active & state.settings.fitted
            noted, orders = start(state, *(STUCK[loop] for loop in LOOPS if loop in on))
            return replace(noted, active=on, rested=frozenset(LOOPS), stuck=frozenset()), event, orders
        case BoardLost() | Stopped():
            noted, orders = cancel(state, *sorted(LOOP_TIMERS))
            nothing = frozenset[str]()
            return replace(noted, active=nothing, rested=nothing, stuck=nothing, levels=nothing), event, orders
        case Admitted() | Ordered():
            return state, event, ()
        case _:
            assert_never(event)


def _is_no_news(state: State, event: Event) -> bool:
    match event:
        case On(contact) | Off(contact):
            known = contact in state.settings.fitted and state.phase not in NO_BOARD
            return not known or (contact in state.active) == isinstance(event, On)
        case Expired(timer):
            return timer not in state.timers
        case ContactsRead():
            return state.phase not in NO_BOARD
        case _:
            return False


def _came_on(state: State, contact: str) -> Done:
    noted = replace(state, active=state.active | {contact})
    if contact not in LOOPS:
        return noted, ()
    if contact == LOOP_SAFETY:
        noted = _under_boom(noted)
    noted, orders = cancel(noted, GAPS[contact])
    noted, more = start(noted, STUCK[contact])
    return noted, (*orders, *more)


def _went_off(state: State, contact: str) -> Done:
    noted = replace(
        state, active=state.active - {contact}, rested=state.rested - {contact}, stuck=state.stuck - {contact}
    )
    if contact not in LOOPS:
        return noted, ()
    if contact_of(noted, LOOP_ARM) == contact:
        occupied = is_on(noted, LOOP_SAFETY)
        owed = tuple(replace(vehicle, left=True, hidden=vehicle.hidden or occupied) for vehicle in noted.owed)
        noted = replace(noted, owed=owed, marks=noted.marks - {Mark.BOARDING})
    noted, orders = cancel(noted, STUCK[contact])
    if contact == LOOP_ARM and noted.settings.direction != "both":
        return noted, orders
    noted, more = start(noted, GAPS[contact])
    return noted, (*orders, *more)


def _under_boom(state: State) -> State:
    """Something came under the boom: it counts as the first of those owed that has not been under it."""
    place = next((place for place, vehicle in enumerate(state.owed) if not vehicle.over), None)
    if place is None:
        return state
    over = replace(state.owed[place], over=True)
    comes_last = place == len(state.owed) - 1
    return replace(
        state,
        owed=(*state.owed[:place], over, *state.owed[place + 1 :]),
        marks=state.marks - {Mark.BOARDING} if comes_last else state.marks,
    )


def nothing_under(state: State) -> State:
    """Nothing is under the boom, or nobody can tell: what was noted of a passage counts no more."""
    owed: tuple[OwedVehicle, ...] = tuple(replace(vehicle, over=False, hidden=False) for vehicle in state.owed)
    return replace(state, owed=owed, marks=state.marks - OF_A_PASSAGE)


def _ran_out(state: State, timer: Timer) -> tuple[State, Seen | None, tuple[Order, ...]]:
    was_clear = is_clear(state)
    rested = frozenset(loop for loop, gap in GAPS.items() if gap is timer)
    stuck = frozenset(loop for loop, limit in STUCK.items() if limit is timer)
    noted = replace(state, rested=state.rested | rested, stuck=state.stuck | stuck)
    clear = is_clear(noted) and not was_clear
    return noted, LoopsClear() if timer in LOOP_TIMERS and clear else Expired(timer), ()
