"""The thread that receives: files into the mirror, what headquarters signed to the gate, wishes to the sender."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from terminal.core import topics
from terminal.core.messages import Replay, decode_head, decode_replay
from terminal.edges.mqtt import Arrived, Connected, Line
from terminal.edges.seldom import Seldom
from terminal.errors import DocumentError, StorageError
from terminal.ports import Heartbeat
from terminal.trust.mirror_files import NotTaken
from terminal.trust.mirror_writer import MirrorWriter

PART = "downlink"
TURN_S = 1.0
QUIET_S = 0.2
"""Files are written when nothing more came for so long: a set that belongs together comes in one go."""
HELD_S = 2.0
"""They are written after so long all the same."""
LOOK_AT_CONNECT_S = 3600.0
"""All retained files are asked for at a connect when the last time is longer ago, or the broker kept no session."""
LOOK_EVERY_S = 6 * 3600.0
"""And so often within a connection: a broker may drop what it has acknowledged."""
FIRST_PAUSE_S = 10.0
MAX_PAUSE_S = 600.0
"""After a disk that refuses, or a broker that does; it doubles in between."""


class Receiver:
    """From `start` to `stop`. `told` hears the line; everything else is on its own thread."""

    def __init__(
        self,
        line: Line,
        writer: MirrorWriter,
        *,
        terminal: str,
        site: int,
        note: Callable[[bytes], None],
        own_head: Callable[[bytes], None],
        asked_again: Callable[[Replay], None],
        command: Callable[[bytes], None],
        stays: Callable[[str, bytes], None],
        heartbeat: Heartbeat,
        seldom: Seldom,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`note` gets acknowledgements, `own_head` the note in the head that the broker kept of us.

        `stays` gets topic and body of a page of the stays. None of them blocks.
        """
        self._line = line
        self._writer = writer
        self._terminal = terminal
        self._files = [f"{topics.repository(each)}#" for each in (None, site)]
        self._own: dict[str, Callable[[Arrived], None]] = {
            topics.own(terminal, "ack"): lambda event: note(event.body),
            topics.own(terminal, "head"): lambda event: own_head(decode_head(event.body).checkpoint),
            topics.own(terminal, "command"): lambda event: command(event.body),
            topics.own(terminal, "replay"): lambda event: asked_again(decode_replay(event.body)),
        }
        self._stays = stays
        self._heartbeat = heartbeat
        self._seldom = seldom
        self._monotonic_s = monotonic_s
        self._arrived: SimpleQueue[Arrived | None] = SimpleQueue()
        self._connected = False
        self._looked_at_s: float | None = None
        self._look_again_at_s: float | None = None
        self._pause_s = FIRST_PAUSE_S
        self._held_since_s: float | None = None
        self._newest_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)

    # ------------------------------------------------------------------------------------------- on the line's thread

    def connected(self, event: Connected) -> None:
        """Ask for what is ours: our head first, since the sender is about to write another one."""
        self._subscribe([topics.own(self._terminal, "head")], retained=True)
        self._subscribe([topics.own(self._terminal, leaf) for leaf in ("ack", "replay", "command")], retained=True)
        self._subscribe([topics.stays_pages(self._terminal)], retained=True)
        now_s = self._monotonic_s()
        fresh = self._looked_at_s is not None and now_s - self._looked_at_s < LOOK_AT_CONNECT_S
        self._ask_for_files(retained=not (event.session_kept and fresh))
        self._connected = True

    def lost(self) -> None:
        """The connection ended."""
        self._connected = False

    def arrived(self, event: Arrived) -> None:
        """Take it up when its turn comes. The broker sends only so many before the first is taken."""
        self._arrived.put(event)

    # ------------------------------------------------------------------------------------------------------ any thread

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End, with what has come written; False: the disk takes longer."""
        self._stopping.set()
        self._arrived.put(None)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # -------------------------------------------------------------------------------------------------- on its thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            try:
                event = self._arrived.get(timeout=TURN_S if self._held_since_s is None else QUIET_S / 2)
            except Empty:
                event = None
            if event is not None:
                self._take(event)
                event.take()
            now_s = self._monotonic_s()
            if self._held_since_s is not None and (
                now_s - self._newest_s >= QUIET_S or now_s - self._held_since_s >= HELD_S
            ):
                self._write()
            self._look_again(now_s)
        self._write()

    def _take(self, event: Arrived) -> None:
        try:
            if (topic := topics.read_repository(event.topic)) is not None:
                self._hold(topic, event.body)
            elif topics.read_own(event.topic) == (self._terminal, topics.STAYS):
                self._stays(event.topic, event.body)
            elif event.body or event.topic not in self._own:  # cleared, once a terminal is retired
                self._own.get(event.topic, self._stranger)(event)
        except NotTaken as refused:
            self._seldom.say(f"file-{refused.word}", why=str(refused))
        except DocumentError as refused:
            self._seldom.say("message-refused", topic=event.topic, why=str(refused))
        except StorageError as error:
            self._failed(str(error))

    def _hold(self, topic: topics.RepositoryTopic, body: bytes) -> None:
        if self._writer.take(topic, body):
            self._newest_s = self._monotonic_s()
            if self._held_since_s is None and self._writer.holds:
                self._held_since_s = self._newest_s

    def _stranger(self, event: Arrived) -> None:
        self._seldom.say("unknown-topic", topic=event.topic[:200])

    def _write(self) -> None:
        self._held_since_s = None
        if not self._writer.holds:
            return
        try:
            self._writer.write()
        except StorageError as error:
            self._failed(str(error))
        else:
            self._pause_s = FIRST_PAUSE_S

    def _failed(self, why: str) -> None:
        """What did not get into the mirror is asked for again, after a while."""
        self._seldom.say("mirror", why=why)
        self._writer.forget()
        self._held_since_s = None
        self._later()

    # ------------------------------------------------------------------------------------ asking for files, any thread

    def _ask_for_files(self, *, retained: bool) -> None:
        if retained:
            self._looked_at_s, self._look_again_at_s = self._monotonic_s(), None
        self._subscribe(self._files, retained=retained)

    def _look_again(self, now_s: float) -> None:
        if not self._connected:
            return
        due = self._look_again_at_s is not None and now_s >= self._look_again_at_s
        if due or (self._looked_at_s is not None and now_s - self._looked_at_s >= LOOK_EVERY_S):
            self._ask_for_files(retained=True)

    def _subscribe(self, filters: list[str], *, retained: bool) -> None:
        def answered(future: "Future[None]") -> None:
            if (error := future.exception()) is not None:
                self._seldom.say("not-subscribed", topics=filters, why=str(error))
                if filters == self._files:
                    self._later()

        self._line.subscribe(filters, retained=retained).add_done_callback(answered)

    def _later(self) -> None:
        self._look_again_at_s = self._monotonic_s() + self._pause_s
        self._pause_s = min(2 * self._pause_s, MAX_PAUSE_S)
