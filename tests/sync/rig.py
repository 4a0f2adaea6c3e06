"""Both ends of the line: a gate with its view, socket and mirror beside a real `Sync`, and headquarters' collector."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from headquarters.journal.collecting import Collected, Collector, Forked, Outcome
from headquarters.journal.cosigner import acknowledgement_keys, known_issuers, load_cosigner
from terminal.alarms import Alarms
from terminal.commanding import Commanding
from terminal.core import topics
from terminal.core.acknowledgement import Acknowledged, Ignored, Judgement
from terminal.core.messages import Batch, decode_batch
from terminal.edges.local_socket import LocalSocket
from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line, Lost
from terminal.knowing_stays import KnowingStays
from terminal.storage.view_reader import NoView, ViewReader
from terminal.sync.process import Sync
from tests.headquarters.conftest import Office
from tests.storage.support import TERMINAL, Gate, start

SITE = 4711
WAIT_S = 60.0
NOW = 1_790_000_500


class Until:
    """Something that other threads change, and that is waited for."""

    def __init__(self) -> None:
        self.changed = threading.Condition()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_S)

    def tell(self) -> None:
        with self.changed:
            self.changed.notify_all()


def answer_to(judged: Judgement) -> dict[str, Any]:
    """What a gate answers to whoever brings an acknowledgement."""
    match judged:
        case Acknowledged(checkpoint):
            return {"version": 1, "result": "acknowledged", "size": checkpoint.size}
        case Ignored(why):
            return {"version": 1, "result": "ignored", "why": why}
        case _:
            return {"version": 1, "result": "other-past", "say": "another past"}


class NoBeats:
    def beat(self, part: str) -> None:
        """Nobody watches here."""


class GateSide:
    """What the gate is to sync: it writes, shows, and judges acknowledgements as the real one does."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.folder = folder
        folder.mkdir()
        self.mirror = folder / "mirror"
        self.mirror.mkdir()
        self.path = folder / "gate.sock"
        self.view_path = folder / "view.db"
        self.office = office
        self.asked: list[Mapping[str, Any]] = []
        self.news = Until()
        self.facts: dict[str, int | str | None] = {"software": "1.0", "clock": "good", "free_bytes": 1 << 30}
        self.gate: Gate | None = None
        self.begin()

    def begin(self) -> None:
        """A start of the gate: the view is made anew."""
        self.gate = Gate(self.folder / "journal")
        self.known_stays = KnowingStays(TERMINAL, lambda: known_issuers(self.office.keys).commands, self.gate.clock)
        self.view = self.gate.store.view(self.view_path, facts=lambda: dict(self.facts), trouble=lambda _: None)
        self.view.start()
        self.socket = LocalSocket(
            self.path, self._answer, knows=lambda _: True, heartbeat=NoBeats(), trouble=lambda _: None
        )
        self.socket.start()

    def end(self) -> None:
        if self.gate is not None:
            self.socket.stop()
            assert self.view.stop(WAIT_S)
            self.gate.store.close()
            self.gate = None

    @property
    def epoch(self) -> bytes:
        assert self.gate is not None
        return self.gate.store.epoch

    def write(self, count: int) -> None:
        """So many entries more, durable, and shown."""
        assert self.gate is not None
        size = 0
        for begin in range(0, count, 5_000):  # no more than the writer lets wait
            numbers = range(begin, min(begin + 5_000, count))
            for future in [self.gate.journal.append(start(number)) for number in numbers]:
                size = future.result(WAIT_S).sequence + 1
        deadline_s = time.monotonic() + WAIT_S
        while self._shown() < size:  # nobody tells
            assert time.monotonic() < deadline_s
            time.sleep(0.005)

    def _shown(self) -> int:
        try:
            return ViewReader(self.view_path, TERMINAL).look().size
        except NoView:
            return 0

    def _commanding(self, gate: Gate) -> Commanding:
        alarms = Alarms(gate.journal, lambda _step, _alarm: None)
        return Commanding(gate.journal, lambda: known_issuers(self.office.keys).commands, gate.clock, alarms)

    def acknowledged(self) -> int:
        return max((answer["size"] for answer in self.asked if answer["result"] == "acknowledged"), default=0)

    def wait_until_acknowledged(self, size: int) -> None:
        self.news.wait(lambda: self.acknowledged() >= size)

    def _answer(self, _uid: int, request: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self.gate is not None
        if request["ask"] == "command":
            done = self._commanding(self.gate).take(request["command"])
            self.asked.append(done)
            self.news.tell()
            return {"version": 1, **done}
        if request["ask"] == "stays":
            known = self.known_stays.take(request["page"])
            self.asked.append(known)
            self.news.tell()
            return {"version": 1, **known}
        assert (request["version"], request["ask"]) == (1, "acknowledge")
        keys = acknowledgement_keys(self.office.keys)
        judged = self.gate.journal.checkpoints.acknowledge(request["note"].encode(), keys).result(WAIT_S)
        answer = answer_to(judged)
        self.asked.append(answer)
        self.news.tell()
        return answer


@dataclass
class Headquarters:
    """A collector at the other end: takes batches, stores them, publishes acknowledgements; each of it can be off."""

    broker: Broker
    office: Office
    collector: Collector = field(init=False)
    batches: list[Batch] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    presence: list[bytes] = field(default_factory=list)
    forks: int = 0
    deaf: bool = False
    """What arrives is taken, and lost."""
    mute: bool = False
    """What arrives is stored, and not acknowledged."""
    news: Until = field(default_factory=Until)

    def __post_init__(self) -> None:
        self.collector = Collector(self.office.database, load_cosigner(self.office.keys))
        self.connected = threading.Event()
        self._subscribed: Future[None] | None = None
        self._arrived: SimpleQueue[Arrived | None] = SimpleQueue()
        self.line = Line(self.broker, "hq", self._told, random=lambda: 0.0, session_expiry_s=3600)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.line.start()
        assert self.connected.wait(WAIT_S)

    def stop(self) -> None:
        self.line.stop()
        self._arrived.put(None)
        self._thread.join(WAIT_S)

    def publish(self, topic: str, body: bytes, *, retain: bool = True) -> None:
        """Until the broker has it."""
        self.line.publish(topic, body, retain=retain).result(WAIT_S)

    def size(self) -> int:
        """How many entries are proven and committed, of the newest epoch that arrived."""
        (found,) = [self._size(note) for _, note in self.collector.acknowledgements(NOW)] or [0]
        return found

    def _size(self, note: bytes) -> int:
        return int(note.split(b"\n")[1])

    def ranges(self) -> list[tuple[int, int]]:
        """What arrived, as first entry and end, in order of arrival."""
        return [(batch.first, batch.first + len(batch.entries)) for batch in self.batches]

    def wait_until_stored(self, size: int) -> None:
        self.news.wait(lambda: self.size() >= size)

    def _told(self, event: Event) -> None:
        match event:
            case Connected():
                filters = [topics.of_all("journal"), topics.of_all("head"), topics.of_all("presence")]
                done = self.line.subscribe(filters, retained=True)
                done.add_done_callback(lambda _: self.connected.set())
            case Arrived():
                self._arrived.put(event)
            case Lost():
                self.connected.clear()

    def _run(self) -> None:
        while (event := self._arrived.get()) is not None:
            found = topics.read_own(event.topic)
            assert found is not None
            terminal, leaf = found
            match leaf:
                case "journal":
                    self.batches.append(decode_batch(event.body))
                    if not self.deaf:
                        self._acknowledge(terminal, self.collector.collect(terminal, event.body, NOW))
                case "head":
                    self.heads.append(event.body)
                case _:
                    self.presence.append(event.body)
            event.take()
            self.news.tell()

    def _acknowledge(self, terminal: str, outcome: Outcome) -> None:
        assert isinstance(outcome, Collected | Forked), outcome
        if isinstance(outcome, Forked):
            self.forks += 1
        elif outcome.acknowledgement is not None and not self.mute:
            self.line.publish(topics.own(terminal, "ack"), outcome.acknowledgement, retain=not outcome.ended)


@dataclass
class MovedTime:
    """Monotonic seconds that go on by themselves, and that a test moves ahead."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def sync_of(broker: Broker, side: GateSide, **changes: Any) -> Sync:
    return Sync(
        broker,
        terminal=TERMINAL,
        site=SITE,
        view=side.view_path,
        mirror=side.mirror,
        gate=side.path,
        random=lambda: 0.0,
        **changes,
    )
