"""What a service point needs from outside."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from terminal.alarms import Alarms
from terminal.card.ev2 import Random
from terminal.core.charge import Charge, Flag
from terminal.core.purchase import Purchase
from terminal.lane.lines import TakeBoard
from terminal.ports import Clock, Heartbeat, JournalForTap

ANSWER_S = 3.0
"""Most time that a tap waits for the service point; more than a board may take."""


class KeptNumber(Protocol):
    """A number in the gate's database."""

    def load(self) -> int | None:
        """The last durable one, or None. Never touches the disk."""

    def save(self, number: int, /) -> "Future[None]":
        """Keep it; never blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePorts:
    """What a service point needs from outside."""

    number: int
    pulse_ms: int
    pulses_a_unit: int | None
    """Of its meter; None where there is none."""
    take_board: TakeBoard
    journal: JournalForTap
    epoch: bytes
    """The journal's that is written."""
    alarms: Alarms
    heartbeat: Heartbeat
    clock: Clock
    random: Random
    meter: KeptNumber
    """Where it is kept over restarts how far the meter has come."""
    goes_on: Purchase | None
    """What the last run left."""
    risk: Callable[[Charge], tuple[Flag, ...]]
    """What a person must know of such a charge, by the rules in force."""
    changed: Callable[[], None] = lambda: None
    """Hears that something began, went on or ended here, on its thread; must not block."""
    monotonic_s: Callable[[], float] = time.monotonic
    answer_s: float = ANSWER_S
