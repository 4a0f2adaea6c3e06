"""The log: structlog, one JSON object a line, to standard error and so to systemd's journal.

Logging never blocks: a line waits in a bounded queue for the one thread that writes, since whoever reads that pipe may
hang, and no log line may hold up a tap or the end of a pulse. What finds the queue full is dropped and counted; the
count is the next line that gets through. Byte strings are never written, only their length, since keys and what a card
said are byte strings.

A trace of APDUs is a level of its own, `apdu`, which no setting of the level turns on: only an `ApduTrace` does, and it
says so aloud. It holds no keys, but it tells which cards came by: for a bench, not for a lane.
"""

import atexit
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from terminal.ports import CardTransport

LevelName = Literal["debug", "info", "warning", "error"]
SYSLOG_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7, "apdu": 7}
MAX_WAITING = 2_000
"""Lines that may wait for whoever reads them; what comes on top of them is dropped."""
DRAIN_S = 1.0
"""How long the end of the process waits for the last lines to get out."""


def set_up_log(stream: TextIO, environ: Mapping[str, str], level: LevelName = "info") -> "Lines":
    """Send all log lines from `level` up to `stream`; under systemd each begins with its priority (sd-daemon(3)).

    A stream with a file descriptor is written to beneath its buffers, whose lock a write that hangs would hold until
    after the process has ended. The process waits at its end for what it has said, at most DRAIN_S.
    """
    under_systemd = "JOURNAL_STREAM" in environ

    def render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
        first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
        line = json.dumps(first | {key: _writable(value) for key, value in event.items()})
        return f"<{SYSLOG_PRIORITY.get(first['level'], 6)}>{line}" if under_systemd else line

    lines = Lines(_writer(stream))
    atexit.register(lines.drain)
    structlog.configure(
        processors=[
            _level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lines,
        cache_logger_on_first_use=False,
    )
    return lines


def log_uncaught() -> None:
    """Have what ends the process, or one of its threads, written as one line: the catch-all of a daemon."""

    def process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        structlog.get_logger().critical("uncaught", exc_info=(kind, error, trace))

    def thread(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else None
        structlog.get_logger().critical(
            "uncaught", thread=name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
        )

    sys.excepthook = process
    threading.excepthook = thread


class ApduTrace:
    """Writes every APDU that goes through the transports it wraps; making one is what turns tracing on."""

    def __init__(self) -> None:
        meaning = "this log tells which cards came by; turn it off after use"
        structlog.get_logger().critical("apdu-trace-on", level="warning", meaning=meaning)

    def wrap(self, reader: str, transport: CardTransport) -> CardTransport:
        """`transport`, with its traffic in the log."""
        return _Traced(reader, transport)


class _Traced:
    def __init__(self, reader: str, transport: CardTransport) -> None:
        self._reader, self._transport = reader, transport

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        log = structlog.get_logger()
        log.critical("to-card", level="apdu", reader=self._reader, apdu=apdu.hex())
        data, status = self._transport.transceive(apdu)
        log.critical("from-card", level="apdu", reader=self._reader, data=data.hex(), status=f"{status:04x}")
        return data, status


class Lines:
    """The end of structlog's chain, and the factory of itself: lines on their way out."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` may block and may raise OSError or ValueError."""
        self._write = write
        self._waiting: deque[str] = deque()
        self._writing = False
        self._dropped = 0
        self._turn = threading.Condition()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def __call__(self, *_: object) -> "Lines":
        """Make structlog's logger: this one, for everybody."""
        return self

    def msg(self, line: str) -> None:
        """Have one line written, or none. Never blocks."""
        with self._turn:
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append(line)
                self._turn.notify_all()
            else:
                self._dropped += 1

    debug = info = warning = error = critical = msg

    def drain(self, within_s: float = DRAIN_S) -> bool:
        """Wait until all that was said is written; tells whether it was in time."""
        with self._turn:
            return self._turn.wait_for(lambda: not (self._waiting or self._writing or self._dropped), within_s)

    def _run(self) -> None:
        while True:
            with self._turn:
                self._writing = False
                self._turn.notify_all()
                self._turn.wait_for(lambda: self._waiting or self._dropped)
                self._writing = True
                line = self._waiting.popleft() if self._waiting else None
                dropped, self._dropped = (0, self._dropped) if line is not None else (self._dropped, 0)
            if line is None:
                structlog.get_logger().critical("log-lines-dropped", level="warning", count=dropped)
            else:
                with suppress(OSError, ValueError):
                    self._write(f"{line}\n")


def _writer(stream: TextIO) -> Callable[[str], None]:
    try:
        descriptor = os.dup(stream.fileno())  # stays ours, whenever the stream is closed
    except OSError:  # in memory

        def write_stream(line: str) -> None:
            stream.write(line)
            stream.flush()

        return write_stream

    def write_all(line: str) -> None:
        left = line.encode()
        while left:
            left = left[os.write(descriptor, left) :]

    return write_all


def _level(_logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event.setdefault("level", method)
    return event


def _writable(value: Any) -> Any:
    """`value` as JSON can hold it, with nothing of a byte string but its length, nor of an object but its type."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if isinstance(value, Mapping):
        return {str(_writable(key)): _writable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_writable(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float) else f"a {type(value).__name__}"
