"""The head of a scene: which lane it wants, and in which logics it is played."""

from typing import Literal

from simulation.controller import ControllerTimes
from simulation.lane import CONTACTS, OUTPUTS
from simulation.logics import Logic
from simulation.scene_line import Line, one_of
from simulation.stage import GATE_MS, Setup

MOST_MS = 3_600_000.0
BOARD_MS = {
    "after-passage": "after_passage_ms",
    "no-show": "no_show_ms",
    "time-out": "time_out_ms",
    "travel": "travel_ms",
}
"""Options that set the controller's times."""
GATE_OPTIONS = {
    "closing": "closing_ms",
    "gap": "gap_ms",
    "passage": "passage_ms",
    "stuck": "stuck_ms",
    "too-long": "too_long_ms",
    "under-boom": "under_boom_ms",
}
"""Options that set the times of the gate's lane."""


def direction_of(word: str) -> Literal["entry", "exit", "both"]:
    """The direction of a lane, which has been looked at already."""
    return "both" if word == "both" else "exit" if word == "exit" else "entry"


def logics_of(line: Line) -> tuple[Logic, ...] | None:
    """The logics of the option `logic=`, in the order of the logics, or None."""
    written = line.take("logic")
    if written is None:
        return None
    named = {one_of(word, Logic, "logic=") for word in written.split(",")}
    return tuple(logic for logic in Logic if logic in named)


def setup_of(line: Line) -> Setup:
    """The lane that the options describe. The gate gives the boom twice the time that it takes."""
    setup = Setup()
    board = {field: getattr(setup.times, field) for field in BOARD_MS.values()}
    board |= _times(line, BOARD_MS)
    gate = dict(GATE_MS) | {name: round(ms) for name, ms in _times(line, GATE_OPTIONS).items()}
    gate["travel_ms"] = max(gate["travel_ms"], round(2 * board["travel_ms"]))
    debounce_ms = line.take_number("debounce", 0.0, 1_000.0)
    without = line.take("without")
    missing = [one_of(word, (*CONTACTS, *OUTPUTS), "without=") for word in without.split(",")] if without else []
    return Setup(
        times=ControllerTimes(**board),
        debounce_ms=setup.debounce_ms if debounce_ms is None else debounce_ms,
        without=frozenset(missing),
        gate_ms=gate,
    )


def _times(line: Line, options: dict[str, str]) -> dict[str, float]:
    written = {field: line.take_number(option, 1.0, MOST_MS) for option, field in options.items()}
    return {field: ms for field, ms in written.items() if ms is not None}
