"""What a lane does when its table orders something: relays, timers, and entries of the journal. On its thread alone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from terminal.core.barrier_signals import (
    Alarm,
    CancelTimer,
    Incident,
    Level,
    Light,
    Order,
    Passage,
    Pulse,
    Standing,
    StartTimer,
    Untapped,
)
from terminal.core.barrier_words import Timer
from terminal.errors import HardwareError
from terminal.lane.journal import STRANGER, LaneJournal, Vehicle
from terminal.lane.lines import Lines
from terminal.ports import Output

log = structlog.get_logger()


@dataclass(slots=True)
class Acts:
    """Carries out what the table orders, and knows who is owed by what number."""

    lines: Lines
    journal: LaneJournal
    now_s: Callable[[], float]
    timers: dict[Timer, float] = field(default_factory=dict)
    """When each runs out."""
    vehicles: dict[int, Vehicle] = field(default_factory=dict)
    """Read by other threads; changed on the lane's."""
    _driver: tuple[int, Vehicle] = (0, STRANGER)

    def carry_out(self, orders: tuple[Order, ...]) -> HardwareError | None:
        """Do everything that is ordered, the boom first; what needs no relay also when a relay does not answer."""
        failure: HardwareError | None = None
        for order in sorted(orders, key=_haste):
            if not isinstance(order, Pulse | Level | Light):
                self._note(order)
            elif failure is None:  # a board that is gone is not asked twice; its relays will be set safe
                failure = self._drive(order)
        return failure

    def _drive(self, order: Pulse | Level | Light) -> HardwareError | None:
        try:
            match order:
                case Pulse(output, ms):
                    self.lines.pulse(Output(output), ms)
                case Level(output, on):
                    self.lines.level(Output(output), on=on)
                case Light(green):
                    self.lines.drive(Output.LIGHT_GREEN, on=green)
                    self.lines.drive(Output.LIGHT_RED, on=not green)
        except HardwareError as error:
            return error
        return None

    def _note(self, order: StartTimer | CancelTimer | Passage | Untapped | Alarm | Incident | Standing) -> None:
        match order:
            case StartTimer(timer, ms):
                self.timers[timer] = self.now_s() + ms / 1000
            case CancelTimer(timer):
                del self.timers[timer]
            case Passage():
                self.journal.passage(self._ended(order), order.result)
            case Untapped():
                self.journal.untapped()
            case Alarm(name):
                log.warning("alarm", lane=self.journal.number, alarm=name)
                self.journal.alarm(name)
            case Incident(name):
                log.warning("incident", lane=self.journal.number, incident=name)
                self.journal.incident(name)
            case Standing(name, holds):
                self.journal.standing(name, holds=holds)

    def _ended(self, passage: Passage) -> Vehicle:
        """Whose passage it is; a driver's is told before those of his passengers."""
        if passage.vehicle is None:
            return STRANGER
        vehicle = self.vehicles.pop(passage.vehicle)
        if passage.passenger_of is None:
            self._driver = passage.vehicle, vehicle
            return vehicle
        number, driver = self._driver
        return replace(vehicle, rides_with=driver if number == passage.passenger_of else STRANGER)


def _haste(order: Order) -> int:
    return 0 if isinstance(order, Pulse | Level) else 1
