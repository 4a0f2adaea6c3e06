"""A local socket that is being served, by something that tells each request back."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from terminal.edges.heartbeat import Heartbeats
from terminal.edges.local_socket import LocalSocket

HELLO = b'{"ask": "who"}'


class Served:
    """A socket that is being served; tells each request back, and by whom it was asked."""

    def __init__(self, path: Path, silence_s: float, knows: Callable[[int], bool]) -> None:
        self.path = path
        self.troubles: list[str | None] = []
        self.held = threading.Event()
        self.holding = threading.Event()
        self.socket = LocalSocket(
            path,
            self.answer,
            knows=knows,
            heartbeat=Heartbeats(),
            trouble=self.troubles.append,
            silence_s=silence_s,
        )

    def answer(self, uid: int, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked.get("ask") == "hold":
            self.holding.set()
            assert self.held.wait(60)
        if asked.get("ask") == "mistake":
            raise ZeroDivisionError
        return {"uid": uid, "asked": asked}

    def connect(self) -> socket.socket:
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wire.connect(str(self.path))
        wire.settimeout(60)
        return wire

    def told(self, wire: socket.socket, packet: bytes = HELLO) -> Any:
        wire.send(packet)
        return json.loads(wire.recv(65_536))


@contextmanager
def serving(path: Path, silence_s: float = 60.0, knows: Callable[[int], bool] = lambda _: True) -> Iterator[Served]:
    served = Served(path, silence_s, knows)
    served.socket.start()
    try:
        yield served
    finally:
        served.held.set()
        assert served.socket.stop(60)


def is_hung_up(wire: socket.socket) -> bool:
    try:
        return wire.recv(65_536) == b""
    except ConnectionResetError:
        return True
