"""`xs-terminal status` as a process, beside lanes whose gate's socket is served by the test."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 30.0
TOML = """
[terminal]
name = "gate-1"
site = 7
data = "{folder}/data"
mirror = "{folder}/mirror"
root = "{folder}/root.json"
{view}

[socket]
path = "{socket}"

[status]
port = {port}
{more}

[board]
kind = "simulated"
socket = "{folder}/board.sock"

[[lane]]
number = 1
direction = "both"

[[lane.reader]]
name = "Reader 00 00"
side = "entry"

[[lane.reader]]
name = "Reader 01 00"
side = "exit"

[[lane]]
number = 2
direction = "exit"

[[lane.reader]]
name = "Reader 02 00"

[[service]]
number = 21

[[service.reader]]
name = "Reader 03 00"
"""


class EndedError(Exception):
    """It has ended by itself; with what it said."""


class StatusProcess:
    """Use it as a context manager: it serves when the block begins, and has ended well when it is over."""

    def __init__(self, folder: Path, socket: Path, port: int = 0, more: str = "", *, view: Path | None = None) -> None:
        self._configuration = folder / "status.toml"
        self._configuration.write_text(
            TOML.format(folder=folder, socket=socket, port=port, more=more, view=f'view = "{view}"' if view else "")
        )
        self._log = folder / "status.log"
        self.address = ""
        self.screens: list[str] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "terminal", "status", str(self._configuration)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)
        told = self.wait_for("serving")
        self.address, self.screens = told["address"], told["screens"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(PATIENCE_S) == 0, self._log.read_text()
        finally:
            self.process.kill()

    def wait_for(self, event: str, times: int = 1) -> dict[str, Any]:
        """The line of its log that has that event for the so-manieth time; waits until it is written."""
        with self._log.open() as log:
            while True:
                line = log.readline()
                if line.startswith("{") and line.endswith("\n") and (told := json.loads(line)).get("event") == event:
                    times -= 1
                    if times == 0:
                        return dict(told)
                if not line and self.process.poll() is not None:
                    raise EndedError(self._log.read_text())
