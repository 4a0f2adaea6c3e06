"""`xs-terminal gate` as a process: its log, what it tells the service manager, and the folder it lives in."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from demonstration.office import SITE
from simulation.vpcd import READERS
from tests.tap.site import OPEN_LANE, Site

PATIENCE_S = 60.0
CONTACTS = ("loop_arm", "loop_safety", "loop_behind", "open_limit", "closed_limit", "fire")

Event = Mapping[str, Any]
Said = TypeVar("Said")


class GateFolder:
    """Everything that one gate needs, as an installer leaves it."""

    def __init__(self, folder: Path, site: Site, board: Path) -> None:
        self.site = site
        self.folder = folder
        self.data = folder / "gate"
        self.mirror = folder / "mirror"
        self.view = folder / "view.db"
        self.root = folder / "root.json"
        self.keys = folder / "keys"
        self.board = board
        self.socket = folder / "gate.sock"
        self.configuration = folder / "gate.toml"
        self.lanes: dict[int, str] = {OPEN_LANE: READERS[0].name}
        self.exits: frozenset[int] = frozenset()
        self.services: dict[int, str] = {}
        """Service points, each with the reader that stands there; all have a meter of ten pulses a unit."""
        self.pulse_ms = 200
        self.within: Sequence[str] = ()
        """A command that runs the gate in surroundings of its own."""
        self.mirror.mkdir()
        self.root.write_bytes(site.root)
        site.hand_keys_to(self.keys)
        site.carry("good", self.mirror)

    def start(self, environ: Mapping[str, str] | None = None) -> "Gate":
        """Write `gate.toml` and start the gate."""
        self.configuration.write_text(self._toml())
        return Gate(self.configuration, environ or {}, self.within)

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """`xs-terminal` with these words and this gate's configuration."""
        command = [sys.executable, "-m", "terminal", *words, "--config", str(self.configuration)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)

    def _toml(self) -> str:
        head = f"""
[terminal]
name = "gate-1"
site = {SITE}
data = "{self.data}"
mirror = "{self.mirror}"
view = "{self.view}"
root = "{self.root}"

[keys]
folder = "{self.keys}"

[socket]
path = "{self.socket}"

[timing]
tap_budget_ms = 10000
intent_budget_ms = 10000

[board]
kind = "simulated"
socket = "{self.board}"
"""
        return (
            head
            + "".join(
                f"""
[[lane]]
number = {number}
direction = "{"exit" if number in self.exits else "entry"}"
pulse_ms = {self.pulse_ms}
travel_ms = 20000
passage_s = 5
contacts = {json.dumps(CONTACTS)}

[[lane.reader]]
name = "{reader}"
"""
                for number, reader in self.lanes.items()
            )
            + "".join(
                f"""
[[service]]
number = {number}
pulses_a_unit = 10

[[service.reader]]
name = "{reader}"
"""
                for number, reader in self.services.items()
            )
        )


class Gate:
    """One run of the gate; killed at the end of the `with`, unless it ended before."""

    def __init__(self, configuration: Path, environ: Mapping[str, str], within: Sequence[str] = ()) -> None:
        self._news = threading.Condition()
        self._events: list[Event] = []
        self.lines: list[str] = []
        self.states: list[str] = []
        self._ended = False
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind("")  # an abstract name that the kernel makes up
        name = self._notify.getsockname()
        self._process = subprocess.Popen(
            [*within, sys.executable, "-m", "terminal", "gate", str(configuration)],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NOTIFY_SOCKET": "@" + name[1:].decode(), **environ},
        )
        self.pid = self._process.pid
        self._threads = [threading.Thread(target=self._read_log), threading.Thread(target=self._read_states)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        if error is not None:
            sys.stderr.write("".join(self.lines))

    def kill(self) -> None:
        """SIGKILL; all that it said is in `lines` afterwards."""
        self._process.kill()
        self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, and go on."""
        self._process.send_signal(number)

    def terminate(self) -> int:
        """SIGTERM, and the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """The exit status, waiting for the end; all that it said is in `lines` afterwards."""
        status = self._process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join()
        self._notify.close()
        return status

    @property
    def ended(self) -> bool:
        """It has ended."""
        return self._process.poll() is not None

    def ready(self) -> Self:
        """Wait for READY, and until lists are in force: on a slow machine, or without any, it is said before that."""
        self.said_ready()
        self.state(lambda state: "; lists " in state)
        return self

    def said_ready(self) -> str:
        """Wait for READY; what it says of the lanes."""
        return self.state(lambda state: state.startswith("READY=1"))

    def state(self, found: Callable[[str], bool], since: int = 0) -> str:
        """The first message to the service manager for which `found` holds."""
        return self._first(self.states, found, since)

    def event(self, name: str, since: int = 0, **facts: object) -> Event:
        """The first line of the log with this event and these facts."""
        wanted = {"event": name, **facts}.items()
        return self._first(self._events, lambda event: wanted <= event.items(), since)

    def answer(self, lane: int, since: int) -> Event | None:
        """The answer to a tap on this lane; None when the gate ends before it gives one."""
        with self._news:
            while True:
                for event in self._events[since:]:
                    if event["event"] in {"decision", "drive-forward"} and event["lane"] == lane:
                        return event
                if self._ended:
                    return None
                assert self._news.wait(PATIENCE_S), "the gate neither answers nor ends"

    def mark(self) -> int:
        """How many events there are so far."""
        with self._news:
            return len(self._events)

    def told(self, *names: str) -> list[Event]:
        """The events of these names so far."""
        with self._news:
            return [event for event in self._events if event["event"] in names]

    def _first(self, said: list[Said], found: Callable[[Said], bool], since: int) -> Said:
        deadline_s = time.monotonic() + PATIENCE_S
        with self._news:
            while True:
                for each in said[since:]:
                    if found(each):
                        return each
                left_s = deadline_s - time.monotonic()
                over = self._ended or left_s <= 0
                assert not over, "the gate did not say it; it said:\n" + "".join(self.lines) + "\n".join(self.states)
                self._news.wait(left_s)

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                with self._news:
                    self.lines.append(line)
                    with suppress(ValueError):
                        self._events.append(json.loads(line))
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _read_states(self) -> None:
        self._notify.settimeout(0.1)
        while True:
            try:
                state = self._notify.recv(4096).decode()
            except TimeoutError:
                if self._ended:
                    return
                continue
            with self._news:
                self.states.append(state)
                self._news.notify_all()
