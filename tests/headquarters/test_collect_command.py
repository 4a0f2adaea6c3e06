"""`xs-headquarters collect` as a process of its own, on both databases."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.database import Database
from simulation.postgresql import Postgresql
from terminal.core.messages import Presence
from tests.headquarters.box import Box, register, stored
from tests.headquarters.conftest import Office
from tests.headquarters.ends import WITHIN_S, TerminalEnd
from tests.mqtt.broker_rig import Rig


@pytest.fixture(params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, office: Office, tmp_path: Path) -> Iterator[tuple[Office, str]]:
    """The office with its journals in that kind of database, and its address."""
    if request.param == "sqlite":
        yield office, str(office.keys.path / "register.db")
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    address = server.create_database(tmp_path.name)
    database = Database(address)
    yield Office(office.keys, database, tmp_path), address
    database.close()
    server.drop_database(tmp_path.name)


@contextmanager
def collecting(folder: Path, address: str, notify: Path) -> "Iterator[subprocess.Popen[str]]":
    words = ["--folder", str(folder), "--database", address, "collect", "--name", "one"]
    with subprocess.Popen(
        [sys.executable, "-c", "from headquarters.cli.main import main; main()", *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NOTIFY_SOCKET": str(notify)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines_until(stream: IO[str] | None, event: str) -> list[dict[str, Any]]:
    assert stream is not None
    lines: list[dict[str, Any]] = []
    while not lines or lines[-1]["event"] != event:
        line = stream.readline()
        assert line, f"it ended before it was {event}: {lines}"
        lines.append(json.loads(line))
    return lines


def test_command_takes_what_terminals_send_until_it_is_told_to_end(
    there: tuple[Office, str], rig: Rig, tmp_path: Path
) -> None:
    office, address = there
    box = Box().write(9)
    register(office, box)
    gate = TerminalEnd(rig.terminal(box.name), box.name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(WITHIN_S)
        with collecting(office.keys.path, address, tmp_path / "notify") as process, gate.connected():
            assert manager.recv(1000).startswith(b"READY=1")
            lines_until(process.stderr, "connected")
            while not manager.recv(1000).startswith(b"STATUS=connected"):
                pass
            assert manager.recv(1000) == b"WATCHDOG=1"
            gate.send("presence", Presence.ONLINE.encode(), retain=True)
            gate.send("head", box.head(), retain=True)
            gate.send("journal", box.batch(0, 6))
            assert b"\n6\n" in gate.next("ack")
            process.send_signal(signal.SIGTERM)
            last = lines_until(process.stderr, "stopped")[-1]
            assert process.wait(WITHIN_S) == 0
    assert last["in_time"] is True
    assert stored(office, box) == dict(enumerate(box.entries[:6]))
    said = CliRunner().invoke(app, ["--folder", str(office.keys.path), "--database", address, "terminals"])
    _, site, presence, _, size, backlog, *_ = (word.strip() for word in said.stdout.split("  ") if word)
    assert (site, presence, size, backlog) == ("site 4711", "online", "entries 6", "backlog 3")


def test_command_says_what_it_lacks(office: Office) -> None:
    said = CliRunner().invoke(app, ["--folder", str(office.keys.path), "collect"])
    assert said.exit_code == 2
    assert said.stderr.startswith(f"xs-headquarters: {office.keys.path}/broker.toml is missing")
