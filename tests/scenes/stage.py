"""A stage in virtual time, in this process: the real gate of a lane on the simulated one.

    the model's next change, or the lane's next timer → move the time there → let the lane do all that follows → again

Nothing waits for real time but for the disk: what the journal was told is durable before time goes on. A power cut is
what is on the disk at that moment, copied; the next gate starts on the copy.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

from simulation.lane import SimulatedLane
from simulation.stage import Hear, OpenStage, Setup
from simulation.surroundings import happen
from simulation.vpcd import InsertedCard
from terminal.core.barrier_words import GuardOrder, Phase, Side, State
from terminal.core.journal import INTENT, Entry, EntryKey, Kind
from terminal.core.reasons import Hint
from terminal.errors import HardwareError
from terminal.lane.journal import UNTAPPED
from terminal.ports import Input, Output
from terminal.tap.ports import Answer
from tests.scenes.gate import Gate, World
from tests.scenes.virtual_time import STARTS_MS, VirtualTime

READY_MS = 60_000.0


class ModelBoard:
    """The lines of the simulated lane: a `terminal.ports.LaneBoard` without a process between, until it is `gone`."""

    def __init__(self, model: SimulatedLane, time: VirtualTime) -> None:
        self._model = model
        self._time = time
        self.gone = False
        self.changed: Callable[[Input, bool], None] = lambda _contact, _on: None
        model.make_safe(time.ms)

    def drive(self, output: Output, on: bool) -> None:
        """As `LaneBoard.drive`, and so are the others."""
        self._reach()
        self._model.drive(output.value, on, self._time.ms)

    def levels(self) -> Mapping[Input, bool]:
        self._reach()
        return {Input(name): on for name, on in self._model.contacts.items()}

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        self.changed = changed

    def outputs(self) -> frozenset[Output]:
        self._reach()
        return frozenset(Output(name) for name in self._model.outputs)

    def close(self) -> None:
        self.gone = True

    def _reach(self) -> None:
        if self.gone:
            raise HardwareError("the board does not answer")


class VirtualStage:
    """A `simulation.stage.Stage`; see there. Belongs to one thread."""

    def __init__(self, folder: Path, world: World, setup: Setup, hear: Hear) -> None:
        """The model alone; `power_back` brings the gate. `folder` is the stage's own."""
        self._folder, self._world, self._setup, self._hear = folder, world, setup, hear
        self._time = VirtualTime(world.began_ms)
        self._model = SimulatedLane(self._happened, self._time.ms, setup.board())
        self.cards: dict[str, InsertedCard] = {}
        """Whose card is no longer as it was issued."""
        self.answers: list[Answer] = []
        self._gate: Gate | None = None
        self._cuts = 0
        self._board: ModelBoard | None = None
        self._edges: list[tuple[ModelBoard, Input, bool]] = []
        self._phase: Phase | None = None
        self._taps: str | None = None
        self._person_of: dict[int, str | None] = {}
        """By the sequence number of the intent."""
        self._news = True
        self._wakes_ms = inf
        shutil.copytree(world.new_disk, self.disk())

    # ------------------------------------------------------------------------------------------------- as a stage is

    def happen(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `Stage.happen`."""
        answer = happen(self._model, message, self._time.ms)
        self._settle()
        return answer

    def tap(self, person: str, side: str | None, reader: str | None) -> None:
        """As `Stage.tap`. Without power nobody answers."""
        if self._gate is None:
            return
        way = Side(side or ("exit" if self._setup.direction == "exit" else "entry"))
        if person not in self.cards:
            self.cards[person] = self._world.site.card(person)
        self._taps = person
        answer = self._gate.tap(reader or f"{way}-reader", way, self.cards[person])
        self.answers.append(answer)
        self._settle()
        self._taps = None
        self._say(**_said(answer), person=person)

    def order(self, order: str, reason: str, side: str | None) -> str | None:
        """As `Stage.order`."""
        if self._gate is None:
            raise HardwareError("a gate without power takes no orders")
        refused = self._gate.order(GuardOrder(order), reason, Side(side) if side else None)
        self._settle()
        return refused

    def cut_power(self) -> None:
        """As `Stage.cut_power`."""
        if self._gate is not None:
            self._gate.on_disk()
            disk = self.disk()
            self._cuts += 1
            shutil.copytree(disk, self.disk())
            self.end()

    def power_back(self) -> None:
        """As `Stage.power_back`."""
        if self._gate is None:
            self._gate = Gate(
                self.disk(),
                self._setup,
                self._world,
                self._time,
                take_board=self._take_board,
                written=self._written,
                changed=self._changed,
            )
            self._gate.start()
            self._settle()

    def end(self) -> None:
        """End the gate that runs; nothing is heard of it any more, and its relays stay as they are."""
        if self._gate is not None:
            gate, self._gate = self._gate, None
            if self._board is not None:
                self._board.close()
            gate.end()
            self._settle()

    def wait(self, until: Callable[[], bool], patience_ms: float) -> bool:
        """As `Stage.wait`."""
        end_ms = self._time.ms + patience_ms
        self._news = True
        while not (self._news and until()):
            self._news = False
            if self._time.ms >= end_ms:
                return False
            self._go_on(end_ms)
        return True

    @property
    def gate(self) -> Gate:
        """The one that runs."""
        assert self._gate is not None
        return self._gate

    @property
    def now_ms(self) -> int:
        """The wall clock, in milliseconds since the epoch."""
        return self._time.now().ms

    @property
    def model_ms(self) -> float:
        """How long the stage has been there, by its own time."""
        return self._time.ms - STARTS_MS

    def sleep(self, ms: float) -> None:
        """A long time goes by in which nobody comes."""
        self._time.move_to(self._time.ms + ms)
        self._model.advance(self._time.ms)
        self._settle()

    # ------------------------------------------------------------------------------------------------ how time goes on

    def _go_on(self, end_ms: float) -> None:
        """Move the time to when something happens next, and let it happen; timers before contacts."""
        next_ms = self._model.next_ms()
        happens_ms = inf if next_ms is None else next_ms
        self._time.move_to(min(end_ms, self._wakes_ms, happens_ms))
        if self._time.ms >= self._wakes_ms:
            self._settle()
        if self._time.ms >= happens_ms:
            self._model.advance(self._time.ms)
        if self._edges:
            self._settle()

    def _settle(self) -> None:
        """Until nothing follows any more from what has happened, and all that was said of it is durable."""
        self._wakes_ms = inf
        while self._gate is not None:
            self._wakes_ms = self._gate.inbox.rest()
            edges, self._edges = self._edges, []
            for board, contact, on in edges:
                board.changed(contact, on)
            if not edges and not self._gate.journal.catch_up():
                return
        self._edges.clear()

    # ---------------------------------------------------------------------------------------------------- what is heard

    def _happened(self, what: str, **facts: Any) -> None:
        """In the model: on this thread, or on that of the lane while this one waits for it."""
        self._say(what=what, **facts)
        if what == "contact" and self._board is not None:
            self._edges.append((self._board, Input(facts["name"]), facts["on"]))

    def _changed(self, state: State) -> None:
        if self._gate is not None and state.phase is not self._phase:
            self._phase = state.phase
            self._say(what="phase", phase=state.phase.value)

    def _written(self, entry: Entry, key: EntryKey) -> None:
        """What the journal tells of the lane."""
        public = entry.public
        match entry.kind:
            case Kind.TAP_INTENT:
                self._person_of[key.sequence] = self._taps
            case Kind.PASSAGE if public["result"] == UNTAPPED:
                self._say(what="untapped")
            case Kind.PASSAGE:
                passenger = {"passenger": True} if "passenger_of" in public else {}
                person = self._person_of.get(public.get(INTENT, -1))
                self._say(what="passage", person=person, result=public["result"], **passenger)
            case Kind.ALARM_RAISED | Kind.ALARM_CLEARED if entry.lane is not None and "about" not in public:
                does = "raised" if entry.kind is Kind.ALARM_RAISED else "cleared"
                self._say(what="alarm", name=public["alarm"], does=does)
            case _:
                pass

    def _say(self, **happening: Any) -> None:
        self._news = True
        self._hear(happening)

    # ---------------------------------------------------------------------------------------------------- the gate's

    def disk(self) -> Path:
        return self._folder / f"disk-{self._cuts}"

    def _take_board(self) -> ModelBoard:
        self._board = ModelBoard(self._model, self._time)
        return self._board

    def closed(self) -> bool:
        """The lane is in service and the boom is down."""
        return self._phase is Phase.CLOSED


def _said(answer: Answer) -> dict[str, str | None]:
    if answer.decision is not None:
        decision = answer.decision
        return {"what": "answer", "outcome": decision.outcome.value, "reason": decision.reason.value}
    if answer.hint is Hint.WRONG_SIDE:
        return {"what": "answer", "outcome": "refuse", "reason": Hint.WRONG_SIDE.value}
    return {"what": "answer", "outcome": str(answer.hint)}


def virtual_stage(folder: Path, world: World) -> OpenStage:
    """Opens stages of which each has a folder of its own below `folder`."""
    opened = count()

    @contextmanager
    def open_stage(setup: Setup, hear: Hear) -> Iterator[VirtualStage]:
        own = folder / f"stage-{next(opened)}"
        own.mkdir()
        stage = VirtualStage(own, world, setup, hear)
        try:
            stage.power_back()
            if not stage.wait(stage.closed, READY_MS):
                raise TimeoutError("the lane does not come into service")
            yield stage
        finally:
            stage.end()

    return open_stage
