"""What becomes of each tap: its arrival in headquarters' database, its acknowledgement in the gate's view."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from demonstration.office import Office
from demonstration.processes import Event
from terminal.errors import StorageError
from terminal.storage.view_reader import ViewReader

LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Kept:
    """How far a journal is: entries that the gate wrote, that headquarters stores, that it acknowledged to the gate."""

    entries: int = 0
    arrived: int = 0
    acknowledged: int = 0

    @property
    def all_acknowledged(self) -> bool:
        """Nothing is on its way any more."""
        return self.acknowledged >= self.entries > 0


@dataclass(slots=True)
class _Tap:
    """A decision that is on its way."""

    card: str | None
    lane: object
    sequence: int
    at_s: float
    arrived_ms: float | None = None

    def told(self, event: str, epoch: bytes) -> dict[str, object]:
        """The event about it."""
        about = {"card": self.card, "lane": self.lane, "sequence": self.sequence}
        return {"event": event, **about, "epoch": epoch.hex(), "arrived_ms": self.arrived_ms}


class Arrivals:
    """Looks at both by itself, on a thread of its own, from now on until `stop`."""

    def __init__(
        self,
        view: ViewReader,
        office: Office,
        terminal: str,
        tell: Callable[[Event], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tell` hears `arrived` and `acknowledged`, in this order for each tap."""
        self._view, self._office, self._terminal = view, office, terminal
        self._tell = tell
        self._monotonic_s = monotonic_s
        self.epoch: bytes | None = None
        """Of the journal that the gate writes now; None before it was seen."""
        self._kept = Kept()
        self._entries = 0
        self._lanes = 0
        """How many there were before this one."""
        self._taps: dict[int, _Tap] = {}
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def begin_anew(self) -> None:
        """Another lane, with an empty journal. The view of the lane before must be gone."""
        with self._news:
            self._lanes += 1
            self.epoch, self._kept, self._entries = None, Kept(), 0
            self._taps.clear()

    def gate_said(self, event: Event, person: str | None) -> None:
        """A line of the gate's log; `person` is whose card it is about."""
        with self._news:
            match event:
                case {"event": "journal", "sequence": int(sequence)}:
                    self._entries = max(self._entries, sequence + 1)
                case {"event": "decision", "sequence": int(sequence), "lane": lane}:
                    self._entries = max(self._entries, sequence + 1)
                    self._taps[sequence] = _Tap(person, lane, sequence, self._monotonic_s())
                case _:
                    pass

    def kept(self) -> Kept:
        """How far it is."""
        with self._news:
            return Kept(max(self._entries, self._kept.entries), self._kept.arrived, self._kept.acknowledged)

    @property
    def epoch_hex(self) -> str | None:
        """The epoch as events write it."""
        return None if self.epoch is None else self.epoch.hex()

    def wait(self, within_s: float) -> None:
        """Until something has changed, or so long."""
        with self._news:
            self._news.wait(within_s)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with suppress(StorageError):  # held by whoever writes it, or not there yet: it is looked at again
                self._look()

    def _look(self) -> None:
        lane = self._lanes
        look = self._view.look()
        with self._news:
            before = self._kept if look.epoch == self.epoch else Kept()
            under_way = {sequence for sequence, tap in self._taps.items() if tap.arrived_ms is None}
        arrived, among = before.arrived, set[int]()
        if under_way or before.arrived < look.size:
            arrived, among = self._office.arrived(self._terminal, look.epoch, under_way)
        now = Kept(look.size, arrived, look.acknowledged)
        with self._news:
            if lane != self._lanes:
                return
            if look.epoch != self.epoch:
                self.epoch, self._kept = look.epoch, Kept()
            events = self._noted(look.epoch, now, among)
        for event in events:
            self._tell(event)
        with self._news:  # only now: whoever waits until all is acknowledged finds it told
            if lane == self._lanes:
                self._kept = now
                self._news.notify_all()

    def _noted(self, epoch: bytes, now: Kept, arrived: set[int]) -> list[Event]:
        """What there is to tell of taps, in the order of their entries."""
        events: list[Event] = []
        at_s = self._monotonic_s()
        entries = max(self._entries, now.entries)
        for sequence, tap in sorted(self._taps.items()):
            since_ms = round((at_s - tap.at_s) * 1000, 1)
            if tap.arrived_ms is None and sequence in arrived:
                tap.arrived_ms = since_ms
                events.append(tap.told("arrived", epoch))
            if tap.arrived_ms is not None and sequence < now.acknowledged:
                del self._taps[sequence]
                size = {"size": now.acknowledged, "entries": entries, "acknowledged_ms": since_ms}
                events.append({**tap.told("acknowledged", epoch), **size})
        return events
