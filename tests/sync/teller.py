"""Headquarters' process that tells terminals of stays, in this one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from headquarters.journal.commands import command_key
from headquarters.keys import load_sealing_key
from headquarters.repository.announcer import Troubles
from headquarters.stays.book import Book
from headquarters.stays.watching import Telling
from terminal.edges.mqtt import Broker, Line
from tests.headquarters.conftest import Office
from tests.sync.rig import WAIT_S


@dataclass
class Teller:
    """Headquarters' process, on a thread, with time that runs as fast as its rounds."""

    broker: Broker
    office: Office
    now_ms: Callable[[], int]
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        now_s = iter(range(10**9))
        self.telling = Telling(
            self.office.database,
            Book(self.office.database, load_sealing_key(self.office.keys.sealing)),
            command_key(self.office.keys),
            Troubles(lambda _: None),
            now_ms=self.now_ms,
            monotonic_s=lambda: float(next(now_s)),
            random_bytes=bytes,
        )
        self.line = Line(self.broker, "stays", self.telling.events.put, random=lambda: 0.0, session_expiry_s=0)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.line.start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            self.telling.turn(self.line, 0.05)

    def stop(self) -> None:
        """End; nothing happens when it has ended."""
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()
        assert self.line.stop(WAIT_S)
