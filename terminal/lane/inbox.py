"""What reaches a lane's thread, or a service point's: things to do there in their order, with or without an answer."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from terminal.errors import HardwareError

Answer = TypeVar("Answer")


class Inbox:
    """Filled by any thread, emptied by one."""

    def __init__(self, number: int, place: str = "lane") -> None:
        self._whose = f"{place} {number}"
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def put(self, do: Callable[[], None]) -> None:
        """Have it done. Never blocks."""
        self._waiting.put(do)

    def ask(self, do: "Callable[[Future[Answer]], None]", within_s: float) -> Answer:
        """Have it done and wait for what it tells the future; once this gave up, it is not begun any more.

        Raises:
            HardwareError: it did not begin with it within `within_s`, or ended over it; or what `do` told.
        """
        told: Future[Answer] = Future()

        def begin() -> None:
            if told.set_running_or_notify_cancel():
                try:
                    do(told)
                finally:
                    if not told.done():  # a mistake in here ends the lane; nobody waits for it in vain
                        told.set_exception(HardwareError(f"{self._whose} has ended; the gate must be started anew"))

        self.put(begin)
        try:
            return told.result(within_s)
        except TimeoutError:
            if told.cancel():
                raise HardwareError(f"{self._whose} does not answer; the gate must be started anew") from None
            return told.result()

    def work_off(self, within_s: float, after_each: Callable[[], None]) -> None:
        """Wait for something to do, then do all that has come by now.

        A timer that ran out meanwhile comes after that: what was told before it goes before it.
        """
        with suppress(queue.Empty):
            self._waiting.get(timeout=within_s)()
            after_each()
            for _ in range(self._waiting.qsize()):
                self._waiting.get_nowait()()
                after_each()
