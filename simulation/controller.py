"""A barrier's own controller, logic `impulse`: a pulse opens, and it closes by itself. Times in milliseconds.

It is the safety function and asks the terminal nothing: it never starts down while the safety loop is occupied, goes up
again when something comes under the falling boom, and opens on the fire contact, which is wired to it. As long as its
open input is held it stays open, as real ones do.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerTimes:
    """How a controller was set up."""

    travel_ms: float = 1500.0
    """From down to up, and back."""
    after_passage_ms: float = 500.0
    """Starts down so long after the safety loop cleared."""
    no_show_ms: float = 20_000.0
    """Starts down so long after it came up, when nobody passes."""


class ImpulseController:
    """The model of one controller and its boom. `advance` before looking or telling it anything."""

    def __init__(self, times: ControllerTimes, now_ms: float) -> None:
        self._times = times
        self._now_ms = now_ms
        self._raised = 0.0
        self._way = 0
        self._passed = False
        self._close_at_ms: float | None = None
        self._inputs = {"open": False, "safety": False, "fire": False}
        self._jammed = False

    @property
    def raised(self) -> float:
        """Where the boom is: 0 down, 1 up."""
        return self._raised

    @property
    def is_open(self) -> bool:
        """The boom is all the way up and rests there."""
        return self._raised >= 1.0 and not self._moves()

    @property
    def is_closed(self) -> bool:
        """The boom is all the way down and rests there."""
        return self._raised <= 0.0 and not self._moves()

    def next_ms(self) -> float | None:
        """When something happens next by itself, or None."""
        if self._jammed:
            return None
        if self._moves():
            left = 1.0 - self._raised if self._way > 0 else self._raised
            return self._now_ms + left * self._times.travel_ms
        return self._close_at_ms

    def advance(self, now_ms: float) -> None:
        """Let time go on to `now_ms`, which lies no later than `next_ms`."""
        if self._moves():
            arrives = now_ms >= (self.next_ms() or now_ms)
            self._raised += self._way * (now_ms - self._now_ms) / self._times.travel_ms
            self._now_ms = now_ms
            if arrives:
                self._raised = 1.0 if self._way > 0 else 0.0
                self._way = 0
                self._wait()
        self._now_ms = now_ms
        if self._close_at_ms is not None and now_ms >= self._close_at_ms and not self._jammed:
            self._close_at_ms = None
            self._way = -1

    def jam(self, jammed: bool) -> None:
        """Hold the boom where it is, whatever is ordered; or let go of it."""
        self._jammed = jammed

    def set_input(self, name: str, on: bool) -> None:
        """Set `open` (the terminal's relay), `safety` (its loop) or `fire`."""
        if self._inputs[name] == on:
            return
        self._inputs[name] = on
        if on and (name in {"open", "fire"} or self._way < 0):
            self._go_up()
        if name == "safety" and not on and not self.is_closed:
            self._passed = True
        self._wait()

    def _go_up(self) -> None:
        self._passed = False
        self._way = 0 if self._raised >= 1.0 else 1

    def _moves(self) -> bool:
        return self._way != 0 and not self._jammed

    def _wait(self) -> None:
        """When to start down, given that nothing keeps the boom up."""
        if not self.is_open or any(self._inputs.values()):
            self._close_at_ms = None
        else:
            self._close_at_ms = self._now_ms + (
                self._times.after_passage_ms if self._passed else self._times.no_show_ms
            )
