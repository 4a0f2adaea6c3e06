"""The PC/SC daemon with its two virtual readers: use the one that runs, or start one and stop it again.

One pair of virtual readers serves one user at a time; `reserved_readers` makes all programs of this project on one
machine take turns. What a child process starts while its parent has the readers uses the parent's turn.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from simulation.vpcd import READERS, VirtualReader
from terminal.edges.pcsc_card import list_readers, pcsc_context
from terminal.errors import HardwareError

DAEMON_SOCKET = Path("/run/pcscd/pcscd.comm")
START_S = 60
READERS_S = 5
"""A daemon that answers knows its readers by then, or will not; one of somebody else is not started again."""
STOP_S = 5
KILL_S = 30
POLL_S = 0.01
LOCK_FILE = Path(tempfile.gettempdir()) / "xs-terminal-virtual-readers.lock"
TURN_VARIABLE = "XS_VIRTUAL_READERS_TURN_OF"

# Runs the daemon and sends it the signals it reads, the last one when its own input ends: so it is stopped by whoever
# started it even if sudo runs it as another user, and also when that process is killed. Where the daemon was built with
# polkit it does not ask it: in a container or over SSH the answer would be no, also to whoever started the daemon.
KEEPER = """
exec 3<&0
pcscd --help 2>/dev/null | grep -q -e --disable-polkit && set -- --disable-polkit "$@"
pcscd --foreground "$@" </dev/null &
daemon=$!
( while read -r signal <&3; do kill -"$signal" $daemon; done; kill -TERM $daemon ) 2>/dev/null &
keeper=$!
wait $daemon
kill $keeper
"""


class PcscdUnavailable(Exception):
    """No PC/SC daemon with virtual readers can be had; the message says what to do."""


class PcscDaemon:
    """The PC/SC daemon of this machine. `running_pcscd` starts and stops it; `kill` and `start` are there for tests.

    Only a daemon that this object started is ever stopped, and that one never outlives this process.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._client: socket.socket | None = None

    @property
    def owned(self) -> bool:
        """Whether the daemon that runs was started here."""
        return self._process is not None

    def start(self, readers: Sequence[VirtualReader] = READERS, *, configuration: Path | None = None) -> None:
        """Return once a daemon runs and PC/SC knows all these readers; starts one where none runs.

        `configuration` starts one with the readers of that file instead of those that the machine's own names.

        Raises:
            PcscdUnavailable: it cannot be started, keeps this user out, or has no such readers.
        """
        options = [] if configuration is None else ["--config", str(configuration)]
        # The connection is held for as long as the daemon is in use: where systemd listens for the daemon it starts
        # it, and a daemon started that way ends itself after a minute without clients.
        self._client = _connected_client()
        if self._client is None:
            self._process = _spawn(options)
        began = time.monotonic()
        again = began + READERS_S
        while missing := self._missing(readers):
            if self._process is not None and self._process.poll() is not None:
                self.stop()
                raise PcscdUnavailable(f"pcscd ended as soon as it was started; {_who_may_start()}")
            if time.monotonic() > began + (READERS_S if self._process is None else START_S):
                self.stop()
                raise PcscdUnavailable(missing)
            time.sleep(POLL_S)
            if self._process is not None and self._client is not None and time.monotonic() > again:
                # Somebody's connection has the port of a reader for the moment. The daemon asks for it only once.
                self.stop()
                self._process = _spawn(options)
                again = time.monotonic() + READERS_S
            if self._client is None or _hung_up(self._client):
                self._client = _connected_client()
                if self._client is None and self._process is None:  # somebody's daemon was just ending
                    self._process = _spawn(options)

    def _missing(self, readers: Sequence[VirtualReader]) -> str | None:
        """What keeps these readers from being used, and what to do; None when they can be."""
        if self._client is None:
            return "pcscd does not answer; run `pcscd --foreground` to see why"
        try:
            with pcsc_context() as context:
                known = list_readers(context)
        except HardwareError as error:
            return str(error)
        absent = [reader for reader in readers if reader.name not in known or not _listening(reader.port)]
        if not absent:
            return None
        names = " and ".join(f"{reader.name} (TCP port {reader.port})" for reader in absent)
        return f"pcscd has no virtual reader {names}; install vsmartcard-vpcd, free the ports and restart pcscd"

    def stop(self) -> None:
        """Stop the daemon if it was started here, and wait until it has ended."""
        self._end(b"TERM\n")

    def kill(self) -> None:
        """Kill the daemon as a crash would, and wait until it has ended.

        Raises:
            PcscdUnavailable: it was not started here.
        """
        if self._process is None:
            raise PcscdUnavailable("this PC/SC daemon was started by somebody else and is not killed")
        self._end(b"KILL\n")

    def _end(self, signal_line: bytes) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with process.stdin as keeper, contextlib.suppress(BrokenPipeError):
            keeper.write(signal_line)
            keeper.flush()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)  # a thread of the daemon may be waiting for a card that does not answer
                return
            keeper.write(b"KILL\n")
            keeper.flush()
        process.wait(KILL_S)


@contextlib.contextmanager
def running_pcscd() -> Iterator[PcscDaemon]:
    """A PC/SC daemon with both virtual readers, for as long as the block lasts; call it within `reserved_readers`.

    Raises:
        PcscdUnavailable: it cannot be started, or has no virtual readers.
    """
    daemon = PcscDaemon()
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


@contextlib.contextmanager
def reserved_readers(waiting: Callable[[], object] = lambda: None, lock_file: Path = LOCK_FILE) -> Iterator[None]:
    """Have the virtual readers of this machine to oneself; blocks, after calling `waiting`, while another has them."""
    if TURN_VARIABLE in os.environ:
        yield
        return
    descriptor = _opened(lock_file)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.environ[TURN_VARIABLE] = str(os.getpid())
        try:
            yield
        finally:
            del os.environ[TURN_VARIABLE]
    finally:
        os.close(descriptor)


def _opened(lock_file: Path) -> int:
    """A descriptor to lock. Another user may have made the file: it is only opened for reading, and not made twice."""
    try:
        return os.open(lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return os.open(lock_file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _spawn(options: list[str]) -> "subprocess.Popen[bytes]":
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    if shutil.which("pcscd", path=path) is None:
        raise PcscdUnavailable("pcscd is not installed; run scripts/setup")
    as_root = [] if os.geteuid() == 0 or shutil.which("sudo") is None else ["sudo", "-n"]
    return subprocess.Popen(  # noqa: S603 - all words are our own
        [*as_root, "sh", "-c", KEEPER, "keeper", *options],
        stdin=subprocess.PIPE,
        bufsize=0,  # nothing is left to be written when it is closed
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PATH": path},
        start_new_session=True,  # Ctrl-C is for the program in front, which then stops the daemon in its own order
    )


def _who_may_start() -> str:
    if os.geteuid() == 0:
        return "run `pcscd --foreground` to see why"
    return "only root may start it: become root, allow sudo without a password, or have it started before"


def _connected_client() -> socket.socket | None:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.connect(str(DAEMON_SOCKET))
    except OSError:
        client.close()
        return None
    return client


def _hung_up(client: socket.socket) -> bool:
    """Whether the daemon at the other end is gone; it never speaks first."""
    try:
        return client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _listening(port: int) -> bool:
    """Whether somebody listens on this TCP port, found out without connecting: a connection would be a card."""
    table = Path("/proc/net/tcp").read_text(encoding="ascii")
    lines = (line.split() for line in table.splitlines()[1:])
    return any(local.endswith(f":{port:04X}") and state == "0A" for _, local, _, state, *_ in lines)
