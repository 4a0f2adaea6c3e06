"""A line that can be cut: a relay of TCP between a terminal and its broker, for the demonstration and for tests.

What goes through it is not looked at. Cut, it closes what is connected and lets nobody in; restored, it is a line.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
PIECE_BYTES = 65536
CONNECT_S = 5.0


class CutLine:
    """The relay and its threads; a context manager. `port` is where it listens on the loopback interface."""

    def __init__(self, host: str, port: int) -> None:
        """Relay to that host and port."""
        self._to = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._severed = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="cut-line", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_cut(self) -> bool:
        """Whether nothing goes through now."""
        return self._severed.is_set()

    def cut(self) -> None:
        """Close what is connected and let nobody in."""
        with self._lock:
            self._severed.set()
            self._hang_up()

    def restore(self) -> None:
        """Let connections through again."""
        with self._lock:
            self._severed.clear()

    def close(self) -> None:
        """End it for good."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            self._severed.set()
            self._hang_up()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._carry, args=(near,), name="cut-line-connection", daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if self._severed.is_set():
                return
            with socket.create_connection(self._to, CONNECT_S) as far:
                far.settimeout(None)
                with self._lock:
                    if self._severed.is_set():
                        return
                    self._open |= {near, far}
                back = threading.Thread(target=_pump, args=(far, near), name="cut-line-back", daemon=True)
                back.start()
                _pump(near, far)
                back.join()
                with self._lock:
                    self._open -= {near, far}

    def _hang_up(self) -> None:
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            sink.sendall(piece)
    for each in (source, sink):  # the other direction ends with this one
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
