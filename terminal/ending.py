"""The end of a gate: its parts stop stage by stage, all parts of a stage at once.

Together the stages last less than the service manager waits (TimeoutStopSec) before it kills what is left, so that one
part that hangs costs no other part its end. What did not end in time is named in the log, and goes with the process.
"""

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Self

import structlog

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
