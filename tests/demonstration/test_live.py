"""The demonstration at a terminal: keys in, a picture out, and a terminal given back as it was found."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.pcscd import PcscDaemon

pytestmark = pytest.mark.pcsc

PATIENCE_S = 60.0
CODES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
LEFT_SCREEN = "\x1b[?1049l"


class Terminal:
    """A terminal of 80 columns, with the demonstration in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self._theirs)
        self._written = ""
        self._heard = 0
        # Its own session on this terminal, so that its Ctrl-C reaches the demonstration; and does so too where whoever
        # runs the tests in the background has them ignore it.
        in_front = ["setsid", "--ctty", "env", "--default-signal=INT"]
        self.process = subprocess.Popen(
            [*in_front, sys.executable, "-m", "terminal", "demo", "--folder", str(folder)],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"},
        )

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, words: str) -> None:
        """Until `words` were written after those that were waited for last."""
        deadline_s = time.monotonic() + PATIENCE_S
        while (found := CODES.sub("", self._written).find(words, self._heard)) < 0:
            self._read_until(deadline_s, words)
        self._heard = found + len(words)

    def wait_for_code(self, code: str) -> None:
        """Until this code was written."""
        deadline_s = time.monotonic() + PATIENCE_S
        while code not in self._written:
            self._read_until(deadline_s, code)

    def settings(self) -> object:
        return termios.tcgetattr(self._theirs)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        os.close(self._ours)
        os.close(self._theirs)

    def _read_until(self, deadline_s: float, wanted: str) -> None:
        assert time.monotonic() < deadline_s, f"{wanted!r} was not shown:\n{CODES.sub('', self._written)[-3000:]}"
        if select.select([self._ours], [], [], 0.1)[0]:
            self._written += os.read(self._ours, 65536).decode(errors="replace")


@pytest.fixture
def terminal(pcscd: PcscDaemon, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "demo")
    yield terminal
    terminal.close()


def test_person_lets_anna_in_watches_her_pass_and_leaves_by_ctrl_c(terminal: Terminal) -> None:
    terminal.wait_for("closed, ready for a card")
    assert terminal.settings() != terminal.before
    for page in ("page 1 of 2", "page 2 of 2"):
        terminal.press("?")
        terminal.wait_for(page)
    terminal.press("?")
    terminal.press("t")
    terminal.wait_for("whose card?")
    terminal.press("\x1b")
    terminal.wait_for("1: anna drives up")
    terminal.press("1")
    terminal.wait_for("anna: WELCOME. Everything that was asked for is in order.")
    terminal.press("d")
    terminal.wait_for("GREEN: drive")
    terminal.wait_for("anna has passed (passed)")
    terminal.press("F")
    terminal.wait_for("F: the fire is out")
    terminal.press("F")
    terminal.wait_for("C: the guard confirms that the fire is over")
    terminal.press("C")
    terminal.wait_for("the guard: confirm that it is over")
    terminal.press("\x03")
    terminal.wait_for_code(LEFT_SCREEN)
    terminal.wait_for("The journal, the barrier and the taps agree.")
    assert terminal.process.wait(PATIENCE_S) == 0
    assert terminal.settings() == terminal.before
    assert processes_of(terminal.folder) == []


def processes_of(folder: Path) -> list[str]:
    """Whatever still runs and names this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append(command)
    return found
