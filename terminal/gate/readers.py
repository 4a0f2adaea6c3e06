"""What happens on a reader becomes a tap, an alarm or a state. Called on the readers' own threads."""

from collections.abc import Callable
from typing import Protocol

import structlog

from terminal.alarms import Alarms
from terminal.core.barrier_words import Side
from terminal.gate.told import tell_answer
from terminal.ports import CardTransport, ReaderState
from terminal.tap.ports import Answer

log = structlog.get_logger()


class TakesTaps(Protocol):
    """A lane's taps, or a service point's."""

    def tap(self, reader: str, side: Side, card: CardTransport) -> Answer:
        """What comes of a card that was held up."""


class ReaderOfLane:
    """`ReaderEvents` of the readers of one lane, or one service point: taps, alarms and states come of them."""

    def __init__(
        self,
        lane: int,
        side: Side,
        taps: TakesTaps,
        *,
        alarms: Alarms,
        states: dict[str, ReaderState],
        traced: Callable[[str, CardTransport], CardTransport],
    ) -> None:
        """`states` is where the state of each reader is kept; `traced` may wrap a card's transport."""
        self._lane = lane
        self._side = side
        self._taps = taps
        self._alarms = alarms
        self._states = states
        self._traced = traced

    def card_presented(self, reader: str, card: CardTransport) -> None:
        """Tap, and log what came of it."""
        tell_answer(self._taps.tap(reader, self._side, self._traced(reader, card)))

    def card_lingers(self, reader: str) -> None:
        """Somebody left his card, or taped one to the reader."""
        self._alarms.raised("card-lingers", self._lane, reader)

    def card_removed(self, reader: str) -> None:
        """The field is empty."""
        self._alarms.cleared("card-lingers", self._lane, reader)

    def reader_changed(self, reader: str, state: ReaderState) -> None:
        """A lane without its reader is shut, and says so."""
        self._states[reader] = state
        log.info("reader", lane=self._lane, reader=reader, state=state.value)
        self._alarms.holds("reader", self._lane, reader, while_=state is not ReaderState.READY)
