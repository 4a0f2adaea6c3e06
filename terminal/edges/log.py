"""The log: structlog, one JSON object a line, to standard error and so to systemd's journal.

It blocks only while that pipe is full. What cannot be written is dropped: no log line may stop a tap. Byte strings
are never written, only their length, since keys and what a card said are byte strings.

A trace of APDUs is a level of its own, `apdu`, which no setting of the level turns on: only an `ApduTrace` does, and it
says so aloud. It holds no keys, but it tells which cards came by: for a bench, not for a lane.
"""

import json
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from terminal.ports import CardTransport

LevelName = Literal["debug", "info", "warning", "error"]
SYSLOG_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7, "apdu": 7}


def set_up_log(stream: TextIO, environ: Mapping[str, str], level: LevelName = "info") -> None:
    """Send all log lines from `level` up to `stream`; under systemd each begins with its priority (sd-daemon(3))."""
    under_systemd = "JOURNAL_STREAM" in environ

    def render(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
        first = {key: event.pop(key) for key in ("timestamp", "level", "event")}
        line = json.dumps(first | {key: _writable(value) for key, value in event.items()})
        return f"<{SYSLOG_PRIORITY.get(first['level'], 6)}>{line}" if under_systemd else line

    structlog.configure(
        processors=[
            _level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines(stream),
        cache_logger_on_first_use=False,
    )


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


class _Lines:
    """The end of structlog's chain, and the factory of itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, *_: object) -> "_Lines":
        return self

    def msg(self, line: str) -> None:
        """Write one line, or none."""
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


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
