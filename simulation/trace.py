"""The trace of a simulated board: every change, one JSON object a line, on disk before it takes effect.

A line is written by one write(2) on a descriptor opened with O_APPEND: whoever is killed, the lines before stand, none
is torn, and a board that starts again writes on. Format: docs/simulated-board.md.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Trace:
    """The file. `clock_ns` is monotonic (CLOCK_MONOTONIC, shared by all processes), `wall_ms` since the epoch."""

    def __init__(self, path: Path, clock_ns: Callable[[], int], wall_ms: Callable[[], int]) -> None:
        """Go on with the file, or begin it.

        Raises:
            OSError: it cannot be written; the message says what to do.
        """
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            allowed = "--trace names a file in a folder that this user can write"
            raise OSError(f"cannot write the trace {path}: {error.strerror}; {allowed}") from None
        self._clock_ns = clock_ns
        self._wall_ms = wall_ms

    def write(self, what: str, **facts: Any) -> bytes:
        """Write a line and give its bytes.

        Raises:
            OSError: the disk did not take it; whoever asked must not act.
        """
        line = {"monotonic_ns": self._clock_ns(), "wall_ms": self._wall_ms(), "what": what, **facts}
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, data) != len(data):
            raise OSError(f"a line of {len(data)} bytes was not written whole")
        return data

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
