"""The barrier cycle of one lane as literal data (design 5): logic `impulse`, one direction.

A row says: in one of these phases, when one of these events comes and everything under `when` holds, go to that phase
(None: stay) and do this. The first row that fits decides; a pair that stands in no row changes nothing and orders
nothing. What holds for every row (clear loops, timers, entering a phase, faults, the light) stands in
`terminal.core.barrier`, which carries the table out.

Where a contact that would prove something is not fitted, time stands in for it. Without `open_limit` the boom counts as
open after its travel time, unless `closed_limit` says that it never left. Without `closed_limit` it counts as down once
`open_limit` is off and the loops have been clear for its travel time (timer `SETTLE`).

Nothing here closes a boom: in this logic only the controller does. The one order that moves it is a pulse on `open`,
given for a vehicle that was admitted, and once more while `closed_limit` shows that the boom did not move. As long as
it shows that, a vehicle on `loop_safety` is not passing yet.
"""

from dataclasses import dataclass

from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Admitted,
    Alarm,
    BoardLost,
    Confirmed,
    ContactsRead,
    Entered,
    Expired,
    LoopsClear,
    Mark,
    Off,
    On,
    Order,
    Passage,
    Phase,
    Result,
    Seen,
    Standing,
    Stopped,
    Timer,
)

# What a row may ask for: besides these, On and Off (a contact's level), Mark (set) and Timer (running).


@dataclass(frozen=True, slots=True)
class Absent:
    """The contact is not fitted."""

    contact: str


@dataclass(frozen=True, slots=True)
class Rested:
    """The loop was clear before it came on: this is another vehicle."""

    contact: str


@dataclass(frozen=True, slots=True)
class Without:
    """The mark is not set."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Owed:
    """At least so many vehicles are owed."""

    least: int


@dataclass(frozen=True, slots=True)
class NoneOwedBut:
    """At most so many vehicles are owed."""

    most: int


When = On | Off | Absent | Rested | Without | Owed | NoneOwedBut | Mark | Timer

# What a row may do: besides these, an order as it stands.


@dataclass(frozen=True, slots=True)
class Open:
    """Order the pulse that opens."""


@dataclass(frozen=True, slots=True)
class Owe:
    """The admitted vehicle is owed from now on."""


@dataclass(frozen=True, slots=True)
class FirstEnds:
    """The vehicle owed longest, if any, has ended so."""

    result: Result


@dataclass(frozen=True, slots=True)
class AllEnd:
    """Every owed vehicle has ended so."""

    result: Result


@dataclass(frozen=True, slots=True)
class Start:
    """Start a timer for the time that commissioning found."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a timer, if it runs."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class Remember:
    """Set a mark."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class Forget:
    """Take a mark away."""

    mark: Mark


Effect = Open | Owe | FirstEnds | AllEnd | Start | Cancel | Remember | Forget | Order


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    phases: frozenset[Phase]
    events: tuple[Seen | type[Admitted] | type[ContactsRead], ...]
    when: tuple[When, ...]
    to: Phase | None
    does: tuple[Effect, ...] = ()


ALL = frozenset(Phase)
WITHOUT_BOARD = frozenset({Phase.BOOT, Phase.BOARD_LOST})
FAULTS = frozenset({Phase.FAULT_OPEN, Phase.FAULT_CLOSE, Phase.FORCED})
SETTLING = frozenset({Phase.UNKNOWN, Phase.CLOSING}) | FAULTS
"""Phases that end when the boom is down."""
ENDS_OWED = WITHOUT_BOARD | FAULTS | {Phase.EMERGENCY_OPEN}
"""Entering one of these ends every owed vehicle as *unknown*."""

BOTH_LIMITS = (On(OPEN_LIMIT), On(CLOSED_LIMIT))
SURELY_DOWN = (On(CLOSED_LIMIT), Off(OPEN_LIMIT))
ASSUMED_DOWN = (Absent(CLOSED_LIMIT), Off(OPEN_LIMIT), Off(LOOP_SAFETY), Off(LOOP_BEHIND))
ASSUMED_OPEN = (Absent(OPEN_LIMIT), Off(CLOSED_LIMIT))

SERVE = (Open(), Owe(), Forget(Mark.RETRIED), Forget(Mark.SHUNTED), Start(Timer.OPENING))
"""What an admission orders."""


def _in(*phases: Phase) -> frozenset[Phase]:
    return frozenset(phases)


def _nobody_passed(event: Seen, when: tuple[When, ...], to: Phase, *does: Effect) -> tuple[Row, ...]:
    """An open boom goes down and nobody has passed it: how the vehicles end that were owed."""
    passable = _in(Phase.OPEN)
    return (
        Row(passable, (event,), (*when, Absent(LOOP_SAFETY)), to, (AllEnd(Result.ASSUMED), *does)),
        Row(passable, (event,), (*when, Mark.SHUNTED), to, (AllEnd(Result.BACKED_OUT), *does)),
        Row(passable, (event,), when, to, (AllEnd(Result.NO_SHOW), *does)),
    )


# fmt: off
TABLE: tuple[Row, ...] = (
    # The board comes and goes; what stood before it came is not known
    Row(WITHOUT_BOARD, (ContactsRead,), (Mark.EMERGENCY,), Phase.EMERGENCY_OPEN,
        (Standing("board", holds=False),)),
    Row(WITHOUT_BOARD, (ContactsRead,), (), Phase.UNKNOWN,
        (Standing("board", holds=False), Remember(Mark.RESTARTED))),
    Row(ALL - {Phase.BOARD_LOST}, (BoardLost(),), (), Phase.BOARD_LOST, (Standing("board", holds=True),)),
    Row(ALL, (Stopped(),), (), Phase.BOOT),

    # Fire goes before everything
    Row(ALL - WITHOUT_BOARD, (On(FIRE),), (), Phase.EMERGENCY_OPEN),
    Row(_in(Phase.EMERGENCY_OPEN), (Entered(),), (), None, (Remember(Mark.EMERGENCY), Standing("fire", holds=True))),
    Row(_in(Phase.EMERGENCY_OPEN), (Confirmed(),), (Off(FIRE),), Phase.UNKNOWN,
        (Forget(Mark.EMERGENCY), Standing("fire", holds=False))),

    # Both limits on: at least one of them lies
    Row(ALL - WITHOUT_BOARD - {Phase.EMERGENCY_OPEN, Phase.FAULT_CLOSE}, (On(CLOSED_LIMIT), On(OPEN_LIMIT)),
        BOTH_LIMITS, Phase.FAULT_CLOSE, (Alarm("contacts-contradict"),)),

    # unknown: nothing is ordered until the boom is known to be down
    Row(_in(Phase.UNKNOWN), (On(CLOSED_LIMIT),), (), Phase.CLOSED),
    Row(_in(Phase.UNKNOWN), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),

    # closed
    Row(_in(Phase.CLOSED), (Entered(),), (), None, (Forget(Mark.RESTARTED),)),
    Row(_in(Phase.CLOSED), (Admitted,), (), Phase.OPENING, SERVE),
    Row(_in(Phase.CLOSED), (On(LOOP_SAFETY),), (Rested(LOOP_SAFETY),), None, (Alarm("drive-through"),)),
    Row(_in(Phase.CLOSED), (Off(CLOSED_LIMIT),), (), None, (Start(Timer.LEFT_CLOSED),)),
    Row(_in(Phase.CLOSED), (On(CLOSED_LIMIT),), (), None, (Cancel(Timer.LEFT_CLOSED),)),
    Row(_in(Phase.CLOSED), (Expired(Timer.LEFT_CLOSED),), (), Phase.FORCED, (Alarm("forced"), Start(Timer.ELSEWHERE))),
    Row(_in(Phase.CLOSED), (On(OPEN_LIMIT),), (Absent(CLOSED_LIMIT),), Phase.OPEN,
        (Alarm("opened-elsewhere"), Start(Timer.TOO_LONG))),

    # opening: a vehicle may creep under the rising boom, but not under one that is down
    Row(_in(Phase.OPENING), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.PASSAGE),)),
    Row(_in(Phase.OPENING), (On(LOOP_SAFETY),), (Off(CLOSED_LIMIT),), Phase.PASSING),
    Row(_in(Phase.OPENING), (Off(CLOSED_LIMIT),), (On(LOOP_SAFETY),), Phase.PASSING),
    Row(_in(Phase.OPENING), (Expired(Timer.OPENING),), ASSUMED_OPEN, Phase.OPEN, (Start(Timer.PASSAGE),)),
    Row(_in(Phase.OPENING), (Expired(Timer.OPENING),), (*SURELY_DOWN, Without(Mark.RETRIED)), None,
        (Open(), Remember(Mark.RETRIED), Start(Timer.OPENING))),
    Row(_in(Phase.OPENING), (Expired(Timer.OPENING),), (), Phase.FAULT_OPEN, (Alarm("did-not-open"),)),

    # open
    Row(_in(Phase.OPEN), (On(LOOP_SAFETY),), (Owed(1),), Phase.PASSING),
    Row(_in(Phase.OPEN), (On(LOOP_SAFETY),), (Mark.RESTARTED,), Phase.PASSING,
        (Passage(Result.UNKNOWN, None), Forget(Mark.RESTARTED))),
    Row(_in(Phase.OPEN), (On(LOOP_SAFETY),), (), Phase.PASSING, (Alarm("tailgate"),)),
    Row(_in(Phase.OPEN), (Expired(Timer.TOO_LONG),), (), None, (Alarm("open-too-long"),)),
    *_nobody_passed(Expired(Timer.PASSAGE), (), Phase.CLOSING, Start(Timer.CLOSING)),
    *_nobody_passed(On(CLOSED_LIMIT), (), Phase.CLOSED),
    *_nobody_passed(Off(OPEN_LIMIT), (Absent(CLOSED_LIMIT),), Phase.CLOSING, Start(Timer.CLOSING)),

    # passing
    Row(_in(Phase.PASSING), (Entered(),), (), None, (Forget(Mark.BEHIND), Forget(Mark.GAP), Start(Timer.UNDER_BOOM))),
    Row(_in(Phase.PASSING), (On(LOOP_BEHIND),), (), None, (Remember(Mark.BEHIND),)),
    Row(_in(Phase.PASSING), (Expired(Timer.SAFETY_GAP),), (), None, (Remember(Mark.GAP),)),
    Row(_in(Phase.PASSING), (On(LOOP_SAFETY),), (Mark.GAP, NoneOwedBut(1)), None,
        (Alarm("possible-tailgate"), Forget(Mark.GAP))),
    Row(_in(Phase.PASSING), (LoopsClear(),), (Mark.BEHIND,), Phase.CLOSING,
        (FirstEnds(Result.PASSED), Start(Timer.CLOSING))),
    Row(_in(Phase.PASSING), (LoopsClear(),), (Absent(LOOP_BEHIND),), Phase.CLOSING,
        (FirstEnds(Result.ASSUMED), Start(Timer.CLOSING))),
    Row(_in(Phase.PASSING), (LoopsClear(),), (Owed(1),), Phase.OPEN, (Remember(Mark.SHUNTED), Start(Timer.PASSAGE))),
    Row(_in(Phase.PASSING), (LoopsClear(),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),
    Row(_in(Phase.PASSING), (On(CLOSED_LIMIT),), (Mark.BEHIND,), Phase.CLOSED, (FirstEnds(Result.PASSED),)),
    Row(_in(Phase.PASSING), (On(CLOSED_LIMIT),), (), Phase.CLOSED, (FirstEnds(Result.ASSUMED),)),
    Row(_in(Phase.PASSING), (Expired(Timer.UNDER_BOOM),), (), None, (Alarm("vehicle-under-boom"),)),

    # closing: the controller does it
    Row(_in(Phase.CLOSING), (Admitted,), (), Phase.OPENING, SERVE),
    Row(_in(Phase.CLOSING), (On(LOOP_SAFETY),), (), Phase.PASSING, (Alarm("tailgate"),)),
    Row(_in(Phase.CLOSING), (On(CLOSED_LIMIT),), (), Phase.CLOSED),
    Row(_in(Phase.CLOSING), (Expired(Timer.CLOSING),), (), Phase.FAULT_CLOSE, (Alarm("open-too-long"),)),

    # faults: back to service when the boom is down and stays there
    Row(FAULTS, (On(CLOSED_LIMIT), Off(OPEN_LIMIT)), SURELY_DOWN, None, (Start(Timer.STEADY),)),
    Row(FAULTS, (Off(CLOSED_LIMIT),), (), None, (Cancel(Timer.STEADY),)),
    Row(FAULTS, (Expired(Timer.STEADY),), (), Phase.CLOSED),
    Row(_in(Phase.FAULT_OPEN), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),
    Row(_in(Phase.FORCED), (On(OPEN_LIMIT),), (Timer.ELSEWHERE,), Phase.OPEN,
        (Alarm("opened-elsewhere"), Start(Timer.TOO_LONG))),
    Row(_in(Phase.FAULT_CLOSE), (On(OPEN_LIMIT),), (On(CLOSED_LIMIT),), None, (Cancel(Timer.STEADY),)),

    # without closed_limit: time and clear loops stand in for it
    Row(SETTLING, (Entered(), Off(OPEN_LIMIT), LoopsClear()), ASSUMED_DOWN, None, (Start(Timer.SETTLE),)),
    Row(SETTLING, (On(OPEN_LIMIT), On(LOOP_SAFETY), On(LOOP_BEHIND)), (), None, (Cancel(Timer.SETTLE),)),
    Row(SETTLING, (Expired(Timer.SETTLE),), (), Phase.CLOSED),
)
# fmt: on
