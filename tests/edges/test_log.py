import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
import structlog

from terminal.edges.log import MAX_WAITING, ApduTrace, Lines, set_up_log

KEY = bytes(range(16))


@dataclass
class Credential:
    secret: str = "swordfish"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    drain()
    objects = [json.loads(line) for line in stream.getvalue().splitlines()]
    for each in objects:
        assert str(each.pop("timestamp")).endswith("Z")
    return objects


def drain() -> None:
    """Until everything that was said is in the stream."""
    log = structlog.get_config()["logger_factory"]
    assert isinstance(log, Lines)
    assert log.drain(60)


class Echo:
    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        return apdu[::-1], 0x9100


def test_line_is_one_json_object(stream: io.StringIO) -> None:
    set_up_log(stream, {})
    structlog.get_logger().info("reader-changed", reader="R\n1", state="absent", lane=2)
    structlog.get_logger().debug("unheard")
    assert lines(stream) == [
        {"level": "info", "event": "reader-changed", "reader": "R\n1", "state": "absent", "lane": 2}
    ]
    assert stream.getvalue().startswith('{"timestamp": ')
    assert stream.getvalue().count("\n") == 1


def test_level_can_be_lowered(stream: io.StringIO) -> None:
    set_up_log(stream, {}, "debug")
    structlog.get_logger().debug("heard")
    assert lines(stream) == [{"level": "debug", "event": "heard"}]


def test_journal_gets_the_priority(stream: io.StringIO) -> None:
    set_up_log(stream, {"JOURNAL_STREAM": "9:1234"})
    structlog.get_logger().error("journal-failed")
    structlog.get_logger().info("fine")
    drain()
    assert [line[:4] for line in stream.getvalue().splitlines()] == ["<3>{", "<6>{"]


def test_bytes_and_objects_are_never_written(stream: io.StringIO) -> None:
    set_up_log(stream, {})
    structlog.get_logger().info(
        "keys",
        key=KEY,
        more=[bytearray(KEY), {"inner": memoryview(KEY), KEY: 1}],
        credential=Credential(),
        n=None,
        f=0.5,
    )
    assert lines(stream) == [
        {
            "level": "info",
            "event": "keys",
            "key": "16 bytes",
            "more": ["16 bytes", {"inner": "16 bytes", "16 bytes": 1}],
            "credential": "a Credential",
            "n": None,
            "f": 0.5,
        }
    ]


def test_traceback_is_in_the_line_without_local_values(stream: io.StringIO) -> None:
    set_up_log(stream, {})
    local = "swordfish"
    try:
        int(local, base=10 + len(local) * 10)
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(stream)
    assert line["level"] == "error"
    assert "ValueError: int() base" in str(line["exception"])
    assert "swordfish" not in str(line["exception"])


def test_log_that_cannot_be_written_stops_nothing(stream: io.StringIO) -> None:
    set_up_log(stream, {})
    stream.close()
    structlog.get_logger().info("tap")
    drain()


def test_apdus_are_silent_without_a_trace(stream: io.StringIO) -> None:
    set_up_log(stream, {}, "debug")
    assert Echo().transceive(KEY) == (KEY[::-1], 0x9100)
    drain()
    assert stream.getvalue() == ""


def test_apdu_trace_is_loud_and_has_a_level_of_its_own(stream: io.StringIO) -> None:
    set_up_log(stream, {}, "error")
    transport = ApduTrace().wrap("R1", Echo())
    assert transport.transceive(b"\x90\x5a") == (b"\x5a\x90", 0x9100)
    assert lines(stream) == [
        {
            "level": "warning",
            "event": "apdu-trace-on",
            "meaning": "this log tells which cards came by; turn it off after use",
        },
        {"level": "apdu", "event": "to-card", "reader": "R1", "apdu": "905a"},
        {"level": "apdu", "event": "from-card", "reader": "R1", "data": "5a90", "status": "9100"},
    ]


def test_what_ends_a_thread_or_the_process_is_one_line() -> None:
    program = (
        "import sys, threading\n"
        "from terminal.edges.log import log_uncaught, set_up_log\n"
        "set_up_log(sys.stderr, {}); log_uncaught()\n"
        "def fall(): raise RuntimeError('in a thread')\n"
        "t = threading.Thread(target=fall, name='lane 1'); t.start(); t.join()\n"
        "raise RuntimeError('at the end')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    first, last = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 1
    assert (first["event"], first["thread"], last["event"]) == ("uncaught", "lane 1", "uncaught")
    assert "RuntimeError: in a thread" in first["exception"]
    assert "RuntimeError: at the end" in last["exception"]


class Stuck(io.StringIO):
    """A stream whose reader has stopped reading, until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.stuck = threading.Event()
        self.go_on = threading.Event()

    def write(self, line: str) -> int:
        self.stuck.set()
        assert self.go_on.wait(60)
        return super().write(line)


def test_log_that_nobody_reads_holds_up_nobody_and_says_afterwards_how_many_lines_it_dropped() -> None:
    stream = Stuck()
    try:
        set_up_log(stream, {}, "error")
        log = structlog.get_logger()
        log.error("first")
        assert stream.stuck.wait(60)
        for number in range(MAX_WAITING + 3):
            log.error("tap", number=number)
        stream.go_on.set()
        said = lines(stream)
    finally:
        stream.go_on.set()
        structlog.reset_defaults()
    assert [line["number"] for line in said[1:-1]] == list(range(MAX_WAITING))
    assert said[-1] == {"level": "warning", "event": "log-lines-dropped", "count": 3}


def test_process_whose_log_nobody_reads_ends_all_the_same_with_its_own_status() -> None:
    program = (
        "import sys\n"
        "import structlog\n"
        "from terminal.edges.log import set_up_log\n"
        "set_up_log(sys.stderr, {})\n"
        "for _ in range(3000): structlog.get_logger().info('tap', pad=200 * '.')\n"
        "sys.exit(7)\n"
    )
    reading, writing = os.pipe()
    with closing(os.fdopen(reading, "rb")), closing(os.fdopen(writing, "wb")) as pipe:
        assert subprocess.run([sys.executable, "-c", program], stderr=pipe, timeout=100, check=False).returncode == 7
