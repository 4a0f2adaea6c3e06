"""One terminal for the bench: a gate's journal, view and answers, and the real `xs-terminal sync` as a process."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from load_test.enrolment import certify, enrol
from load_test.fleet import Member
from load_test.ground import Ground, python
from load_test.terminal import NoWatch, SimulatedGate
from terminal.edges.local_socket import LocalSocket
from terminal.trust.documents import ISSUERS

SITE = 4711
NAME = "bench"
GIVEN_UP_S = 300.0
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


class Size:
    """How many entries the gate believes that headquarters has, and since when."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._told: list[tuple[int, float]] = [(0, time.monotonic())]

    def grown(self, size: int) -> None:
        with self._changed:
            self._told.append((size, time.monotonic()))
            self._changed.notify_all()

    def wait(self, size: int, within_s: float = GIVEN_UP_S) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._told[-1][0] >= size, within_s)

    def reached_s(self, size: int) -> float:
        with self._changed:
            return next(at_s for reached, at_s in self._told if reached >= size)


class OneTerminal:
    """Enrolled at a ground, with its files below `folder`; `size` is what its gate believes to be acknowledged."""

    def __init__(self, folder: Path, ground: Ground) -> None:
        self.folder = folder
        self.size = Size()
        self._ground = ground
        headquarters = ground.headquarters
        member = Member(NAME, SITE, os.urandom(32).hex())
        with headquarters.database() as database:
            enrol(database, [member], headquarters.change("bench"))
        ground.access_changed()
        certify(headquarters.folder, folder / "tls", [NAME], datetime.now(UTC))
        issuers = ISSUERS.parse(headquarters.keys.issuers.read_bytes())
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(member.journal_seed))
        self.gate = SimulatedGate(folder / "gate", NAME, key, issuers, turn_s=1.0)

    @contextmanager
    def sync(self, port: int | None = None) -> Iterator[int]:
        """Its sync process, with the gate's socket, until the block ends; gives its process id. `port`: of a relay."""
        words = {"name": NAME, "site": SITE, "folder": self.folder, "host": self._ground.host}
        (self.folder / "gate.toml").write_text(CONFIGURATION.format(**words, port=port or self._ground.port))
        path = self.folder / "gate.sock"
        socket = LocalSocket(path, self._answer, knows=lambda _: True, heartbeat=NoWatch(), trouble=lambda _: None)
        socket.start()
        words_of_sync = ("-m", "terminal", "sync", str(self.folder / "gate.toml"))
        try:
            with (
                (self.folder / "sync.log").open("w") as log,
                python(*words_of_sync, stdin=subprocess.DEVNULL, stderr=log) as process,
            ):
                yield process.pid
        finally:
            socket.stop()

    def _answer(self, _uid: int, request: Mapping[str, Any]) -> Mapping[str, Any]:
        said = self.gate.acknowledge(str(request["note"]))
        if said["result"] == "acknowledged":
            self.size.grown(said["size"])
        return {"version": 1, **said}
