"""The thread that sends: batches as the uplink says, the head, and that we are here (design 7, 'MQTT 5')."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue

from terminal.core import topics
from terminal.core.instant import ClockQuality
from terminal.core.messages import Head, Presence, Replay
from terminal.core.uplink import Sent, Uplink
from terminal.edges.mqtt import Line
from terminal.edges.seldom import Seldom
from terminal.ports import Heartbeat
from terminal.storage.view_reader import Look, NoView, Stamp, ViewReader

PART = "uplink"
TURN_S = 0.1
"""How often the view is asked whether it changed."""
LOOK_EVERY_S = 1.0
"""A look at the view also when its stamp says nothing: stamps have a grain."""
HEAD_EVERY_S = 50.0
"""Headquarters expects one each minute."""
HEAD_AGAIN_S = 5.0
GOODBYE_S = 2.0


class Sender:
    """From `start` to `stop`. What others tell it is worked off on its own thread."""

    def __init__(
        self,
        line: Line,
        reader: ViewReader,
        terminal: str,
        *,
        heartbeat: Heartbeat,
        seldom: Seldom,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._reader = reader
        self._terminal = terminal
        self._heartbeat = heartbeat
        self._seldom = seldom
        self._wall_s = wall_s
        self._monotonic_s = monotonic_s
        self._news: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._connected = False
        self._uplink = Uplink(0)
        self._look: Look | None = None
        self._stamp: Stamp | None = None
        self._look_due_s = 0.0
        self._said: tuple[object, ...] = ()
        self._head_due_s = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)

    # --------------------------------------------------------------------------------------- any thread, never blocks

    def connected(self) -> None:
        """The broker takes us."""
        self._news.put(self._on_connected)

    def lost(self) -> None:
        """The connection ended."""
        self._news.put(self._on_lost)

    def acknowledged(self, epoch: bytes, size: int) -> None:
        """The gate believes that headquarters has every entry of `epoch` below `size`."""
        self._news.put(partial(self._on_acknowledged, epoch, size))

    def asked_again(self, replay: Replay) -> None:
        """Headquarters asks for entries again."""
        self._news.put(partial(self._on_asked_again, replay))

    def summary(self) -> str:
        """How far it is, for a person."""
        look = self._look
        here = "connected" if self._connected else "not connected"
        return f"{here}, {'no view' if look is None else f'{self._uplink.cursor} of {look.size} entries acknowledged'}"

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more but that we go. Blocks for a few seconds at most."""
        self._stopping.set()
        self._news.put(lambda: None)
        self._thread.join(GOODBYE_S)
        gone = threading.Event()
        self._line.publish(
            topics.own(self._terminal, "presence"), Presence.OFFLINE.encode(), retain=True
        ).add_done_callback(lambda _: gone.set())
        gone.wait(GOODBYE_S)

    # ------------------------------------------------------------------------------------------------- on its thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            try:
                self._news.get(timeout=TURN_S)()
                while True:
                    self._news.get_nowait()()
            except Empty:
                pass
            self._turn(self._monotonic_s())

    def _turn(self, now_s: float) -> None:
        look = self._look_again(now_s)
        if look is None:
            return
        self._uplink.acknowledged(look.acknowledged, now_s)
        if not self._connected:
            return
        if self._uplink.is_stuck(now_s):
            self._line.cut("the broker neither takes what is sent nor refuses it")
            return
        self._tell_head(look, now_s)
        while not self._stopping.is_set() and self._send(look, now_s):
            self._heartbeat.beat(PART)

    def _look_again(self, now_s: float) -> Look | None:
        stamp = self._reader.stamp()
        if self._look is not None and stamp == self._stamp and now_s < self._look_due_s:
            return self._look
        try:
            look = self._reader.look()
        except NoView as error:
            if error.why != "held":  # by the gate, as a rule, and not for long
                self._seldom.say(f"view-{error.why}", why=str(error))
            return None
        before, self._look = self._look, look
        self._stamp, self._look_due_s = stamp, now_s + LOOK_EVERY_S
        # An old epoch's entries that were never acknowledged would be sent from here as well, once the view shows them.
        if before is None or (before.run, before.epoch) != (look.run, look.epoch):
            self._uplink = Uplink(look.acknowledged)
            if self._connected:
                self._uplink.connected(look.size, now_s)
        return look

    def _send(self, look: Look, now_s: float) -> bool:
        """Send one batch; False: none is due, or can be had."""
        uplink = self._uplink
        wanted = uplink.next(look.size, now_s)
        if wanted is None:
            return False
        try:
            batch = self._reader.batch(look.run, wanted.first, wanted.limit)
        except NoView:
            return False
        if batch is None:
            uplink.unavailable(wanted)
            self._seldom.say("no-batch", stream=wanted.stream.value, first=wanted.first)
            return False
        done = self._line.publish(topics.own(self._terminal, "journal"), batch.encode())
        sent = uplink.sent(wanted, batch.first + len(batch.entries), now_s)
        done.add_done_callback(lambda future: self._news.put(partial(self._settled, uplink, sent, future)))
        return True

    def _tell_head(self, look: Look, now_s: float) -> None:
        said = (look.epoch, look.list_number, look.clock, look.software)
        if look.checkpoint is None or (said == self._said and now_s < self._head_due_s):
            return
        self._said, self._head_due_s = said, now_s + HEAD_EVERY_S
        wall_s = self._wall_s()
        issued_at_s = look.list_issued_at_s
        head = Head(
            checkpoint=look.checkpoint,
            time_ms=int(wall_s * 1000),
            quality=ClockQuality.GOOD if look.clock == ClockQuality.GOOD else ClockQuality.DOUBTFUL,
            acknowledged=self._uplink.cursor,
            list_number=look.list_number,
            list_age_s=None if issued_at_s is None else max(0, int(wall_s) - issued_at_s),
            free_bytes=look.free_bytes,
            software=look.software,
        )
        done = self._line.publish(topics.own(self._terminal, "head"), head.encode(), retain=True)
        done.add_done_callback(lambda future: self._news.put(partial(self._head_settled, future)))

    # ---------------------------------------------------------------------------------------- what others told it of

    def _on_connected(self) -> None:
        self._connected = True
        self._said = ()
        self._line.publish(topics.own(self._terminal, "presence"), Presence.ONLINE.encode(), retain=True)
        if self._look is not None:
            self._uplink.connected(self._look.size, self._monotonic_s())

    def _on_lost(self) -> None:
        self._connected = False
        self._uplink.lost()

    def _on_acknowledged(self, epoch: bytes, size: int) -> None:
        if self._look is not None and epoch == self._look.epoch:
            self._uplink.acknowledged(size, self._monotonic_s())

    def _on_asked_again(self, replay: Replay) -> None:
        if self._look is not None and replay.epoch == self._look.epoch:
            self._uplink.asked_again(replay.first, replay.last)
        else:
            self._seldom.say("replay-of-another-epoch", epoch=replay.epoch.hex(), first=replay.first)

    def _settled(self, uplink: Uplink, sent: Sent, future: "Future[None]") -> None:
        if (error := future.exception()) is None:
            uplink.taken(sent)
        else:
            uplink.refused(sent, self._monotonic_s())
            self._seldom.say("batch-not-taken", why=str(error))

    def _head_settled(self, future: "Future[None]") -> None:
        if (error := future.exception()) is not None:
            self._head_due_s = self._monotonic_s() + HEAD_AGAIN_S
            self._seldom.say("head-not-taken", why=str(error))
