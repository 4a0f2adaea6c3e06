"""A vehicle that drives along a lane, and the loops in the road that feel it. Metres; the boom stands at 0.

Its driver stops before the boom, drives under it or through when told to, waits while the boom is not up (unless told
to be heedless), or backs out. Time goes in steps of STEP_MS while it moves.
"""

from dataclasses import dataclass

STEP_MS = 5.0
LOOPS = {"loop_arm": (-6.0, -2.0), "loop_safety": (-1.0, 1.0), "loop_behind": (2.0, 6.0)}
"""Where each loop begins and ends."""

START_M = -10.0
STOP_LINE_M = -1.5
UNDER_BOOM_M = 0.5

LENGTH_M = 6.0
SPEED_M_S = 3.0


@dataclass(slots=True, kw_only=True)
class Vehicle:
    """One vehicle; `front_m` is where its front is, `speed_m_s` how fast it drives when it drives."""

    length_m: float = LENGTH_M
    speed_m_s: float = SPEED_M_S
    front_m: float = START_M
    target_m: float = STOP_LINE_M
    heedless: bool = False
    """Drives whatever the boom does."""

    def arrive(self) -> None:
        """Come to the stop line."""
        self.target_m = STOP_LINE_M

    def drive_on(self) -> None:
        """Drive under the boom and stop there."""
        self.target_m = UNDER_BOOM_M

    def drive_through(self) -> None:
        """Drive past the last loop and be gone."""
        self.target_m = LOOPS["loop_behind"][1] + self.length_m

    def back_out(self) -> None:
        """Go back where it came from and be gone."""
        self.target_m = START_M

    def moves(self, boom_is_open: bool) -> bool:
        """It is on its way and nothing keeps it; it does not stop under a boom for waiting's sake."""
        if self.front_m == self.target_m:
            return False
        waits = STOP_LINE_M <= self.front_m < LOOPS["loop_safety"][0] and self.target_m > self.front_m
        return not waits or boom_is_open or self.heedless

    def step(self, step_ms: float) -> None:
        """Drive on for `step_ms`."""
        way = self.speed_m_s * step_ms / 1000
        left = self.target_m - self.front_m
        self.front_m = self.target_m if abs(left) <= way else self.front_m + (way if left > 0 else -way)

    def is_on(self, loop: str) -> bool:
        """The loop feels it."""
        begin, end = LOOPS[loop]
        return self.front_m > begin and self.front_m - self.length_m < end

    def is_gone(self) -> bool:
        """It has left the lane, on either side."""
        return self.front_m == self.target_m and self.target_m in {START_M, LOOPS["loop_behind"][1] + self.length_m}
