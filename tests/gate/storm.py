"""A storm: cards on all readers at once, and a gate that is killed again and again at moments nobody chose.

What happened is kept by those who saw it: the taps here, the relays by the board's trace. Neither asks the gate.
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simulation.card import FaultyCard, Slow
from simulation.vpcd import VirtualReader, VirtualReaderSlot
from simulation.world import World
from tests.gate.processes import Event, Gate, GateFolder

GOOD = ("anna", "farid", "eva")
"""Admitted on every lane; dmitri only where no training is asked for, and he stays at home."""
BAD = ("bram", "chiara", "greta", "hugo", "ivo", "jana", "kim")
APDUS = 4
LONGEST_RUN_S = 3.0


@dataclass(slots=True)
class Tap:
    """A card held to a reader: when, and what the gate of that run answered, if it lived to do so."""

    lane: int
    name: str
    run: int
    began_ns: int
    began_ms: int
    heard: int = 0
    answer: Event | None = None


@dataclass(slots=True)
class Run:
    """One life of the gate."""

    number: int
    gate: Gate
    over: threading.Event = field(default_factory=threading.Event)
    killed: bool = False


class Trigger:
    """Goes off when what was chosen happens for the `after`th time, or when nobody waits for it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moment: tuple[object, ...] | None = None
        self._after = 0
        self._strike: Callable[[], None] = lambda: None
        self._pulled = threading.Event()

    def arm(self, moment: tuple[object, ...], after: int, strike: Callable[[], None]) -> None:
        """`strike` is called there and then, on the thread that saw it happen."""
        with self._lock:
            self._moment, self._after, self._strike = moment, after, strike
            self._pulled.clear()

    def happened(self, *moment: object) -> None:
        with self._lock:
            if moment == self._moment:
                self._after -= 1
                if self._after == 0:
                    self._strike()
                    self._pulled.set()

    def wait(self, within_s: float) -> None:
        self._pulled.wait(within_s)


class Storm:
    """Runs until so many taps were made. `seed` gives every choice anew, though not the times of the machine."""

    def __init__(self, place: GateFolder, readers: Mapping[int, VirtualReader], taps: int, seed: int) -> None:
        self._place = place
        self._readers = readers
        self._wanted = taps
        self._random = random.Random(seed)  # noqa: S311 - no secret depends on it
        self._seed = seed
        self._trigger = Trigger()
        self._news = threading.Condition()
        self._run: Run | None = None
        self._enough = False
        self._failures: list[BaseException] = []
        self.taps: list[Tap] = []
        self.runs: list[Run] = []

    @property
    def kills(self) -> int:
        """How often the gate was killed."""
        return sum(run.killed for run in self.runs)

    def rage(self) -> None:
        """Blocks until it is over; the last gate is stopped politely, after one start more has settled everything."""
        with ExitStack() as stack:
            stack.enter_context(World(self._place.board, told=self._seen_by_the_board))
            for lane in self._readers:
                stack.enter_context(World(self._place.board, lane)).contact("loop_arm", True)
            drivers = [
                threading.Thread(target=self._drive_guarded, args=(lane,), name=f"driver-{lane}")
                for lane in self._readers
            ]
            for driver in drivers:
                driver.start()
            try:
                while not self._done():
                    self._live_and_die()
            finally:
                with self._news:
                    self._enough = True
                    self._news.notify_all()
                for driver in drivers:
                    driver.join()
        if self._failures:
            raise self._failures[0]
        with self._started() as run:
            assert run.gate.terminate() == 0

    def _done(self) -> bool:
        with self._news:
            return bool(self._failures) or sum(tap.heard > 0 for tap in self.taps) >= self._wanted

    def _started(self) -> "_Life":
        run = Run(len(self.runs), self._place.start())
        self.runs.append(run)
        run.gate.ready()
        return _Life(run)

    def _live_and_die(self) -> None:
        chosen = self._random
        moment, delay_s = chosen.choice(
            (
                (("nothing in particular",), chosen.uniform(0, LONGEST_RUN_S)),
                (("apdu", chosen.randint(1, APDUS)), 0.0),
                (("apdu", APDUS), chosen.uniform(0, 0.012)),
                (("pulse",), 0.0),
                (("pulse",), chosen.uniform(0, 0.3)),
            )
        )
        after = chosen.randint(1, 4)
        with self._started() as run:
            strike = partial(run.gate.signal, signal.SIGKILL) if delay_s == 0 else _nothing
            self._trigger.arm(moment, after, strike)
            with self._news:
                self._run = run
                self._news.notify_all()
            self._trigger.wait(0 if moment == ("nothing in particular",) else LONGEST_RUN_S)
            run.over.wait(delay_s)
            with self._news:
                self._run = None
            run.gate.signal(signal.SIGKILL)
            run.killed = True

    def _drive(self, lane: int) -> None:
        """Whoever comes to this lane, one after the other."""
        chosen = random.Random(f"{self._seed} {lane}")  # noqa: S311 - no secret depends on it
        with VirtualReaderSlot(self._readers[lane].port) as slot:
            while (run := self._next_run()) is not None:
                name = chosen.choice(GOOD if chosen.random() < 0.7 else BAD)
                hooks = (Slow(place, wait=self._at("apdu", place)) for place in range(1, APDUS + 1))
                card = FaultyCard(self._place.site.card(name), *hooks)
                mark = run.gate.mark()
                tap = Tap(lane, name, run.number, time.monotonic_ns(), time.time_ns() // 1_000_000)
                slot.insert(card)
                tap.answer = run.gate.answer(lane, mark)
                slot.remove()
                tap.heard = len(card.heard)
                with self._news:
                    self.taps.append(tap)

    def _next_run(self) -> Run | None:
        with self._news:
            assert self._news.wait_for(lambda: self._enough or self._run is not None, 300)
            return None if self._enough else self._run

    def _at(self, *moment: object) -> Callable[[], None]:
        return lambda: self._trigger.happened(*moment)

    def _seen_by_the_board(self, line: Mapping[str, Any]) -> None:
        if line["what"] == "output" and line["name"] == "open" and line["on"]:
            self._trigger.happened("pulse")

    def _drive_guarded(self, lane: int) -> None:
        try:
            self._drive(lane)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the test waits
            with self._news:
                self._failures.append(error)


def _nothing() -> None:
    pass


class _Life:
    """A run of the gate, over at the end of the `with`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __enter__(self) -> Run:
        return self._run

    def __exit__(self, *_: object) -> None:
        self._run.gate.kill()
        self._run.over.set()
