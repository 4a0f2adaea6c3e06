"""The simulated board as it is really used: a process, its socket, its trace."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

FAST = ("--travel-ms", "60", "--after-passage-ms", "200", "--no-show-ms", "300", "--debounce-ms", "0")
"""Times that suit a test."""
LONG_MS = 60_000
"""How long the boom stays up for somebody who is going to come, on the slowest machine."""
NOBODY_COMES = pytest.mark.parametrize("no_show_ms", [300])
"""For a test in which the controller closes by itself: fixtures make their board with `no_show_ms`."""
NOBODY_COMES_LATER = pytest.mark.parametrize("no_show_ms", [2000])
"""The same, where something else is to happen before it does."""


class BoardProcess:
    """A board on `folder`/board.sock that traces to `folder`/trace.jsonl; may be killed and started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "board.sock"
        self.trace = folder / "trace.jsonl"
        self._options = options or FAST
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "simulation.board", "--socket", str(self.socket), "--trace", str(self.trace)]
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline()) == {"serving": str(self.socket)}

    def kill(self) -> None:
        """SIGKILL, as a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Hang it (SIGSTOP), or let it go on (SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(number)

    def lines(self) -> list[dict[str, Any]]:
        """The trace as it is on disk."""
        return [json.loads(line) for line in self.trace.read_text().splitlines()]

    def changes(self, name: str) -> list[bool]:
        """Every level that this output or contact took, as the trace has it."""
        return [line["on"] for line in self.lines() if line.get("name") == name and "on" in line]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
