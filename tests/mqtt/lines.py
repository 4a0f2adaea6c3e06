"""Lines whose events a test waits for, and brokers that are none."""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line, Lost

WAIT_S = 60
CONNACK = bytes((0x20, 3, 0, 0, 0))

Kind = TypeVar("Kind", Connected, Lost, Arrived)


class Heard:
    """What a line told, in order."""

    def __init__(self) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.tell = self._events.put

    def next(self, kind: type[Kind]) -> Kind:
        """The next event, which is of this kind."""
        event = self._events.get(timeout=WAIT_S)
        assert isinstance(event, kind), event
        return event

    def until(self, kind: type[Kind]) -> Kind:
        """The next event of this kind; others before it are passed over."""
        while not isinstance(event := self._events.get(timeout=WAIT_S), kind):
            pass
        return event

    def empty(self) -> bool:
        """Whether nothing more was told so far."""
        return self._events.empty()

    def bodies(self, count: int) -> list[bytes]:
        """The next messages, each taken."""
        return [self.body() for _ in range(count)]

    def body(self) -> bytes:
        arrived = self.next(Arrived)
        arrived.take()
        return arrived.body


@contextmanager
def line(broker: Broker, client_id: str, **options: Any) -> Iterator[tuple[Line, Heard]]:
    """A line that begins to connect, and is stopped at the end of the block."""
    heard = Heard()
    made = Line(broker, client_id, heard.tell, random=lambda: 0.0, **{"session_expiry_s": 600, **options})
    made.start()
    try:
        yield made, heard
    finally:
        assert made.stop(WAIT_S)


@contextmanager
def connected(broker: Broker, client_id: str, *filters: str, **options: Any) -> Iterator[tuple[Line, Heard]]:
    """A line that the broker has taken, subscribed to these filters."""
    with line(broker, client_id, **options) as (made, heard):
        heard.next(Connected)
        if filters:
            made.subscribe(filters, retained=True).result(WAIT_S)
        yield made, heard


@contextmanager
def server(serve: Callable[[socket.socket], object], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A TCP port that serves each connection so, one at a time; within TLS when there is a context."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving: list[socket.socket] = []
        ending = threading.Event()

        def run() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = listening.accept()
                    serving[:] = [wire]
                    if ending.is_set():  # it looked at `serving` before this one was there
                        wire.close()
                        return
                    with suppress(OSError), wire, within(wire) as inner:
                        serve(inner)

        def within(wire: socket.socket) -> socket.socket:
            if context is None:
                return wire
            inner = context.wrap_socket(wire, server_side=True, do_handshake_on_connect=False)
            serving[:] = [inner]
            try:
                if ending.is_set():
                    raise ConnectionAbortedError
                inner.do_handshake()
            except OSError:
                inner.close()
                raise
            return inner

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ending.set()
            listening.shutdown(socket.SHUT_RDWR)
            for each in serving:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            thread.join(WAIT_S)
            assert not thread.is_alive()
