"""What lies on one reader, told from the event words of PC/SC; no I/O.

PC/SC says what is there when it is asked; a gate must know what *happened*. Between the two stand cards that came and
went while a tap was under way, and spells in which nobody looked: the daemon restarted, the reader was unplugged.
"""

from enum import Enum

from smartcard import scard

COUNTER_SHIFT = 16
COUNTER_MASK = 0xFFFF


class Change(Enum):
    """What happened between two looks."""

    CAME = "came"
    LEFT = "left"
    FOUND = "found"
    """A card lay there at the very first look: nobody saw it come, so it is not a tap."""


class Field:
    """The card on one reader, from look to look.

    The high word of an event word counts arrivals and departures (pcsc-lite): when it moved, the card that is there is
    another one, or the same that came again, even if every look found the reader occupied.

    A card that is there after a spell out of sight has come again: it may be another one, or its tap was lost with the
    reader and the driver still waits. If it is the same and has been answered, the lane answers it once more without
    an order. At the very first look it is otherwise: a lane that has just started knows of no vehicle that is owed an
    opening, so a card forgotten on the reader would open the barrier at every restart.
    """

    def __init__(self) -> None:
        self._occupied: bool | None = None
        self._counter: int | None = None

    def out_of_sight(self) -> None:
        """The reader or the daemon is gone; what happens until the next look is not seen, and counters start anew."""
        self._counter = None

    def look(self, event_word: int) -> tuple[Change, ...]:
        """What happened since the last look, in its order."""
        occupied_before, counter_before = self._occupied, self._counter
        self._occupied = bool(event_word & scard.SCARD_STATE_PRESENT)
        self._counter = event_word >> COUNTER_SHIFT & COUNTER_MASK
        if not self._occupied:
            return (Change.LEFT,) if occupied_before else ()
        if occupied_before is None:
            return (Change.FOUND,)
        if not occupied_before:
            return (Change.CAME,)
        return () if self._counter == counter_before else (Change.LEFT, Change.CAME)
