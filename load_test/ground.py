"""The headquarters that a load test runs against: an installation as it stands, or one of its own that goes with it."""

import os
import secrets
import shlex
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headquarters.broker.settings import load_broker
from headquarters.broker.setup import ACCESS_LIST, Listening, write_access_list, write_broker
from headquarters.installation import Headquarters, utc_now
from headquarters.repository.ceremony import init_keys
from headquarters.sites import Sites, plain_policy
from load_test.machine import children_named
from simulation.mosquitto import Mosquitto
from terminal.edges.mqtt import Connected, Event, Line
from terminal.errors import ConfigurationError, NetworkError

HOST = "localhost"
DAYS = 2
CLEARED_S = 60.0
STOP_S = 30.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Headquarters, and where terminals reach the broker.

    `access_changed` brings the register's terminals into force at the broker. The processes that it runs itself are in
    `pids`, by what they are; those of an installation are not known.
    """

    headquarters: Headquarters
    host: str
    port: int
    access_changed: Callable[[], None]
    pids: dict[str, list[int]]

    def clear(self, topics: Sequence[str]) -> None:
        """Have the broker forget what it retains there.

        Raises:
            NetworkError: it does not answer.
        """
        connected = threading.Event()

        def told(event: Event) -> None:
            if isinstance(event, Connected):
                connected.set()

        broker = load_broker(self.headquarters.folder)
        line = Line(broker, f"load-test-{secrets.token_hex(4)}", told, random=lambda: 0.0, session_expiry_s=0)
        line.start()
        try:
            if not connected.wait(CLEARED_S):
                raise NetworkError("the broker does not answer, so it still has the simulated terminals' last messages")
            for topic in topics:
                line.publish(topic, b"", retain=True).result(CLEARED_S)
        finally:
            line.stop()


@contextmanager
def own_ground(where: str | None, site: int, collectors: int, by: str) -> Iterator[Ground]:
    """Keys, database, broker and collectors, all of them new; nothing of it is left.

    `where` is the address of an empty PostgreSQL database; without one it is a SQLite file.

    Raises:
        ConfigurationError: there is something in the database already.
        MosquittoUnavailable: no broker can be started.
    """
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="xs-load-")))
        headquarters = Headquarters.of(folder / "hq", where, by)
        init_keys(headquarters.folder, utc_now())
        broker_folder = folder / "broker"
        with headquarters.database() as database:
            if Sites(database).all():
                raise ConfigurationError("a load test with --alone wants an empty database; this one has sites")
            Sites(database).add(plain_policy(site, "Load test", "Europe/Amsterdam"), headquarters.change("load test"))

        def configure(terminals_port: int, headquarters_port: int) -> None:
            listening = Listening(
                terminals_port=terminals_port, headquarters_port=headquarters_port, address="127.0.0.1", user="root"
            )
            write_broker(headquarters.folder, broker_folder, [HOST], listening=listening, now=utc_now(), days=DAYS)
            access(broker_folder, headquarters)

        mosquitto = Mosquitto(broker_folder, configure)
        parts.callback(mosquitto.stop)
        mosquitto.start()

        pids: dict[str, list[int]] = {"broker": children_named("mosquitto", os.getpid())}

        def access_changed() -> None:
            access(broker_folder, headquarters)
            mosquitto.restart()
            pids["broker"][:] = children_named("mosquitto", os.getpid())

        pids["collectors"] = [parts.enter_context(collector(headquarters)) for _ in range(collectors)]
        yield Ground(headquarters, HOST, mosquitto.ports[0], access_changed, pids)


def installed_ground(headquarters: Headquarters, port: int, acl: Path | None, restart: str | None) -> Ground:
    """An installation as it stands. Where the broker is our mosquitto, `acl` is its folder; `restart` restarts it."""

    def access_changed() -> None:
        if acl is not None:
            access(acl, headquarters)
        if restart is not None and subprocess.run(shlex.split(restart), check=False).returncode:  # noqa: S603 - his own
            raise ConfigurationError(f"{restart}: failed, so the broker does not know the terminals' access list")

    return Ground(headquarters, load_broker(headquarters.folder).host, port, access_changed, {})


def access(folder: Path, headquarters: Headquarters) -> None:
    """Write the broker's access list from the register; it stays whose it was."""
    path = folder / ACCESS_LIST
    before = path.stat() if path.exists() else None
    with headquarters.database() as database:
        write_access_list(database, folder)
    if before is not None and os.geteuid() == 0:
        os.chown(path, before.st_uid, before.st_gid)


@contextmanager
def collector(headquarters: Headquarters) -> Iterator[int]:
    """`xs-headquarters collect`, from the moment it hears all terminals; gives its process id.

    Raises:
        NetworkError: it ended before.
    """
    words = ["--folder", str(headquarters.folder), "--database", str(headquarters.where), "collect"]
    with python("-c", "from headquarters.cli.main import main; main()", *words, stderr=subprocess.PIPE) as process:
        log = process.stderr
        assert log is not None  # noqa: S101 - a pipe was asked for
        said = ""
        while '"event": "connected"' not in said:
            if not (said := log.readline()):
                raise NetworkError("a collector ended before it heard the terminals")
        rest = threading.Thread(target=lambda: deque(log, maxlen=0), daemon=True)
        rest.start()
        yield process.pid
    rest.join()


@contextmanager
def python(*words: str, **popen: Any) -> "Iterator[subprocess.Popen[str]]":
    """Run this Python with these words until the block ends, or the thread that started it."""
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # Ctrl-C is for the program in front, which then stops this in its own order.
    with subprocess.Popen(command, text=True, env=environment, start_new_session=True, **popen) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
