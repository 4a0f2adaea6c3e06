"""The words of the barrier cycle (`terminal.core.barrier`): phases, timers, events, orders and the state of a lane.

All of them are plain values; a contact or an output is called as in `terminal.ports`. Durations are in milliseconds.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

FIRE = "fire"
CLOSED_LIMIT = "closed_limit"
OPEN_LIMIT = "open_limit"
LOOP_SAFETY = "loop_safety"
LOOP_BEHIND = "loop_behind"
LOOP_ARM = "loop_arm"
CONTACTS = (FIRE, CLOSED_LIMIT, OPEN_LIMIT, LOOP_SAFETY, LOOP_BEHIND, LOOP_ARM)
"""The contacts that the table knows, most urgent first."""


class Phase(StrEnum):
    """Where the barrier is in its cycle."""

    BOOT = "boot"
    BOARD_LOST = "board-lost"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    PASSING = "passing"
    CLOSING = "closing"
    FAULT_OPEN = "fault-open"
    """It did not open."""
    FAULT_CLOSE = "fault-close"
    """It did not close, or its contacts contradict each other."""
    FORCED = "forced"
    """The boom left its closed position and nobody ordered that."""
    EMERGENCY_OPEN = "emergency-open"


class Timer(StrEnum):
    """Each runs out as an event of its own."""

    OPENING = "opening"
    PASSAGE = "passage"
    """An open boom waits for the vehicle."""
    TOO_LONG = "open-too-long"
    UNDER_BOOM = "under-boom"
    CLOSING = "closing"
    LEFT_CLOSED = "left-closed"
    ELSEWHERE = "opened-elsewhere"
    STEADY = "steady"
    SETTLE = "settle"
    SAFETY_GAP = "safety-gap"
    BEHIND_GAP = "behind-gap"


class Result(StrEnum):
    """How an admitted vehicle's passage ended; every one ends once."""

    PASSED = "passed"
    ASSUMED = "assumed"
    NO_SHOW = "no-show"
    BACKED_OUT = "backed-out"
    UNKNOWN = "unknown"


class Mark(StrEnum):
    """What has to be remembered within a phase or beyond it."""

    RETRIED = "retried"
    SHUNTED = "shunted"
    """The vehicle was under the boom and went back."""
    BEHIND = "behind"
    """`loop_behind` came on during this passage."""
    GAP = "gap"
    """`loop_safety` was clear during this passage."""
    RESTARTED = "restarted"
    """Who passes now may have been admitted before the gate, or the board, came back."""
    EMERGENCY = "emergency"
    """Fire, and nobody has confirmed that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What commissioning found out about one lane. `fitted` names the contacts that are wired."""

    direction: Literal["entry", "exit"] = "entry"
    fitted: frozenset[str] = frozenset()
    pulse_ms: int = 500
    travel_ms: int = 6_000
    passage_ms: int = 30_000
    gap_ms: int = 1_500
    closing_ms: int = 60_000
    too_long_ms: int = 120_000
    under_boom_ms: int = 120_000
    left_closed_ms: int = 500
    steady_ms: int = 2_000

    def duration_ms(self, timer: Timer) -> int:
        """How long `timer` runs."""
        match timer:
            case Timer.OPENING | Timer.ELSEWHERE | Timer.SETTLE:
                return self.travel_ms
            case Timer.PASSAGE:
                return self.passage_ms
            case Timer.TOO_LONG:
                return self.too_long_ms
            case Timer.UNDER_BOOM:
                return self.under_boom_ms
            case Timer.CLOSING:
                return self.closing_ms
            case Timer.LEFT_CLOSED:
                return self.left_closed_ms
            case Timer.STEADY:
                return self.steady_ms
            case Timer.SAFETY_GAP | Timer.BEHIND_GAP:
                return self.gap_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is known of a lane. `owed` numbers the vehicles admitted and not yet passed, first come first."""

    settings: Settings
    phase: Phase = Phase.BOOT
    active: frozenset[str] = frozenset()
    """The contacts that are on."""
    rested: frozenset[str] = frozenset()
    """The loops whose last time off lasted `gap_ms`."""
    timers: frozenset[Timer] = frozenset()
    owed: tuple[int, ...] = ()
    marks: frozenset[Mark] = field(default=frozenset())


# Events


@dataclass(frozen=True, slots=True)
class On:
    """A contact became active."""

    contact: str


@dataclass(frozen=True, slots=True)
class Off:
    """A contact was released."""

    contact: str


@dataclass(frozen=True, slots=True)
class Expired:
    """A timer ran out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Admitted:
    """A vehicle was admitted, and that is durable (at an exit: or the exit policy decided)."""

    vehicle: int


@dataclass(frozen=True, slots=True)
class ContactsRead:
    """The board was taken and its contacts read."""

    active: frozenset[str]


@dataclass(frozen=True, slots=True)
class BoardLost:
    """The board is gone."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A guard confirms that the emergency is over."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gate ends."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Made by `step`: the phase was entered just now."""


@dataclass(frozen=True, slots=True)
class LoopsClear:
    """Made by `step`: the loops under and behind the boom are both clear."""


Event = On | Off | Expired | Admitted | ContactsRead | BoardLost | Confirmed | Stopped
Seen = Event | Entered | LoopsClear


# Orders


@dataclass(frozen=True, slots=True)
class Pulse:
    """Close the relay contact `output` for `ms`."""

    output: str
    ms: int


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start the timer, or start it anew."""

    timer: Timer
    ms: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """The timer is not needed any more."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something happened that a person must know of."""

    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """An alarm that stands as long as its cause: it begins (`holds`), or is over."""

    name: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage ended; `vehicle` is None for one that was not admitted by this run of the gate."""

    result: Result
    vehicle: int | None


@dataclass(frozen=True, slots=True)
class Light:
    """Show green, or else red."""

    green: bool


Order = Pulse | StartTimer | CancelTimer | Alarm | Standing | Passage | Light


# What the lane says to a card


@dataclass(frozen=True, slots=True)
class Ready:
    """An admission would open the boom."""


@dataclass(frozen=True, slots=True)
class DriveForward:
    """Nobody stands before the boom: come closer and tap again."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another vehicle is being let through."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The lane lets nobody through; `reason` is a phase."""

    reason: str


Readiness = Ready | DriveForward | Busy | Closed
