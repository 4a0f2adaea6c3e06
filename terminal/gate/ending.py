"""The end of a gate: its parts stop stage by stage, all parts of a stage at once.

Together the stages last less than the service manager waits (TimeoutStopSec) before it kills what is left, so that one
part that hangs costs no other part its end. What did not end in time is named in the log, and goes with the process.

A gate may also have to end by itself, to begin its journal anew; it does so when nobody is on his way.
"""

import threading
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Protocol, Self

import structlog

from terminal.core.barrier_words import Phase, State

RESTING = frozenset({Phase.CLOSED, Phase.LOCKED, Phase.BOARD_LOST})
"""Phases that a start brings back, or in which this gate can move nothing anyway."""
REST_WITHIN_S = 3600.0

log = structlog.get_logger()


class Stage(Enum):
    """In the order in which they end; the value is how long the stage may last, in seconds."""

    TAPS = 6.0
    """Whatever may want a lane to open, or new rules in force."""
    LANES = 15.0
    """Relays are released; a level, when nothing is under the boom any more or ten seconds have gone by."""
    JOURNAL = 12.0
    """What the stages before it wrote becomes durable."""


class Ending:
    """Knows how every part that was started is stopped, and does it at the end of the `with`."""

    def __init__(self, *, shorter: float = 1.0) -> None:
        """`shorter` divides what each stage may take; for tests."""
        self._shorter = shorter
        self._stops: list[tuple[Stage, str, Callable[[], object]]] = []

    def add(self, stage: Stage, part: str, stop: Callable[[], object]) -> None:
        """At the end call `stop`, on a thread of its own; it returns False, or raises, when the part did not end."""
        self._stops.append((stage, part, stop))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stage in Stage:
            self._end(stage)

    def _end(self, stage: Stage) -> None:
        left = {part for of, part, _ in self._stops if of is stage}

        def end(part: str, stop: Callable[[], object]) -> None:
            try:
                if stop() is not False:
                    left.discard(part)
            except Exception:  # the other parts must end all the same
                log.exception("part-failed-to-end", part=part)

        threads = [
            threading.Thread(target=end, args=(part, stop), name=f"end {part}", daemon=True)
            for of, part, stop in self._stops
            if of is stage
        ]
        within_s = stage.value / self._shorter
        deadline_s = time.monotonic() + within_s
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        if left:
            log.error("did-not-end", parts=sorted(left), within_s=within_s)


class HasState(Protocol):
    """A lane."""

    @property
    def state(self) -> State:
        """How it is now."""


class Rest:
    """Looks out for a moment at which the gate may end by itself. One thread's."""

    def __init__(self, lanes: Mapping[int, HasState], monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._lanes = lanes
        self._monotonic_s = monotonic_s
        self._since_s: float | None = None
        self._said = False

    def has_come(self) -> bool:
        """Tell whether all lanes rest and nobody is owed a passage; said in the log when that takes an hour."""
        busy = {number: str(each.state.phase) for number, each in self._lanes.items() if not _rests(each.state)}
        now_s = self._monotonic_s()
        self._since_s = now_s if self._since_s is None else self._since_s
        if busy and not self._said and now_s - self._since_s >= REST_WITHIN_S:
            self._said = True
            log.warning(
                "does-not-rest", lanes=busy, waited_s=REST_WITHIN_S, what="restart the gate when nobody is there"
            )
        return not busy


def _rests(state: State) -> bool:
    return state.phase in RESTING and not state.owed
