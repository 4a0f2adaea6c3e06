"""What may happen a thousand times a second is written to the log once a minute."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

EVERY_S = 60.0


class Seldom:
    """Says each kind of thing at most once in EVERY_S, and how often it came since. Any thread."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._kinds: dict[str, tuple[float, int]] = {}
        self._turn = threading.Lock()

    def say(self, kind: str, **facts: Any) -> None:
        """Count it, and say it when that is due; `kind` is one of a few words of ours."""
        now_s = self._monotonic_s()
        with self._turn:
            said_s, times = self._kinds.get(kind, (now_s - EVERY_S, 0))
            if due := now_s - said_s >= EVERY_S:
                self._kinds[kind] = now_s, 0
            else:
                self._kinds[kind] = said_s, times + 1
        if due:
            structlog.get_logger().warning(kind, **facts, **({"times": times + 1} if times else {}))
