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

    A card that is there after a spell out of sight has come again only if its tap was lost, maybe with the reader: its
    driver still waits. Otherwise it is taken for the one that lay there before and has its answer: one that was left
    there would open the barrier whenever the reader or the daemon comes back. Nor is a card a tap that lies there at
    the very first look: it would open at every restart of the gate.
    """

    def __init__(self) -> None:
        self._occupied: bool | None = None
        self._counter: int | None = None
        self._lost = False

    def tapped(self, *, lost: bool) -> None:
        """The card that is there was tapped. `lost`: the conversation with it broke off."""
        self._lost = lost

    def out_of_sight(self) -> None:
        """The reader or the daemon is gone; what happens until the next look is not seen, and counters start anew."""
        self._counter = None

    def look(self, event_word: int) -> tuple[Change, ...]:
        """What happened since the last look, in its order."""
        occupied_before, counter_before = self._occupied, self._counter
        self._occupied = bool(event_word & scard.SCARD_STATE_PRESENT)
        self._counter = event_word >> COUNTER_SHIFT & COUNTER_MASK
        if not self._occupied:
            self._lost = False
            return (Change.LEFT,) if occupied_before else ()
        if occupied_before is None:
            return (Change.FOUND,)
        if not occupied_before:
            return (Change.CAME,)
        came_again = self._lost if counter_before is None else self._counter != counter_before
        return (Change.LEFT, Change.CAME) if came_again else ()
