"""Processes beside the demonstration's own, such as simulated board and gate: all of them the real programs."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulation.stage import Setup
from terminal.errors import HardwareError, XsError

READY_S = 20.0
STOP_S = 15.0

Event = Mapping[str, Any]


class DidNotHappen(XsError):
    """Something that should have followed did not, within its time."""


_STARTER = ThreadPoolExecutor(1, "starter")


class Process:
    """A child process that is ended with the block, politely first. A Ctrl-C is not for it: it has its own session.

    It never outlives us, whatever kills us: a gate that was left over would take the cards of the next one.
    """

    def __init__(self, arguments: list[str], **popen: Any) -> None:
        command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", *arguments]
        self._asked = False
        """To end."""
        # The kernel's word for "us" is the thread that starts it, so that must be one that lives as long as we do.
        self._process: subprocess.Popen[Any] = _STARTER.submit(
            lambda: subprocess.Popen(command, start_new_session=True, **popen)  # noqa: S603 - our own programs
        ).result()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def status(self) -> int | None:
        """Its exit status, as `subprocess` gives it; None while it runs."""
        return self._process.poll()

    def died(self) -> bool:
        """Whether it has ended, and nobody here had it end."""
        return self.ended() and not self._asked

    def stop(self) -> int:
        """SIGTERM, then wait; returns the exit status.

        Raises:
            HardwareError: it did not stop in time and was killed.
        """
        if not self.ended():
            self._asked = True
            self._process.terminate()
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise HardwareError("a process of the demonstration did not stop and was killed") from None

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self._asked = True
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class BoardProcess(Process):
    """`python -m simulation.board`, serving lanes on a socket."""

    def __init__(self, socket_path: Path, trace: Path, setup: Setup) -> None:
        """Start the board with one lane, built as `setup` says."""
        options: dict[str, object] = {
            "logic": setup.logic,
            "travel-ms": setup.times.travel_ms,
            "after-passage-ms": setup.times.after_passage_ms,
            "no-show-ms": setup.times.no_show_ms,
            "time-out-ms": setup.times.time_out_ms,
            "debounce-ms": setup.debounce_ms,
        }
        arguments = ["simulation.board", "--socket", str(socket_path), "--trace", str(trace)]
        arguments += [f"--{name}={value}" for name, value in options.items()]
        arguments += [f"--without={name}" for name in sorted(setup.without)]
        super().__init__(arguments, stdout=subprocess.DEVNULL)
        deadline_s = time.monotonic() + READY_S
        while not _serves(socket_path):
            if self.ended() or time.monotonic() > deadline_s:
                raise HardwareError("the simulated board did not start")
            time.sleep(0.01)


def _serves(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(str(path)) == 0


class GateProcess(Process):
    """`xs-terminal gate`: its log as events, and what it tells the service manager.

    Every line of the log is kept, and given to `told` on a thread of its own.
    """

    def __init__(
        self, program: Sequence[str], log: Path, notify: Path, told: Callable[[Event], None] = lambda _: None
    ) -> None:
        """Start the gate: a module and its arguments.

        `log` gets a copy of what it writes, `notify` is a socket to make for its states.
        """
        self.told = told
        self._events: list[Event] = []
        self._news = threading.Condition()
        notify.unlink(missing_ok=True)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(notify))
        self.states: list[str] = []
        environ = {**os.environ, "NOTIFY_SOCKET": str(notify)}
        super().__init__([*program], stderr=subprocess.PIPE, env=environ)
        self._log = log.open("ab")
        self._reader = threading.Thread(target=self._read, name="gate-log", daemon=True)
        self._reader.start()

    def wait_ready(self, within_s: float = READY_S) -> float:
        """Block until the gate says READY; returns when it did (monotonic clock).

        Raises:
            HardwareError: it ended, or did not get ready.
        """
        self._notify.settimeout(0.05)
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            try:
                message = self._notify.recv(4096).decode()
            except TimeoutError:
                if self.ended():
                    break
                continue
            self.states.append(message)
            if "READY=1" in message:
                return time.monotonic()
        raise HardwareError("the gate did not get ready; its log says why")

    def mark(self) -> int:
        """How many events there are so far."""
        with self._news:
            return len(self._events)

    def since(self, mark: int) -> list[Event]:
        """The events since `mark`."""
        with self._news:
            return self._events[mark:]

    def wait_for(self, found: Callable[[Event], bool], within_s: float, since: int = 0) -> Event:
        """The first event since `since` for which `found` holds, waiting for it if need be.

        Raises:
            DidNotHappen: none came in time.
        """
        deadline_s = time.monotonic() + within_s
        seen = since
        with self._news:
            while True:
                for event in self._events[seen:]:
                    if found(event):
                        return event
                seen = len(self._events)
                if not self._news.wait(max(0.0, deadline_s - time.monotonic())) and time.monotonic() >= deadline_s:
                    raise DidNotHappen(f"the gate did not say within {within_s:g} s what it should have said")

    def stop(self) -> int:
        """SIGTERM and wait; the log is complete afterwards."""
        try:
            return super().stop()
        finally:
            self._close()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; what it had written to its log until then has been told."""
        super().kill()
        self._close()

    def _close(self) -> None:
        self._reader.join()
        self._log.close()
        self._notify.close()

    def _read(self) -> None:
        lines = self._process.stderr
        if lines is None:
            return
        with lines:
            for line in lines:
                self._log.write(line)
                self._log.flush()
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                self.told(event)  # first: whoever waits for an event finds it told
                with self._news:
                    self._events.append(event)
                    self._news.notify_all()
