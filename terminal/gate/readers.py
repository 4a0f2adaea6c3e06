"""What happens on a reader becomes a tap, an alarm or a state. Called on the readers' own threads."""

from collections.abc import Callable
from typing import Protocol

import structlog

from terminal.alarms import Alarms
from terminal.core.barrier_words import Side
from terminal.gate.shown import answer_news, card_news, reader_news
from terminal.gate.told import tell_answer
from terminal.live import Live
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
        side: Side | None,
        taps: TakesTaps,
        *,
        alarms: Alarms,
        states: dict[str, ReaderState],
        traced: Callable[[str, CardTransport], CardTransport],
        live: Live,
    ) -> None:
        """`side` None: a service point's. `states` is where the state of each reader is kept.

        `traced` may wrap a card's transport.
        """
        self._lane = lane
        self._side = side
        self._taps = taps
        self._alarms = alarms
        self._states = states
        self._traced = traced
        self._live = live

    def card_presented(self, reader: str, card: CardTransport) -> None:
        """Tap, and log what came of it."""
        self._live.tell(card_news(self._lane, reader, self._side, "came"))
        answer = self._taps.tap(reader, self._side or Side.ENTRY, self._traced(reader, card))
        self._live.tell(answer_news(answer))
        tell_answer(answer)

    def card_lingers(self, reader: str) -> None:
        """Somebody left his card, or taped one to the reader."""
        self._live.tell(card_news(self._lane, reader, self._side, "lingers"))
        self._alarms.raised("card-lingers", self._lane, reader)

    def card_removed(self, reader: str) -> None:
        """The field is empty."""
        self._live.tell(card_news(self._lane, reader, self._side, "left"))
        self._alarms.cleared("card-lingers", self._lane, reader)

    def reader_changed(self, reader: str, state: ReaderState) -> None:
        """A lane without its reader is shut, and says so."""
        self._states[reader] = state
        self._live.tell(reader_news(self._lane, reader, self._side, state))
        log.info("reader", lane=self._lane, reader=reader, state=state.value)
        self._alarms.holds("reader", self._lane, reader, while_=state is not ReaderState.READY)
