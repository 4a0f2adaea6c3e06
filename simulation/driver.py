"""Drivers: what each was told to do, and how he goes about it. Metres in his own direction, as in `simulation.vehicle`.

A driver stops before the boom and waits there until it is up; whether he heeds the light as well, what distance he
keeps and how long he takes to react is his temperament. He stops behind the vehicle before him, and does not drive up
to one that comes towards him. Time goes in steps while he wants to move.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from simulation.vehicle import (
    BEHIND_M,
    CREEP_LINE_M,
    LOOPS,
    SPEED_M_S,
    START_M,
    STOP_LINE_M,
    UNDER_BOOM_M,
    Vehicle,
)

STEP_M = 0.05
LEAST_STEP_MS, MOST_STEP_MS = 5.0, 20.0
"""A step of time is as long as it takes to drive STEP_M, within these bounds."""
RUN_OUT_M = 20.0
"""Whoever has passed drives on so far before he is forgotten, since others may be close behind him."""
CREEP_M_S = 0.8
REST_MS = 100.0


class Movement(StrEnum):
    """What a driver may be told."""

    ARRIVE = "arrive"
    """Come to the stop line."""
    DRIVE_ON = "drive-on"
    """Drive under the boom and stop there."""
    PASS = "pass"  # noqa: S105 - a movement
    """Drive through and away."""
    BACK_OUT = "back-out"
    """Go back where he came from."""
    CREEP = "creep"
    """Drive through slowly, from the moment the boom begins to rise."""
    SHUNT = "shunt"
    """Under the boom, back to the stop line, and through."""
    FOLLOW = "follow"
    """Drive through behind the one before, at once, whatever boom and light say."""
    STRADDLE = "straddle"
    """Drive until the boom is over the open space in the middle of the vehicle, and stop there."""
    STOP = "stop"
    """Break down where he is."""


class CannotMove(ValueError):
    """A vehicle of this kind cannot do that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperament:
    """How a driver drives."""

    speed_m_s: float = SPEED_M_S
    heedless: bool = False
    """Drives whatever boom and light say."""
    heeds_light: bool = False
    """Does not leave the stop line while the light is red."""
    keeps_m: float = 1.0
    """How close he comes to the one before him."""
    room_m: float = 1.0
    """How much road he wants before him to leave the stop line."""
    reacts_ms: float = 0.0
    """How long after he might go he goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a driver sees. `ahead_m` is where the next vehicle begins, `behind_m` where the one behind him does."""

    raised: float
    red: bool
    ahead_m: float = inf
    behind_m: float = -inf
    oncoming: bool = False
    """The next vehicle comes towards him, and is between the loops: beyond them the yard is wide enough for two."""


@dataclass(slots=True, kw_only=True)
class Driver:
    """One vehicle with its driver."""

    vehicle: Vehicle
    temperament: Temperament = field(default_factory=Temperament)
    plan: tuple[float, ...] = ()
    """Where his front is to be, one after the other."""
    _does: Movement = Movement.ARRIVE
    _reacted_ms: float | None = None
    """When he will have reacted; None while there is nothing to react to."""
    _drives: bool = False
    _still_ms: float = 0.0
    """How long he has not moved although he drives: who creeps up behind another does not stop at every metre."""

    def told(self, does: Movement) -> None:
        """Let him do it from now on.

        Raises:
            CannotMove: a vehicle without an open space cannot straddle.
        """
        through_m = BEHIND_M + self.vehicle.body.length_m + RUN_OUT_M
        match does:
            case Movement.ARRIVE:
                self.plan = (STOP_LINE_M,)
            case Movement.DRIVE_ON:
                self.plan = (UNDER_BOOM_M,)
            case Movement.BACK_OUT:
                self.plan = (START_M,)
            case Movement.SHUNT:
                self.plan = (UNDER_BOOM_M, STOP_LINE_M, through_m)
            case Movement.STOP:
                self.plan = (self.vehicle.front_m,)
            case Movement.STRADDLE:
                opening_m = self.vehicle.middle_of_opening_m
                if opening_m is None:
                    raise CannotMove(
                        "this vehicle has no open space in its middle; an articulated truck or a drawbar has"
                    )
                self.plan = (opening_m,)
            case Movement.PASS | Movement.CREEP | Movement.FOLLOW:
                self.plan = (through_m,)
        self._does = does

    @property
    def backs(self) -> bool:
        """He goes, or went, back where he came from."""
        return self._does is Movement.BACK_OUT

    @property
    def step_ms(self) -> float:
        """How long a step of his is."""
        return min(MOST_STEP_MS, max(LEAST_STEP_MS, STEP_M / self.temperament.speed_m_s * 1000))

    @property
    def stands(self) -> bool:
        """He does not drive at this moment."""
        return not self._drives

    def wants_to_move(self, sight: Sight) -> bool:
        """Given what he sees he would go on, now or when he has reacted, or he has not come to rest yet."""
        return self._drives or self._goal_m(sight) != self.vehicle.front_m

    def step(self, now_ms: float, step_ms: float, sight: Sight) -> None:
        """Drive on for `step_ms`, which end at `now_ms`."""
        vehicle = self.vehicle
        left_m = self._goal_m(sight) - vehicle.front_m
        if left_m == 0:
            self._still_ms += step_ms
            self._drives, self._reacted_ms = self._drives and self._still_ms < REST_MS, None
            return
        self._still_ms = 0.0
        if not self._drives:
            reacts_ms = 0.0 if self._does is Movement.FOLLOW else self.temperament.reacts_ms
            self._reacted_ms = self._reacted_ms or now_ms - step_ms + reacts_ms
            if now_ms <= self._reacted_ms and reacts_ms:
                return
            self._drives, self._reacted_ms = True, None
        speed_m_s = min(CREEP_M_S, self.temperament.speed_m_s) if self._creeps() else self.temperament.speed_m_s
        way_m = speed_m_s * step_ms / 1000
        vehicle.front_m += left_m if abs(left_m) <= way_m else (way_m if left_m > 0 else -way_m)
        while len(self.plan) > 1 and vehicle.front_m == self.plan[0]:
            self.plan, self._drives = self.plan[1:], False

    def _goal_m(self, sight: Sight) -> float:
        """How far his front may go now on its way to where he was told."""
        vehicle, goal_m = self.vehicle, self.plan[0]
        if goal_m <= vehicle.front_m:  # backwards
            keeps_rear_m = sight.behind_m + self.temperament.keeps_m
            return max(goal_m, min(vehicle.front_m, keeps_rear_m + vehicle.body.length_m))
        if sight.oncoming and sight.ahead_m < -STOP_LINE_M - self.temperament.keeps_m / 2:
            goal_m = min(goal_m, START_M)  # it has left its stop line already
        line_m = self._line_m(sight)
        if vehicle.front_m <= line_m:
            goal_m = min(goal_m, line_m)
        return max(vehicle.front_m, min(goal_m, sight.ahead_m - self.temperament.keeps_m))

    def _line_m(self, sight: Sight) -> float:
        """Where the boom, the light or the traffic makes him wait; whoever is over the line does not stop for them."""
        here_m = self.vehicle.front_m
        before_loop = here_m < LOOPS["loop_safety"][0]
        if self.temperament.heedless or self._does is Movement.FOLLOW:
            return inf
        if self._does is Movement.CREEP and sight.raised > 0.0:
            return inf if sight.raised >= self.vehicle.body.height else CREEP_LINE_M
        if not before_loop or self._may_leave_line(sight):
            return inf
        return max(STOP_LINE_M, here_m)

    def _may_leave_line(self, sight: Sight) -> bool:
        """The boom is up, the light is not against him, and there is room."""
        if sight.raised < 1.0 or (self.temperament.heeds_light and sight.red):
            return False
        room_m = sight.ahead_m - self.vehicle.front_m
        return room_m >= self.temperament.room_m and not sight.oncoming

    def _creeps(self) -> bool:
        return self._does is Movement.CREEP and self.vehicle.rear_m < 0.0
