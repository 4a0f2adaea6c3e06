"""A lane on a real board process, with a journal that keeps everything in memory."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from terminal.alarms import Alarms
from terminal.core.barrier_words import CONTACTS, MOMENTS, Mark, Phase, Settings, State
from terminal.core.journal import Entry, EntryKey, Kind
from terminal.core.stay import StayChange
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import StorageError
from terminal.lane.journal import StayAfter
from terminal.lane.kept import KeptNumber
from terminal.lane.ports import CLEAR_S, LanePorts
from terminal.lane.shell import Lane
from terminal.ports import Change

EPOCH = bytes(16)
QUICK = Settings(
    fitted=frozenset((*CONTACTS, *MOMENTS)),
    pulse_ms=40,
    travel_ms=1000,
    passage_ms=5000,
    gap_ms=30,
    closing_ms=5000,
    steady_ms=60,
)
"""Fits the times of `board_process.FAST`."""


class MemoryNumber:
    """A `terminal.lane.kept.KeptNumber`: durable at once, unless the disk fails."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.fails = False
        self._news = threading.Condition()

    def load(self) -> int | None:
        return self.number

    def save(self, number: int) -> "Future[None]":
        future: Future[None] = Future()
        if self.fails:
            future.set_exception(StorageError("the disk is full"))
        else:
            with self._news:
                self.number = number
                self._news.notify_all()
            future.set_result(None)
        return future

    def wait_for(self, number: int, within_s: float = 60.0) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self.number == number, within_s)


class MemoryMarks(dict[Mark, MemoryNumber]):
    """What a lane keeps over restarts; called, it gives the place of a mark."""

    def __missing__(self, mark: Mark) -> MemoryNumber:
        return self.setdefault(mark, MemoryNumber())

    def __call__(self, mark: Mark) -> MemoryNumber:
        return self[mark]


class MemoryJournal:
    """A `terminal.ports.Journal`: durable at once, unless told that the disk fails or hangs."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.changes: list[Change] = []
        self.durable: list[tuple[Entry, Change | None]] = []
        self.fails = False
        self.hangs = False
        self._news = threading.Condition()

    def append(self, entry: Entry, also: Change | None = None) -> "Future[EntryKey]":
        future: Future[EntryKey] = Future()
        with self._news:
            self.changes += [also] if also else []
            self.entries.append(entry)
            fails, hangs = self.fails, self.hangs
            if not (fails or hangs):
                self.durable.append((entry, also))
            self._news.notify_all()
        if fails:
            future.set_exception(StorageError("the disk is full"))
        elif not hangs:
            future.set_result(intent(len(self.entries) - 1))
        return future

    def wait_for(self, kind: Kind, within_s: float = 60.0, **public: object) -> Entry:
        """The first entry of this kind with these public facts, waiting for it if need be."""
        with self._news:
            assert self._news.wait_for(lambda: self._find(kind, public) is not None, within_s), (kind, public)
            found = self._find(kind, public)
        assert found is not None
        return found

    def told(self) -> list[tuple[str, object]]:
        """Kind, and result or alarm, of every entry."""
        return [(entry.kind.value, entry.public.get("result", entry.public.get("alarm"))) for entry in self.entries]

    def _find(self, kind: Kind, public: dict[str, object]) -> Entry | None:
        matching = (e for e in self.entries if e.kind is kind and public.items() <= dict(e.public).items())
        return next(matching, None)


def intent(sequence: int) -> EntryKey:
    """The key of an intent that is durable."""
    return EntryKey("gate-1", EPOCH, sequence)


class Rig:
    """The lane, its journal, and a way to wait for a state."""

    def __init__(
        self,
        socket: Path,
        settings: Settings = QUICK,
        *,
        board: type[SimulatedBoard] = SimulatedBoard,
        answer_s: float = 60.0,
        board_answer_s: float = 60.0,
        stay_after: StayAfter = lambda *_: None,
        after_fire: Callable[[], StayChange | None] = lambda: None,
        kept: Callable[[Mark], KeptNumber] | None = None,
        clear_s: float = CLEAR_S,
        journal: MemoryJournal | None = None,
        changed: Callable[[State], None] = lambda _: None,
    ) -> None:
        self.journal = journal or MemoryJournal()
        self._also_changed = changed
        self.alarms = Alarms(self.journal, lambda _step, _alarm: None)
        self.heartbeats = Heartbeats(time.monotonic)
        self.phases: list[Phase] = []
        self.ahead_s = 0.0
        """How far the lane's clock is put on."""
        self._state = State(settings=settings)
        self._news = threading.Condition()
        self.lane = Lane(
            LanePorts(
                number=1,
                settings=settings,
                take_board=lambda: board(socket, 1, answer_s=board_answer_s),
                journal=self.journal,
                alarms=self.alarms,
                heartbeat=self.heartbeats,
                monotonic_s=lambda: time.monotonic() + self.ahead_s,
                kept=MemoryMarks() if kept is None else kept,
                changed=self._changed,
                answer_s=answer_s,
                stay_after=stay_after,
                after_fire=after_fire,
                clear_s=clear_s,
            )
        )

    @contextmanager
    def in_service(self) -> Iterator[Self]:
        """Started, with the boom down; stopped in the end."""
        with self.in_service_from(Phase.CLOSED):
            yield self

    @contextmanager
    def in_service_from(self, phase: Phase) -> Iterator[Self]:
        """Started, and found in this phase; stopped in the end."""
        self.lane.start()
        self.wait_for(phase)
        yield self
        assert self.lane.stop()

    def wait_for(self, condition: Callable[[State], bool] | Phase, within_s: float = 60.0) -> None:
        """Until the lane is in this phase, or its state is so."""
        wanted = condition if callable(condition) else (lambda state: state.phase is condition)
        with self._news:
            assert self._news.wait_for(lambda: wanted(self._state), within_s), self._state

    def came_to(self, phase: Phase) -> None:
        """Until the lane is or has been in this phase, be it for a moment that nobody saw."""
        self.wait_for(lambda _: phase in self.phases)

    def _changed(self, state: State) -> None:
        with self._news:
            self._state = state
            if not self.phases or self.phases[-1] is not state.phase:
                self.phases.append(state.phase)
            self._news.notify_all()
        self._also_changed(state)
