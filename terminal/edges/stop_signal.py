"""What SIGTERM and SIGINT say to a process: stop."""

import queue
import signal
import threading
from contextlib import suppress


class StopSignal(threading.Event):
    """Set when the process is told to stop; made, and waited for, on the main thread alone.

    An Event of threading is none for a handler of signals: its lock is not reentrant, so a signal that comes while
    `wait` holds it for a moment waits for ever, and the process with it. A SimpleQueue may be filled by a handler.
    """

    def __init__(self) -> None:
        """From now on both signals set it."""
        super().__init__()
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.set())

    def set(self) -> None:
        """Wake whoever waits."""
        self._stop = True
        self._told.put(None)

    def is_set(self) -> bool:
        """Tell whether the process is to stop."""
        return self._stop

    def clear(self) -> None:
        """Nobody takes back that a process is to stop."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it, at most `timeout` seconds; tells whether it has come."""
        if not self._stop:
            with suppress(queue.Empty):
                self._told.get(timeout=timeout)
        return self._stop
