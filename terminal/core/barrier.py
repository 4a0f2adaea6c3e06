"""The barrier cycle of one lane: a pure step from (state, event) to (state, orders). Design 5.

The machine itself is data, in `terminal.core.barrier_table`; its words stand in `terminal.core.barrier_words`. Here is
what holds for every row:

* *Contacts*: an edge that repeats the level, or comes from a contact that is not fitted, is no event. Without a board
  no contact is believed.
* *Clear*: a loop is clear once it was off for `gap_ms`, since a drawbar is no gap between vehicles. When the loops
  under and behind the boom are both clear, `LoopsClear` is the event; until then, the end of one loop's gap is.
* *Timers* belong to the phase that started them: going to another phase cancels them (not the gap timers). A timer
  that does not run is no event.
* *Entering a phase* is an event (`Entered`); after it every contact that is on counts as an event, in the order of
  `CONTACTS`.
* *Faults* (`ENDS_OWED`): entering one ends every owed vehicle as *unknown*.
* *Light*: green only while the boom is open for an owed vehicle, or at an exit in an emergency; else red.

What is to come (second vehicles in the queue, the other logics, both directions, orders of a guard) are rows, marks and
settings; `State.owed` is the queue already.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from terminal.core.barrier_table import (
    ENDS_OWED,
    TABLE,
    WITHOUT_BOARD,
    Absent,
    AllEnd,
    Cancel,
    Effect,
    FirstEnds,
    Forget,
    NoneOwedBut,
    Open,
    Owe,
    Owed,
    Remember,
    Rested,
    Row,
    Start,
    When,
    Without,
)
from terminal.core.barrier_words import (
    CONTACTS,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    Admitted,
    BoardLost,
    Busy,
    CancelTimer,
    Closed,
    Confirmed,
    ContactsRead,
    DriveForward,
    Entered,
    Event,
    Expired,
    Light,
    LoopsClear,
    Mark,
    Off,
    On,
    Order,
    Passage,
    Phase,
    Pulse,
    Readiness,
    Ready,
    Result,
    Seen,
    StartTimer,
    State,
    Stopped,
    Timer,
)

GAPS = {LOOP_SAFETY: Timer.SAFETY_GAP, LOOP_BEHIND: Timer.BEHIND_GAP}
OPEN_OUTPUT = "open"

Key = tuple[Phase, Seen | type[Seen]]


def _index(table: Iterable[Row]) -> dict[Key, tuple[Row, ...]]:
    rows: dict[Key, tuple[Row, ...]] = {}
    for row in table:
        for phase in row.phases:
            for event in row.events:
                rows[phase, event] = (*rows.get((phase, event), ()), row)
    return rows


_ROWS = _index(TABLE)


def step(state: State, event: Event) -> tuple[State, tuple[Order, ...]]:
    """What the lane is after `event`, and what is to be done, in this order. Total: no event is an error."""
    noted, seen, orders = _note(state, event)
    if seen is None:
        return noted, orders
    after, more = _apply(noted, seen)
    light = (Light(green(after)),) if green(after) != green(state) or isinstance(event, ContactsRead) else ()
    return after, (*orders, *more, *light)


def readiness(state: State) -> Readiness:
    """What a card presented now would find."""
    match state.phase:
        case Phase.CLOSED | Phase.CLOSING if not state.owed:
            here = LOOP_ARM not in state.settings.fitted or LOOP_ARM in state.active
            return Ready() if here else DriveForward()
        case Phase.CLOSED | Phase.CLOSING | Phase.OPENING | Phase.OPEN | Phase.PASSING:
            return Busy()
        case _:
            return Closed(state.phase.value)


def green(state: State) -> bool:
    """The light: may the vehicle before the boom drive on?"""
    if state.phase is Phase.EMERGENCY_OPEN:
        return state.settings.direction == "exit"
    return state.phase in {Phase.OPEN, Phase.PASSING} and bool(state.owed)


def _note(state: State, event: Event) -> tuple[State, Seen | None, tuple[Order, ...]]:
    """Keep the books of contacts and timers; gives what the table is to see of `event`, None for nothing."""
    if _is_no_news(state, event):
        return state, None, ()
    match event:
        case On(contact):
            noted, orders = _cancel(state, GAPS[contact]) if contact in GAPS else (state, ())
            return replace(noted, active=noted.active | {contact}), event, orders
        case Off(contact):
            noted = replace(state, active=state.active - {contact}, rested=state.rested - {contact})
            noted, orders = _start(noted, GAPS[contact]) if contact in GAPS else (noted, ())
            return noted, event, orders
        case Expired(timer):
            loops = frozenset(loop for loop, gap in GAPS.items() if gap is timer)
            noted = replace(state, timers=state.timers - {timer}, rested=state.rested | loops)
            return noted, LoopsClear() if loops and _loops_clear(noted) else event, ()
        case ContactsRead(active):
            return replace(state, active=active & state.settings.fitted, rested=frozenset(GAPS)), event, ()
        case BoardLost() | Stopped():
            noted, orders = _cancel(state, *GAPS.values())
            return replace(noted, active=frozenset(), rested=frozenset()), event, orders
        case Admitted() | Confirmed():
            return state, event, ()
        case _:
            assert_never(event)


def _is_no_news(state: State, event: Event) -> bool:
    match event:
        case On(contact) | Off(contact):
            known = contact in state.settings.fitted and state.phase not in WITHOUT_BOARD
            return not known or (contact in state.active) == isinstance(event, On)
        case Expired(timer):
            return timer not in state.timers
        case ContactsRead():
            return state.phase not in WITHOUT_BOARD
        case _:
            return False


def _loops_clear(state: State) -> bool:
    return all(loop in state.rested and loop not in state.active for loop in GAPS if loop in state.settings.fitted)


def _apply(state: State, seen: Seen) -> tuple[State, tuple[Order, ...]]:
    """The first row that fits `seen`, carried out."""
    key = type(seen) if isinstance(seen, Admitted | ContactsRead) else seen
    fitting = (row for row in _ROWS.get((state.phase, key), ()) if all(_holds(state, when) for when in row.when))
    row = next(fitting, None)
    if row is None:
        return state, ()
    leaves = row.to is not None and row.to is not state.phase
    after, orders = _cancel(state, *sorted(state.timers - set(GAPS.values()))) if leaves else (state, ())
    after = replace(after, phase=row.to or state.phase)
    for effect in row.does:
        after, more = _do(after, effect, seen)
        orders += more
    if leaves:
        after, more = _enter(after)
        orders += more
    return after, orders


def _enter(state: State) -> tuple[State, tuple[Order, ...]]:
    """A phase was entered: faults end who is owed, and the levels that are present count as events."""
    entered, orders = _do(state, AllEnd(Result.UNKNOWN), Entered()) if state.phase in ENDS_OWED else (state, ())
    present: list[Seen] = [Entered(), *(On(contact) for contact in CONTACTS if contact in entered.active)]
    for seen in present:
        entered, more = _apply(entered, seen)
        orders += more
        if entered.phase is not state.phase:
            break
    return entered, orders


def _holds(state: State, when: When) -> bool:
    match when:
        case On(contact):
            return contact in state.active
        case Off(contact):
            return contact not in state.active
        case Absent(contact):
            return contact not in state.settings.fitted
        case Rested(contact):
            return contact in state.rested
        case Owed(least):
            return len(state.owed) >= least
        case NoneOwedBut(most):
            return len(state.owed) <= most
        case Without(mark):
            return mark not in state.marks
        case Mark():
            return when in state.marks
        case Timer():
            return when in state.timers
        case _:
            assert_never(when)


def _do(state: State, effect: Effect, seen: Seen) -> tuple[State, tuple[Order, ...]]:
    match effect:
        case Open():
            return state, (Pulse(OPEN_OUTPUT, state.settings.pulse_ms),)
        case Owe():
            return replace(state, owed=(*state.owed, seen.vehicle)) if isinstance(seen, Admitted) else state, ()
        case FirstEnds(result):
            return replace(state, owed=state.owed[1:]), tuple(Passage(result, vehicle) for vehicle in state.owed[:1])
        case AllEnd(result):
            return replace(state, owed=()), tuple(Passage(result, vehicle) for vehicle in state.owed)
        case Start(timer):
            return _start(state, timer)
        case Cancel(timer):
            return _cancel(state, timer)
        case Remember(mark):
            return replace(state, marks=state.marks | {mark}), ()
        case Forget(mark):
            return replace(state, marks=state.marks - {mark}), ()
        case _:
            return state, (effect,)


def _start(state: State, timer: Timer) -> tuple[State, tuple[Order, ...]]:
    return replace(state, timers=state.timers | {timer}), (StartTimer(timer, state.settings.duration_ms(timer)),)


def _cancel(state: State, *timers: Timer) -> tuple[State, tuple[Order, ...]]:
    running = tuple(timer for timer in timers if timer in state.timers)
    return replace(state, timers=state.timers - set(running)), tuple(CancelTimer(timer) for timer in running)
