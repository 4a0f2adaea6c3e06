"""What a scene is played on: a lane with everything around it, and the gate that serves it.

A stage is opened for a `Setup` and told where to say what happens (`Hear`). A happening is a mapping whose `what` says
what kind of thing it is. Those of the board are the lines of its trace (docs/simulated-board.md); those of the gate are

    answer    person, outcome (a word of docs/reasons.md, or drive-forward), reason (may be absent)
    passage   person (None: nobody of this run), result, passenger (true for one who shares another's vehicle)
    untapped  somebody passed a boom that was held open
    alarm     name, does (raised or cleared)
    phase     phase: where the lane is in its cycle

They are said in the order in which they happened, one at a time; the same lane's only.
"""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from simulation.controller import ControllerTimes
from simulation.lane import LaneSetup
from simulation.logics import Logic

Happening: TypeAlias = Mapping[str, Any]
Hear: TypeAlias = Callable[[Happening], None]

GATE_MS: Mapping[str, int] = {
    "pulse_ms": 500,
    "travel_ms": 3_000,
    "passage_ms": 15_000,
    "gap_ms": 1_500,
    "closing_ms": 30_000,
    "too_long_ms": 60_000,
    "under_boom_ms": 30_000,
    "stuck_ms": 1_800_000,
}
"""The times of the gate's lane in a scene that names no others, in the model's milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The lane that a scene wants. `gate_ms` are the times of the gate's lane, called as in its settings."""

    direction: Literal["entry", "exit", "both"] = "entry"
    logic: Logic = Logic.IMPULSE
    times: ControllerTimes = field(default_factory=lambda: ControllerTimes(after_passage_ms=2_000, time_out_ms=8_000))
    debounce_ms: float = 20.0
    without: frozenset[str] = frozenset()
    gate_ms: Mapping[str, int] = field(default_factory=lambda: dict(GATE_MS))

    def board(self) -> LaneSetup:
        """The same, for the model."""
        return LaneSetup(logic=self.logic, times=self.times, without=self.without, debounce_ms=self.debounce_ms)


class Stage(Protocol):
    """One lane in service: the boom is down, nobody is there, and the gate is ready.

    Raises:
        Exception: from every method, when the stage itself fails; the scene then has no result.
    """

    def happen(self, message: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Do to the surroundings what a message of the world says (docs/simulated-board.md), which has no `lane`."""

    def tap(self, person: str, side: str | None, reader: str | None, /) -> None:
        """Hold this person's card to the reader of that side or name, else to the lane's first. The answer is heard."""

    def order(self, order: str, reason: str, side: str | None, /) -> str | None:
        """Have a guard order it; returns why it was refused, None when it was obeyed."""

    def cut_power(self) -> None:
        """Take the gate's power away: it gets no chance to say or write anything. The board keeps its relays."""

    def power_back(self) -> None:
        """Start the gate again on what is on its disk; returns when it is ready."""

    def wait(self, until: Callable[[], bool], patience_ms: float, /) -> bool:
        """Let time go on until `until` holds, at most `patience_ms` of the model's time; tells whether it does."""


OpenStage: TypeAlias = Callable[[Setup, Hear], AbstractContextManager[Stage]]


class RealTime:
    """Waiting, for a stage whose happenings come from other threads. `speed`: how many times faster the model goes."""

    def __init__(self, hear: Hear, speed: float = 1.0) -> None:
        self._hear = hear
        self._speed = speed
        self._news = threading.Condition()

    def told(self, happening: Happening) -> None:
        """Something happened; may be called on any thread."""
        with self._news:
            self._hear(happening)
            self._news.notify_all()

    def wait(self, until: Callable[[], bool], patience_ms: float) -> bool:
        """As `Stage.wait`."""
        with self._news:
            return self._news.wait_for(until, patience_ms / 1000 / self._speed)
