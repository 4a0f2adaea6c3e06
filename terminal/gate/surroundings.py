"""What a gate takes from its machine beside its boards: card readers and the wall clock, each a whole edge."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from terminal.edges.pcsc import ReaderLoop
from terminal.ports import Heartbeat, ReaderEvents


class Watching(Protocol):
    """One reader that is watched, on a thread of its own."""

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self) -> bool:
        """End; tells whether it ended in time."""


class WatchReader(Protocol):
    """Makes what watches a reader; `terminal.edges.pcsc.ReaderLoop` is one, and says what the arguments mean."""

    def __call__(
        self,
        reader: str,
        events: ReaderEvents,
        *,
        heartbeat: Heartbeat,
        on_error: Callable[[str, Exception], None],
        monotonic_s: Callable[[], float],
        tap_budget_s: float,
        linger_s: float,
    ) -> Watching:
        """Not started."""


def wall_ms() -> int:
    """The machine's own wall clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A real machine's; the storm lays cards without PC/SC, and moves the clock."""

    reader_loop: WatchReader = ReaderLoop
    wall_ms: Callable[[], int] = wall_ms


THIS_MACHINE = Surroundings()
