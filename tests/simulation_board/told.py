"""A lane that is watched, with a clock that the test moves."""

from typing import Any

from simulation.controller import ControllerTimes
from simulation.lane import LaneSetup, SimulatedLane
from simulation.logics import Logic
from simulation.surroundings import happen

TIMES = ControllerTimes(travel_ms=1000, after_passage_ms=500, no_show_ms=5000, time_out_ms=3000)


class Told:
    """Everything that the lane told, in order."""

    def __init__(
        self, *without: str, logic: Logic = Logic.IMPULSE, times: ControllerTimes = TIMES, debounce_ms: float = 0.0
    ) -> None:
        self.now_ms = 0.0
        self.changes: list[tuple[str, bool]] = []
        self.lines: list[dict[str, Any]] = []
        setup = LaneSetup(times=times, without=frozenset(without), logic=logic, debounce_ms=debounce_ms)
        self.lane = SimulatedLane(self._told, 0.0, setup)

    def _told(self, what: str, **facts: Any) -> None:
        self.lines.append({"what": what, "at_ms": round(self.now_ms), **facts})
        if what in {"contact", "output"}:
            self.changes.append((facts["name"], facts["on"]))

    def after(self, ms: float) -> list[tuple[str, bool]]:
        """What changes within `ms` from now."""
        self.changes.clear()
        self.now_ms += ms
        self.lane.advance(self.now_ms)
        return list(self.changes)

    def of(self, what: str, key: str) -> list[Any]:
        """The values of `key` in all lines of this kind that have it."""
        return [line[key] for line in self.lines if line["what"] == what and key in line]

    def drive(self, output: str, on: bool) -> None:
        self.lane.drive(output, on, self.now_ms)

    def pulse(self, output: str = "open") -> None:
        self.drive(output, True)
        self.after(300)
        self.drive(output, False)

    def happen(self, **message: Any) -> dict[str, Any]:
        return happen(self.lane, message, self.now_ms)

    def vehicle(self, does: str, name: str = "truck", **how: Any) -> None:
        self.happen(vehicle=name, does=does, **how)

    @property
    def limits(self) -> tuple[bool, bool]:
        return self.up, self.down

    @property
    def up(self) -> bool:
        return self.lane.contacts["open_limit"]

    @property
    def down(self) -> bool:
        return self.lane.contacts["closed_limit"]


def open_for(told: Told, logic: Logic) -> None:
    """Have the boom go up as this logic wants to be asked."""
    if logic is Logic.HOLD:
        told.drive("open", True)
    else:
        told.pulse()
    told.after(1000)
    assert told.up


def let_go(told: Told, logic: Logic) -> None:
    if logic is Logic.HOLD:
        told.drive("open", False)


def drives_under(told: Told) -> None:
    told.vehicle("arrive")
    told.vehicle("drive-on", heedless=True)
    told.after(4000)
    assert told.lane.contacts["loop_safety"]
