"""What a lane is told, what it orders, and what it answers to a card: plain values (`terminal.core.barrier`)."""

from dataclasses import dataclass

from terminal.core.barrier_words import GuardOrder, Result, Side, Timer

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
    """A vehicle or its passenger was admitted, and that is durable (at an exit: or the exit policy decided).

    `vehicle` is a number of its own for each. `shares`: where no `loop_arm` tells, another card is a passenger.
    """

    vehicle: int
    side: Side = Side.ENTRY
    shares: bool = False


@dataclass(frozen=True, slots=True)
class ContactsRead:
    """The board was taken and its contacts read."""

    active: frozenset[str]


@dataclass(frozen=True, slots=True)
class BoardLost:
    """The board is gone."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A person orders something and may; never OPEN, which is an admission."""

    order: GuardOrder


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gate ends."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Made by `step`: the phase was entered just now."""


@dataclass(frozen=True, slots=True)
class LoopsClear:
    """Made by `step`: the loops under and behind the boom are both clear."""


Event = On | Off | Expired | Admitted | ContactsRead | BoardLost | Ordered | Stopped
Seen = Event | Entered | LoopsClear


# Orders


@dataclass(frozen=True, slots=True)
class Pulse:
    """Close the relay contact `output` for `ms`."""

    output: str
    ms: int


@dataclass(frozen=True, slots=True)
class Level:
    """Switch the relay contact `output` on or off, whatever pulse was under way."""

    output: str
    on: bool


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
class Incident:
    """Somebody may have laid hands on the system."""

    name: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage ended; `vehicle` is None for one that was not admitted by this run of the gate.

    A passenger's passage is told too, since his stay depends on it; `passenger_of` is then the number of his driver.
    """

    result: Result
    vehicle: int | None
    passenger_of: int | None = None


@dataclass(frozen=True, slots=True)
class Untapped:
    """A vehicle passed a boom that was held open, and nobody had tapped."""


@dataclass(frozen=True, slots=True)
class Light:
    """Show green, or else red."""

    green: bool


Order = Pulse | Level | StartTimer | CancelTimer | Alarm | Standing | Incident | Passage | Untapped | Light


# What the lane says to a card


@dataclass(frozen=True, slots=True)
class Ready:
    """An admission would be carried out. `rides`: as that of a passenger of the vehicle that was admitted last."""

    rides: bool = False


@dataclass(frozen=True, slots=True)
class DriveForward:
    """Nobody stands before the boom: come closer and tap again."""


@dataclass(frozen=True, slots=True)
class WrongSide:
    """No vehicle passes here in that direction."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The other side has the lane."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The lane lets nobody through; `reason` is a phase, or `paused`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unserved:
    """The boom cannot be relied upon: an exit is written down and helped by a person. `reason` is a phase."""

    reason: str


@dataclass(frozen=True, slots=True)
class Emergency:
    """Fire: the boom is open for whoever leaves; the tap is recorded and decides nothing."""


Readiness = Ready | DriveForward | WrongSide | Busy | Closed | Unserved | Emergency
