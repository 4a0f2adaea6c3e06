"""The words of a scene: what a step does, and the conditions that it waits for or expects. Times in milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.logics import Logic
from simulation.stage import Setup

# What can be waited for


@dataclass(frozen=True, slots=True)
class Happens:
    """A happening with these facts, of which no earlier line of the scene has spoken; None: the key is absent too."""

    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """An answer to this person that admits him not."""

    person: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """An answer to this person that admits him."""

    person: str


@dataclass(frozen=True, slots=True)
class Is:
    """How something is now: `boom`, `phase`, a contact, `relay NAME`, or a vehicle."""

    thing: str
    state: str | bool


@dataclass(frozen=True, slots=True)
class Count:
    """How often a relay was switched on since the scene began."""

    relay: str
    times: int


Condition = Happens | TurnedAway | Admitted | Is | Count

# What a step does


@dataclass(frozen=True, slots=True)
class Happen:
    """Something happens around the lane: a message of docs/simulated-board.md."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tap:
    """Somebody holds his card to a reader."""

    person: str
    side: str | None = None
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A guard orders something; `refused` is the refusal that is expected."""

    order: str
    reason: str
    side: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Power:
    """The gate's power goes, or comes back."""

    on: bool


@dataclass(frozen=True, slots=True)
class After:
    """So much time goes by."""

    ms: float


@dataclass(frozen=True, slots=True)
class Until:
    """The condition must hold within so much time; 0: now."""

    condition: Condition
    within_ms: float


Action = Happen | Tap | Order | Power | After | Until


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a scene."""

    line: int
    text: str
    logics: frozenset[Logic]
    does: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene as it was written. `setup` is that of its first logic; `logics` are those it is played in."""

    name: str
    title: str
    setup: Setup
    logics: tuple[Logic, ...]
    allowed: frozenset[str] = field(default=frozenset())
    """Alarms that may be raised without a line that expects them."""
    steps: tuple[Step, ...]

    def alarms(self) -> frozenset[str]:
        """The alarms that may be raised."""
        conditions = (step.does.condition for step in self.steps if isinstance(step.does, Until))
        named = (each.facts for each in conditions if isinstance(each, Happens))
        return self.allowed | {str(facts["name"]) for facts in named if facts.get("what") == "alarm"}
