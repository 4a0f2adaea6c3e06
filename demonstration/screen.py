"""A terminal as a screen: drawn in place, only what has changed; keys one at a time. Given back as it was found."""

import os
import select
import sys
import termios
import tty
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"
ESCAPE = b"\x1b"
LEAST_COLUMNS, LEAST_LINES = 80, 24


def fits(console: Console) -> bool:
    """Somebody sits at a terminal that can be drawn on and is large enough."""
    drawn_on = sys.stdin.isatty() and console.is_terminal and not console.is_dumb_terminal
    return drawn_on and console.width >= LEAST_COLUMNS and console.height >= LEAST_LINES


class Screen:
    """Use it as a context manager. Ctrl-C stays an interrupt."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._input = sys.stdin.fileno()
        self._shown: list[str] = []
        self.takes_all_letters = console.encoding.lower().startswith("utf")

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._input)
        tty.setcbreak(self._input)
        self._write(ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(LEAVE)
        termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    @property
    def height(self) -> int:
        """How many lines there are."""
        return max(LEAST_LINES, self._console.height)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines; what is as it was is not written again."""
        drawn = [self._ansi(line) for line in lines]
        old = self._shown if len(self._shown) == len(drawn) else [""] * len(drawn)
        changed = [
            f"\x1b[{row};1H{new}\x1b[K" for row, (new, was) in enumerate(zip(drawn, old, strict=True), 1) if new != was
        ]
        if len(self._shown) != len(drawn):
            changed.insert(0, "\x1b[2J")
            changed = [changed[0], *(f"\x1b[{row};1H{new}\x1b[K" for row, new in enumerate(drawn, 1))]
        if changed:
            self._write("".join(changed))
        self._shown = drawn

    def key(self, within_s: float) -> str:
        """The next keys, or nothing when none is pressed within so long. A key that sends more (an arrow) is dropped.

        Raises:
            EOFError: the terminal is gone.
        """
        if not select.select([self._input], [], [], within_s)[0]:
            return ""
        read = os.read(self._input, 64)
        if not read:
            raise EOFError
        return "" if read.startswith(ESCAPE) and read != ESCAPE else read.decode(errors="ignore")

    def _ansi(self, line: Text) -> str:
        with self._console.capture() as captured:
            self._console.print(line, end="", no_wrap=True, overflow="crop", crop=True)
        return captured.get()

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
