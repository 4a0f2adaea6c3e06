"""Vehicles and the loops in the road that feel them. Metres; the boom stands at 0, who enters drives towards +.

A loop feels metal near the road. It does not feel the open space under a trailer, nor a coupling; the boom feels
whatever stands under it. A vehicle that comes from the other side sees the lane mirrored: in its own metres it too
drives towards +.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LOOPS = {"loop_arm": (-6.0, -2.0), "loop_safety": (-1.0, 1.0), "loop_behind": (2.0, 6.0)}
"""Where each loop begins and ends, as an entering vehicle sees it."""

START_M = -10.0
"""A front that is here is on no loop."""
STOP_LINE_M = -1.5
CREEP_LINE_M = -0.3
"""As far as whoever creeps under a rising boom can come before it is clear of him."""
UNDER_BOOM_M = 0.5
BEHIND_M = 6.0
"""A rear that is here has left the last loop."""

LENGTH_M = 6.0
SPEED_M_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a vehicle is like. `metal`: from where to where, behind the front, a loop feels it."""

    length_m: float
    metal: tuple[tuple[float, float], ...]
    height: float
    """How far the boom must be up to let it pass under it: 0 to 1."""


def solid(length_m: float = LENGTH_M, height: float = 0.6) -> Body:
    """A body that a loop feels from end to end."""
    return Body(length_m=length_m, metal=((0.0, length_m),), height=height)


BODIES: Mapping[str, Body] = {
    "car": solid(4.5, 0.4),
    "van": solid(6.0, 0.6),
    "truck": solid(10.0, 0.85),
    "articulated": Body(length_m=16.5, metal=((0.0, 6.2), (10.2, 16.5)), height=0.85),
    "drawbar": Body(length_m=18.75, metal=((0.0, 7.6), (10.3, 18.75)), height=0.85),
}


@dataclass(slots=True, kw_only=True)
class Vehicle:
    """Where one is. `front_m` is its front in its own metres; `leaving`: it comes from the other side."""

    body: Body
    leaving: bool = False
    front_m: float = START_M

    @property
    def rear_m(self) -> float:
        """Its rear, in its own metres."""
        return self.front_m - self.body.length_m

    @property
    def is_under_boom(self) -> bool:
        """Some of it, whether or not a loop feels it, stands under the boom."""
        return self.rear_m < 0.0 < self.front_m

    @property
    def has_passed(self) -> bool:
        """It has left the last loop."""
        return self.rear_m >= BEHIND_M

    @property
    def middle_of_opening_m(self) -> float | None:
        """How far behind its front the middle of its first open space is; None: it has none."""
        metal = self.body.metal
        return (metal[0][1] + metal[1][0]) / 2 if len(metal) > 1 else None

    def span_m(self, *, leaving: bool) -> tuple[float, float]:
        """From where to where it stands, nearest first, as a vehicle sees it that leaves, or does not."""
        return (self.rear_m, self.front_m) if leaving is self.leaving else (-self.front_m, -self.rear_m)

    def is_on(self, loop: str) -> bool:
        """The loop feels it."""
        begin, end = LOOPS[loop]
        if self.leaving:
            begin, end = -end, -begin
        return any(self.front_m - near > begin and self.front_m - far < end for near, far in self.body.metal)
