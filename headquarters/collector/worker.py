"""A worker: takes what terminals send from the broker, one message after the other, and answers (design 7, 'MQTT 5').

A message is taken from the broker when the database has it and its acknowledgement is on the way, so a worker may be
killed at any moment. What then has not gone out comes again: from the broker, from the terminal that hears nothing
for half a minute, and in any case at the next connect of any worker, when all acknowledgements are published anew.

Workers share journals and heads. Presence each of them hears by itself, since two that share it could store a
terminal's last two words in the wrong order. What is retained no shared subscription tells, and a head may be the last
word of a terminal that is gone; so for a while after each connect every worker hears all heads too.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol

import structlog

from headquarters.collector.inbox import Inbox, Published, Subscribed, Told, Unsubscribed
from headquarters.collector.outbox import Outbox, Publisher
from headquarters.collector.tally import Tally
from headquarters.database import Unstorable
from headquarters.journal.collecting import Collected, Collector, Forked, Outcome, Refused
from terminal.core.messages import MessageRefused, Replay, decode_presence
from terminal.core.topics import of_all, own, read_own
from terminal.edges.mqtt import Arrived, Connected, LineError, Lost
from terminal.errors import StorageError

TURN_S = 1.0
REPLAYS_EVERY_S = 5
"""How often it is looked for terminals that have to be asked for something again."""
PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Between two attempts while the database is away; the last for as long as that takes."""
HEADS_S = 60
"""How long after a connect a worker hears all heads; a broker may take a while to send what it retains."""

SHARED = (of_all("journal", shared=True), of_all("head", shared=True))
HEARD_BY_ALL = (of_all("presence"), of_all("head"))

log = structlog.get_logger()


class Line(Publisher, Protocol):
    """What is needed of a line to the broker; `terminal.edges.mqtt.Line` is one. Nothing blocks."""

    def subscribe(self, filters: Sequence[str], *, retained: bool) -> "Future[None]":
        """Ask for these topics; the future fails when the broker refuses."""
        ...

    def unsubscribe(self, filters: Sequence[str]) -> "Future[None]":
        """Ask no longer for these topics; the future fails when the broker refuses."""
        ...

    def cut(self, why: str) -> None:
        """End this connection and make another one."""
        ...


class Worker:
    """The worker of one line, which tells it everything through `inbox`. `run` it on a thread of its own."""

    def __init__(
        self,
        collector: Collector,
        line: Line,
        inbox: Inbox,
        *,
        now_s: Callable[[], int],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`beat` is called at each turn of the loop; between two calls lies no more than one use of the database."""
        self.tally = Tally()
        self.taken: Counter[str] = Counter()
        """Messages that were worked off since the start, by the last word of their topic."""
        self.entries = 0
        """New ones among them."""
        self.connected = False
        self.subscribed = False
        """Everything that terminals send comes here, or to another worker."""
        self.hears_all_heads = False
        """Also the heads that other workers hear, until the broker has confirmed that it sends them no more."""
        self._collector = collector
        self._line = line
        self._inbox = inbox
        self._outbox = Outbox(line, lambda future: inbox.put(Published(_why_not(future))))
        self._now_s = now_s
        self._beat = beat
        self._stopping = threading.Event()
        self._answers_due = 0
        self._anew = False
        self._asked_at_s = now_s()
        self._all_heads_since_s: int | None = None

    def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            self._beat()
            self._hear(self._inbox.next(TURN_S))
            self._look_after()

    def stop(self) -> None:
        """End after the message that is being worked off. Thread-safe; does not block."""
        self._stopping.set()
        self._inbox.put(None)

    def _hear(self, told: Told) -> None:
        match told:
            case Arrived():
                self._work_off(told)
            case Connected():
                self.connected = self._anew = self.hears_all_heads = True
                self._all_heads_since_s = self._now_s()
                self._answers_due = 2
                for filters, retained in ((SHARED, False), (HEARD_BY_ALL, True)):
                    self._line.subscribe(filters, retained=retained).add_done_callback(self._answered)
            case Lost(why=why):
                self.connected = self.subscribed = False
                self._outbox.forget()  # all of it is published anew, by what the database says then
                self.tally.note("not-connected", why=why)
            case Published(why_not=why_not):
                self._outbox.sent()
                self._note_failure("not-published", why_not)
            case Subscribed(why_not=why_not):
                self._note_failure("not-subscribed", why_not)
                self._answers_due -= 1
                if self._answers_due == 0 and why_not is None:
                    self.subscribed = True
                    log.info("connected")
            case Unsubscribed(why_not=why_not):
                self._note_failure("not-unsubscribed", why_not)
                self.hears_all_heads = why_not is not None
            case None:
                pass

    def _note_failure(self, word: str, why_not: str | None) -> None:
        if why_not is not None and self.connected:  # else it was the connection that ended
            self.tally.note(word, why=why_not)

    def _answered(self, answer: "Future[None]") -> None:
        # On the line's thread, so that it is this connection that is cut: a later one may be a good one.
        why_not = _why_not(answer)
        if why_not is not None:
            self._line.cut(f"the broker does not let us subscribe: {why_not}")
        self._inbox.put(Subscribed(why_not))

    def _work_off(self, message: Arrived) -> None:
        terminal, leaf = read_own(message.topic) or (None, "")
        if terminal is None:
            self.tally.note("unknown-topic", topic=message.topic)
        # An empty body is none: it clears what was retained.
        elif message.body and not self._stored(
            lambda now_s: self._answer(terminal, self._collect(terminal, leaf, message.body, now_s))
        ):
            return
        message.take()
        self.taken[leaf] += 1

    def _collect(self, terminal: str, leaf: str, body: bytes, now_s: int) -> Outcome:
        match leaf:
            case "journal":
                return self._collector.collect(terminal, body, now_s)
            case "head":
                return self._collector.note_head(terminal, body, now_s)
            case "presence":
                try:
                    self._collector.note_presence(terminal, decode_presence(body), now_s)
                except MessageRefused as error:
                    return Refused("not-a-presence", str(error))
                return Collected(0, None, None)
            case _:
                return Refused("not-for-headquarters", f"headquarters does not listen to {leaf}")

    def _answer(self, terminal: str, outcome: Outcome) -> None:
        match outcome:
            case Collected(new=new, acknowledgement=acknowledgement, replay=replay, ended=ended):
                self.entries += new
                if acknowledgement is not None:
                    self._acknowledge(terminal, acknowledgement, retain=not ended)
                if replay is not None:
                    self._ask_again(terminal, replay)
            case Forked(why=why):
                self.tally.note("fork", terminal=terminal, why=why)
            case Refused(word=word, why=why):
                self.tally.note(word, terminal=terminal, why=why)

    def _acknowledge(self, terminal: str, acknowledgement: bytes, *, retain: bool = True) -> None:
        # Its first line names the epoch.
        self._outbox.put(own(terminal, "ack"), acknowledgement.partition(b"\n")[0], acknowledgement, retain=retain)

    def _ask_again(self, terminal: str, replay: Replay) -> None:
        self._outbox.put(own(terminal, "replay"), replay.epoch, replay.encode(), retain=False)

    def _look_after(self) -> None:
        if not self.connected:
            return
        if self._anew:
            self._anew = not self._stored(self._publish_all_anew)
        if self._is_over(self._asked_at_s, REPLAYS_EVERY_S):
            self._stored(self._ask_all_again)
            self._asked_at_s = self._now_s()
        if self._all_heads_since_s is not None and self._is_over(self._all_heads_since_s, HEADS_S):
            self._all_heads_since_s = None
            answer = self._line.unsubscribe((of_all("head"),))
            answer.add_done_callback(lambda future: self._inbox.put(Unsubscribed(_why_not(future))))

    def _is_over(self, since_s: int, lasts_s: int) -> bool:
        return not 0 <= self._now_s() - since_s < lasts_s  # a clock that was set back must not put it off

    def _publish_all_anew(self, now_s: int) -> None:
        for terminal, acknowledgement in self._collector.acknowledgements(now_s):
            self._acknowledge(terminal, acknowledgement)

    def _ask_all_again(self, now_s: int) -> None:
        for terminal, replay in self._collector.replays(now_s):
            self._ask_again(terminal, replay)

    def _stored(self, do: Callable[[int], None]) -> bool:
        """Do it, again and again while the database is away; False: the worker is to stop, and it was not done."""
        attempts = 0
        while not self._stopping.is_set():
            self._beat()
            try:
                do(self._now_s())
            except Unstorable as error:
                self.tally.note("unstorable", why=str(error))
            except StorageError as error:
                self.tally.note("database-away", why=str(error))
                self._stopping.wait(PAUSES_S[min(attempts, len(PAUSES_S) - 1)])
                attempts += 1
                continue
            except Exception:  # noqa: BLE001  whatever one message does, the next one is worked off
                self.tally.note("failed", exc_info=True)
            if attempts:
                log.info("database-back", attempts=attempts)
            return True
        return False


def _why_not(future: "Future[None]") -> str | None:
    error = future.exception()
    if error is None or isinstance(error, LineError):
        return None if error is None else str(error)
    raise error
