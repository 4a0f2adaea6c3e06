"""What a row of the barrier's table asks for, and what it does, carried out on a state."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from terminal.core.barrier_books import Done, cancel, contact_of, is_clear, is_fitted, is_on, nothing_under, start
from terminal.core.barrier_rows import (
    Absent,
    AllEnd,
    By,
    Cancel,
    Clear,
    Close,
    Effect,
    FirstEnds,
    FirstUnserved,
    Forget,
    Hold,
    LetGo,
    More,
    NobodyCame,
    NoneOwedBut,
    NothingUnder,
    Open,
    Owe,
    Owed,
    PassageDone,
    Released,
    Remember,
    Rested,
    Serve,
    Start,
    WentBack,
    When,
    Without,
)
from terminal.core.barrier_signals import Admitted, Level, Off, On, Order, Passage, Pulse, Seen
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    HOLD_OUTPUT,
    LOOP_ARM,
    LOOP_SAFETY,
    OPEN_OUTPUT,
    Logic,
    Mark,
    OwedVehicle,
    Result,
    State,
    Timer,
)


def holds(state: State, when: When) -> bool:
    """Tell whether what a row asks for holds."""
    match when:
        case On(role):
            return is_on(state, role)
        case Off(role):
            return not is_on(state, role)
        case Absent() | Released() | Rested() | Clear():
            return _contacts_are(state, when)
        case Owed() | NoneOwedBut() | More() | FirstUnserved():
            return _queue_is(state, when)
        case By():
            return state.settings.logic in when
        case Without(mark):
            return mark not in state.marks
        case Mark():
            return when in state.marks
        case Timer():
            return when in state.timers
        case _:
            assert_never(when)


def _contacts_are(state: State, when: Absent | Released | Rested | Clear) -> bool:
    match when:
        case Absent(role):
            return not is_fitted(state, role)
        case Released(role):
            return is_fitted(state, role) and not is_on(state, role)
        case Rested(role):
            return contact_of(state, role) in state.rested
        case Clear():
            return is_clear(state)
        case _:
            assert_never(when)


def _queue_is(state: State, when: Owed | NoneOwedBut | More | FirstUnserved) -> bool:
    match when:
        case Owed(least):
            return len(state.owed) >= least
        case NoneOwedBut(most):
            return len(state.owed) <= most
        case More():
            return len(state.owed) > len(_passing(state))
        case FirstUnserved():
            return bool(state.owed) and not state.owed[0].served
        case _:
            assert_never(when)


def carry_out(state: State, effect: Effect, seen: Seen) -> Done:
    """Do what a row says; an effect that is an order is given as it stands."""
    match effect:
        case Start(timer):
            return start(state, timer)
        case Cancel(timer):
            return cancel(state, timer)
        case Remember(mark):
            return replace(state, marks=state.marks | {mark}), ()
        case Forget(mark):
            return replace(state, marks=state.marks - {mark}), ()
        case NothingUnder():
            return nothing_under(state), ()
        case Serve() | Open() | LetGo() | Close() | Hold():
            return _move(state, effect)
        case Owe() | PassageDone() | FirstEnds() | AllEnd() | NobodyCame() | WentBack():
            return _account(state, effect, seen)
        case _:
            return state, (effect,)


def _move(state: State, effect: Serve | Open | LetGo | Close | Hold) -> Done:
    match effect:
        case Serve():
            return _serve(state)
        case Open():
            return _open(state)
        case LetGo():
            return replace(state, levels=state.levels - {OPEN_OUTPUT}), (Level(OPEN_OUTPUT, on=False),)
        case Close():
            return state, _close(state)
        case Hold():
            held_by = HOLD_OUTPUT if HOLD_OUTPUT in state.settings.outputs else OPEN_OUTPUT
            return _switch_on(state, held_by) if state.settings.can_hold() else (state, ())
        case _:
            assert_never(effect)


def _account(state: State, effect: Owe | PassageDone | FirstEnds | AllEnd | NobodyCame | WentBack, seen: Seen) -> Done:
    match effect:
        case Owe():
            return _owe(state, seen), ()
        case PassageDone(result):
            return _passage_done(state, result)
        case FirstEnds(result):
            return _end(state, state.owed[:1], result)
        case AllEnd(result):
            return ends(state, result)
        case NobodyCame():
            return _nobody_came(state)
        case WentBack():
            back = tuple(replace(vehicle, came=True) for vehicle in _passing(state)[:1])
            return replace(state, owed=(*back, *state.owed[len(back) :])), ()
        case _:
            assert_never(effect)


def ends(state: State, result: Result) -> Done:
    """Every vehicle that is owed has ended so."""
    return _end(state, state.owed, result)


def _owe(state: State, seen: Seen) -> State:
    if not isinstance(seen, Admitted):
        return state
    return replace(
        state,
        owed=(*state.owed, OwedVehicle(cards=(seen.vehicle,))),
        owner=state.owner or (seen.side if state.settings.direction == "both" else None),
        marks=state.marks - {Mark.BOARDING},
    )


def _serve(state: State) -> Done:
    waits = next((place for place, vehicle in enumerate(state.owed) if not vehicle.served), None)
    if waits is None:
        return _open(state) if state.owed and state.settings.logic is Logic.HOLD else (state, ())
    served = replace(state.owed[waits], served=True)
    owed = (*state.owed[:waits], served, *state.owed[waits + 1 :])
    return _open(replace(state, owed=owed, marks=state.marks - {Mark.RETRIED}))


def _open(state: State) -> Done:
    if state.settings.logic is Logic.HOLD:
        return _switch_on(state, OPEN_OUTPUT)
    return state, (Pulse(OPEN_OUTPUT, state.settings.pulse_ms),)


def _close(state: State) -> tuple[Order, ...]:
    may = CLOSE_OUTPUT in state.settings.outputs and is_fitted(state, LOOP_SAFETY) and is_clear(state)
    return (Pulse(CLOSE_OUTPUT, state.settings.pulse_ms),) if may else ()


def _switch_on(state: State, output: str) -> Done:
    if output in state.levels:
        return state, ()
    return replace(state, levels=state.levels | {output}), (Level(output, on=True),)


def _passing(state: State) -> tuple[OwedVehicle, ...]:
    """Who is under the boom: the vehicle owed longest, or a stranger, and whoever follows without a gap."""
    passing = 0 if Mark.STRANGER in state.marks else 1
    while passing < len(state.owed) and state.owed[passing].left and state.owed[passing].over:
        passing += 1
    return state.owed[:passing]


def _passage_done(state: State, result: Result) -> Done:
    after, orders = _end(state, _passing(state), result)
    cannot_tell = not is_fitted(state, LOOP_ARM)
    owed = tuple(replace(each, uncertain=each.uncertain or each.hidden or cannot_tell) for each in after.owed)
    return nothing_under(replace(after, owed=owed)), orders


def _nobody_came(state: State) -> Done:
    return replace(state, owed=()), tuple(order for each in state.owed for order in _told(each, _not_seen(each)))


def _not_seen(vehicle: OwedVehicle) -> Result:
    """What becomes of a vehicle whose time is over, and whose passage nobody saw."""
    if vehicle.uncertain:
        return Result.UNKNOWN
    return Result.BACKED_OUT if vehicle.came else Result.NO_SHOW


def _end(state: State, vehicles: Iterable[OwedVehicle], result: Result) -> Done:
    ended = tuple(vehicles)
    orders = tuple(order for vehicle in ended for order in _told(vehicle, result))
    return replace(state, owed=state.owed[len(ended) :]), orders


def _told(vehicle: OwedVehicle, result: Result) -> tuple[Passage, ...]:
    driver, *passengers = vehicle.cards
    return (Passage(result, driver), *(Passage(result, passenger, passenger_of=driver) for passenger in passengers))
