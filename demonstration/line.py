"""The line between gate and headquarters: broker, collector, publisher and sync as they run anywhere, and a cut in it.

gate | sync | a line that can be cut | broker | collector, publisher | headquarters' database
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from demonstration.arrivals import Arrivals
from demonstration.checking import not_as_at_headquarters
from demonstration.configuration import BROKER_HOST, TERMINAL, Place, gate_toml, readers_of
from demonstration.office import Office
from demonstration.processes import DidNotHappen, Event
from demonstration.services import BrokerService, ProcessService, Services, Watched
from headquarters.broker.setup import Listening
from simulation.cut_line import CutLine
from simulation.mosquitto import Mosquitto, MosquittoUnavailable, path_with_mosquitto
from simulation.stage import Setup
from terminal.core.journal import Record
from terminal.errors import HardwareError
from terminal.storage.view_reader import ViewReader

LISTS_S = 60.0
ACKNOWLEDGED_S = 120.0
"""Longer than a terminal waits between two attempts to reach a broker."""
LOOK_S = 0.05


class HeadquartersLine:
    """Use it as a context manager: everything is set up on a thread of its own, and ended with the block."""

    def __init__(self, place: Place, office: Office, tell: Callable[[Event], None], watched: Watched) -> None:
        """`tell` hears what comes of it (docs/demonstration.md), on threads of its own.

        `watched` are other processes that it tells of when they die.

        Raises:
            HardwareError: there is no mosquitto.
        """
        try:
            path_with_mosquitto()
        except MosquittoUnavailable as error:
            raise HardwareError(str(error)) from None
        self._place, self._office, self._tell = place, office, tell
        self._services = Services(tell, watched)
        self._parts = ExitStack()
        self.arrivals = Arrivals(ViewReader(place.view, TERMINAL), office, TERMINAL, tell)
        self._starting: Future[CutLine] | None = None

    def __enter__(self) -> Self:
        starter = ThreadPoolExecutor(1, "line")
        self._starting = starter.submit(self._start)
        starter.shutdown(wait=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None:
            self._starting.exception()  # until nothing more is started
        self.arrivals.stop()
        with self._parts:
            self._services.stop()

    def started(self) -> Place:
        """Wait until lists have arrived in the gate's mirror; returns where the gate finds its broker.

        Raises:
            HardwareError: something does not start.
            DidNotHappen: the lists do not arrive.
        """
        place = replace(self._place, broker_port=self._cut_line.port)
        self._wait((place.mirror / "timestamp.json").exists, LISTS_S, "the lists did not reach the gate")
        return place

    # ------------------------------------------------------------------------------------------------------------ a cut

    @property
    def is_cut(self) -> bool:
        """Whether nothing goes through now."""
        return self._cut_line.is_cut

    def cut(self) -> None:
        """Cut it between sync and broker."""
        self._cut_line.cut()
        self._tell({"event": "line", "state": "cut"})

    def restore(self) -> None:
        """Mend it; the terminal notices when it tries to reach the broker again, within a minute."""
        self._cut_line.restore()
        self._tell({"event": "line", "state": "restored"})

    # ------------------------------------------------------------------------------------------------- what comes of it

    def published(self) -> int:
        """Wait until lists are published that say what the register says now; returns their number.

        Raises:
            HardwareError: a part of the line has died for good.
            DidNotHappen: the publisher does nothing.
        """
        numbers: list[int] = []

        def found() -> bool:
            number = self._office.published_number()
            numbers.extend(() if number is None else (number,))
            return number is not None

        self._wait(found, LISTS_S, "headquarters did not publish what the register says")
        return numbers[0]

    def wait_until_acknowledged(self, within_s: float = ACKNOWLEDGED_S) -> None:
        """Until every entry that the gate has told of is acknowledged.

        Raises:
            HardwareError: a part of the line has died for good.
            DidNotHappen: that takes longer.
        """
        why = "headquarters has not acknowledged everything"
        self._wait(lambda: self.arrivals.kept().all_acknowledged, within_s, why)

    def disagreements(self, records: Mapping[int, Record]) -> list[str]:
        """What headquarters' database has otherwise than the journal, a line each."""
        epoch, kept = self.arrivals.epoch, self.arrivals.kept()
        stored = {} if epoch is None else self._office.journal(TERMINAL, epoch)
        return list(not_as_at_headquarters(records, stored, kept.acknowledged))

    # ----------------------------------------------------------------------------------------------------------- set-up

    @property
    def _cut_line(self) -> CutLine:
        if self._starting is None:
            raise HardwareError("the line to headquarters has not been started")
        return self._starting.result()

    def _start(self) -> CutLine:
        place, office = self._place, self._office

        def configure(terminals_port: int, headquarters_port: int) -> None:
            ports = Listening(
                terminals_port=terminals_port, headquarters_port=headquarters_port, address=BROKER_HOST, user="root"
            )
            office.set_up_broker(place.folder / "broker", BROKER_HOST, ports)

        broker = Mosquitto(place.folder / "broker", configure)
        self._parts.callback(broker.stop)
        self._services.start("broker", BrokerService(broker))
        office.give_certificate(TERMINAL, place.line)
        cut_line = self._parts.enter_context(CutLine(BROKER_HOST, broker.ports[0]))
        place = replace(place, broker_port=cut_line.port)
        any_lane = Setup()  # sync reads nothing of it
        place.configuration.write_text(gate_toml(place, any_lane, readers_of(any_lane, both_sides=True)))
        at_headquarters = ["headquarters", "--folder", str(office.folder), "--database", str(office.register_file)]
        for name, arguments in (
            ("collector", [*at_headquarters, "collect", "--name", "collector-1"]),
            ("publisher", [*at_headquarters, "publish", "--mqtt", "--watch"]),
            ("sync", ["terminal", "sync", str(place.configuration)]),
        ):
            self._services.start(name, ProcessService(arguments, place.folder / f"{name}.log"))
        return cut_line

    def _wait(self, until: Callable[[], bool], within_s: float, otherwise: str) -> None:
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s:
            for name, why in self._services.given_up.items():
                raise HardwareError(f"{otherwise}: the {name} died: {why}")
            if until():
                return
            self.arrivals.wait(LOOK_S)
        raise DidNotHappen(f"{otherwise} within {within_s:g} s")
