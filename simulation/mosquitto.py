"""A real mosquitto for tests, the demonstration and the bench, on free ports of this machine's loopback address."""

import contextlib
import os
import random
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

START_S = 60
STOP_S = 60
POLL_S = 0.01
PORTS = range(20_000, 32_768)
"""Below those that the kernel gives to connections."""

# Runs the broker and sends it the signals it reads, the last one when its own input ends: so it is killed also when
# whoever started it is.
KEEPER = """
exec 3<&0
mosquitto -c "$1" </dev/null 3<&- &
broker=$!
( while read -r signal <&3; do kill -"$signal" $broker; done; kill -KILL $broker ) 2>/dev/null &
keeper=$!
wait $broker
kill $keeper
"""


class MosquittoUnavailable(Exception):
    """No mosquitto can be had; the message says what to do."""


class Mosquitto:
    """A mosquitto whose files lie in `folder`: `mosquitto.conf`, `ca.pem` that issued its certificate, and its log.

    The ports are kept while it is down, so that it comes back where it was. It never outlives this process.
    """

    def __init__(self, folder: Path, configure: Callable[[int, int], object]) -> None:
        """`configure` writes all files for a broker that listens on these two ports of 127.0.0.1."""
        self.folder = folder
        self.log = folder / "mosquitto.log"
        self._configure = configure
        self._process: subprocess.Popen[bytes] | None = None
        self._kept: list[socket.socket] = []

    @property
    def ports(self) -> tuple[int, int]:
        """The two ports, from the first start on."""
        first, second = (each.getsockname()[1] for each in self._kept)
        return first, second

    @property
    def has_died(self) -> bool:
        """Whether it was started, and ended with nobody having asked it to."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> None:
        """Return once it takes TLS connections on both ports; other ports are tried only before the first start.

        Raises:
            MosquittoUnavailable: it is not installed, or ends or stays silent; the log says why.
        """
        first_time = not self._kept
        deadline = time.monotonic() + START_S
        while True:
            if not self._kept:
                self._kept = [_kept_port(), _kept_port()]
                self._configure(*self.ports)
            self._process = self._spawn()
            while self._process.poll() is None and time.monotonic() < deadline:
                if all(self._answers(port) for port in self.ports):
                    return
                time.sleep(POLL_S)
            self.kill()
            if time.monotonic() >= deadline or "Address already in use" not in self._said():
                raise MosquittoUnavailable(f"mosquitto does not start: {self._said()[-2000:]}")
            if first_time:  # somebody listens on them all the same
                self._give_back()

    def stop(self) -> None:
        """Stop it as a service manager would, and give its ports back."""
        self.end()
        self._give_back()

    def end(self) -> None:
        """Stop it as a service manager would, with its state written; `start` brings it back."""
        self._end(b"TERM\n")

    def kill(self) -> None:
        """Kill it as a crash would: it forgets what it had not saved. `start` brings it back."""
        self._end(b"KILL\n")

    def restart(self) -> None:
        """Bring its access list and certificates into force, as docs/broker.md says. Nothing that it keeps is lost.

        Every connection ends. By a signal (SIGHUP) it would keep them, and die of it later: mosquitto before 2.1 does.

        Raises:
            MosquittoUnavailable: it does not come back; the log says why.
        """
        self.end()
        self.start()

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _spawn(self) -> "subprocess.Popen[bytes]":
        path = path_with_mosquitto()
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - all words are our own
                ["/bin/sh", "-c", KEEPER, "keeper", str(self.folder / "mosquitto.conf")],
                stdin=subprocess.PIPE,
                bufsize=0,
                stdout=log,
                stderr=log,
                env={**os.environ, "PATH": path},
                start_new_session=True,  # Ctrl-C is for the program in front, which then stops this in its own order
            )

    def _answers(self, port: int) -> bool:
        """Whether it is there, and not somebody else: its certificate is by the authority in the folder."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.folder / "ca.pem")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START_S) as wire, context.wrap_socket(wire):
                return True
        except OSError:
            return False

    def _signal(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line)

    def _end(self, line: bytes) -> None:
        self._signal(line)
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        process.stdin.close()
        process.wait()

    def _give_back(self) -> None:
        for each in self._kept:
            each.close()
        self._kept = []


def path_with_mosquitto() -> str:
    """A PATH on which it is found; Debian puts it where only root looks.

    Raises:
        MosquittoUnavailable: it is not installed.
    """
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    if shutil.which("mosquitto", path=path) is None:
        raise MosquittoUnavailable("mosquitto is not installed; run scripts/setup, which installs Debian's package")
    return path


@contextlib.contextmanager
def running_mosquitto(folder: Path, configure: Callable[[int, int], object]) -> Iterator[Mosquitto]:
    """A mosquitto, for as long as the block lasts.

    Raises:
        MosquittoUnavailable: it cannot be started.
    """
    broker = Mosquitto(folder, configure)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def _kept_port() -> socket.socket:
    """A port that nobody has, kept by a socket that does not listen.

    Who asks for the port without SO_REUSEADDR, as is done here, does not get it; mosquitto asks with it, and does.
    """
    for port in random.sample(PORTS, k=len(PORTS)):
        kept = socket.socket()
        try:
            kept.bind(("127.0.0.1", port))
        except OSError:
            kept.close()
            continue
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return kept
    raise MosquittoUnavailable("no TCP port below 32768 is free on 127.0.0.1")
