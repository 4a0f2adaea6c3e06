"""The thread that looks after room on the disk: alarms, the reserve, and entries that may go (design 7, 'MQTT 5', 6).

A thread of its own, since a disk that is gone may not even answer how full it is. Once a day, and at each start,
acknowledged entries go that are older than the policy keeps them; when the disk is short, younger ones too. What went
is told by one entry a round: by its number, so that a round that a power cut broke off is told at the end of the next.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Protocol

import structlog

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.core.journal import Entry, Kind
from terminal.core.policy import DAY_S
from terminal.core.room import RESERVE_BYTES, SCARCE_UNTIL, Level, Space, level
from terminal.errors import StorageError
from terminal.ports import Clock, Heartbeat, Journal

TURN_S = 1.0
AGAIN_S = 60.0
"""After a failure."""
SHRINK_BYTES = 2**20
"""Free pages that are worth moving others for."""
PART = "room"
DISK_ALARM, SHORT_ALARM, RESERVE_ALARM = "disk", "disk-short", "disk-reserve"

log = structlog.get_logger()


class Disk(Protocol):
    """The file system with the journal, and the reserve on it. Its methods block; they raise OSError."""

    def space(self) -> Space:
        """How full it is."""

    def refill(self) -> None:
        """Make the reserve whole, as far as there is room to spare."""


class DroppedEntries(Protocol):
    """What drops entries. Its methods block; they raise StorageError."""

    def drop(self, *, before_ms: int | None) -> int:
        """Drop some of the oldest that are acknowledged and were written before (None: of any age); how many."""

    def oldest(self) -> int:
        """The number below which all are gone."""

    def free_page_bytes(self) -> int:
        """How much of the journal's file is free."""

    def shrink(self) -> None:
        """Give some of that back to the disk."""


class KeptNumber(Protocol):
    """A number that outlives the run."""

    def load(self) -> int | None:
        """The last durable one. Never touches the disk."""

    def save(self, number: int) -> "Future[None]":
        """Keep it; never blocks."""


class Room:
    """Looks after the disk from `start` to `stop`; the other methods suit any thread and never block."""

    def __init__(
        self,
        disk: Disk,
        dropped: DroppedEntries,
        *,
        told: KeptNumber,
        kept_days: Callable[[], int | None],
        journal: Journal,
        alarms: Alarms,
        clock: Clock,
        heartbeat: Heartbeat,
    ) -> None:
        """`told`: below which number the journal says that entries were dropped.

        `kept_days`: how long the site's policy keeps entries here; None while there is none, and nothing is dropped.
        """
        self._disk = disk
        self._dropped = dropped
        self._told = told
        self._kept_days = kept_days
        self._journal = journal
        self._alarms = alarms
        self._clock = clock
        self._heartbeat = heartbeat
        self._level = Level.PLENTY
        self._words: str | None = None
        self._due_s = clock.monotonic_s()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)

    def only_reserve(self) -> bool:
        """Tell whether nobody is to be let in, since only the reserve is left to write to."""
        return self._level is Level.ONLY_RESERVE

    def words(self) -> str | None:
        """What is the matter with the disk, for the status line; None: nothing."""
        return self._words

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self, within_s: float = 5.0) -> bool:
        """End the thread; False: the disk did not answer in time."""
        self._stopping.set()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            self.look()
            self._stopping.wait(TURN_S)

    def look(self) -> None:
        """One turn, on the thread or in a test. Blocks on the disk; what fails is tried again."""
        try:
            self._disk.refill()
            space = self._space()
        except (OSError, StorageError) as error:
            self._say(f"disk: {error}")
            return
        self._judge(space)
        try:
            if space.share_on_disk >= SCARCE_UNTIL and space.free_page_bytes >= SHRINK_BYTES:
                self._dropped.shrink()
            self._drop()
        except StorageError as error:
            self._due_s = self._clock.monotonic_s() + AGAIN_S
            self._alarms.raised(STORAGE_ALARM, detail=str(error))

    def _space(self) -> Space:
        return replace(self._disk.space(), free_page_bytes=self._dropped.free_page_bytes())

    def _judge(self, space: Space) -> None:
        before, self._level = self._level, level(self._level, space)
        percent = int(space.share * 100)
        self._alarms.holds(DISK_ALARM, while_=self._level >= Level.SCARCE, used_percent=percent)
        self._alarms.holds(SHORT_ALARM, while_=self._level >= Level.SHORT, used_percent=percent)
        self._alarms.holds(RESERVE_ALARM, while_=self._level is Level.ONLY_RESERVE, left_bytes=space.reserve_bytes)
        match self._level:
            case Level.PLENTY:
                self._say(None)
            case Level.ONLY_RESERVE:
                left_mib = max(0, space.room_bytes + RESERVE_BYTES) // 2**20
                self._say(f"disk full, {left_mib} MiB left for exits; entries go to the desk; make room")
            case _:
                self._say(f"disk {percent} % full")
        if self._level is not before:
            log.warning("disk", state=self._level.name.lower().replace("_", "-"), used_percent=percent)

    def _say(self, words: str | None) -> None:
        self._words = words

    # -------------------------------------------------------------------------------------------------- entries that go

    def _drop(self) -> None:
        """A chunk, when the day's round is due or the disk is short; at a round's end it is told what went."""
        days, now_s = self._kept_days(), self._clock.monotonic_s()
        if days is None:
            return
        if now_s >= self._due_s:
            if not self._dropped.drop(before_ms=self._clock.now().ms - days * DAY_S * 1000):
                self._due_s = now_s + DAY_S
                self._tell()
        elif self._level >= Level.SHORT and not self._dropped.drop(before_ms=None):
            self._tell()

    def _tell(self) -> None:
        """Say below which number the entries are gone; a gate that stops in between says it twice rather than never."""
        below, told = self._dropped.oldest(), self._told.load() or 0
        if below > told:
            public = {"what": "entries", "count": below - told, "below": below}
            self._journal.append(Entry(kind=Kind.ERASURE, public=public)).result()
            self._told.save(below).result()
