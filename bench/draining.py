"""A backlog that drains while taps go on: how long it takes, how late the new entries are, and how large `sync` gets.

One terminal with a real journal on the disk below `build/`, the real `xs-terminal sync` as a process of its own,
mosquitto, a collector with SQLite. From the start of `sync` until the gate believes that all of it is acknowledged.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figures import Figures
from load_test.arrivals import Arrivals, stored
from load_test.books import Books
from load_test.enrolment import certify, enrol
from load_test.fleet import Member
from load_test.ground import Ground, own_ground, python
from load_test.machine import taken_by
from load_test.terminal import ENTRIES_A_TAP, NoWatch, SimulatedGate
from terminal.edges.local_socket import LocalSocket
from terminal.trust.documents import ISSUERS

SITE = 4711
NAME = "bench"
TAPS_AT_ONCE = 1000
TAP_EVERY_S = 0.5
GIVEN_UP_S = 300.0
POLL_S = 0.02
CONFIGURATION = """\
[terminal]
name = "{name}"
site = {site}
data = "{folder}/data"
mirror = "{folder}/gate/mirror"
view = "{folder}/gate/view.db"
root = "{folder}/root.json"

[keys]
folder = "{folder}/keys"

[socket]
path = "{folder}/gate.sock"

[broker]
host = "{host}"
port = {port}
ca = "{folder}/tls/{name}/ca.pem"
certificate = "{folder}/tls/{name}/certificate.pem"
key = "{folder}/tls/{name}/key.pem"

[board]
kind = "simulated"
socket = "{folder}/board"

[[lane]]
number = 1
direction = "entry"
pulse_ms = 200
travel_ms = 500
passage_s = 5
contacts = ["open_limit", "closed_limit"]

[[lane.reader]]
name = "none"
"""


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, backlog: int) -> None:
    """Measure one drain of at least so many entries."""
    with ExitStack() as parts:
        ground = parts.enter_context(own_ground(None, SITE, 1, "bench"))
        gate = _enrolled(folder, ground)
        parts.callback(gate.close)
        books = Books()
        progress(f"draining: writing {backlog} entries")
        taps = _write_backlog(gate, backlog, books)
        before = books.count()
        size = _Size()
        progress(f"draining: {before} entries")

        def answer(_uid: int, request: Mapping[str, Any]) -> Mapping[str, Any]:
            said = gate.acknowledge(str(request["note"]))
            if said["result"] == "acknowledged":
                size.grown(said["size"])
            return {"version": 1, **said}

        socket = LocalSocket(
            folder / "gate.sock", answer, knows=lambda _: True, heartbeat=NoWatch(), trouble=lambda _: None
        )
        socket.start()
        parts.callback(socket.stop)
        database = parts.enter_context(ground.headquarters.database())
        live = Books()
        arrivals = Arrivals(database, live)
        arrivals.start()
        log = parts.enter_context((folder / "sync.log").open("w"))
        sync = parts.enter_context(
            python("-m", "terminal", "sync", str(folder / "gate.toml"), stdin=subprocess.DEVNULL, stderr=log)
        )
        began_s = time.monotonic()
        assert size.wait(1), f"nothing was acknowledged; see {folder / 'sync.log'}"
        largest_mb = 0.0
        number = taps
        while not size.wait(before, TAP_EVERY_S):
            gate.tap(number, os.urandom(8), live.written)
            number += 1
            largest_mb = max(largest_mb, taken_by([sync.pid]).rss_mb)
            assert time.monotonic() - began_s < GIVEN_UP_S, f"not drained; see {folder / 'sync.log'}"
        drained_s = size.reached_s - began_s
        total = before + (number - taps) * ENTRIES_A_TAP
        assert size.wait(total), f"the last entries were not acknowledged; see {folder / 'sync.log'}"
        arrivals.stop()
        written = books.multiset() + live.multiset()
        assert stored(database, [NAME]) == written, "what is in the database is not what was written"
        figures.add("drain.backlog_entries", before)
        figures.add("drain.backlog_s", drained_s)
        figures.add("drain.live_entries", live.count())
        figures.add_samples("drain.live_to_database_s", live.to_database_s(), 50, 95)
        figures.add("drain.sync_rss_mb", largest_mb)


class _Size:
    """How many entries the gate believes that headquarters has."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._size = 0
        self.reached_s = 0.0

    def grown(self, size: int) -> None:
        with self._changed:
            self._size, self.reached_s = max(self._size, size), time.monotonic()
            self._changed.notify_all()

    def wait(self, size: int, within_s: float = GIVEN_UP_S) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._size >= size, within_s)


def _enrolled(folder: Path, ground: Ground) -> SimulatedGate:
    headquarters = ground.headquarters
    member = Member(NAME, SITE, os.urandom(32).hex())
    with headquarters.database() as database:
        enrol(database, [member], headquarters.change("bench"))
    ground.access_changed()
    certify(headquarters.folder, folder / "tls", [NAME], datetime.now(UTC))
    words = {"name": NAME, "site": SITE, "folder": folder, "host": ground.host, "port": ground.port}
    (folder / "gate.toml").write_text(CONFIGURATION.format(**words))
    issuers = ISSUERS.parse(headquarters.keys.issuers.read_bytes())
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(member.journal_seed))
    return SimulatedGate(folder / "gate", NAME, key, issuers, turn_s=1.0)


def _write_backlog(gate: SimulatedGate, entries: int, books: Books) -> int:
    """Taps until there are so many entries; returns how many taps it took."""
    taps = -(-entries // ENTRIES_A_TAP)
    for first in range(0, taps, TAPS_AT_ONCE):
        end = min(first + TAPS_AT_ONCE, taps)
        for number in range(first, end):
            gate.tap(number, number.to_bytes(8), books.written)
        while books.count() < end * ENTRIES_A_TAP:
            time.sleep(POLL_S)
    return taps
