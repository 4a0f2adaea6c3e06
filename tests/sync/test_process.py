"""The process itself: ready, alive, and gone with a goodbye; what it says when its configuration is no good."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from terminal.core.messages import Presence
from terminal.edges.mqtt import Broker
from tests.firmware_config.gate_file import GATE, spoiled
from tests.headquarters.conftest import Office
from tests.mqtt.broker_rig import running_rig
from tests.storage.support import SIGNING_KEY, TERMINAL
from tests.sync.rig import SITE, WAIT_S, GateSide, Headquarters

ROOT = Path(__file__).parents[2]


def gate_toml(folder: Path, side: GateSide, broker: Broker) -> Path:
    more = f"""
[socket]
path = "{side.path}"

[broker]
host = "{broker.host}"
port = {broker.port}
ca = "{broker.ca}"
certificate = "{broker.certificate}"
key = "{broker.key}"
"""
    view = f'mirror = "{side.mirror}"\nview = "{side.view_path}"'
    changes = (("kade-1", TERMINAL), ("site = 7", f"site = {SITE}"), ('mirror = "/var/lib/xs-mirror"', view))
    return spoiled(folder, GATE + more, *changes)


@contextmanager
def service_manager(folder: Path) -> Iterator[tuple[dict[str, str], socket.socket]]:
    """What systemd gives to a service of type notify, and where it listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(folder / "notify"))
        notified.settimeout(WAIT_S)
        yield {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "30000000"}, notified


def heard(notified: socket.socket, word: str) -> str:
    while word not in (message := notified.recv(4096).decode()):
        pass
    return message


def test_process_is_ready_feeds_the_watchdog_sends_and_says_goodbye(office: Office, tmp_path: Path) -> None:
    with (
        running_rig(tmp_path / "broker", office.database, tmp_path / "hq") as rig,
        service_manager(tmp_path) as (environ, notified),
    ):
        broker = rig.terminal(TERMINAL, SITE, SIGNING_KEY.public_key().public_bytes_raw())
        side = GateSide(tmp_path / "gate", office)
        headquarters = Headquarters(rig.headquarters, office)
        side.write(3)
        command = [sys.executable, "-m", "terminal", "sync", str(gate_toml(tmp_path, side, broker))]
        with subprocess.Popen(command, env=os.environ | environ, cwd=ROOT, stderr=subprocess.PIPE) as process:
            heard(notified, "READY=1")
            heard(notified, "WATCHDOG=1")
            side.wait_until_acknowledged(3)
            heard(notified, "3 of 3 entries acknowledged")
            process.send_signal(signal.SIGTERM)
            heard(notified, "STOPPING=1")
            assert process.wait(WAIT_S) == 0
        headquarters.news.wait(lambda: headquarters.presence[-1:] == [Presence.OFFLINE.encode()])
        headquarters.stop()
        side.end()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [((), "broker: is missing"), ((("site = 7", "site = 0"),), "terminal.site")],
)
def test_configuration_with_which_there_is_nothing_to_do(
    tmp_path: Path, spoil: tuple[tuple[str, str], ...], says: str
) -> None:
    path = spoiled(tmp_path, GATE, *spoil)
    command = [sys.executable, "-m", "terminal", "sync", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 78
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
