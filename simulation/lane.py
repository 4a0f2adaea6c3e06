"""One simulated lane: relays, a controller with its boom, loops, vehicles, and the contacts that a board reads.

Nothing happens by itself: `advance` carries it to a given time, in the order in which things happen. Every change of an
output or contact is told to `changed` before it takes effect.
"""

from collections.abc import Callable, Iterable

from simulation.controller import ControllerTimes, ImpulseController
from simulation.vehicle import LENGTH_M, LOOPS, SPEED_M_S, STEP_MS, Vehicle

CONTACTS = (*LOOPS, "open_limit", "closed_limit", "fire", "tamper", "swing_off", "controller_fault", "call")
OUTPUTS = ("open", "light_red", "light_green")

Changed = Callable[[str, str, bool], None]
"""Called with `output` or `contact`, its name and its new level."""


class UnknownName(ValueError):
    """No such relay, contact or movement in this lane."""


class SimulatedLane:
    """The lane. All methods take the time in milliseconds, which never goes back."""

    def __init__(
        self, changed: Changed, now_ms: float, times: ControllerTimes | None = None, without: Iterable[str] = ()
    ) -> None:
        self._changed = changed
        self._now_ms = now_ms
        self._controller = ImpulseController(times or ControllerTimes(), now_ms)
        self._vehicles: dict[str, Vehicle] = {}
        self._step_at_ms: float | None = None
        self._stuck: dict[str, bool] = {}
        self.outputs = dict.fromkeys(OUTPUTS, False)
        self.contacts = {name: name == "closed_limit" for name in CONTACTS if name not in set(without)}

    @property
    def boom_raised(self) -> float:
        """Where the boom is: 0 down, 1 up."""
        return self._controller.raised

    def next_ms(self) -> float | None:
        """When something happens next by itself, or None."""
        times = [at for at in (self._controller.next_ms(), self._step_at_ms) if at is not None]
        return min(times, default=None)

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due until `now_ms`."""
        while (at := self.next_ms()) is not None and at <= now_ms:
            self._happen(max(at, self._now_ms))
        self._happen(now_ms)

    def drive(self, output: str, on: bool, now_ms: float) -> None:
        """Set a relay.

        Raises:
            UnknownName: this board has no such relay.
        """
        if output not in self.outputs:
            raise UnknownName(f"no relay {output!r}; there are {', '.join(self.outputs)}")
        self.advance(now_ms)
        if self.outputs[output] != on:
            self._changed("output", output, on)
            self.outputs[output] = on
        if output == "open":
            self._controller.set_input("open", on)
        self._look()

    def make_safe(self, now_ms: float) -> None:
        """Set every relay to its safe level, off."""
        for output in self.outputs:
            self.drive(output, False, now_ms)

    def vehicle(
        self,
        name: str,
        does: str,
        now_ms: float,
        *,
        heedless: bool = False,
        length_m: float = LENGTH_M,
        speed_m_s: float = SPEED_M_S,
    ) -> None:
        """Let a vehicle `arrive`, `drive-on`, `pass` or `back-out`; it comes into being when first named.

        Raises:
            UnknownName: there is no such movement.
        """
        vehicle = self._vehicles.get(name) or Vehicle(length_m=length_m, speed_m_s=speed_m_s)
        movements = {
            "arrive": vehicle.arrive,
            "drive-on": vehicle.drive_on,
            "pass": vehicle.drive_through,
            "back-out": vehicle.back_out,
        }
        if does not in movements:
            raise UnknownName(f"no movement {does!r}; there are {', '.join(movements)}")
        self.advance(now_ms)
        self._vehicles[name] = vehicle
        vehicle.heedless = heedless
        movements[does]()
        self._look()

    def stick(self, contact: str, level: bool | None, now_ms: float) -> None:
        """Hold a contact at a level whatever is behind it, or let go of it (None). Fire reaches the controller too.

        Raises:
            UnknownName: this board has no such contact.
        """
        if contact not in self.contacts:
            raise UnknownName(f"no contact {contact!r}; there are {', '.join(self.contacts)}")
        self.advance(now_ms)
        if level is None:
            self._stuck.pop(contact, None)
        else:
            self._stuck[contact] = level
        self._look()

    def jam(self, jammed: bool, now_ms: float) -> None:
        """Hold the boom where it is, or let go of it."""
        self.advance(now_ms)
        self._controller.jam(jammed)
        self._look()

    def _happen(self, now_ms: float) -> None:
        self._controller.advance(now_ms)
        self._now_ms = now_ms
        if self._step_at_ms is not None and now_ms >= self._step_at_ms:
            self._step_at_ms = None
            for vehicle in self._vehicles.values():
                if vehicle.moves(self._controller.is_open):
                    vehicle.step(STEP_MS)
            self._vehicles = {name: vehicle for name, vehicle in self._vehicles.items() if not vehicle.is_gone()}
        self._look()

    def _look(self) -> None:
        """Read every contact anew, tell the controller, and see whether a vehicle moves on."""
        felt = {loop: any(vehicle.is_on(loop) for vehicle in self._vehicles.values()) for loop in LOOPS}
        fire = self._stuck.get("fire", False)
        self._controller.set_input("safety", felt["loop_safety"])
        self._controller.set_input("fire", fire)
        truth = {**felt, "open_limit": self._controller.is_open, "closed_limit": self._controller.is_closed}
        for contact, before in self.contacts.items():
            level = self._stuck.get(contact, truth.get(contact, False))
            if level != before:
                self._changed("contact", contact, level)
                self.contacts[contact] = level
        if self._step_at_ms is None and any(v.moves(self._controller.is_open) for v in self._vehicles.values()):
            self._step_at_ms = self._now_ms + STEP_MS
