"""Brings the broker to hold what it should, and tells what stands in the way.

What the broker has taken is believed for as long as the connection lasts: a broker that was killed forgets, so with
each connection everything goes out anew. A message that is refused holds up what signs it, and no other site.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from itertools import groupby
from queue import Empty, SimpleQueue

from headquarters.repository.announcing import Messages, Step, step_of
from terminal.core.topics import RepositoryTopic
from terminal.edges.mqtt import BrokerRefuses, Connected, Event, Line, LineError, Lost
from terminal.errors import NetworkError

IN_FLIGHT = 64
"""Messages handed to the line before the first is waited for."""
TAKEN_WITHIN_S = 60.0
"""A broker that takes nothing for so long is left, and connected to anew."""
AGAIN_AFTER_S = 30.0
"""What was refused is tried again then."""
TURN_S = 1.0


class Troubles:
    """What stands in the way, by whom; each is said when it comes, when it changes and when it is over."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.standing: dict[str, str] = {}
        self._say = say

    def lines(self) -> list[str]:
        """What stands now, a line each."""
        return [f"{who}: {why}" for who, why in self.standing.items()]

    def note(self, who: str, why: str | None) -> None:
        """There is trouble, or none any more (None)."""
        before = self.standing.pop(who, None)
        if why is not None:
            self.standing[who] = why
        if why != before:
            self._say(f"{who}: {'well again' if why is None else why}")


class Announcer:
    """A line to the broker and what the broker holds. One thread; `send` waits for the broker."""

    def __init__(
        self,
        line: Callable[[Callable[[Event], None]], Line],
        monotonic_s: Callable[[], float],
        troubles: Troubles,
        progress: Callable[[], object] = lambda: None,
    ) -> None:
        """`line` makes the line to headquarters' broker, which tells its events to whom it is given.

        `progress` is called with each message that the broker took or refused: `send` may take long.
        """
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._line = line(self._events.put)
        self._monotonic_s = monotonic_s
        self.troubles = troubles
        self._progress = progress
        self._held: dict[RepositoryTopic, bytes] = {}
        self._connected = False
        self._again_at_s: dict[int | None, float] = {}

    def start(self) -> None:
        """Begin to connect."""
        self._line.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._line.stop()

    def wait(self, within_s: float) -> None:
        """Until something happens on the line, and no longer than this."""
        try:
            self._hear(self._events.get(timeout=within_s))
        except Empty:
            return

    def send(self, wanted: Messages) -> bool:
        """Send what the broker does not hold yet, and tell whether it holds everything now.

        Waits for the broker; what it refuses is in the troubles, and left alone for a while.
        """
        self._hear_all()
        if not self._connected:
            return False
        now_s = self._monotonic_s()
        resting = {site for site, again_at_s in self._again_at_s.items() if now_s < again_at_s}
        due = {
            topic: body
            for topic, body in wanted.items()
            if self._held.get(topic) != body and not resting & {None, topic.site}
        }
        try:
            refused = self._send(due)
        except LineError:  # it is lost, and the line says why
            self._hear_all()
            return False
        sent = set() if None in refused else {topic.site for topic in due} - refused.keys()
        for site in sent:
            self._again_at_s.pop(site, None)
            self.troubles.note(_owner(site), None)
        for site, why in refused.items():
            self._again_at_s[site] = now_s + AGAIN_AFTER_S
            self.troubles.note(_owner(site), f"{why}; tried again after {AGAIN_AFTER_S:.0f} s")
        self._hear_all()
        return self._holds(wanted)

    def send_all(self, wanted: Messages, within_s: float) -> None:
        """Send it, and return when the broker holds it.

        Raises:
            NetworkError: it does not within this time; the text says why.
        """
        until_s = self._monotonic_s() + within_s
        while not self.send(wanted):
            if self._monotonic_s() >= until_s:
                why = "; ".join(self.troubles.lines())
                raise NetworkError(
                    f"the broker has not everything after {within_s:.0f} s, publish again: {why or 'it is slow'}"
                )
            self.wait(TURN_S)

    def _holds(self, wanted: Messages) -> bool:
        return self._connected and all(self._held.get(topic) == body for topic, body in wanted.items())

    def _send(self, messages: Messages) -> dict[int | None, str]:
        """Gives the sites (None: what all share) whose messages were refused, each with the reason."""
        refused: dict[int | None, str] = {}
        ordered = sorted(messages.items(), key=_step)
        for _, step in groupby(ordered, key=_step):
            going: deque[tuple[RepositoryTopic, bytes, Future[None]]] = deque()
            for topic, body in step:
                # What signs a refused file would only make terminals wait for it.
                if not refused.keys() & {None, topic.site}:
                    self._held.pop(topic, None)
                    going.append((topic, body, self._line.publish(str(topic), body, retain=True)))
                if len(going) == IN_FLIGHT:
                    self._settle([going.popleft()], refused)
            self._settle(going, refused)
        return refused

    def _settle(
        self, going: Iterable[tuple[RepositoryTopic, bytes, "Future[None]"]], refused: dict[int | None, str]
    ) -> None:
        for topic, body, taken in going:
            try:
                taken.result(TAKEN_WITHIN_S)
            except BrokerRefuses as error:
                refused.setdefault(topic.site, f"{topic}: {error}")
            except TimeoutError:
                why = f"the broker takes no message for {TAKEN_WITHIN_S:.0f} s"
                self._line.cut(why)
                raise LineError(why) from None
            else:
                self._held[topic] = body
            self._progress()

    def _hear_all(self) -> None:
        while not self._events.empty():
            self._hear(self._events.get())

    def _hear(self, event: Event) -> None:
        match event:
            case Connected():
                self._connected = True
                self._held.clear()
                self._again_at_s.clear()
                self.troubles.note("broker", None)
            case Lost(why):
                self._connected = False
                self.troubles.note("broker", why)
            case _:
                pass


def _step(message: tuple[RepositoryTopic, bytes]) -> Step:
    return step_of(*message)


def _owner(site: int | None) -> str:
    return "files for all sites" if site is None else f"files for site {site}"
