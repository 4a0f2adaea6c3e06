"""A stage in virtual time: the simulated lane, and the barrier's table alone in the place of a gate.

No card, no disk, no threads: everybody's card is good, what is admitted is durable at once, and a power cut loses all
but what the lane keeps.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simulation.lane import SimulatedLane
from simulation.stage import Hear, Setup
from simulation.surroundings import happen
from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness, refusal
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    Busy,
    CancelTimer,
    Closed,
    ContactsRead,
    DriveForward,
    Event,
    Expired,
    Incident,
    Level,
    Light,
    Off,
    On,
    Order,
    Ordered,
    Passage,
    Pulse,
    Standing,
    StartTimer,
    Unserved,
    Untapped,
    WrongSide,
)
from terminal.core.barrier_words import KEPT, GuardOrder, Logic, Phase, Result, Settings, Side, State, Timer

LIGHTS = {"light_red", "light_green"}


@contextmanager
def table_stage(setup: Setup, hear: Hear) -> Iterator["TableStage"]:
    """Open a stage on which the table plays the gate."""
    stage = TableStage(setup, hear)
    stage.power_back()
    assert stage.wait(lambda: stage.state.phase is Phase.CLOSED, 60_000)
    yield stage


class TableStage:
    """A `simulation.stage.Stage`; see there."""

    def __init__(self, setup: Setup, hear: Hear) -> None:
        self._hear = hear
        self.now_ms = 0.0
        self._events: list[Event] = []
        self.lane = SimulatedLane(self._happened, 0.0, setup.board())
        settings = Settings(
            direction=setup.direction,
            logic=Logic(setup.logic.value),
            fitted=frozenset(self.lane.contacts),
            outputs=frozenset(self.lane.outputs) - LIGHTS,
            **setup.gate_ms,
        )
        self.state = State(settings=settings)
        self._timers: dict[Timer, float] = {}
        self._pulses: dict[str, float] = {}
        self._people: dict[int, str | None] = {}
        self._admitted = 0
        self._powered = False

    # ------------------------------------------------------------------------------------------------- as a stage is

    def happen(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = happen(self.lane, message, self.now_ms)
        self._settle()
        return answer

    def tap(self, person: str, side: str | None, _reader: str | None) -> None:
        towards = Side(side) if side else self._first_side()
        ready = readiness(self.state, towards)
        vehicle = next((card for card in self.state.vehicles() if self._people.get(card) == person), None)
        match ready:
            case DriveForward():
                self._answer(person, "drive-forward", None)
            case WrongSide():
                self._answer(person, "refuse", "wrong-side")
            case Busy():
                self._answer(person, "refuse", "lane-busy")
            case Closed():
                self._answer(person, "refuse" if towards is Side.ENTRY else "desk", "lane-closed")
            case Unserved():
                self._answer(person, "desk", "lane-closed")
                self._admit(person, towards)
            case _ if self.state.phase is Phase.EMERGENCY_OPEN:
                self._answer(person, "desk", "emergency")
            case _:
                if vehicle is None:
                    self._admit(person, towards)
                self._answer(person, "admit", "ok")

    def order(self, order: str, _reason: str, side: str | None) -> str | None:
        towards = Side(side) if side else self._first_side()
        why = refusal(self.state, GuardOrder(order), towards)
        if why is None and order == GuardOrder.OPEN:
            self._admit(None, towards)
        elif why is None:
            self._tell(Ordered(GuardOrder(order)))
        return why

    def cut_power(self) -> None:
        self._powered = False
        self._timers.clear()
        self._pulses.clear()

    def power_back(self) -> None:
        for vehicle in sorted(self.state.vehicles()):
            self._passed(Passage(result=Result.UNKNOWN, vehicle=vehicle))
        self.state = State(settings=self.state.settings, marks=self.state.marks & set(KEPT))
        self._powered = True
        self.lane.make_safe(self.now_ms)
        self._events.clear()
        self._tell(ContactsRead(frozenset(name for name, on in self.lane.contacts.items() if on)))

    def wait(self, until: Callable[[], bool], patience_ms: float) -> bool:
        deadline_ms = self.now_ms + patience_ms
        while not until():
            if self.now_ms >= deadline_ms:
                return False
            due = (self.lane.next_ms(), *self._timers.values(), *self._pulses.values(), deadline_ms)
            self.now_ms = max(self.now_ms, min(at for at in due if at is not None))
            self.lane.advance(self.now_ms)
            self._settle()
            for output in [output for output, at in self._pulses.items() if at <= self.now_ms]:
                del self._pulses[output]
                self._drive(output, False)
            for timer in [timer for timer, at in self._timers.items() if at <= self.now_ms]:
                if self._timers.pop(timer, None) is not None:
                    self._tell(Expired(timer))
        return True

    # ----------------------------------------------------------------------------------------------------- the gate

    def _admit(self, person: str | None, side: Side) -> None:
        self._admitted += 1
        self._people[self._admitted] = person
        self._tell(Admitted(self._admitted, side))

    def _first_side(self) -> Side:
        return Side.EXIT if self.state.settings.direction == "exit" else Side.ENTRY

    def _happened(self, what: str, **facts: Any) -> None:
        self._hear({"what": what, **facts})
        if what == "contact":
            self._events.append((On if facts["on"] else Off)(facts["name"]))

    def _settle(self) -> None:
        """Let the table hear of the contacts that changed, until nothing changes any more."""
        while self._events:
            event = self._events.pop(0)
            if self._powered:
                self._tell(event)

    def _tell(self, event: Event) -> None:
        before = self.state.phase
        self.state, orders = step(self.state, event)
        for order in orders:
            self._obey(order)
        if self.state.phase is not before:
            self._hear({"what": "phase", "phase": self.state.phase.value})
        self._settle()

    def _obey(self, order: Order) -> None:
        match order:
            case Pulse(output, ms):
                self._drive(output, True)
                self._pulses[output] = self.now_ms + ms
            case Level(output, on):
                self._pulses.pop(output, None)
                self._drive(output, on)
            case StartTimer(timer, ms):
                self._timers[timer] = self.now_ms + ms
            case CancelTimer(timer):
                self._timers.pop(timer, None)
            case _:
                self._say(order)

    def _say(self, order: Order) -> None:
        match order:
            case Alarm(name) | Incident(name):
                self._hear({"what": "alarm", "does": "raised", "name": name})
            case Standing(name, holds):
                self._hear({"what": "alarm", "does": "raised" if holds else "cleared", "name": name})
            case Untapped():
                self._hear({"what": "untapped"})
            case Passage():
                self._passed(order)
            case Light(green):
                for light in LIGHTS & set(self.lane.outputs):
                    self._drive(light, green is (light == "light_green"))
            case _:
                raise AssertionError(f"no order that is said: {order}")

    def _passed(self, passage: Passage) -> None:
        person = None if passage.vehicle is None else self._people[passage.vehicle]
        rides = {"passenger": True} if passage.passenger_of is not None else {}
        self._hear({"what": "passage", "person": person, "result": passage.result.value, **rides})

    def _drive(self, output: str, on: bool) -> None:
        self.lane.drive(output, on, self.now_ms)

    def _answer(self, person: str, outcome: str, reason: str | None) -> None:
        self._hear({"what": "answer", "person": person, "outcome": outcome, "reason": reason})
