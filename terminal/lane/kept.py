"""What a lane must not forget when the gate ends: a fire, an arm that came off, a lock, a hold, a pause."""

from collections.abc import Callable, Set
from concurrent.futures import Future
from typing import Protocol

from terminal.core.barrier_words import KEPT, Mark, Settings


class KeptNumber(Protocol):
    """A number in the gate's database."""

    def load(self) -> int | None:
        """The last durable one, or None. Never touches the disk."""

    def save(self, number: int, /) -> "Future[None]":
        """Keep it; never blocks."""


class KeptMarks:
    """The marks of `KEPT`, each a number of its own. `keep` belongs to one thread; it never blocks."""

    def __init__(self, number: Callable[[Mark], KeptNumber]) -> None:
        """`number` gives the place in which a mark is kept."""
        self._marks = {mark: _KeptMark(number(mark)) for mark in KEPT}
        self.at_start = frozenset(mark for mark, kept in self._marks.items() if kept.on)
        """How the last run left them."""

    def keep(self, marks: Set[Mark]) -> "tuple[Future[None], ...]":
        """Have them kept so; gives the writes that this asks for, each done when it is durable."""
        saved = (kept.keep(mark in marks) for mark, kept in self._marks.items())
        return tuple(each for each in saved if each is not None)


class _KeptMark:
    def __init__(self, number: KeptNumber) -> None:
        self._number = number
        self.on = bool(number.load())
        self._asked: bool | None = self.on

    def keep(self, on: bool) -> "Future[None] | None":
        """Does nothing when that was asked for already; what the disk refused it may have, so that is asked anew."""
        if on == self._asked:
            return None
        self._asked = on
        saved = self._number.save(int(on))
        saved.add_done_callback(self._kept)
        return saved

    def _kept(self, saved: "Future[None]") -> None:
        if saved.exception() is not None:
            self._asked = None


def still_possible(marks: frozenset[Mark], settings: Settings) -> frozenset[Mark]:
    """What the last run left, less a hold that the lane, as it is configured now, has no output for."""
    return marks if settings.can_hold() else marks - {Mark.HELD}
