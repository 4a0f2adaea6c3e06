"""Which lines of which chip one lane uses: plain values that the composition root hands to the GPIO adapter.

Polarity is folded in: a line is *active* when its output is on or its contact says yes, whatever the voltage is then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
