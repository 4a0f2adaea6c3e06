import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.edges.systemd import MAX_STATUS, ServiceManager, report


@pytest.fixture
def init(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


@pytest.fixture
def manager(init: socket.socket) -> Iterator[ServiceManager]:
    made = ServiceManager({"NOTIFY_SOCKET": init.getsockname(), "WATCHDOG_USEC": "30000000"})
    yield made
    made.close()


def heard(init: socket.socket) -> list[str]:
    """All messages that have arrived."""
    messages = []
    init.setblocking(False)
    while True:
        try:
            messages.append(init.recv(4096).decode())
        except BlockingIOError:
            return messages


def test_life_of_a_gate_as_systemd_hears_it(init: socket.socket, manager: ServiceManager) -> None:
    assert manager.ready("lists 12 s old")
    assert report(manager, (), "lists 13 s old")
    assert manager.stopping("SIGTERM")
    assert heard(init) == [
        "READY=1\nSTATUS=lists 12 s old",
        "STATUS=lists 13 s old",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=SIGTERM",
    ]


def test_watchdog_starves_while_a_part_is_stale(init: socket.socket, manager: ServiceManager) -> None:
    assert not report(manager, ("journal", "lane 1"), "lists 13 s old")
    assert heard(init) == ["STATUS=no progress: journal, lane 1; lists 13 s old"]


def test_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0xs-test-{os.getpid()}")
        manager = ServiceManager({"NOTIFY_SOCKET": f"@xs-test-{os.getpid()}"})
        assert manager.watchdog()
        assert heard(listening) == ["WATCHDOG=1"]
        manager.close()


def test_reader_name_with_line_end_says_nothing_of_its_own(init: socket.socket, manager: ServiceManager) -> None:
    manager.status("reader A\nWATCHDOG=1\0 is absent")
    manager.status("x" * 5000)
    assert heard(init) == ["STATUS=reader A?WATCHDOG=1? is absent", "STATUS=" + "x" * MAX_STATUS]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_service_manager_nothing_happens(environ: dict[str, str]) -> None:
    manager = ServiceManager(environ)
    assert not manager.ready("here")
    assert not manager.watchdog()
    assert manager.watchdog_s is None
    manager.close()


def test_service_manager_that_went_away(init: socket.socket, manager: ServiceManager) -> None:
    Path(init.getsockname()).unlink()
    assert not manager.watchdog()


def test_service_manager_that_hears_nobody_does_not_hold_up_the_gate(manager: ServiceManager) -> None:
    sent = 0
    while manager.watchdog():
        sent += 1
        assert sent < 100_000
    assert sent > 0


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "77"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "78"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_watchdog_of_this_process_only(environ: dict[str, str], watchdog_s: float | None) -> None:
    assert ServiceManager(environ, pid=77).watchdog_s == watchdog_s
