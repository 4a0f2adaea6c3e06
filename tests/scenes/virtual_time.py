"""Time that stands still until somebody moves it, and a lane's inbox that waits by it.

What makes a run the same every time: the time is moved only while the lane's thread rests, which it does when it has
done all that it was told and nothing of its own is due. So either the lane works or the stage does, never both.
"""

import threading
from collections import deque
from collections.abc import Callable

from terminal.core.instant import ClockQuality, Now
from terminal.lane.inbox import Inbox

STARTS_MS = 60_000.0
PATIENCE_S = 20.0
"""Of real time, for a thread that should come to rest at once."""
MORE_MS = 1e-6
"""So much later than when the lane wants to be woken, lest the rounding of its sums lets it wake too early."""


class VirtualTime:
    """A `terminal.ports.Clock`, and the model's time in milliseconds."""

    def __init__(self, began_ms: int) -> None:
        """`began_ms`: what the wall clock showed in the beginning, since the epoch."""
        self._began_ms = began_ms
        self.ms = STARTS_MS
        self.news = threading.Condition()

    def now(self) -> Now:
        """The wall clock."""
        return Now(self._began_ms + round(self.ms), ClockQuality.GOOD)

    def monotonic_s(self) -> float:
        """The model's time in seconds."""
        return self.ms / 1000

    def raise_floor(self, issued_at_s: int) -> None:
        """Nobody here doubts this clock."""

    def move_to(self, ms: float) -> None:
        """It is so late now; never goes back."""
        with self.news:
            self.ms = max(self.ms, ms)
            self.news.notify_all()


class VirtualInbox(Inbox):
    """The inbox of a lane whose timers run by a `VirtualTime`."""

    def __init__(self, lane: int, time: VirtualTime) -> None:
        super().__init__(lane)
        self._time = time
        self._told: deque[Callable[[], None]] = deque()
        self._rests_until_s: float | None = None

    def put(self, do: Callable[[], None]) -> None:
        """As `Inbox.put`."""
        with self._time.news:
            self._told.append(do)
            self._time.news.notify_all()

    def work_off(self, within_s: float, after_each: Callable[[], None]) -> None:
        """As `Inbox.work_off`."""
        time = self._time
        with time.news:
            self._rests_until_s = until_s = time.monotonic_s() + within_s
            time.news.notify_all()
            time.news.wait_for(lambda: self._told or time.monotonic_s() >= until_s)
            self._rests_until_s = None
            waiting = len(self._told)
        for _ in range(waiting):
            self._told.popleft()()
            after_each()

    def rest(self) -> float:
        """Wait until the lane has done all that there is for it to do; returns when it has to be woken, in ms.

        Raises:
            TimeoutError: it does not come to rest.
        """
        with self._time.news:
            if not self._time.news.wait_for(self._rests, PATIENCE_S):
                raise TimeoutError("the lane's thread does not come to rest")
            return (self._rests_until_s or 0.0) * 1000 + MORE_MS

    def _rests(self) -> bool:
        until_s = self._rests_until_s
        return until_s is not None and not self._told and until_s > self._time.monotonic_s()
