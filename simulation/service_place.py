"""A simulated service point: a relay, what somebody takes behind it, and the meter that counts that.

As with a lane nothing happens by itself: `advance` carries it to a given time, and every change is told before it takes
effect.
"""

from collections.abc import Mapping
from typing import Any

from simulation.lane import Told, UnknownName
from simulation.wiring import Wiring

OUTPUT, METER = "service", "meter"
PULSE_MS = 4.0
"""How long a pulse of the meter lasts; a real one takes 30 ms and more (EN 62053-31)."""
MOST_A_S = 100.0
"""The most pulses a second that whoever takes something may take."""


class SimulatedService:
    """The service point. All methods take the time in milliseconds, which never goes back."""

    def __init__(self, told: Told, now_ms: float) -> None:
        self.tell = told
        self.outputs = {OUTPUT: False}
        self._now_ms = now_ms
        self._wiring = Wiring((METER,), (), 0.0, lambda what, name, on: told(what, name=name, on=on))
        self._taken_a_s = 0.0
        self._pulse_ms: float | None = None

    @property
    def contacts(self) -> dict[str, bool]:
        """The meter, as the board tells it."""
        return self._wiring.levels

    def next_ms(self) -> float | None:
        """When something happens next by itself, or None."""
        times = (self._pulse_ms, self._wiring.next_ms())
        return min((at for at in times if at is not None), default=None)

    def advance(self, now_ms: float) -> None:
        """Let everything happen that is due until `now_ms`."""
        while (at := self.next_ms()) is not None and at <= now_ms:
            if self._pulse_ms is not None and self._pulse_ms <= at:
                self._wiring.press(METER, PULSE_MS, at)
                self._pulse_ms += 1000 / self._taken_a_s
            self._wiring.advance(at, {})
        self._now_ms = max(self._now_ms, now_ms)

    def drive(self, output: str, on: bool, now_ms: float) -> None:
        """Set the relay.

        Raises:
            UnknownName: there is no other.
        """
        if output != OUTPUT:
            raise UnknownName(f"no relay {output!r}; there is {OUTPUT}")
        self.advance(now_ms)
        if self.outputs[OUTPUT] != on:
            self.tell("output", name=OUTPUT, on=on)
            self.outputs[OUTPUT] = on
            self._flow()

    def make_safe(self, now_ms: float) -> None:
        """Switch the relay off."""
        self.drive(OUTPUT, False, now_ms)

    def take(self, pulses_a_s: float, now_ms: float) -> None:
        """From now on somebody takes so much, whenever it is on.

        Raises:
            ValueError: no such amount.
        """
        if not 0 <= pulses_a_s <= MOST_A_S:
            raise ValueError(f"takes lies between 0 and {MOST_A_S:g}, and {pulses_a_s:g} does not")
        self.advance(now_ms)
        self.tell("service", takes=pulses_a_s)
        self._taken_a_s = pulses_a_s
        self._flow()

    def look(self) -> dict[str, Any]:
        """What a person would see who stands beside it, and what board and relay say."""
        return {"outputs": dict(self.outputs), "levels": self.contacts, "takes": self._taken_a_s}

    def _flow(self) -> None:
        flows = self.outputs[OUTPUT] and self._taken_a_s > 0
        self._pulse_ms = self._now_ms + 1000 / self._taken_a_s if flows else None


def happen_at_service(place: SimulatedService, asked: Mapping[str, Any], now_ms: float) -> dict[str, Any]:
    """Carry out one message of the world; returns what is answered.

    Raises:
        ValueError: a number out of its range, or no message that is known.
    """
    match asked:
        case {"takes": int() | float() as pulses_a_s}:
            place.take(float(pulses_a_s), now_ms)
            return {}
        case {"look": True}:
            return place.look()
        case _:
            raise ValueError("not understood: docs/simulated-board.md says what may happen to a service point")
