"""Processes that are started again when they end, as a service manager does, and killed when the storm wants it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
RESTART_S = 0.1
END_S = 120.0
LAST_WORDS = 300

Event = Mapping[str, Any]


@dataclass
class Run:
    """One life of a process, and what it said in its log."""

    number: int
    process: "subprocess.Popen[str]"
    events: list[Event] = field(default_factory=list)
    said: str = ""
    """Its last line."""
    over: bool = False


class Service:
    """A process that is kept running from `start` to `stop`; `ends` tells by exit status what it said last."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.within: Sequence[str] = ()
        """A command that runs it in surroundings of its own."""
        self.ends: dict[int, str] = {}
        self.runs: list[Run] = []
        self.news = threading.Condition()
        self._command = command
        self._log = log
        self._held = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping = self._held = False
        self._thread = threading.Thread(target=self._keep, name=self.name, daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """SIGKILL; it comes back by itself."""
        self._signal(signal.SIGKILL)

    def hold(self) -> None:
        """SIGKILL, and it stays down until `release`. Returns when it is gone."""
        with self.news:
            self._held = True
        self._signal(signal.SIGKILL)
        self._wait(lambda: not self.runs or self.runs[-1].over)

    def release(self) -> None:
        with self.news:
            self._held = False
            self.news.notify_all()

    def stop(self) -> None:
        """SIGTERM, and it stays down. Returns when it is gone."""
        with self.news:
            self._stopping = True
            self._held = False
            self.news.notify_all()
        self._signal(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(END_S)
            if self._thread.is_alive():  # it has not ended politely: that is found in `ends`
                self._signal(signal.SIGKILL)
                self._thread.join(END_S)
            self._thread = None

    def current(self) -> Run | None:
        """The run that there is now."""
        with self.news:
            return self.runs[-1] if self.runs and not self.runs[-1].over else None

    def has_said(self, event: str) -> bool:
        """Whether the run that there is now has such a line in its log."""
        run = self.current()
        with self.news:
            return run is not None and any(each["event"] == event for each in run.events)

    def event(self, run: Run, found: Callable[[Event], bool], since: int, within_s: float) -> Event | None:
        """The first such line of its log from `since` on; None when the run ends, or it takes too long."""
        with self.news:
            seen: list[Event] = []

            def there() -> bool:
                nonlocal since
                seen.extend(event for event in run.events[since:] if found(event))
                since = len(run.events)
                return bool(seen) or run.over

            self.news.wait_for(there, within_s)
            return seen[0] if seen else None

    def _wait(self, until: Callable[[], bool]) -> None:
        with self.news:
            if not self.news.wait_for(until, END_S):
                raise TimeoutError(f"{self.name} does not end")

    def _signal(self, number: int) -> None:
        if (run := self.current()) is not None:
            with suppress(ProcessLookupError):
                os.killpg(run.process.pid, number)

    def _keep(self) -> None:
        while True:
            with self.news:
                self.news.wait_for(lambda: not self._held or self._stopping)
                if self._stopping:
                    return
                run = self._spawned()
            self._hear(run)
            status = run.process.wait()
            with self.news:
                run.over = True
                self.ends[status] = run.said
                self.news.notify_all()
                self.news.wait_for(lambda: self._stopping, RESTART_S)

    def _spawned(self) -> Run:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [*self.within, sys.executable, *self._command],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
            start_new_session=True,
        )
        run = Run(len(self.runs), process)
        self.runs.append(run)
        return run

    def _hear(self, run: Run) -> None:
        assert run.process.stderr is not None
        with run.process.stderr as lines, self._log.open("a") as log:
            for line in lines:
                log.write(line)
                run.said = line[-LAST_WORDS:].strip()
                with suppress(ValueError), self.news:
                    run.events.append(json.loads(line))
                    self.news.notify_all()
