"""The pages of the demonstration's terminal: `xs-terminal status` beside its gate, for a browser on this machine."""

import json
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from demonstration.configuration import Place
from demonstration.processes import Process
from demonstration.services import why_it_ended
from terminal.errors import HardwareError

USUAL_PORT = 8080
STARTED_S = 30.0
LOOK_S = 0.02


def free_port() -> int:
    """The usual port, so that a page stays where it was; another one where somebody has it."""
    for port in (USUAL_PORT, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as listener:
            return int(listener.getsockname()[1])
    raise HardwareError("no port is free at 127.0.0.1")


class Pages:
    """The process. Use it as a context manager: it serves when the block begins.

    `screens` are the addresses of the driver's screens.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.screens: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        log = self._place.folder / "status.log"
        with log.open("wb") as written:
            arguments = ["terminal", "status", str(self._place.configuration)]
            self._process = Process(arguments, stdout=written, stderr=written)
        deadline_s = time.monotonic() + STARTED_S
        while time.monotonic() < deadline_s:
            for line in log.read_text().splitlines():
                with suppress(ValueError):  # half a line, or no JSON
                    if (told := json.loads(line))["event"] == "serving":
                        self.screens = tuple(told["screens"])
                        return self
            if self._process.ended():
                raise HardwareError(f"the pages are not served: {why_it_ended(self._process, log)}")
            time.sleep(LOOK_S)
        self._process.stop()
        raise HardwareError(f"the pages were not served within {STARTED_S:g} s")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()
