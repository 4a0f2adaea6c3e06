"""What a row of the barrier's table is made of: what it asks for, what it does; groups of phases, levels, rows."""

from dataclasses import dataclass

from terminal.core.barrier_signals import Admitted, ContactsRead, Expired, LoopsClear, Off, On, Order, Seen, Untapped
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Logic,
    Mark,
    Phase,
    Result,
    Timer,
)

# What a row may ask for: besides these, On and Off (a contact's level), Mark (set) and Timer (running).


@dataclass(frozen=True, slots=True)
class Absent:
    """The contact is not fitted, or is a loop left out since it is stuck."""

    contact: str


@dataclass(frozen=True, slots=True)
class Released:
    """The contact is fitted, and off."""

    contact: str


@dataclass(frozen=True, slots=True)
class Rested:
    """The loop was clear before it came on: this is another vehicle."""

    contact: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The loops under and behind the boom are both clear."""


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


@dataclass(frozen=True, slots=True)
class More:
    """When the passage that goes on is done, somebody is still owed."""


@dataclass(frozen=True, slots=True)
class FirstUnserved:
    """The vehicle owed longest has not had its order to open."""


class By(frozenset[Logic]):
    """The controller's logic is one of these."""

    def __new__(cls, *logics: Logic) -> "By":
        """Any of these."""
        return super().__new__(cls, logics)


When = (
    On
    | Off
    | Absent
    | Released
    | Rested
    | Clear
    | Without
    | Owed
    | NoneOwedBut
    | More
    | FirstUnserved
    | By
    | Mark
    | Timer
)

# What a row may do: besides these, an order as it stands.


@dataclass(frozen=True, slots=True)
class Owe:
    """The admitted vehicle is owed from now on."""


@dataclass(frozen=True, slots=True)
class Serve:
    """Order to open for the vehicle owed longest that has not had its order, if there is one; it may be retried."""


@dataclass(frozen=True, slots=True)
class Open:
    """Order to open once more."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Switch the level on `open` off."""


@dataclass(frozen=True, slots=True)
class Close:
    """Order to close, where that is wired; never while `loop_safety` is on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Switch the level on that keeps the boom up."""


@dataclass(frozen=True, slots=True)
class PassageDone:
    """Who was under the boom has passed: the vehicle owed longest, and those that followed it without a gap.

    When it was a stranger, nobody who is owed has passed.
    """

    result: Result


@dataclass(frozen=True, slots=True)
class FirstEnds:
    """The vehicle owed longest has ended so."""

    result: Result


@dataclass(frozen=True, slots=True)
class AllEnd:
    """Every owed vehicle has ended so."""

    result: Result


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """Every owed vehicle has ended: *unknown* if it may have passed with another, *backed out* if it was under the boom
    and went back, else *no-show*.
    """


@dataclass(frozen=True, slots=True)
class WentBack:
    """The vehicle owed longest was under the boom and went back."""


@dataclass(frozen=True, slots=True)
class NothingUnder:
    """Nothing is under the boom: what came on `loop_safety` counts for nobody."""


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


Effect = (
    Owe
    | Serve
    | Open
    | LetGo
    | Close
    | Hold
    | PassageDone
    | FirstEnds
    | AllEnd
    | NobodyCame
    | WentBack
    | NothingUnder
    | Start
    | Cancel
    | Remember
    | Forget
    | Order
)
Asks = Seen | type[Admitted] | type[ContactsRead]


@dataclass(frozen=True, slots=True)
class Row:
    """In one of `phases`, on one of `events` and when all of `when` holds: go to `to` (None: stay) and do this."""

    phases: frozenset[Phase]
    events: tuple[Asks, ...]
    when: tuple[When, ...]
    to: Phase | None
    does: tuple[Effect, ...] = ()


def in_(*phases: Phase) -> frozenset[Phase]:
    """These phases."""
    return frozenset(phases)


ALL = frozenset(Phase)
WITHOUT_BOARD = in_(Phase.BOOT, Phase.BOARD_LOST)
FAULTS = in_(Phase.FAULT_OPEN, Phase.FAULT_CLOSE, Phase.FORCED)
SETTLING = in_(Phase.UNKNOWN, Phase.CLOSING) | FAULTS
"""Phases that end when the boom is down."""
UNRELIABLE = in_(Phase.UNKNOWN, Phase.ARM_OFF) | FAULTS
"""No order to open is given; who leaves is helped by a person, and counted by the loops."""
WATCHED = in_(Phase.HELD_OPEN) | UNRELIABLE
"""Whoever passes is only watched: each vehicle is not let through by an order of its own."""
HELD_BY_PEOPLE = in_(Phase.EMERGENCY_OPEN, Phase.ARM_OFF, Phase.LOCKED, Phase.HELD_OPEN)
"""What goes before the barrier's own cycle; faults are told, and change nothing."""
ENDS_OWED = WITHOUT_BOARD | FAULTS | {Phase.EMERGENCY_OPEN, Phase.ARM_OFF, Phase.LOCKED}
"""Entering one of these ends every owed vehicle as *unknown*; so does leaving one of UNRELIABLE."""
WORKING = ALL - WITHOUT_BOARD

BOTH_LIMITS = (On(OPEN_LIMIT), On(CLOSED_LIMIT))
SURELY_DOWN = (On(CLOSED_LIMIT), Off(OPEN_LIMIT))
ASSUMED_DOWN = (Absent(CLOSED_LIMIT), Off(OPEN_LIMIT), Off(LOOP_SAFETY), Off(LOOP_BEHIND))
ASSUMED_OPEN = (Absent(OPEN_LIMIT), Off(CLOSED_LIMIT))


def passed(event: Seen, when: tuple[When, ...], to: Phase | None, *does: Effect) -> tuple[Row, ...]:
    """A passage is over, as far as the loops can tell: *passed* when `loop_behind` saw it, *assumed* without one."""
    return (
        Row(in_(Phase.PASSING), (event,), (Mark.BEHIND, *when), to, (PassageDone(Result.PASSED), *does)),
        Row(in_(Phase.PASSING), (event,), (Absent(LOOP_BEHIND), *when), to, (PassageDone(Result.ASSUMED), *does)),
    )


def down_already(when: tuple[When, ...], to: Phase, *does: Effect) -> tuple[Row, ...]:
    """The boom is down, and stays there, before the loops were clear for long enough: who was under it has passed."""
    event = (Expired(Timer.DOWN),)
    return (
        Row(in_(Phase.PASSING), event, (Mark.BEHIND, *when), to, (PassageDone(Result.PASSED), *does)),
        Row(in_(Phase.PASSING), event, when, to, (PassageDone(Result.ASSUMED), *does)),
    )


def nobody_passed(event: Seen, when: tuple[When, ...], to: Phase, *does: Effect) -> tuple[Row, ...]:
    """An open boom goes down and nobody has passed it; without `loop_safety` nobody could tell."""
    return (
        Row(in_(Phase.OPEN), (event,), (*when, Absent(LOOP_SAFETY)), to, (AllEnd(Result.ASSUMED), *does)),
        Row(in_(Phase.OPEN), (event,), when, to, (NobodyCame(), *does)),
    )


def watched(phase: Phase, when: tuple[When, ...], to: Phase | None, *does: Effect) -> tuple[Row, ...]:
    """A vehicle passes a boom that is held open: the loops tell whose passage it was, or that nobody had tapped."""
    event, under, free = (LoopsClear(),), (*when, Mark.UNDER), Absent(LOOP_BEHIND)
    passed, assumed = PassageDone(Result.PASSED), PassageDone(Result.ASSUMED)
    return (
        Row(in_(phase), event, (*under, Mark.BEHIND, Mark.STRANGER), to, (Untapped(), passed, *does)),
        Row(in_(phase), event, (*under, free, Mark.STRANGER), to, (Untapped(), assumed, *does)),
        Row(in_(phase), event, (*under, Mark.BEHIND), to, (passed, *does)),
        Row(in_(phase), event, (*under, free), to, (assumed, *does)),
        Row(in_(phase), event, under, to, (WentBack(), *does)),
    )
