"""Which lines of which chip one lane uses: plain values that the composition root hands to the GPIO adapter.

Polarity is folded in: a line is *active* when its output is on or its contact says yes, whatever the voltage is then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from firmware_config.allowed import key_types
from firmware_config.board_map import Contact, map_path, read_board_map
from firmware_config.gate import Gate, Lane
from firmware_config.service import Service

Bias = Literal["pull-up", "pull-down", "disabled", "as-is"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a GPIO chip, by its offset there. `bias` is the chip's own resistor."""

    offset: int
    active_low: bool
    bias: Bias


@dataclass(frozen=True, slots=True)
class LaneWiring:
    """The lines of one lane, by the names of `terminal.ports.Output` and `Input`; the chip is found by its label."""

    chip_label: str
    outputs: Mapping[str, Line]
    inputs: Mapping[str, Line]


def lane_lines(gate: Gate, lane: Lane | Service) -> LaneWiring:
    """The lines of one lane, or one service point, of a gate with a `gpio` board. Reads the pin map.

    Raises:
        ConfigurationMistakes: the map was changed after the gate's own file was checked, and cannot be used.
        ValueError: the board is none with lines.
    """
    if gate.board.map is None:
        raise ValueError(f"a {gate.board.kind} board has no lines")
    board, screws = read_board_map(map_path(gate.board.map)), terminals(lane)
    return LaneWiring(
        chip_label=board.chip,
        outputs={
            # Pulled down, so that a relay lets go should its line ever be an input again.
            name: Line(board.relays[screws[name]].gpio, active_low=False, bias="pull-down")
            for name in lane.outputs
        },
        inputs={
            name: _contact(board.inputs[screws[name]], normally_closed=name in lane.normally_closed)
            for name in lane.contacts
        },
    )


def terminals(lane: Lane | Service) -> dict[str, str]:
    """Output or contact → the terminal it is connected to, as far as the lane says."""
    given = {name: getattr(lane.wiring, name) for name in key_types(type(lane.wiring))} if lane.wiring else {}
    return {name: terminal for name, terminal in given.items() if terminal is not None}


def _contact(contact: Contact, *, normally_closed: bool) -> Line:
    return Line(contact.gpio, active_low=(contact.active == "low") != normally_closed, bias=contact.bias)
