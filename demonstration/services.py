"""What a service manager does for the processes of the line: starts them, starts again what died, and says so."""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from demonstration.processes import Event, Process
from simulation.mosquitto import Mosquitto, MosquittoUnavailable
from terminal.errors import HardwareError, XsError

LOOK_S = 0.1
MOST_STARTS, WITHIN_S = 4, 60.0
"""Started so often within so long, it is left alone, as systemd would."""
TAIL_BYTES, MOST_LETTERS = 2000, 300


Watch = tuple[Process, Path | None]
"""A process of others, and its log."""
Watched = Callable[[], Mapping[str, Watch]]


class Service(Protocol):
    """Something that runs, and may die by itself."""

    def start(self) -> None:
        """Start it, or start it again after it died."""

    def stop(self) -> None:
        """End it."""

    def has_died(self) -> str | None:
        """Why it has ended with nobody having asked it to; None while it has not."""


class ProcessService:
    """One of our own programs; what it says goes to `log`."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._arguments, self._log = arguments, log
        self.process: Process | None = None

    def start(self) -> None:
        """As `Service.start`."""
        with self._log.open("ab") as log:
            self.process = Process(self._arguments, stdout=log, stderr=log)

    def stop(self) -> None:
        """As `Service.stop`."""
        if self.process is not None:
            self.process.stop()

    def has_died(self) -> str | None:
        """As `Service.has_died`."""
        return why_it_ended(self.process, self._log) if self.process and self.process.died() else None


class BrokerService:
    """The broker."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker

    def start(self) -> None:
        """As `Service.start`; it comes back at the ports where it was."""
        self._broker.kill()
        try:
            self._broker.start()
        except MosquittoUnavailable as error:
            raise HardwareError(str(error)) from None

    def stop(self) -> None:
        """As `Service.stop`."""
        self._broker.stop()

    def has_died(self) -> str | None:
        """As `Service.has_died`."""
        return _last_line(self._broker.log) if self._broker.has_died else None


class Services:
    """Watches over services, and over processes that it only tells of. Stop it before what it watches is stopped."""

    def __init__(self, tell: Callable[[Event], None], watched: Watched) -> None:
        """`tell` hears `process-ended` (docs/demonstration.md); `watched` gives those of others by name."""
        self._tell = tell
        self._watched = watched
        self._told: set[int] = set()
        self._services: dict[str, Service] = {}
        self._starts_s: dict[str, list[float]] = {}
        self.given_up: dict[str, str] = {}
        """Why, by name: those that died too often, and are left alone."""
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="services", daemon=True)
        self._thread.start()

    def start(self, name: str, service: Service) -> None:
        """Start one, and watch over it from now on.

        Raises:
            XsError: it does not start.
        """
        service.start()
        with self._lock:
            self._services[name] = service
            self._starts_s[name] = [time.monotonic()]

    def stop(self) -> None:
        """End all of them, side by side; the broker last, so that the others can say goodbye."""
        self._stopping.set()
        self._thread.join()
        ours = [each for each in self._services.values() if isinstance(each, ProcessService)]
        try:
            with ThreadPoolExecutor(max(1, len(ours))) as side_by_side:
                list(side_by_side.map(ProcessService.stop, ours))
        finally:
            for each in self._services.values():
                if each not in ours:
                    each.stop()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with self._lock:
                services = dict(self._services)
            for name, service in services.items():
                if name not in self.given_up and (why := service.has_died()) is not None:
                    self._again(name, service, why)
            for name, (process, log) in self._watched().items():
                if process.died() and process.pid not in self._told:
                    self._told.add(process.pid)
                    self._say(name, why_it_ended(process, log), again=False)

    def _again(self, name: str, service: Service, why: str) -> None:
        now_s = time.monotonic()
        starts_s = self._starts_s[name] = [at_s for at_s in self._starts_s[name] if now_s - at_s < WITHIN_S]
        again = len(starts_s) < MOST_STARTS
        if again:
            try:
                service.start()
            except XsError as error:
                again, why = False, f"{why}; and it does not start again: {error}"
        starts_s.append(now_s)
        if not again:
            self.given_up[name] = why
        self._say(name, why, again=again)

    def _say(self, name: str, why: str, *, again: bool) -> None:
        self._tell({"event": "process-ended", "process": name, "why": why, "started_again": again})


def why_it_ended(process: Process, log: Path | None) -> str:
    """How a process ended, and what it said last."""
    status = process.status or 0
    how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return f"{how}; {_last_line(log)}" if log else how


def _last_line(log: Path) -> str:
    """The end of a log, and where all of it is."""
    try:
        lines = log.read_bytes()[-TAIL_BYTES:].decode(errors="replace").split("\n")
    except OSError as error:
        return f"its log {log} cannot be read: {error.strerror}"
    said = [line for line in lines if line.strip()]
    return f"its log {log} ends with: {said[-1][:MOST_LETTERS]}" if said else f"its log {log} says nothing"
