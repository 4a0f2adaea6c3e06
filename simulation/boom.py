"""A boom and its motor: where it is and which way it goes. 0 is down, 1 is up; times in milliseconds.

It moves when its motor has mains, when somebody moves it by hand, and never while it is jammed. A body that stands
under it stops it on its way down, at the height of that body.
"""

from enum import StrEnum


class BoomIs(StrEnum):
    """What a person sees of it."""

    UP = "up"
    DOWN = "down"
    RISING = "rising"
    FALLING = "falling"
    STOPPED = "stopped"
    """Neither up nor down, and not moving."""


class Boom:
    """`advance` before looking at it or telling it anything."""

    def __init__(self, travel_ms: float, now_ms: float) -> None:
        self._travel_ms = travel_ms
        self._now_ms = now_ms
        self._floor = 0.0
        self.raised = 0.0
        self.way = 0
        """Where the motor drives it: 1 up, -1 down, 0 nowhere."""
        self.hand = 0
        """Where a hand moves it, whatever the motor does."""
        self.mains = True
        self.jammed = False

    @property
    def is_(self) -> BoomIs:
        """What a person sees."""
        way = self._moves()
        if way:
            return BoomIs.RISING if way > 0 else BoomIs.FALLING
        if self.raised in {0.0, 1.0}:
            return BoomIs.UP if self.raised else BoomIs.DOWN
        return BoomIs.STOPPED

    def next_ms(self) -> float | None:
        """When it comes to where it goes, or None."""
        way = self._moves()
        return None if way == 0 else self._now_ms + abs(self._end(way) - self.raised) * self._travel_ms

    def advance(self, now_ms: float) -> None:
        """Let time go on to `now_ms`, which lies no later than `next_ms`."""
        way, arrives_ms = self._moves(), self.next_ms()
        if arrives_ms is not None and now_ms >= arrives_ms:
            self.raised = self._end(way)
            if self.raised in {0.0, 1.0}:
                self.way = self.hand = 0
        else:
            self.raised += way * (now_ms - self._now_ms) / self._travel_ms
        self._now_ms = now_ms

    def stand_under(self, height: float) -> None:
        """Something of this height stands under it; 0: nothing does."""
        self._floor = min(height, self.raised)

    @property
    def presses(self) -> bool:
        """It would go down, and lies on what stands under it."""
        return self._driven() < 0 and 0 < self.raised <= self._floor

    def _driven(self) -> int:
        return 0 if self.jammed else self.hand or (self.way if self.mains else 0)

    def _moves(self) -> int:
        """Which way it really moves: 1, -1 or 0."""
        way = self._driven()
        stays = self.raised >= 1.0 if way > 0 else self.raised <= self._floor
        return 0 if stays else way

    def _end(self, way: int) -> float:
        return 1.0 if way > 0 else self._floor
