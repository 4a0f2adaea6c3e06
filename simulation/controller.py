"""A barrier's own controller and what every logic has in common. Times in milliseconds.

It is the safety function and asks the terminal nothing: it never starts down while its safety loop is occupied, goes up
again when something comes under the falling boom or the boom touches something, and opens on the fire contact, which is
wired to it. `hold_open` keeps it up; so do a guard's key in its own cabinet and, in some logics, the open input.

How it obeys the open input, and when it closes by itself, is its logic: `simulation.logics`.
"""

from dataclasses import dataclass

from simulation.boom import Boom, BoomIs

INPUTS = ("open", "close", "hold_open", "safety", "fire")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerTimes:
    """How a controller was set up."""

    travel_ms: float = 1500.0
    """From down to up, and back."""
    after_passage_ms: float = 500.0
    """Starts down so long after the safety loop cleared (`impulse`, `impulse-count`)."""
    no_show_ms: float = 20_000.0
    """Starts down so long after it came up, when nobody passes (`impulse`, `impulse-count`), or lay on something."""
    time_out_ms: float = 5_000.0
    """Starts down so long after it came up or the safety loop cleared (`step`)."""


class Controller:
    """One controller with its boom. `advance` before looking at it or telling it anything.

    It works while it has mains and its arm is on. When mains come back, or an arm, or a hand lets go, it knows nothing
    of what was before: a boom that is not down goes up, and is closed as its logic says.
    """

    def __init__(self, times: ControllerTimes, now_ms: float) -> None:
        self._times = times
        self._now_ms = now_ms
        self._boom = Boom(times.travel_ms, now_ms)
        self._inputs = dict.fromkeys(INPUTS, False)
        self._passed = False
        """Something was under the boom since it last began to go up."""
        self._touched = False
        """The falling boom lay on something, which is there still as far as the controller knows."""
        self._hands_on = False
        self._close_at_ms: float | None = None
        self.arm_off = False
        """The arm swung off its post: nothing to move, and neither limit switch is reached."""

    @property
    def raised(self) -> float:
        """Where the boom is: 0 down, 1 up."""
        return self._boom.raised

    @property
    def boom_is(self) -> BoomIs:
        """What a person sees of the boom."""
        return self._boom.is_

    @property
    def mains(self) -> bool:
        """It has mains. Without, its fault contact is on and its limit contacts are off."""
        return self._boom.mains

    @property
    def is_open(self) -> bool:
        """Its limit contact says: all the way up, and at rest."""
        return self._boom.is_ is BoomIs.UP and self._switches()

    @property
    def is_closed(self) -> bool:
        """Its limit contact says: all the way down, and at rest."""
        return self._boom.is_ is BoomIs.DOWN and self._switches()

    def next_ms(self) -> float | None:
        """When something happens next by itself, or None."""
        times = [at for at in (self._boom.next_ms(), self._close_at_ms) if at is not None]
        return min(times, default=None)

    def advance(self, now_ms: float) -> None:
        """Let time go on to `now_ms`, which lies no later than `next_ms`."""
        before = self._boom.is_
        self._boom.advance(now_ms)
        self._now_ms = now_ms
        if self._boom.is_ is not before:
            self._wait()
        if self._close_at_ms is not None and now_ms >= self._close_at_ms:
            self._close_at_ms = None
            if self._time_is_over():
                self._boom.way = -1
            else:
                self._wait()

    def set_input(self, name: str, on: bool) -> None:
        """Set `open`, `close`, `hold_open` (the terminal's relays), `safety` (its loop) or `fire`."""
        if self._inputs[name] == on:
            return
        self._inputs[name] = on
        if name == "safety" and not on:
            self._touched = False
            self._passed = self._passed or self._boom.raised > 0
        if self._works():
            self._obey(name, on)
        self._wait()

    def stand_under(self, height: float) -> bool:
        """Something so high stands under the boom (0: nothing); tells whether the boom touched it and goes up again."""
        self._boom.stand_under(height)
        touched = self._boom.presses
        if touched:
            self._boom.hand = 0
            self._boom.way = 0
            self._touched = True
            if self._works():
                self._go_up()
        return touched

    def set_mains(self, on: bool) -> None:
        """Take its mains away, or give them back."""
        self._boom.mains = on
        self._forget()

    def set_arm(self, off: bool) -> None:
        """Swing the arm off, or put it back."""
        self.arm_off = off
        self._forget()

    def set_jam(self, jammed: bool) -> None:
        """Hold the boom where it is, whatever is ordered; or let go of it."""
        self._boom.jammed = jammed
        self._wait()

    def by_hand(self, way: int) -> None:
        """Move the boom by hand, up (1) or down (-1), mains or not; it stays there until the hand lets go (0)."""
        self._hands_on = way != 0
        self._boom.hand = way
        self._forget()

    # ------------------------------------------------------------------------------------------- what a logic says

    def _opened(self) -> None:
        """The open input came on."""
        self._go_up()

    def _time_is_over(self) -> bool:
        """The time to stay up is over; tells whether the boom goes down."""
        return True

    def _stays_up_ms(self) -> float:
        """How long it stays up when nothing keeps it."""
        return self._times.after_passage_ms if self._passed else self._times.no_show_ms

    def _kept_by_open(self) -> bool:
        """The open input, as long as it is on, keeps the boom up."""
        return self._inputs["open"]

    def _begin_anew(self) -> None:
        """Forget what was counted."""

    # ------------------------------------------------------------------------------------------------- what all share

    def _switches(self) -> bool:
        """Its limit switches are reached and read."""
        return self._boom.mains and not self.arm_off

    def _works(self) -> bool:
        return self._boom.mains and not self.arm_off and not self._hands_on

    def _kept(self) -> bool:
        """Something keeps the boom up."""
        return any(self._inputs[name] for name in ("hold_open", "safety", "fire")) or self._kept_by_open()

    def _obey(self, name: str, on: bool) -> None:
        if on and name in {"fire", "hold_open"}:
            self._go_up()
        elif on and name == "open":
            self._opened()
        elif on and name == "safety" and self._boom.way < 0:
            self._go_up()
        elif on and name == "close" and not self._kept():
            self._go_down()

    def _go_up(self) -> None:
        self._passed = False
        self._boom.way = 0 if self._boom.raised >= 1.0 else 1

    def _go_down(self) -> None:
        """Go down, and forget what was counted; whoever asks has seen that nothing keeps the boom up."""
        self._begin_anew()
        self._boom.way = -1 if self._boom.raised > 0.0 else 0

    def _forget(self) -> None:
        self._begin_anew()
        self._boom.way = 0
        self._passed = False
        if self._works() and (self._boom.raised > 0.0 or self._kept_by_open() or self._kept_by_guard()):
            self._go_up()
        self._wait()

    def _kept_by_guard(self) -> bool:
        return self._inputs["hold_open"] or self._inputs["fire"]

    def _wait(self) -> None:
        """When to start down, given that nothing keeps the boom up."""
        if self._boom.is_ is not BoomIs.UP or not self._works() or self._kept():
            self._close_at_ms = None
        else:
            stays_ms = self._times.no_show_ms if self._touched else self._stays_up_ms()
            self._close_at_ms = self._now_ms + stays_ms
