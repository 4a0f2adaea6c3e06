"""The other end of what is announced, and a publisher that a test takes step by step."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from random import Random

from headquarters.register import Statuses
from headquarters.repository.announcer import Announcer, Troubles
from headquarters.repository.announcing import Messages, messages_of, what_to_announce
from headquarters.repository.publisher import publish, published_files
from headquarters.repository.watch import Watch
from terminal.core.topics import RepositoryTopic, read_repository, repository
from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line
from terminal.trust.keeper import Outcome, RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.headquarters.conftest import Office
from tests.headquarters.test_gate_follows import OfficeClock
from tests.mqtt.broker_rig import Rig

PATIENCE_S = 60


def stored(office: Office) -> dict[RepositoryTopic, bytes]:
    """What was published last, as messages."""
    return messages_of(published_files(office.database))


def many_cards(seed: int, size: int = 600_000) -> Statuses:
    """A list that no compression brings below 128 KiB."""
    return Statuses(size, list(enumerate(Random(seed).choices(range(4), k=size))))  # noqa: S311 - the same each time


class Publisher:
    """A watch whose clock the test moves; `said` is what a person would have read."""

    def __init__(self, office: Office, rig: Rig, clock_s: Callable[[], float] | None = None) -> None:
        self._office = office
        self.said: list[str] = []
        self.monotonic_s = 0.0
        self.troubles = Troubles(self.said.append)
        self.announcer = Announcer(
            lambda told: Line(rig.headquarters, "publisher-test", told, random=lambda: 0.0, session_expiry_s=0),
            clock_s or (lambda: self.monotonic_s),
            self.troubles,
        )
        self.watch = Watch(
            office.database,
            office.keys,
            self.announcer,
            self.troubles,
            now=lambda: office.now,
            monotonic_s=lambda: self.monotonic_s,
        )
        self.announcer.start()

    @property
    def said_of_files(self) -> list[str]:
        """What was said of anything but the line, which ends whenever a terminal is registered."""
        return [line for line in self.said if not line.startswith("broker: ")]

    def announced_with(self, cards: Statuses) -> Messages:
        """Publish this list of cards, and wait until the broker holds it."""
        wanted = self.made_with(cards)
        self.send(wanted)
        return wanted

    def made_with(self, cards: Statuses) -> Messages:
        """Publish this list of cards, not yet sent."""
        office = self._office
        done = publish(office.database, office.keys, None, office.now, cards)
        return what_to_announce(office.database, done.files, int(office.now.timestamp()))

    def send(self, wanted: Messages) -> None:
        """Send exactly this, and wait until the broker holds it."""
        self.announcer.send_all(wanted, PATIENCE_S)

    def until_announced(self) -> None:
        """Turn until the broker holds everything."""
        while not self.watch.turn():
            self.announcer.wait(PATIENCE_S)

    def until_lost(self) -> None:
        """Wait until it is known that the broker is away."""
        while "broker" not in self.troubles.standing:
            self.announcer.send({})
            self.announcer.wait(PATIENCE_S)

    def stop(self) -> None:
        self.announcer.stop()


class Receiver:
    """A terminal's end: `held` is what the broker has shown it, by topic; `log` all of it in order."""

    def __init__(self, broker: Broker, name: str, site: int, filters: tuple[str, ...]) -> None:
        self.site = site
        self.held: dict[RepositoryTopic, bytes] = {}
        self.log: list[tuple[RepositoryTopic, bytes]] = []
        self._filters = filters or tuple(f"{repository(each)}#" for each in (None, site))
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._line = Line(broker, name, self._events.put, random=lambda: 0.0, session_expiry_s=0)
        self._line.start()
        while not isinstance(self._events.get(timeout=PATIENCE_S), Connected):
            pass
        self._line.subscribe(self._filters, retained=True).result(PATIENCE_S)

    def until(self, done: Callable[["Receiver"], bool]) -> None:
        """Take what arrives until this holds."""
        while not done(self):
            self._hear(self._events.get(timeout=PATIENCE_S))

    def until_has(self, wanted: Messages) -> None:
        """Take what arrives until it is what should be here, and nothing else."""
        here = {topic: body for topic, body in wanted.items() if body and topic.site in {None, self.site}}
        self.until(lambda receiver: receiver.held == here)

    def files(self) -> dict[str, bytes]:
        """The files that are here whole; a name that is here twice is one too many."""
        found: dict[str, bytes] = {}
        for topic, body in self.held.items():
            content: bytes | None = body
            if (piece := topic.piece) is not None:
                pieces = [t for t in self.held if t.name == topic.name and t.piece and t.piece.sha256 == piece.sha256]
                in_order = sorted(pieces, key=lambda t: t.piece.n if t.piece else 0)
                content = b"".join(self.held[each] for each in in_order) if piece.n == 0 else None
                if content is None or len(pieces) < piece.count:
                    continue
                assert sha256(content).hexdigest() == piece.sha256
            assert topic.name not in found
            found[topic.name] = content or b""
        return found

    def stop(self) -> None:
        self._line.stop()

    def _hear(self, event: Event) -> None:
        if isinstance(event, Connected):
            self._line.subscribe(self._filters, retained=True)
        if not isinstance(event, Arrived):
            return
        topic = read_repository(event.topic)
        assert topic is not None
        self.log.append((topic, event.body))
        if event.body:
            self.held[topic] = event.body
        else:
            self.held.pop(topic, None)
        event.take()


class Gate:
    """The gate's own trust code over a mirror that is filled from a receiver."""

    def __init__(self, office: Office, folder: Path, site: int = 4711) -> None:
        folder.mkdir()
        self.mirror = folder / "mirror"
        self._keeper = RulesKeeper(
            site=site,
            root=office.keys.roots / "1.root.json",
            mirror=self.mirror,
            state=folder / "state",
            seen=SeenDatabase(folder / "seen.db"),
            clock=OfficeClock(office),
        )

    def refreshed(self, receiver: Receiver) -> Outcome:
        for name, content in receiver.files().items():
            path = self.mirror / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return self._keeper.refresh()
