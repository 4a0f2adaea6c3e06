"""What a lane must not forget when the gate ends: that there was a fire, and nobody has confirmed that it is over."""

from concurrent.futures import Future
from typing import Protocol


class KeptNumber(Protocol):
    """A number in the gate's database."""

    def load(self) -> int | None:
        """The last durable one, or None. Never touches the disk."""

    def save(self, number: int, /) -> "Future[None]":
        """Keep it; never blocks."""


class KeptMark:
    """A mark that is set or not. `keep` belongs to one thread; it never blocks."""

    def __init__(self, number: KeptNumber) -> None:
        self._number = number
        self.on = bool(number.load())
        """How the last run left it."""
        self._asked = self.on

    def keep(self, on: bool) -> None:
        """Have it kept so. Does nothing when that was asked for already, unless the disk refused."""
        if on != self._asked:
            self._asked = on
            self._number.save(int(on)).add_done_callback(self._kept)

    def _kept(self, saved: "Future[None]") -> None:
        if saved.exception() is not None:
            self._asked = bool(self._number.load())
