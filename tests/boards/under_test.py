"""The boards that are held to one contract: each with a way to take it and the world on its other side.

All of them have the outputs `open` and `light_red` and the contacts `call` and `tamper`, which move nothing in a model.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import gpiod
import pytest
from gpiod.line import Direction, Value

from firmware_config.wiring import LaneWiring, Line
from simulation.world import World
from terminal.edges.gpio import take_gpio
from terminal.edges.gpio_chip import open_chip
from terminal.edges.simulated_board import SimulatedBoard
from terminal.ports import Input, LaneBoard, Output
from tests.boards.gpio_sim import GpioSim
from tests.simulation_board.board_process import FAST, BoardProcess

LANE = 1
DEBOUNCE_MS = 5


class BoardUnderTest(Protocol):
    """One board with the world around it."""

    holder: str
    """How it names who holds the lane's lines."""

    def take(self) -> LaneBoard:
        """Take the lines of the lane."""

    def contact(self, contact: Input, on: bool) -> None:
        """What the world does to a contact."""

    def is_on(self, output: Output) -> bool:
        """Whether the relay has drawn, seen from the world."""

    def vanish(self) -> None:
        """Be gone, as by a cut cable."""


class Simulated:
    """The simulated board, a process of its own."""

    holder = "process"

    def __init__(self, process: BoardProcess, world: World) -> None:
        self._process = process
        self._world = world

    def take(self) -> LaneBoard:
        return SimulatedBoard(self._process.socket, LANE)

    def contact(self, contact: Input, on: bool) -> None:
        self._world.contact(contact.value, on)

    def is_on(self, output: Output) -> bool:
        on = self._world.look()["outputs"][output.value]
        assert isinstance(on, bool)
        return on

    def vanish(self) -> None:
        self._process.kill()


WIRING = {
    "outputs": {"open": Line(17, False, "pull-down"), "light_red": Line(27, True, "as-is")},
    "inputs": {"call": Line(22, False, "disabled"), "tamper": Line(23, True, "disabled")},
}
"""One relay and one contact of each polarity."""
JUMPERS = {17: 5, 27: 6, 22: 24, 23: 25}
"""The world's end of each line of WIRING on real hardware, joined to it by a resistor of 1 kΩ."""


def wiring_on(label: str) -> LaneWiring:
    return LaneWiring(label, WIRING["outputs"], WIRING["inputs"])


class OnGpioSim:
    """The real adapter on a chip that the kernel simulates."""

    holder = "`xs-gate lane 1`"

    def __init__(self, chip: GpioSim) -> None:
        self._chip = chip

    def take(self) -> LaneBoard:
        return take_gpio(wiring_on(self._chip.label), LANE, DEBOUNCE_MS)

    def contact(self, contact: Input, on: bool) -> None:
        line = WIRING["inputs"][contact]
        self._chip.pull(line.offset, on is not line.active_low)

    def is_on(self, output: Output) -> bool:
        line = WIRING["outputs"][output]
        return self._chip.is_high(line.offset) is not line.active_low

    def vanish(self) -> None:
        self._chip.vanish()


class Jumpered:
    """The real adapter on real pins, whose other ends are pins of the same chip."""

    holder = "`xs-gate lane 1`"

    def __init__(self, label: str, world: gpiod.LineRequest) -> None:
        self._label = label
        self._world = world

    def take(self) -> LaneBoard:
        return take_gpio(wiring_on(self._label), LANE, DEBOUNCE_MS)

    def contact(self, contact: Input, on: bool) -> None:
        line = WIRING["inputs"][contact]
        self._world.set_value(JUMPERS[line.offset], Value(on is not line.active_low))

    def is_on(self, output: Output) -> bool:
        line = WIRING["outputs"][output]
        return bool(self._world.get_value(JUMPERS[line.offset])) is not line.active_low

    def vanish(self) -> None:
        pytest.skip("nobody unplugs a Raspberry Pi's own chip")


@contextmanager
def simulated(folder: Path) -> Iterator[BoardUnderTest]:
    with BoardProcess(folder, *FAST, "--without", "buzzer") as process, World(process.socket) as world:
        yield Simulated(process, world)


@contextmanager
def on_gpio_sim() -> Iterator[BoardUnderTest]:
    with GpioSim("xs-contract") as chip:
        board = OnGpioSim(chip)
        for contact in (Input.CALL, Input.TAMPER):
            board.contact(contact, False)
        yield board


@contextmanager
def jumpered(label: str) -> Iterator[BoardUnderTest]:
    ends: dict[Iterable[int | str] | int | str, gpiod.LineSettings | None] = {}
    for line in WIRING["outputs"].values():
        ends[JUMPERS[line.offset]] = gpiod.LineSettings(direction=Direction.INPUT)
    for line in WIRING["inputs"].values():
        inactive = Value(line.active_low)
        ends[JUMPERS[line.offset]] = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=inactive)
    with open_chip(label) as chip, chip.request_lines(ends, "xs-gate contract tests") as world:
        yield Jumpered(label, world)
