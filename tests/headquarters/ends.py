"""Both ends of a line to a real broker, as tests hold them: a terminal's, and a worker of headquarters."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

from headquarters.collector.inbox import Inbox
from headquarters.collector.worker import Worker
from headquarters.journal.collecting import Collector
from terminal.core.topics import Leaf, own, read_own
from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line

WITHIN_S = 60.0
WORKER = "worker"


class TerminalEnd:
    """A terminal's line: sends what it is told to, and keeps what headquarters sends it."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.name = name
        self._broker = broker
        self._arrived: dict[str, SimpleQueue[bytes]] = {"ack": SimpleQueue(), "replay": SimpleQueue()}
        self._subscribed = threading.Event()
        self._line = Line(broker, name, self._told, random=lambda: 0.0, session_expiry_s=3600)

    def again(self) -> "TerminalEnd":
        """The same terminal, for its next connection."""
        return TerminalEnd(self._broker, self.name)

    def send(self, leaf: Leaf, body: bytes, *, retain: bool = False, of: str | None = None) -> None:
        """Send it, and wait until the broker has it."""
        self._line.publish(own(of or self.name, leaf), body, retain=retain).result(WITHIN_S)

    def next(self, leaf: str) -> bytes:
        return self._arrived[leaf].get(timeout=WITHIN_S)

    def has_none(self, leaf: str) -> bool:
        """Whether nothing of it has arrived that was not looked at."""
        return self._arrived[leaf].empty()

    def _told(self, event: Event) -> None:
        if isinstance(event, Connected):
            topics = [own(self.name, "ack"), own(self.name, "replay")]
            self._line.subscribe(topics, retained=True).add_done_callback(lambda _: self._subscribed.set())
        if isinstance(event, Arrived) and (found := read_own(event.topic)) is not None:
            event.take()
            self._arrived[found[1]].put(event.body)

    @contextmanager
    def connected(self) -> "Iterator[TerminalEnd]":
        self._line.start()
        try:
            assert self._subscribed.wait(WITHIN_S)
            yield self
        finally:
            assert self._line.stop(WITHIN_S)


@dataclass
class WorkerEnd:
    """A worker in this process, with a clock that tests move."""

    now_s: int
    worker: Worker = field(init=False)
    line: Line = field(init=False)
    _turned: threading.Condition = field(default_factory=threading.Condition)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds; looked at after each turn of the worker."""
        with self._turned:
            assert self._turned.wait_for(holds, WITHIN_S)

    def _turn(self) -> None:
        with self._turned:
            self._turned.notify_all()

    @contextmanager
    def works(
        self,
        broker: Broker,
        collector: Collector,
        name: str = WORKER,
        *,
        session_expiry_s: int = 3600,
        told: "Callable[[Inbox, Event], None]" = Inbox.put,
    ) -> "Iterator[WorkerEnd]":
        """At work, connected and subscribed, until the block ends."""
        inbox = Inbox()
        self.line = Line(
            broker, name, lambda event: told(inbox, event), random=lambda: 0.0, session_expiry_s=session_expiry_s
        )
        self.worker = Worker(collector, self.line, inbox, now_s=lambda: self.now_s, beat=self._turn)
        thread = threading.Thread(target=self.worker.run, name=name)
        thread.start()
        self.line.start()
        try:
            self.wait_until(lambda: self.worker.subscribed)
            yield self
        finally:
            self.worker.stop()
            thread.join(WITHIN_S)
            assert not thread.is_alive()
            assert self.line.stop(WITHIN_S)
