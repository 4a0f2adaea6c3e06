"""The words of the barrier cycle (`terminal.core.barrier`): contacts, phases, timers, marks and the state of a lane.

All of them are plain values; a contact or an output is called as in `terminal.ports`. Durations are in milliseconds.
What happens to a lane and what it orders stands in `terminal.core.barrier_signals`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

FIRE = "fire"
CLOSED_LIMIT = "closed_limit"
OPEN_LIMIT = "open_limit"
LOOP_SAFETY = "loop_safety"
LOOP_BEHIND = "loop_behind"
LOOP_ARM = "loop_arm"
SWING_OFF = "swing_off"
CONTROLLER_FAULT = "controller_fault"
TAMPER = "tamper"
CALL = "call"
CONTACTS = (FIRE, SWING_OFF, CONTROLLER_FAULT, CLOSED_LIMIT, OPEN_LIMIT, LOOP_SAFETY, LOOP_BEHIND, LOOP_ARM)
"""The contacts whose level counts as an event on entering a phase, most urgent first."""
MOMENTS = (TAMPER, CALL)
"""Contacts that count when they come on, and not again with each phase."""
LOOPS = (LOOP_ARM, LOOP_SAFETY, LOOP_BEHIND)

OPEN_OUTPUT = "open"
CLOSE_OUTPUT = "close"
HOLD_OUTPUT = "hold_open"


class Side(StrEnum):
    """The way a vehicle travels, and with it the side of the boom on which its reader stands."""

    ENTRY = "entry"
    EXIT = "exit"


class Logic(StrEnum):
    """How a barrier's controller takes orders; found out at commissioning."""

    IMPULSE = "impulse"
    """A pulse opens; the controller closes."""
    IMPULSE_COUNT = "impulse-count"
    """Each pulse lets one vehicle more through; the controller counts, and closes after the last."""
    STEP = "step"
    """Each pulse moves the boom the other way."""
    HOLD = "hold"
    """Open while the level is on."""


class GuardOrder(StrEnum):
    """What a person may order of a lane."""

    OPEN = "open"
    """Let one vehicle through that has no card."""
    HOLD = "hold"
    RELEASE = "release"
    LOCK = "lock"
    UNLOCK = "unlock"
    PAUSE = "pause"
    """Take no cards; the boom is left to itself."""
    RESUME = "resume"
    CONFIRM = "confirm"
    """The emergency is over, or the arm is back in its place."""


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
    HELD_OPEN = "held-open"
    LOCKED = "locked"
    ARM_OFF = "arm-off"
    """The arm swung out of its hinge, as it does when a vehicle drives into it."""
    EMERGENCY_OPEN = "emergency-open"


class Timer(StrEnum):
    """Each runs out as an event of its own."""

    OPENING = "opening"
    RETRY = "retry"
    """The level is off before the second attempt to open."""
    PASSAGE = "passage"
    """An open boom waits for the vehicle."""
    TOO_LONG = "open-too-long"
    UNDER_BOOM = "under-boom"
    CLOSING = "closing"
    LEFT_CLOSED = "left-closed"
    DOWN = "down"
    """`closed_limit` must stay on for so long to count during a passage: a boom that starts up may rebound."""
    ELSEWHERE = "opened-elsewhere"
    STEADY = "steady"
    SETTLE = "settle"
    SAFETY_GAP = "safety-gap"
    BEHIND_GAP = "behind-gap"
    ARM_GAP = "arm-gap"
    SAFETY_STUCK = "safety-stuck"
    BEHIND_STUCK = "behind-stuck"
    ARM_STUCK = "arm-stuck"


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
    BOARDING = "boarding"
    """Another card would still be a passenger of the vehicle that was admitted last."""
    UNDER = "under"
    """`loop_safety` came on since the loops were clear; kept where passages are only watched."""
    BEHIND = "behind"
    """`loop_behind` came on during this passage."""
    STRANGER = "stranger"
    """Who is under the boom is not the vehicle owed first."""
    GAP = "gap"
    """`loop_safety` was clear during this passage."""
    RESTARTED = "restarted"
    """Who passes now may have been admitted before the gate, or the board, came back."""
    EMERGENCY = "emergency"
    """Fire, and nobody has confirmed that it is over."""
    SWUNG_OFF = "swung-off"
    """The arm came off, and nobody has confirmed that it is back."""
    LOCKED = "locked"
    HELD = "held"
    PAUSED = "paused"


OF_A_PASSAGE = frozenset({Mark.UNDER, Mark.BEHIND, Mark.STRANGER, Mark.GAP})
"""Marks that mean nothing any more once the loops are clear."""
KEPT = (Mark.EMERGENCY, Mark.SWUNG_OFF, Mark.LOCKED, Mark.HELD, Mark.PAUSED)
"""Marks that outlive a restart of the gate, the first ones before the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What commissioning found out about one lane. `fitted` names the contacts that are wired, `outputs` the relays."""

    direction: Literal["entry", "exit", "both"] = "entry"
    logic: Logic = Logic.IMPULSE
    fitted: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset({OPEN_OUTPUT})
    pulse_ms: int = 500
    travel_ms: int = 6_000
    passage_ms: int = 30_000
    gap_ms: int = 1_500
    closing_ms: int = 60_000
    too_long_ms: int = 120_000
    under_boom_ms: int = 120_000
    left_closed_ms: int = 500
    steady_ms: int = 2_000
    retry_ms: int = 2_000
    stuck_ms: int = 1_800_000

    def serves(self, side: Side) -> bool:
        """Tell whether vehicles pass here in that direction."""
        return self.direction in {"both", side.value}

    def can_hold(self) -> bool:
        """Tell whether there is an output that keeps the boom up."""
        return HOLD_OUTPUT in self.outputs or self.logic is Logic.HOLD

    def duration_ms(self, timer: Timer) -> int:
        """How long `timer` runs."""
        match timer:
            case Timer.OPENING | Timer.ELSEWHERE | Timer.SETTLE:
                return self.travel_ms
            case Timer.SAFETY_GAP | Timer.BEHIND_GAP | Timer.ARM_GAP:
                return self.gap_ms
            case Timer.SAFETY_STUCK | Timer.BEHIND_STUCK | Timer.ARM_STUCK:
                return self.stuck_ms
            case _:
                return {
                    Timer.RETRY: self.retry_ms,
                    Timer.PASSAGE: self.passage_ms,
                    Timer.TOO_LONG: self.too_long_ms,
                    Timer.UNDER_BOOM: self.under_boom_ms,
                    Timer.CLOSING: self.closing_ms,
                    Timer.LEFT_CLOSED: self.left_closed_ms,
                    Timer.DOWN: self.left_closed_ms,
                    Timer.STEADY: self.steady_ms,
                }[timer]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedVehicle:
    """A vehicle that was admitted and has not passed; `cards` numbers its admissions, the driver's first."""

    cards: tuple[int, ...]
    served: bool = False
    """The order to open was given for it."""
    left: bool = False
    """`loop_arm` was released since it was admitted."""
    over: bool = False
    """`loop_safety` came on for it since the loops were clear."""
    came: bool = False
    """It was under the boom and went back."""
    hidden: bool = False
    """It left `loop_arm` while another was under the boom, and may be there too; until the loops are clear."""
    uncertain: bool = False
    """Another has passed, and this one may have passed with it, so close that no loop could tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that is known of a lane. `owed` is the queue of the vehicles admitted and not yet passed, first come first.

    Contacts are called as they are wired; in a lane for both directions that is as an entering vehicle meets them.
    """

    settings: Settings
    phase: Phase = Phase.BOOT
    active: frozenset[str] = frozenset()
    """The contacts that are on."""
    rested: frozenset[str] = frozenset()
    """The loops whose last time off lasted `gap_ms`."""
    stuck: frozenset[str] = frozenset()
    """The loops that have been on for too long."""
    timers: frozenset[Timer] = frozenset()
    owed: tuple[OwedVehicle, ...] = ()
    owner: Side | None = None
    """In a lane for both directions: the side that has it."""
    levels: frozenset[str] = frozenset()
    """The outputs whose level is on."""
    marks: frozenset[Mark] = frozenset()

    def vehicles(self) -> frozenset[int]:
        """All that are owed, passengers included."""
        return frozenset(card for vehicle in self.owed for card in vehicle.cards)
