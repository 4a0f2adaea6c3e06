"""What can be read off the state of a lane: for a card, for a person who orders, for the light and for the alarms."""

from typing import assert_never

from terminal.core.barrier_books import is_fitted, is_on
from terminal.core.barrier_rows import UNRELIABLE, WITHOUT_BOARD
from terminal.core.barrier_signals import (
    Busy,
    Closed,
    DriveForward,
    Emergency,
    Readiness,
    Ready,
    Unserved,
    WrongSide,
)
from terminal.core.barrier_words import (
    CONTROLLER_FAULT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOPS,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Logic,
    Mark,
    Phase,
    Side,
    State,
)

JOINABLE = frozenset({Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.CLOSING, Phase.HELD_OPEN}) | UNRELIABLE
"""Phases in which a vehicle that is owed takes passengers."""
STUCK_ALARMS = {loop: f"stuck-{loop.replace('_', '-')}" for loop in LOOPS}
STANDING = ("board", "fire", "arm-swung-off", "controller-fault", "tamper", *STUCK_ALARMS.values())
"""Alarms that hold as long as their cause."""


def readiness(state: State, side: Side) -> Readiness:
    """What a card presented now on this side would find."""
    if not state.settings.serves(side):
        return WrongSide()
    if state.phase is Phase.EMERGENCY_OPEN:
        return Emergency()
    if state.phase in WITHOUT_BOARD or state.phase is Phase.LOCKED:
        return Closed(state.phase.value)
    if Mark.PAUSED in state.marks:
        return Closed(Mark.PAUSED.value)
    if state.phase in UNRELIABLE:
        return Unserved(state.phase.value) if side is Side.EXIT else Closed(state.phase.value)
    if is_taken(state, side):
        return Busy()
    if state.phase is Phase.HELD_OPEN or _somebody_is_before_the_boom(state, side):
        return Ready(rides=is_passenger(state, side))
    return DriveForward()


def is_passenger(state: State, side: Side) -> bool:
    """Tell whether another card admitted now on this side would be a passenger of the vehicle admitted last."""
    boards = Mark.BOARDING in state.marks and state.owner in {None, side}
    return boards and bool(state.owed) and state.phase in JOINABLE


def is_taken(state: State, side: Side) -> bool:
    """Tell whether the lane belongs to the other side."""
    return state.owner not in {None, side} and state.phase is not Phase.HELD_OPEN


def _somebody_is_before_the_boom(state: State, side: Side) -> bool:
    if state.owner is None and side is Side.EXIT and state.settings.direction == "both":
        return is_on(state, LOOP_BEHIND) or not is_fitted(state, LOOP_BEHIND)
    return is_on(state, LOOP_ARM) or not is_fitted(state, LOOP_ARM)


def refusal(state: State, order: GuardOrder, side: Side) -> str | None:
    """Why the lane would not obey this order now, as a stable word; None when it would."""
    stopped = state.phase in WITHOUT_BOARD | {Phase.EMERGENCY_OPEN, Phase.ARM_OFF}
    match order:
        case GuardOrder.CONFIRM:
            return _not_to_confirm(state)
        case GuardOrder.PAUSE:
            return _unless(Mark.PAUSED not in state.marks, "paused-already")
        case GuardOrder.RESUME:
            return _unless(Mark.PAUSED in state.marks, "not-paused")
        case GuardOrder.UNLOCK:
            return _unless(Mark.LOCKED in state.marks, "not-locked")
        case GuardOrder.RELEASE:
            waits = state.phase is Phase.HELD_OPEN and Mark.HELD not in state.marks
            return _unless(Mark.HELD in state.marks, "released-already" if waits else "not-held")
        case GuardOrder.LOCK:
            return state.phase.value if stopped else _unless(state.phase is not Phase.LOCKED, "locked-already")
        case GuardOrder.HOLD:
            return state.phase.value if stopped or state.phase is Phase.LOCKED else _not_to_hold(state)
        case GuardOrder.OPEN:
            return state.phase.value if stopped else _not_to_open(state, side)
        case _:
            assert_never(order)


def _unless(good: bool, word: str) -> str | None:
    return None if good else word


def _not_to_hold(state: State) -> str | None:
    if not state.settings.can_hold():
        return "cannot-hold"
    return _unless(Mark.HELD not in state.marks, "held-already")


def _not_to_confirm(state: State) -> str | None:
    match state.phase:
        case Phase.EMERGENCY_OPEN:
            return "fire-still-on" if is_on(state, FIRE) else None
        case Phase.ARM_OFF:
            return "arm-still-off" if is_on(state, SWING_OFF) else None
        case _:
            return "nothing-to-confirm"


def _not_to_open(state: State, side: Side) -> str | None:
    if not state.settings.serves(side):
        return "wrong-side"
    if state.phase in UNRELIABLE | {Phase.LOCKED, Phase.HELD_OPEN}:
        return state.phase.value
    return "lane-busy" if is_taken(state, side) else None


def green(state: State) -> bool:
    """The light: may the vehicle before the boom drive on?

    Not while another is under it, unless the boom waits for both; nor under a boom that is seen to come down.
    """
    match state.phase:
        case Phase.EMERGENCY_OPEN:
            return state.settings.serves(Side.EXIT)
        case Phase.HELD_OPEN:
            return Mark.HELD in state.marks
        case Phase.OPEN:
            return bool(state.owed) and not (is_fitted(state, OPEN_LIMIT) and not is_on(state, OPEN_LIMIT))
        case Phase.PASSING:
            waits = state.settings.logic in {Logic.IMPULSE_COUNT, Logic.HOLD}
            return waits and len(state.owed) > (0 if Mark.STRANGER in state.marks else 1)
        case _:
            return False


def standing(state: State) -> frozenset[str]:
    """Those of STANDING that hold now."""
    holds = {
        "board": state.phase is Phase.BOARD_LOST,
        "fire": Mark.EMERGENCY in state.marks,
        "arm-swung-off": Mark.SWUNG_OFF in state.marks,
        "controller-fault": CONTROLLER_FAULT in state.active,
        "tamper": TAMPER in state.active,
    }
    return frozenset(name for name, it_does in holds.items() if it_does) | {STUCK_ALARMS[loop] for loop in state.stuck}
