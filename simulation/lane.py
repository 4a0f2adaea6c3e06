"""One simulated lane: relays, a controller with its boom, loops, vehicles, and the contacts that a board reads.

Nothing happens by itself: `advance` carries it to a given time, in the order in which things happen. Every change is
told before it takes effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simulation.controller import ControllerTimes
from simulation.driver import Driver, Movement, Temperament
from simulation.logics import Logic, controller
from simulation.traffic import Traffic
from simulation.vehicle import LOOPS, Body
from simulation.wiring import Wiring

CONTACTS = (*LOOPS, "open_limit", "closed_limit", "fire", "tamper", "swing_off", "controller_fault", "call")
OUTPUTS = ("open", "close", "hold_open", "light_red", "light_green", "buzzer")
TO_CONTROLLER = ("open", "close", "hold_open")


class Told(Protocol):
    """Hears what happens in a lane: what kind of thing, and the facts as they stand in the trace."""

    def __call__(self, what: str, **facts: Any) -> None:
        """`output`, `contact` and `raw` come with `name` and `on`; `vehicle` and `boom` with `is` and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSetup:
    """How a lane was built. `without` names contacts and relays that are not fitted."""

    logic: Logic = Logic.IMPULSE
    times: ControllerTimes = field(default_factory=ControllerTimes)
    without: frozenset[str] = frozenset()
    debounce_ms: float = 0.0


class UnknownName(ValueError):
    """No such relay, contact or movement in this lane."""


class SimulatedLane:
    """The lane. All methods take the time in milliseconds, which never goes back."""

    def __init__(self, told: Told, now_ms: float, setup: LaneSetup | None = None) -> None:
        setup = setup or LaneSetup()
        self.tell = told
        self._now_ms = now_ms
        self._controller = controller(setup.logic, setup.times, now_ms)
        self._boom_is = self._controller.boom_is
        self._traffic = Traffic(lambda **facts: told("vehicle", **facts))
        self._under: frozenset[str] = frozenset()
        fitted = (name for name in CONTACTS if name not in setup.without)
        self._wiring = Wiring(fitted, ("closed_limit",), setup.debounce_ms, self._contact_changed)
        self.outputs = {name: False for name in OUTPUTS if name not in setup.without}
        self._fire = False

    @property
    def contacts(self) -> dict[str, bool]:
        """The contacts that are fitted, as the board tells them."""
        return self._wiring.levels

    @property
    def boom_raised(self) -> float:
        """Where the boom is: 0 down, 1 up."""
        return self._controller.raised

    def look(self) -> dict[str, Any]:
        """Everything a person would see who stands beside the lane, and what board and relays say."""
        return {
            "raised": self.boom_raised,
            "boom": self._controller.boom_is.value,
            "mains": self._controller.mains,
            "outputs": dict(self.outputs),
            "levels": self.contacts,
            "vehicles": self._traffic.look(),
        }

    def next_ms(self) -> float | None:
        """When something happens next by itself, or None."""
        times = (self._controller.next_ms(), self._traffic.next_ms, self._wiring.next_ms())
        return min((at for at in times if at is not None), default=None)

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due until `now_ms`."""
        while (at := self.next_ms()) is not None and at <= now_ms:
            self._happen(max(at, self._now_ms))
        if now_ms > self._now_ms:
            self._happen(now_ms)

    # ----------------------------------------------------------------------------------------------------- the relays

    def drive(self, output: str, on: bool, now_ms: float) -> None:
        """Set a relay.

        Raises:
            UnknownName: this board has no such relay.
        """
        if output not in self.outputs:
            raise UnknownName(f"no relay {output!r}; there are {', '.join(self.outputs)}")
        self.advance(now_ms)
        if self.outputs[output] != on:
            self.tell("output", name=output, on=on)
            self.outputs[output] = on
        if output in TO_CONTROLLER:
            self._controller.set_input(output, on)
        self._look()

    def make_safe(self, now_ms: float) -> None:
        """Set every relay to its safe level, off."""
        for output in self.outputs:
            self.drive(output, False, now_ms)

    # --------------------------------------------------------------------------------------------------- the vehicles

    def vehicle(
        self,
        name: str,
        does: str,
        now_ms: float,
        *,
        body: Body | None = None,
        leaving: bool = False,
        temperament: Temperament | None = None,
    ) -> None:
        """Let a vehicle do one of `Movement`; it comes into being when first named, and keeps its body and its side.

        Raises:
            UnknownName: there is no such movement.
            CannotMove: this vehicle cannot do that.
        """
        if does not in set(Movement):
            raise UnknownName(f"no movement {does!r}; there are {', '.join(Movement)}")
        self.advance(now_ms)
        self._traffic.told(name, Movement(does), body=body, leaving=leaving, temperament=temperament)
        self._look()

    def driver(self, name: str) -> Driver | None:
        """The vehicle of this name with its driver, while it is in the lane."""
        return self._traffic.drivers.get(name)

    # ------------------------------------------------------------------------------------ what happens to the contacts

    def stick(self, contact: str, level: bool | None, now_ms: float) -> None:
        """Hold a contact at a level whatever is behind it, or let go of it (None). Fire reaches the controller too.

        Raises:
            UnknownName: from this and the next three, this board has no such contact.
        """
        self._reach(contact, now_ms)
        self._wiring.stick(contact, level)
        if contact == "fire":
            self._fire = level is True
        self._look()

    def cut_wire(self, contact: str, cut: bool, now_ms: float) -> None:
        """Cut the wire of a contact to the board, or mend it. That of fire to the controller is another one."""
        self._reach(contact, now_ms)
        self._wiring.cut(contact, cut)
        self._look()

    def chatter(self, contact: str, bounces: int, within_ms: float, now_ms: float) -> None:
        """Let a contact bounce now and at every change, so often within so long; 0 bounces: no more."""
        self._reach(contact, now_ms)
        self._wiring.chatter(contact, bounces, within_ms, now_ms)
        self._look()

    def press(self, contact: str, for_ms: float, now_ms: float) -> None:
        """Let a contact be on for so long."""
        self._reach(contact, now_ms)
        self._wiring.press(contact, for_ms, now_ms)
        self._look()

    # ------------------------------------------------------------------------------------ what happens to the barrier

    def jam(self, jammed: bool, now_ms: float) -> None:
        """Hold the boom where it is, or let go of it."""
        self.advance(now_ms)
        self._controller.set_jam(jammed)
        self._look()

    def mains(self, on: bool, now_ms: float) -> None:
        """Take the controller's mains away, or give them back."""
        self.advance(now_ms)
        self._controller.set_mains(on)
        self._look()

    def by_hand(self, way: int, now_ms: float) -> None:
        """Move the boom by hand, up (1) or down (-1), or let go of it (0)."""
        self.advance(now_ms)
        self._controller.by_hand(way)
        self._look()

    def arm(self, off: bool, now_ms: float) -> None:
        """Swing the arm off its post, or put it back."""
        self.advance(now_ms)
        self._controller.set_arm(off)
        self._look()

    def _reach(self, contact: str, now_ms: float) -> None:
        if contact not in self._wiring.levels:
            raise UnknownName(f"no contact {contact!r}; there are {', '.join(self._wiring.levels)}")
        self.advance(now_ms)

    def _happen(self, now_ms: float) -> None:
        self._controller.advance(now_ms)
        self._now_ms = now_ms
        self._traffic.advance(now_ms, self._controller.raised, self.outputs.get("light_red", False))
        self._look()

    def _look(self) -> None:
        """Let boom, loops and contacts take notice of what is, and see whether a vehicle moves on."""
        felt = {loop: self._traffic.is_on(loop) for loop in LOOPS}
        self._controller.set_input("safety", felt["loop_safety"])
        self._controller.set_input("fire", self._fire)
        self._meet()
        self._see_boom()
        self._wiring.advance(self._now_ms, {**felt, **self._limits()})
        self._traffic.look_round(self._now_ms, self._controller.raised, self.outputs.get("light_red", False))

    def _meet(self) -> None:
        """Boom and bodies: the falling boom touches whoever is under it, whoever drives under a low boom hits it."""
        under = self._traffic.under_boom()
        if self._controller.stand_under(max(under.values(), default=0.0)):
            self.tell("boom", does="touch", vehicles=sorted(under))
        for name in sorted(under.keys() - self._under):
            if under[name] > self._controller.raised:
                self.tell("boom", does="hit", vehicles=[name])
        self._under = frozenset(under)

    def _see_boom(self) -> None:
        if self._controller.boom_is is not self._boom_is:
            self._boom_is = self._controller.boom_is
            self.tell("boom", **{"is": self._boom_is.value, "raised": round(self._controller.raised, 3)})

    def _limits(self) -> Mapping[str, bool]:
        return {
            "open_limit": self._controller.is_open,
            "closed_limit": self._controller.is_closed,
            "swing_off": self._controller.arm_off,
            "controller_fault": not self._controller.mains,
        }

    def _contact_changed(self, what: str, name: str, on: bool) -> None:
        self.tell(what, name=name, on=on)
