"""The lane without a card: how soon a relay is told, how soon a contact counts, and what four busy lanes cost a tap.

Both ends of a figure are read off one clock: CLOCK_MONOTONIC, by which the board stamps its trace.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.children import board, traffic
from bench.figures import Figures, percentile
from simulation.world import World
from terminal.alarms import Alarms
from terminal.core.barrier_signals import Ready
from terminal.core.barrier_words import LOOP_ARM, Mark, Phase, Settings, Side, State
from terminal.core.journal import Entry, EntryKey, Kind, TapResult
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.lane.kept import KeptNumber
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.ports import Journal

CONTACTS = frozenset({"closed_limit", "open_limit", "loop_arm", "loop_safety", "loop_behind", "fire"})
BUSY = Settings(fitted=CONTACTS, pulse_ms=50, travel_ms=2000, passage_ms=10_000, gap_ms=200)
QUICK = Settings(fitted=frozenset({"closed_limit", "open_limit"}), pulse_ms=5, travel_ms=2000, passage_ms=2000)
BUSY_LANES = (1, 2, 3, 4)
LOOK_S = 0.02
READY_S = 20.0


class Parts:
    """What lanes of the bench share."""

    def __init__(self, journal: Journal, kept: Callable[[str], KeptNumber]) -> None:
        self.journal = journal
        self._kept = kept

    def lane(
        self, number: int, socket: Path, settings: Settings, changed: Callable[[State], None] = lambda _: None
    ) -> Lane:
        """A lane on the board at `socket`, not started yet."""

        def kept(mark: Mark) -> KeptNumber:
            return self._kept(f"bench-{number}/{mark.value}")

        return Lane(
            LanePorts(
                number=number,
                settings=settings,
                take_board=partial(SimulatedBoard, socket, number),
                journal=self.journal,
                alarms=Alarms(self.journal, lambda _step, _alarm: None),
                heartbeat=Heartbeats(),
                kept=kept,
                changed=changed,
            )
        )

    def intent(self, lane: int) -> EntryKey:
        """A durable intent."""
        return self.journal.append(Entry(kind=Kind.TAP_INTENT, lane=lane, public={"side": "entry"})).result(READY_S)


def measure(parts: Parts, folder: Path, figures: Figures, samples: int) -> None:
    """Note `lane.relay_ms`: from the durable intent to the relay; `lane.contact_ms`: from a contact to the state."""
    with ExitStack() as stack:
        socket = stack.enter_context(_board(folder, "relay", lanes=1))
        world = stack.enter_context(World(socket))
        lane = stack.enter_context(_started(parts.lane(1, socket, QUICK)))
        figures.add_samples("lane.relay_ms", [_relay_ms(parts, lane, world) for _ in range(samples)], 50, 99, 100)
    heard = threading.Condition()
    seen: list[tuple[bool, float]] = []

    def changed(state: State) -> None:
        with heard:
            seen.append((LOOP_ARM in state.active, time.monotonic_ns()))
            heard.notify_all()

    with ExitStack() as stack:
        socket = stack.enter_context(_board(folder, "contact", lanes=1))
        world = stack.enter_context(World(socket))
        stack.enter_context(_started(parts.lane(1, socket, BUSY, changed)))
        took = [_contact_ms(world, heard, seen, on=number % 2 == 0) for number in range(samples)]
    figures.add_samples("lane.contact_ms", took, 50, 99, 100)


def _relay_ms(parts: Parts, lane: Lane, world: World) -> float:
    _wait_until(lambda: lane.state.phase is Phase.CLOSED)
    intent, mark = parts.intent(1), world.mark()
    began_ns = time.monotonic_ns()
    assert lane.admit(intent) is TapResult.OPENED
    return float(world.wait_for(since=mark, what="output", name="open", on=True)["monotonic_ns"] - began_ns) / 1e6


def _contact_ms(world: World, heard: threading.Condition, seen: Sequence[tuple[bool, float]], *, on: bool) -> float:
    mark, before = world.mark(), len(seen)
    world.contact(LOOP_ARM, on)
    with heard:
        assert heard.wait_for(lambda: any(was is on for was, _ in seen[before:]), READY_S), "the lane heard nothing"
        at_ns = next(at_ns for was, at_ns in seen[before:] if was is on)
    return (at_ns - float(world.wait_for(since=mark, what="contact", name=LOOP_ARM, on=on)["monotonic_ns"])) / 1e6


# ------------------------------------------------------------------------------------------------ four busy lanes


def slowed_percent(idle: Sequence[float], busy: Sequence[float]) -> float:
    """By how much the median grew."""
    return (percentile(busy, 50) / percentile(idle, 50) - 1) * 100


@contextmanager
def busy_lanes(parts: Parts, folder: Path) -> Iterator[Callable[[], int]]:
    """Four lanes through which one vehicle after another drives; gives how many were let through so far.

    Begins when each lane has let its first through.
    """
    with ExitStack() as stack:
        socket = stack.enter_context(_board(folder, "busy", lanes=len(BUSY_LANES)))
        stack.enter_context(traffic(socket, len(BUSY_LANES)))
        over = threading.Event()
        admitted = [0] * len(BUSY_LANES)

        def let_through(place: int, lane: Lane) -> None:
            while not over.wait(LOOK_S):
                if isinstance(lane.readiness(Side.ENTRY), Ready) and lane.state.phase is Phase.CLOSED:
                    admitted[place] += lane.admit(parts.intent(lane_number(place))) is TapResult.OPENED

        threads = []
        for place, number in enumerate(BUSY_LANES):
            lane = stack.enter_context(_started(parts.lane(number, socket, BUSY)))
            threads.append(threading.Thread(target=let_through, args=(place, lane), daemon=True))
        for thread in threads:
            thread.start()
        try:
            _wait_until(lambda: all(admitted))
            yield lambda: sum(admitted)
        finally:
            over.set()
            for thread in threads:
                thread.join()


def lane_number(place: int) -> int:
    """The number of a busy lane."""
    return BUSY_LANES[place]


@contextmanager
def on_one_core() -> Iterator[None]:
    """All threads that this process has now, and those they start, on the first core it may use."""
    before = os.sched_getaffinity(0)
    _pin({min(before)})
    try:
        yield
    finally:
        _pin(before)


def _pin(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def _board(folder: Path, name: str, lanes: int) -> Iterator[Path]:
    socket = folder / f"{name}.sock"
    slow = {"travel_ms": 300, "no_show_ms": 5000} if name == "busy" else {}
    with board(socket, folder / f"{name}.jsonl", lanes=lanes, **slow):
        yield socket


@contextmanager
def _started(lane: Lane) -> Iterator[Lane]:
    lane.start()
    try:
        _wait_until(lambda: lane.state.phase is Phase.CLOSED)
        yield lane
    finally:
        lane.stop()


def _wait_until(condition: Callable[[], Any]) -> None:
    deadline_s = time.monotonic() + READY_S
    while not condition():
        assert time.monotonic() < deadline_s, "the lane does not get ready"
        time.sleep(0.001)
