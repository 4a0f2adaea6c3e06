"""The simulated terminals of one process: `python -m load_test.fleet`, led over its standard input and output.

    <  a Plan in one line, then `connect`, `write`, `state`, `forget` and `stop`, a line each
    >  JSON lines: made, ready, written, acknowledged, finished, state, forgotten, stopped

It ends when its input ends, so it never outlives whoever started it.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from load_test.terminal import ENTRIES_A_TAP, NoWatch, SimulatedGate, Written, started_sync
from terminal.core import topics
from terminal.edges.local_socket import MAX_OF_ONE_USER, LocalSocket
from terminal.edges.log import set_up_log
from terminal.edges.mqtt import Broker, Connected, Event, Line
from terminal.sync.process import Sync
from terminal.trust.documents import ISSUERS

TERMINALS_A_SOCKET = MAX_OF_ONE_USER // 2
"""A gate's socket takes so many connections of one user; those that have just ended count for a moment."""
CONNECTED_S = 300.0
FORGET_S = 30.0
POLL_S = 0.05
AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Member:
    """A terminal of the fleet: its name, site and the seed of its journal key."""

    name: str
    site: int
    journal_seed: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fleet is told. Certificates lie in a folder `tls/<name>` below `folder`, where all of its files go."""

    folder: str
    host: str
    port: int
    issuers: str
    members: tuple[Member, ...]
    entries_a_second: float
    seconds: float
    connect_every_s: float
    seed: int
    first_tap: int

    def line(self) -> str:
        """The plan as it is sent."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def of(cls, line: str) -> "Plan":
        """The plan of such a line."""
        said = json.loads(line)
        return cls(**{**said, "members": tuple(Member(**each) for each in said["members"])})


class Fleet:
    """All of it. `say` is thread-safe and takes a JSON object."""

    def __init__(self, plan: Plan, say: Callable[[Mapping[str, Any]], None]) -> None:
        self._plan = plan
        self._say = say
        self._folder = Path(plan.folder)
        issuers = ISSUERS.parse(Path(plan.issuers).read_bytes())
        self._gates: dict[str, SimulatedGate] = {}
        self._syncs: dict[str, Sync] = {}
        self._sockets: list[LocalSocket] = []
        for each in plan.members:
            key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(each.journal_seed))
            self._gates[each.name] = SimulatedGate(self._folder / each.name, each.name, key, issuers)

        say({"event": "made"})

    def connect(self) -> None:
        """Start everything, and say how many are connected once all are, or after long."""
        began_s = time.monotonic()
        for number, each in enumerate(self._plan.members):
            time.sleep(max(0.0, began_s + number * self._plan.connect_every_s - time.monotonic()))
            path = self._folder / f"{number // TERMINALS_A_SOCKET}.sock"
            if number % TERMINALS_A_SOCKET == 0:
                self._sockets.append(
                    LocalSocket(path, self._answer, knows=lambda _: True, heartbeat=NoWatch(), trouble=lambda _: None)
                )
                self._sockets[-1].start()
            self._syncs[each.name] = started_sync(self._gates[each.name], self._broker(each.name), each.site, path)
        deadline_s = time.monotonic() + CONNECTED_S
        while self._connected() < len(self._syncs) and time.monotonic() < deadline_s:
            time.sleep(POLL_S)
        self._say({"event": "ready", "connected": self._connected()})

    def write(self) -> None:
        """Taps by chance until the time is over; the journals are written meanwhile, and `finished` is said at last."""
        draw = Random(self._plan.seed)  # noqa: S311 - which terminal and when, no secret
        names = sorted(self._gates)
        begin_s = due_s = time.monotonic()
        taps = 0
        while (due_s := due_s + draw.expovariate(self._plan.entries_a_second / ENTRIES_A_TAP)) < (
            begin_s + self._plan.seconds
        ):
            time.sleep(max(0.0, due_s - time.monotonic()))
            gate = self._gates[draw.choice(names)]
            gate.tap(self._plan.first_tap + taps, draw.randbytes(8), self._written)
            taps += 1
        self._say({"event": "finished", "entries": taps * ENTRIES_A_TAP})

    def state(self) -> None:
        """Say how many are connected, and how many threads and files there are."""
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count of names
        self._say(
            {"event": "state", "connected": self._connected(), "threads": threading.active_count(), "files": files}
        )

    def forget(self) -> None:
        """End the syncs, then let the broker forget each terminal: session, head and presence."""
        self._stop_syncs()
        with ThreadPoolExecutor(AT_ONCE) as several:
            list(several.map(self._forget, [each.name for each in self._plan.members]))
        self._say({"event": "forgotten"})

    def stop(self) -> None:
        """End everything."""
        self._stop_syncs()
        for each in self._sockets:
            each.stop()
        with ThreadPoolExecutor(AT_ONCE) as several:
            list(several.map(SimulatedGate.close, self._gates.values()))
        self._say({"event": "stopped"})

    def _stop_syncs(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as several:
            list(several.map(Sync.stop, self._syncs.values()))
        self._syncs = {}

    def _connected(self) -> int:
        return sum(each.connected for each in self._syncs.values())

    def _broker(self, name: str) -> Broker:
        files = self._folder / "tls" / name
        return Broker(
            host=self._plan.host,
            port=self._plan.port,
            ca=files / "ca.pem",
            certificate=files / "certificate.pem",
            key=files / "key.pem",
        )

    def _written(self, written: Written) -> None:
        self._say({"event": "written", **asdict(written)})

    def _answer(self, _uid: int, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the gate: the note's first line says whose it is."""
        note = str(request["note"])
        gate = self._gates[note.split("/", 2)[1]]
        answer = gate.acknowledge(note)
        if answer["result"] == "acknowledged":
            self._say({"event": "acknowledged", "terminal": gate.name, "size": answer["size"], "at_s": time.time()})
        return {"version": 1, **answer}

    def _forget(self, name: str) -> None:
        connected = threading.Event()

        def told(event: Event) -> None:
            if isinstance(event, Connected):
                connected.set()

        line = Line(self._broker(name), name, told, random=lambda: 0.0, session_expiry_s=0)
        line.start()
        if connected.wait(FORGET_S):
            for leaf in ("head", "presence"):
                line.publish(topics.own(name, leaf), b"", retain=True).result(FORGET_S)
        line.stop()


def main() -> None:
    """Be a fleet until the input ends."""
    set_up_log(sys.stderr, os.environ, "error")
    plan = Plan.of(sys.stdin.readline())
    lock = threading.Lock()

    def say(event: Mapping[str, Any]) -> None:
        line = json.dumps(event) + "\n"
        with lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    fleet = Fleet(plan, say)
    with ExitStack() as ending:
        ending.callback(fleet.stop)
        for line in sys.stdin:
            match line.strip():
                case "connect":
                    fleet.connect()
                case "write":
                    threading.Thread(target=fleet.write, name="taps", daemon=True).start()
                case "state":
                    fleet.state()
                case "forget":
                    fleet.forget()
                case _:  # stop
                    return


if __name__ == "__main__":
    main()
