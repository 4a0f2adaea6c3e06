"""Who made progress lately: each part says so on its own thread, and one place sees who did not."""

import time
from collections.abc import Callable


class Heartbeats:
    """The gate's `terminal.ports.Heartbeat`.

    A part is expected to beat within its own limit, which must leave room for the longest thing that it may do. Beating
    never blocks and suits any thread.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._limits_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}

    def expect(self, part: str, within_s: float) -> None:
        """From now on `part` must beat at least every `within_s` seconds."""
        self._last_s[part] = self._monotonic_s()
        self._limits_s[part] = within_s

    def beat(self, part: str) -> None:
        """`part` went round its loop once more."""
        self._last_s[part] = self._monotonic_s()

    def stale(self) -> tuple[str, ...]:
        """The parts that made no progress within their limit, by name."""
        now_s = self._monotonic_s()
        limits = tuple(self._limits_s.items())
        return tuple(sorted(part for part, limit_s in limits if now_s - self._last_s[part] > limit_s))
