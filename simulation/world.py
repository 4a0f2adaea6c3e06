"""The world around the simulated lanes, for demonstration and tests: vehicles, fire, faults, and the trace live.

A `World` is a second connection to the board's socket. Its trace lines are read by a thread of its own, so that a
caller who does not look never holds up the board.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PACKET_BYTES = 65536

Line = Mapping[str, Any]


class WorldError(Exception):
    """The board refused what was asked, or is gone."""


class World:
    """Everything around one lane. `told` hears every trace line, on the reading thread.

    Raises:
        WorldError: from every method, when the board refuses or does not answer within `answer_s`.
        OSError: from the constructor, when there is no board.
    """

    def __init__(
        self, path: Path, lane: int = 1, *, told: Callable[[Line], None] | None = None, answer_s: float = 60
    ) -> None:
        self._lane = lane
        self._told = told
        self._answer_s = answer_s
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._wire.connect(str(path))
        self._lines: list[Line] = []
        self._answers: dict[int, Line] = {}
        self._gone = False
        self._news = threading.Condition()
        self._asked = 0
        self._reader = threading.Thread(target=self._read, name="world", daemon=True)
        self._reader.start()
        self._ask({"world": True})

    def happen(self, **message: Any) -> Line:
        """Anything that docs/simulated-board.md lists for the world; returns the answer."""
        return self._ask({**message, "lane": self._lane})

    def vehicle(self, does: str, name: str = "truck", **how: Any) -> None:
        """Let a vehicle do one of the movements.

        `how`: `kind`, `from`, `length_m`, `speed_m_s`, `heedless`, `light`, `keeps_m`, `room_m`, `reacts_ms`. Kind and
        side are those it first came with; the rest stays as it was told last, save `heedless`, which is told each time.
        """
        self.happen(vehicle=name, does=does, **how)

    def contact(self, name: str, on: bool | None) -> None:
        """Hold a contact at a level; None lets go of it."""
        self.happen(contact=name, on=on)

    def fire(self, on: bool) -> None:
        """The fire contact, which the controller hears too."""
        self.contact("fire", on)

    def jam(self, jammed: bool) -> None:
        """Hold the boom where it is, or let go of it."""
        self.happen(jam=jammed)

    def look(self) -> Line:
        """`raised` (0 down, 1 up), `boom`, `mains`, `outputs`, `levels` and `vehicles` as they are now."""
        return self.happen(look=True)

    def mark(self) -> int:
        """How many lines were told so far; for `wait_for` and `since`."""
        with self._news:
            return len(self._lines)

    def since(self, mark: int) -> list[Line]:
        """The lines of this lane told since `mark`."""
        with self._news:
            return [line for line in self._lines[mark:] if line["lane"] == self._lane]

    def wait_for(self, within_s: float = 60.0, *, since: int = 0, **facts: Any) -> Line:
        """The first line since `since` in which all `facts` stand, waiting for it if need be.

        Raises:
            TimeoutError: none came within `within_s`.
        """
        deadline = time.monotonic() + within_s
        wanted = {"lane": self._lane, **facts}.items()
        with self._news:
            while True:
                found = next((line for line in self._lines[since:] if wanted <= line.items()), None)
                if found is not None:
                    return found
                if self._gone or not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"no line with {dict(wanted)} within {within_s} s")

    def close(self) -> None:
        """Leave the board."""
        self._wire.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, message: Mapping[str, Any]) -> Line:
        with self._news:
            self._asked += 1
            number = self._asked
        try:
            self._wire.send(json.dumps({"id": number, **message}).encode())
        except OSError:
            raise WorldError("the simulated board is gone") from None
        with self._news:
            self._news.wait_for(lambda: number in self._answers or self._gone, self._answer_s)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise WorldError("the simulated board does not answer")
        if "error" in answer:
            raise WorldError(str(answer["error"]))
        return answer

    def _read(self) -> None:
        while packet := self._receive():
            message = json.loads(packet)
            with self._news:
                if "trace" in message:
                    self._lines.append(message["trace"])
                else:
                    self._answers[message["id"]] = message
                self._news.notify_all()
            if "trace" in message and self._told is not None:
                self._told(message["trace"])
        with self._news:
            self._gone = True
            self._news.notify_all()

    def _receive(self) -> bytes:
        try:
            return self._wire.recv(PACKET_BYTES)
        except OSError:
            return b""
