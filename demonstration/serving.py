"""One lane in service: a simulated board, the world around it, and the gate that serves it.

It is a `simulation.stage.Stage`, so every scene plays on it; a person's keys and typed lines come down to the same
methods.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from demonstration.cardbench import wait_until_empty
from demonstration.checking import journal_of, without_end
from demonstration.configuration import Place, gate_toml, readers_of
from demonstration.hearing import ANSWERS, Hearing
from demonstration.office import LANE
from demonstration.processes import BoardProcess, DidNotHappen, Event, GateProcess
from firmware_config.check import check_gate
from firmware_config.mistakes import Mistake
from simulation.lane import CONTACTS
from simulation.stage import Hear, RealTime, Setup
from simulation.vehicle import LOOPS
from simulation.vpcd import InsertedCard, VirtualReaderSlot
from simulation.world import World
from terminal.edges.local_client import NoAnswer, NotAsked, ask
from terminal.errors import ConfigurationError, HardwareError

NO_POWER = "the gate has no power, so nobody answers; `power back` starts it again"
ANSWER_S = 8.0
READY_S = 60.0
SEEN_S = 1.0
"""Longest that a card or an order waits until the gate has heard of the contacts; one may chatter all the time."""
LOOK_S = 0.01
WIRING = (".contacts", ".outputs")
"""How the keys of a `gate.toml` end that say what is fitted."""
CardOf = Callable[[str], InsertedCard]
Said = Callable[[Event, str | None], None]
"""Hears a line of the gate's log, and whose card it is about, on the thread that reads the log."""


class UnsafeLane(ConfigurationError):
    """No gate takes such a lane, since it would not be safe without what is not fitted in it."""


class ServedLane:
    """A lane that is open for traffic. Use it as a context manager."""

    def __init__(
        self,
        place: Place,
        setup: Setup,
        slots: Mapping[str, VirtualReaderSlot],
        card_of: CardOf,
        *,
        hear: Hear = lambda _: None,
        said: Said = lambda _event, _person: None,
        both_sides: bool = True,
    ) -> None:
        """Begin with an empty journal and a new trace; blocks until a card would be answered.

        `slots` are the virtual readers by name, `hear` gets the happenings of board and gate, `said` every line of the
        gate's log; all on threads of their own. `both_sides`: a reader at each side of the boom, also where only one
        of them is driven from.

        Raises:
            HardwareError: a process that does not start.
            ConfigurationError: no gate takes such a lane; UnsafeLane where that is because of what is not fitted.
        """
        self.setup = setup
        self.said = said
        self._place = place
        self._slots = slots
        self._at_reader = {name: threading.Lock() for name in slots}
        self._card_of = card_of
        self.readers = readers_of(setup, both_sides=both_sides)
        self._time = RealTime(hear)
        self.hearing = Hearing(self._time.told)
        for old in (place.data, place.trace, place.view):
            shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)
        place.data.mkdir(mode=0o700)
        anew = place.configuration.with_suffix(".new")
        anew.write_text(gate_toml(place, setup, self.readers))
        anew.replace(place.configuration)  # who reads it meanwhile reads the old one
        _, mistakes = check_gate(place.configuration)
        if mistakes:
            unsafe = setup.without and all(each.key.endswith(WIRING) for each in mistakes)
            why = "; ".join(f"{_named(each)}{each.wrong}; allowed: {each.allowed}" for each in mistakes)
            raise (UnsafeLane if unsafe else ConfigurationError)(f"no gate takes such a lane: {why}")
        self.gate: GateProcess | None = None
        self._has_run = False
        with ExitStack() as parts:
            self.board = parts.enter_context(BoardProcess(place.board, place.trace, setup))
            self.world = parts.enter_context(World(place.board, LANE, told=self._time.told))
            parts.callback(self._end_gate)
            self.power_back()
            self._wait_for(event="barrier", phase="closed")
            self._wait_for(event="in-force")  # before that no card is known, and no order can be written down
            self._parts = parts.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    # --------------------------------------------------------------------------------------- simulation.stage.Stage

    def happen(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `Stage.happen`."""
        return self.world.happen(**message)

    def tap(self, person: str, side: str | None, reader: str | None) -> None:
        """As `Stage.tap`: hold the card there until it is answered. Without a gate nobody answers.

        Who comes while another card lies there waits until it is taken away.
        """
        place = self._reader(side, reader)
        with self._at_reader[place]:
            self._hold_card(person, place)

    def _hold_card(self, person: str, place: str) -> None:
        wait_until_empty(place)
        self._wait_until_seen(LOOPS)
        self.hearing.laid(place, person)
        gate, card = self.gate, self._card_of(person)
        mark = gate.mark() if gate else 0
        self._slots[place].insert(card)
        try:
            if gate:
                gate.wait_for(lambda event: event["event"] in ANSWERS and event["reader"] == place, ANSWER_S, mark)
        except DidNotHappen:
            pass  # nothing is heard of it: whoever expects an answer finds that it did not come
        finally:
            self._slots[place].remove()

    def order(self, order: str, reason: str, side: str | None) -> str | None:
        """As `Stage.order`; the guard is sure of what he does."""
        answer = self.ask_order(order, reason, side, sure=True)
        if answer.get("result") == "unknown":
            raise DidNotHappen(str(answer.get("say")))
        return None if answer.get("result") == "obeyed" else str(answer.get("why"))

    def cut_power(self) -> None:
        """As `Stage.cut_power`."""
        if self.gate:
            gate, self.gate = self.gate, None
            gate.kill()

    def power_back(self) -> None:
        """As `Stage.power_back`."""
        if self.gate:
            return
        place = self._place
        left_open = without_end(journal_of(place)) if self._has_run else ()
        self._has_run = True
        self.gate = GateProcess(place.gate_program, place.gate_log, place.sockets / "notify", self._gate_said)
        self.gate.wait_ready()
        for reader in self.readers.values():
            self._wait_for(event="reader", state="ready", reader=reader)
        for intent in left_open:  # settled before a gate says that it is ready, and not told in its log
            self._time.told({"what": "passage", "person": self.hearing.person_of(intent), "result": "unknown"})

    def wait(self, until: Callable[[], bool], patience_ms: float) -> bool:
        """As `Stage.wait`."""
        return self._time.wait(until, patience_ms)

    # ------------------------------------------------------------------------------------------------------- and more

    def ask_order(self, order: str, reason: str, side: str | None, *, sure: bool) -> dict[str, Any]:
        """Give a guard's order over the gate's socket; returns the answer as it came.

        Raises:
            HardwareError: the gate has no power.
            NotAsked, NoAnswer: it does not answer.
        """
        if self.gate is None:
            raise HardwareError(NO_POWER)
        request: dict[str, Any] = {"ask": "order", "order": order, "lane": LANE, "reason": reason}
        if side is not None:
            request["side"] = side
        if sure and order == "lock":
            request["sure"] = True
        self._wait_until_seen(CONTACTS)
        return ask(self._place.socket, {"version": 1, "id": token_hex(8), **request})

    def stop_gate(self) -> None:
        """End the gate as its service manager would."""
        if self.gate:
            gate, self.gate = self.gate, None
            gate.stop()

    def _wait_until_seen(self, contacts: Iterable[str]) -> None:
        """Let the gate hear how these contacts are; on a busy machine that may take longer than what is done next."""
        deadline_s = time.monotonic() + SEEN_S
        with suppress(NotAsked, NoAnswer):  # killed meanwhile
            while self.gate and time.monotonic() < deadline_s:
                levels = self.world.look()["levels"]
                seen = ask(self._place.socket, {"version": 1, "ask": "state"})["lanes"][0]["contacts"]
                if all(seen.get(contact) == levels.get(contact) for contact in contacts):
                    return
                time.sleep(LOOK_S)

    def _end_gate(self) -> None:
        self.stop_gate()

    def _reader(self, side: str | None, reader: str | None) -> str:
        if reader is not None and reader not in self.readers.values():
            raise ConfigurationError(f"there is no reader {reader}; there are {', '.join(self.readers.values())}")
        return reader or (self.readers[side] if side else next(iter(self.readers.values())))

    def _gate_said(self, event: Event) -> None:
        self.hearing.gate_said(event)
        self.said(event, self.hearing.person(event))

    def _wait_for(self, **facts: object) -> None:
        if self.gate:
            self.gate.wait_for(lambda event: facts.items() <= event.items(), READY_S)


def _named(mistake: Mistake) -> str:
    """The setting that a mistake is about; what is not fitted stands in its words already."""
    return "" if mistake.key.endswith(WIRING) else f"{mistake.key.rpartition('.')[2]}: "
