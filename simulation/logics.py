"""The four logics of barrier controllers: how the open input is obeyed, and when the boom closes by itself.

impulse         a pulse opens; it closes after a passage, or when nobody came
impulse-count   a pulse opens and counts a vehicle up, each passage counts one down; at none, or when nobody came, it
                closes
step            a pulse moves the boom the other way; it closes by its own time-out
hold            it is open while the level is on and goes down when it is off
"""

from enum import StrEnum
from typing import assert_never

from simulation.boom import BoomIs
from simulation.controller import Controller, ControllerTimes


class Logic(StrEnum):
    """How a controller obeys its open input."""

    IMPULSE = "impulse"
    IMPULSE_COUNT = "impulse-count"
    STEP = "step"
    HOLD = "hold"


class ImpulseController(Controller):
    """A pulse opens, and it closes by itself. As long as its open input is held it stays open, as real ones do."""


class CountingController(Controller):
    """Opens for each pulse once: it closes when as many have passed as there were pulses, or nobody came for long.

    A vehicle has passed when the safety loop has been clear for `after_passage_ms`; like a real one it takes whoever
    backs out for one that passed, and two that leave no such time between them for one.
    """

    def __init__(self, times: ControllerTimes, now_ms: float) -> None:
        super().__init__(times, now_ms)
        self._awaited = 0

    def _opened(self) -> None:
        passed = self._passed
        self._awaited += 1
        if self._boom.is_ is not BoomIs.UP:
            self._go_up()
        self._passed = passed

    def _time_is_over(self) -> bool:
        self._awaited = max(0, self._awaited - 1) if self._passed else 0
        self._passed = False
        return self._awaited == 0

    def _begin_anew(self) -> None:
        self._awaited = 0


class StepController(Controller):
    """One button: each pulse moves the boom the other way. It cannot be told to stay open by its open input."""

    def _opened(self) -> None:
        if self._boom.is_ in {BoomIs.DOWN, BoomIs.FALLING, BoomIs.STOPPED}:
            self._go_up()
        elif not self._kept():
            self._go_down()

    def _stays_up_ms(self) -> float:
        return self._times.time_out_ms

    def _kept_by_open(self) -> bool:
        return False


class HoldController(Controller):
    """Open while its open input is on. It goes down, wherever the boom is, as soon as nothing keeps it up."""

    def _stays_up_ms(self) -> float:
        return 0.0

    def _wait(self) -> None:
        super()._wait()
        if self._works() and self._boom.is_ is BoomIs.RISING and not self._kept() and not self._touched:
            self._go_down()


def controller(logic: Logic, times: ControllerTimes, now_ms: float) -> Controller:
    """A controller of this logic, its boom down."""
    match logic:
        case Logic.IMPULSE:
            return ImpulseController(times, now_ms)
        case Logic.IMPULSE_COUNT:
            return CountingController(times, now_ms)
        case Logic.STEP:
            return StepController(times, now_ms)
        case Logic.HOLD:
            return HoldController(times, now_ms)
        case _:
            assert_never(logic)
