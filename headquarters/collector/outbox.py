"""What is on its way to terminals: the newest of each kind, several at a time, never all at once."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

MAX_IN_FLIGHT = 16
"""Messages that the broker has not answered yet. An acknowledgement for each of ten thousand terminals is due at a
connect; a broker drops what comes faster than it can keep."""


class Publisher(Protocol):
    """The one way out; `terminal.edges.mqtt.Line` is one."""

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> "Future[None]":
        """Send a message; the future fails when it did not get to the broker. Never blocks."""
        ...


class Outbox:
    """Not thread-safe, save that `settled` is called on whatever thread the publisher has."""

    def __init__(self, publisher: Publisher, settled: Callable[["Future[None]"], None]) -> None:
        """`settled` has to bring the future to this outbox's thread, for `sent`."""
        self._publisher = publisher
        self._settled = settled
        self._waiting: dict[tuple[str, bytes], tuple[bytes, bool]] = {}
        self._in_flight = 0

    def put(self, topic: str, of: bytes, body: bytes, *, retain: bool) -> None:
        """Have it published. What still waits on this topic `of` the same is out of date, and is left out."""
        self._waiting.pop((topic, of), None)
        self._waiting[topic, of] = (body, retain)
        self._push()

    def sent(self) -> None:
        """One that was on its way has been answered, or has failed."""
        self._in_flight -= 1
        self._push()

    def forget(self) -> None:
        """Leave out what waits."""
        self._waiting.clear()

    def _push(self) -> None:
        while self._in_flight < MAX_IN_FLIGHT and self._waiting:
            (topic, of), (body, retain) = next(iter(self._waiting.items()))
            del self._waiting[topic, of]
            self._in_flight += 1
            self._publisher.publish(topic, body, retain=retain).add_done_callback(self._settled)
