"""The stage: headquarters, cards, board and gate of one demonstration, and the things that can be done on it.

Everything is the real thing but the outermost: cards are issued by the real personalisation through the real PC/SC
daemon, lists are signed and published, the gate is a process of its own that knows nothing of a demonstration. A chip
of software stands in for a chip, a simulated board for barrier and vehicles.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from demonstration.cardbench import Holder
from demonstration.cast import CAST, Person
from demonstration.checking import disagreements, journal_of
from demonstration.configuration import BRISK
from demonstration.desk import Desk
from demonstration.issuing import typed_person
from demonstration.line import HeadquartersLine
from demonstration.pages import Addresses, Pages, free_port, make_guard
from demonstration.park import PARK_POLICY, MovedClock
from demonstration.processes import Event, GateProcess
from demonstration.services import Watch
from demonstration.serving import NO_POWER, Said, ServedLane
from demonstration.visiting import visit
from simulation.pcscd import PcscdUnavailable
from simulation.stage import Hear, Setup
from simulation.vpcd import READERS, InsertedCard
from terminal.core.journal import Record
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError, HardwareError

IN_FORCE_S = 10.0
OVER_THE_LINE_S = 120.0
"""Longer than a terminal waits between two attempts to reach a broker."""


class Stage:
    """One demonstration, from an empty folder to its end. Use it as a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        setup: Setup | None = BRISK,
        cast: Iterable[Person] = CAST,
        both_sides: bool = False,
        hear: Hear = lambda _: None,
        progress: Callable[[str], None] = lambda _: None,
        tell_line: Callable[[Event], None] | None = None,
        park: bool = False,
        pages: bool = False,
    ) -> None:
        """Set everything up; blocks until a card would be answered. Without a `setup` no lane is opened yet.

        `cast`: whose cards are made. `hear` gets the happenings of the lane (`simulation.stage`); `both_sides` as in
        `ServedLane`, which leaves no reader to issue cards on. `tell_line`: there is a line to headquarters, and this
        hears what comes of it; without one the lists are carried to the gate's mirror. `park`: as for the desk.
        `pages`: each lane has its pages served.

        Raises:
            HardwareError: no PC/SC daemon with virtual readers, no broker, or a process that does not start.
        """
        self._parts = ExitStack()
        self._lane_parts = ExitStack()
        self._both_sides = both_sides
        self._said: Said = lambda _event, _person: None
        self._in_force = 0
        """Number of the lists that the gate of this lane goes by."""
        self._lane: ServedLane | None = None
        self._pages_port = free_port() if pages else None
        self._guard: tuple[str, str] | None = None
        self.pages = Addresses()
        """Where the pages of the lane that is in service are."""
        try:
            self._desk = self._parts.enter_context(Desk(folder, cast, progress, tell_line, self._watched, park=park))
            self._parts.enter_context(self._lane_parts)
            if setup is not None:
                progress("simulated board and gate")
                self.open_lane(setup, hear)
        except PcscdUnavailable as error:
            self._parts.close()
            raise HardwareError(str(error)) from None
        except BaseException:
            self._parts.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    @property
    def cast(self) -> tuple[Person, ...]:
        """Everybody who has a card, in the order of issue."""
        return tuple(holder.person for holder in self._desk.holders.values())

    @property
    def lane(self) -> ServedLane:
        """The lane that is in service.

        Raises:
            HardwareError: none was opened.
        """
        if self._lane is None:
            raise HardwareError("no lane is in service")
        return self._lane

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self._desk.folder

    @property
    def trace(self) -> Path:
        """The simulated board's own trace."""
        return self._desk.place.trace

    @property
    def gate(self) -> GateProcess:
        """The gate that runs.

        Raises:
            HardwareError: there is none; its power is cut.
        """
        if self.lane.gate is None:
            raise HardwareError(NO_POWER)
        return self.lane.gate

    @property
    def line(self) -> HeadquartersLine:
        """The line to headquarters.

        Raises:
            ConfigurationError: there is none.
        """
        if self._desk.line is None:
            raise ConfigurationError("this demonstration has no line to headquarters")
        return self._desk.line

    def person(self, name: str) -> Person:
        """Who is called so.

        Raises:
            ConfigurationError: nobody is.
        """
        return self._holder(name).person

    def listen(self, said: Said) -> None:
        """Let `said` hear what the gate's log says from now on, on the thread that reads it."""
        self._said = said

    def open_lane(self, setup: Setup, hear: Hear = lambda _: None) -> ServedLane:
        """Put a lane into service in the place of the one before, with an empty journal; blocks until it is ready.

        Raises:
            HardwareError: a process that does not start.
        """
        self._lane_parts.close()
        self._in_force = 0
        if self._desk.line:
            self._desk.place.view.unlink(missing_ok=True)
            self._desk.line.arrivals.begin_anew()
        place = replace(self._desk.place, pages_port=self._pages_port)
        self._lane = self._lane_parts.enter_context(
            ServedLane(
                place,
                setup,
                self._desk.slots,
                self._card_of,
                hear=hear,
                said=self._heard,
                both_sides=self._both_sides,
            )
        )
        if self._pages_port is not None:
            self._guard = self._guard or make_guard(place.accounts)
            self.pages = self._lane_parts.enter_context(Pages(place, self._guard)).addresses
        if self._desk.line:
            self._wait_until_in_force(self._desk.line)
        return self._lane

    @contextmanager
    def lane_for(self, setup: Setup, hear: Hear) -> Iterator[ServedLane]:
        """As `simulation.stage.OpenStage`."""
        lane = self.open_lane(setup, hear)
        try:
            yield lane
        finally:
            lane.stop_gate()

    def statements(self) -> Sequence[Event]:
        """What the employers owe in a truck park, by what headquarters has; nothing elsewhere."""
        if self._desk.clock is None:
            return []
        return self._desk.office.statements([payer.ean for payer in PARK_POLICY.payers], self._desk.clock.now())

    def stop_gate(self) -> dict[int, Record]:
        """End the gate as its service manager would; returns the records of its journal."""
        self.lane.stop_gate()
        return journal_of(self._desk.place)

    def compare(self, answers: Iterable[Event]) -> list[str]:
        """End the gate, and have all witnesses tell what happened; a line for each thing that two tell differently."""
        records = self.stop_gate()
        at_headquarters = self._desk.line.disagreements(records) if self._desk.line else ()
        return [*disagreements(answers, records, self.trace), *at_headquarters]

    # ------------------------------------------------------------------------------------------------- what can be done

    @property
    def clock(self) -> MovedClock:
        """The gate's, which can be moved.

        Raises:
            ConfigurationError: it goes by the machine's.
        """
        if self._desk.clock is None:
            raise ConfigurationError("the clock of this gate cannot be moved; start the demonstration with --park")
        return self._desk.clock

    def tap(self, name: str, side: str | None = None) -> Event:
        """Drive up, hold the card to the reader, and do what the answer says; returns the gate's answer.

        `side`: the way he goes, in a lane for both.

        Raises:
            ConfigurationError: nobody of that name is here.
            DidNotHappen: no answer, or a barrier that did not move.
        """
        self._holder(name)
        return visit(self.lane, self.gate, name, side)

    def set_status(self, name: str, status: CardStatus) -> bool:
        """Change a card at headquarters, publish, and wait until the gate has it in force; False: the line is cut."""
        holder = self._holder(name)
        if holder.card_number is None:
            raise ConfigurationError(f"headquarters never issued the card that {name} holds")
        self._desk.office.set_status(holder.card_number, status)
        return self._publish()

    def issue(self, name: str, details: Mapping[str, str]) -> Person:
        """Issue a card with typed data (`product=dsp ean=… personal-number=…`), activate it and publish.

        Raises:
            ConfigurationError: something is unknown or wrong among them, or the name is taken.
        """
        if name in self._desk.holders:
            raise ConfigurationError(f"{name} has a card already; take another name")
        if len(self.lane.readers) == len(READERS):
            raise ConfigurationError("both readers stand at this lane; cards are issued where one is free for it")
        person = typed_person(name, details)
        self._desk.hand_out(person)
        self._publish()
        return person

    def _publish(self) -> bool:
        if self._desk.line:
            return self._wait_until_in_force(self._desk.line)
        mark = self.gate.mark()
        self._desk.office.publish_to(self._desk.place.mirror)
        self.gate.wait_for(lambda event: event["event"] == "in-force", IN_FORCE_S, mark)
        return True

    def _wait_until_in_force(self, line: HeadquartersLine) -> bool:
        number = line.published()
        if line.is_cut:
            return False
        if self._in_force < number:
            self.gate.wait_for(lambda event: _list_number(event) >= number, OVER_THE_LINE_S)
        return True

    def _watched(self) -> Mapping[str, Watch]:
        """The processes of the lane, where there is one, with their logs."""
        if (lane := self._lane) is None:
            return {}
        gate: dict[str, Watch] = {"gate": (lane.gate, self._desk.place.gate_log)} if lane.gate else {}
        return {**gate, "board": (lane.board, None)}

    def _heard(self, event: Event, person: str | None) -> None:
        self._in_force = max(self._in_force, _list_number(event))
        if self._desk.line:
            self._desk.line.arrivals.gate_said(event, person)
        self._said(event, person)

    def _card_of(self, name: str) -> InsertedCard:
        return self._holder(name).card

    def _holder(self, name: str) -> Holder:
        if name not in self._desk.holders:
            raise ConfigurationError(f"there is nobody called {name}; there are {', '.join(self._desk.holders)}")
        return self._desk.holders[name]


def _list_number(event: Event) -> int:
    """Which lists came into force by an event of the gate's log; 0 where none did."""
    return event.get("list_number") or 0 if event["event"] == "in-force" else 0
