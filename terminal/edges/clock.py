"""The wall clock with a floor: it cannot be earlier than what the gate has already seen.

The floor is the newest of the last time that was kept (a power cut may set the clock back) and the signed instants of
accepted lists; both go on with the monotonic clock. While the wall is below the floor, the floor is the time.

* Below a time that this gate has kept, but for what a time service may step back: the clock is *doubtful*.
* Below a signed instant by more than 5 minutes: *doubtful*; by less, headquarters' clock may as well be ahead.
* A wall that runs ahead cannot be told from a gate that was off for long. It is followed, but becomes a floor only as
  far as a list may be old: a clock that was wrong for a moment cannot carry the gate off by years for ever.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from terminal.core.instant import ClockQuality, Now

STEP_BACK_MS = 2_000
SIGNED_AHEAD_MS = 5 * 60 * 1000
MAX_LEAD_MS = 14 * 24 * 3600 * 1000  # expiry of the revocation role: past that, no list admits anybody
SAVE_EVERY_S = 300.0


class FloorStore(Protocol):
    """Where the floor survives a power cut. Neither method blocks."""

    def load(self) -> int | None:
        """The time kept last, in milliseconds since the epoch; None when none was kept yet."""

    def save(self, number: int, /) -> "Future[None]":
        """Keep that time; durable when the future resolves, which raises StorageError otherwise."""


@dataclass(frozen=True, slots=True)
class _Floor:
    """It was not earlier than `ms` when the monotonic clock stood at `at_s`."""

    ms: int
    at_s: float

    def at_ms(self, monotonic_s: float) -> int:
        return self.ms + int((monotonic_s - self.at_s) * 1000)


class FlooredClock:
    """The gate's `terminal.ports.Clock`. Nothing here blocks, and every method suits any thread."""

    def __init__(
        self,
        store: FloorStore,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic_s: Callable[[], float] = time.monotonic,
        save_every_s: float = SAVE_EVERY_S,
    ) -> None:
        self._store, self._wall_ms, self._monotonic_s, self._save_every_s = store, wall_ms, monotonic_s, save_every_s
        self._kept_ms, started_s = store.load(), monotonic_s()
        self._kept = None if self._kept_ms is None else _Floor(self._kept_ms, started_s)
        self._signed: _Floor | None = None
        self._issued_ms = 0
        self._changing = Lock()
        self._saving: Future[None] | None = None
        self._due_s = started_s

    def now(self) -> Now:
        """The wall clock, never below the floor."""
        wall_ms, monotonic_s = self._wall_ms(), self._monotonic_s()
        own_ms, signed = self._own_ms(wall_ms, monotonic_s), self._signed
        signed_ms = signed.at_ms(monotonic_s) if signed else wall_ms
        doubtful = wall_ms < own_ms - STEP_BACK_MS or wall_ms < signed_ms - SIGNED_AHEAD_MS
        return Now(max(own_ms, signed_ms), ClockQuality.DOUBTFUL if doubtful else ClockQuality.GOOD)

    def _own_ms(self, wall_ms: int, monotonic_s: float) -> int:
        kept = self._kept
        return max(wall_ms, kept.at_ms(monotonic_s)) if kept else wall_ms

    def monotonic_s(self) -> float:
        """Seconds that never jump."""
        return self._monotonic_s()

    def raise_floor(self, issued_at_s: int) -> None:
        """Take notice of a signed instant, and have it kept."""
        raised = _Floor(issued_at_s * 1000, self._monotonic_s())
        with self._changing:
            if raised.ms <= self._issued_ms:
                return
            self._issued_ms, self._due_s = raised.ms, raised.at_s
            if self._signed is None or raised.ms > self._signed.at_ms(raised.at_s):
                self._signed = raised
        self.keep()

    def keep(self) -> None:
        """Have the floor kept when that is due: every few minutes, and again after a failure. Call it every second.

        Without any signed instant nothing is kept: there would be no bound to what a wrong wall could do.
        """
        monotonic_s = self._monotonic_s()
        with self._changing:
            if self._saving is not None:
                if not self._saving.done():
                    return
                if self._saving.exception():  # the store says aloud that the disk fails; here it is tried again
                    self._due_s, self._kept_ms = monotonic_s, None
                self._saving = None
            if self._signed is None or monotonic_s < self._due_s:
                return
            # Of the signed time only what is sure: a gate a little behind would doubt its clock after a restart.
            sure_ms = max(self._own_ms(self._wall_ms(), monotonic_s), self._signed.at_ms(monotonic_s) - SIGNED_AHEAD_MS)
            floor = _Floor(min(sure_ms, self._issued_ms + MAX_LEAD_MS), monotonic_s)
            if self._kept is None or floor.ms >= self._kept.at_ms(monotonic_s):
                self._kept = floor
            self._due_s = monotonic_s + self._save_every_s
            if self._kept_ms is None or floor.ms > self._kept_ms:
                self._saving, self._kept_ms = self._store.save(floor.ms), floor.ms
