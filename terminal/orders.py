"""What a person orders of a lane, step by step: written down, durable, carried out, its result told.

    asked → authorised (terminal.requests) → entry `order` durable → lane → entry with `settles` and a result → answer

Nothing moves before the entry is durable, and nothing on account of one that became durable too late. Why, and for
whom, is in the entry's sealed part, for headquarters' eyes: people put names into reasons, and what is public in the
journal stays for ever. What a crash leaves open between the two entries the next start settles as `unknown`.

One order a lane at a time. Locking looks at all lanes, since the last way out is locked only by who is sure.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import structlog

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.core.barrier_words import GuardOrder, Mark, Phase, Side, State
from terminal.core.journal import NOT_DURABLE, Entry, EntryKey, Kind, OpenOrder, OrderResult, order_settled
from terminal.errors import HardwareError, StorageError
from terminal.order_words import AGAIN, SURE, done, refused, unknown
from terminal.ports import Journal

TURN_S = 2.0
"""Most time that an order waits for the one before it; an order is not carried out when nobody expects it any more."""
IN_SERVICE = frozenset({Phase.CLOSED, Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.CLOSING, Phase.HELD_OPEN})
OUT_OF_SERVICE = frozenset({Mark.EMERGENCY, Mark.SWUNG_OFF, Mark.LOCKED, Mark.PAUSED})

NOT_KEPT = "not-kept"
"""Carried out, and not known to be remembered when the gate ends."""

log = structlog.get_logger()


class LaneForOrders(Protocol):
    """What an order asks of a lane."""

    @property
    def state(self) -> State:
        """All that is known of the lane now. Never blocks."""

    def obey(self, order: GuardOrder, key: EntryKey, side: Side | None = None) -> str | None:
        """Carry out an order whose entry is durable; None, or a word that says why not.

        Blocks for what a relay and, for what outlives the gate, the disk take; a few seconds at the most.

        Raises:
            HardwareError: a relay did not answer; it may have moved.
            StorageError, TimeoutError: carried out, and not known to be remembered when the gate ends.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is ordered, by whom and why. `reason` and `account` are sealed, and stand in no log."""

    order: GuardOrder
    lane: int
    reason: str = field(repr=False)
    by: str
    """The user that the kernel named."""
    account: str | None = field(default=None, repr=False)
    """For whom that user asks, by his own word."""
    side: Side | None = None
    sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of an order. `say` is for the person, `why` the word behind it, `sequence` the entry of the order."""

    result: OrderResult
    say: str
    why: str | None = None
    sequence: int | None = None


class Orders:
    """The orders to all lanes of one gate. Thread-safe; `give` blocks."""

    def __init__(
        self,
        lanes: Mapping[int, LaneForOrders],
        journal: Journal,
        alarms: Alarms,
        *,
        durable_within_s: float,
        turn_s: float = TURN_S,
    ) -> None:
        self._lanes = lanes
        self._journal = journal
        self._alarms = alarms
        self._durable_within_s = durable_within_s
        self._turn_s = turn_s
        self._turns = {number: threading.Lock() for number in lanes}
        self._locking = threading.Lock()

    def give(self, order: Order) -> Answer:
        """Write down, then carry out. Whatever lane, disk or relay do wrong is part of the answer, never an exception.

        Blocks for its turn, for the journal's budget and for the lane.
        """
        if (why := self._unclear(order)) is not None:
            return _refused(order, why)
        with self._turn(order) as mine:
            if not mine:
                return _refused(order, AGAIN)
            if order.order is GuardOrder.LOCK and not order.sure and self._is_last_way_out(order.lane):
                return _refused(order, SURE)
            return self._written_down(order)

    def state(self) -> Mapping[int, State]:
        """How every lane is now. Never blocks."""
        return {number: lane.state for number, lane in self._lanes.items()}

    # ------------------------------------------------------------------------------------------------ before the entry

    def _unclear(self, order: Order) -> str | None:
        if order.lane not in self._lanes:
            return "no-such-lane"
        settings = self._lanes[order.lane].state.settings
        if order.side is not None and not settings.serves(order.side):
            return "no-such-side"
        if order.order is GuardOrder.OPEN and order.side is None and settings.direction == "both":
            return "which-side"
        return None

    @contextmanager
    def _turn(self, order: Order) -> Iterator[bool]:
        """Have the lane for oneself, and where a lane is to be locked all of them; False when that takes too long."""
        locks = [self._locking] if order.order is GuardOrder.LOCK else []
        with ExitStack() as held:
            for lock in (*locks, self._turns[order.lane]):
                if not lock.acquire(timeout=self._turn_s):
                    yield False
                    return
                held.callback(lock.release)
            yield True

    def _is_last_way_out(self, number: int) -> bool:
        states = {each: lane.state for each, lane in self._lanes.items()}
        others = (state for each, state in states.items() if each != number)
        return states[number].settings.serves(Side.EXIT) and not any(map(_lets_out, others))

    # ------------------------------------------------------------------------------------------------ from the entry on

    def _written_down(self, order: Order) -> Answer:
        entry = self._journal.append(_entry(order))
        try:
            key = entry.result(self._durable_within_s)
        except (TimeoutError, StorageError) as error:
            detail = str(error) or "the disk is too slow"
            self._alarms.raised(STORAGE_ALARM, detail=detail)
            entry.add_done_callback(partial(self._settle_late, order))
            return _refused(order, NOT_DURABLE, detail)
        self._alarms.cleared(STORAGE_ALARM)
        return self._carried_out(order, key)

    def _carried_out(self, order: Order, key: EntryKey) -> Answer:
        answer = self._obeyed(order, key)
        self._append(order_settled(_open(order, key), answer.result, answer.why))
        return _told(order, answer)

    def _obeyed(self, order: Order, key: EntryKey) -> Answer:
        try:
            why = self._lanes[order.lane].obey(order.order, key, order.side)
        except HardwareError as error:
            return Answer(result=OrderResult.UNKNOWN, say=unknown(order.lane, str(error)), sequence=key.sequence)
        except (StorageError, TimeoutError):
            say = f"{done(order.lane, order.order)}, and may be forgotten when the gate ends; see to the disk"
            return Answer(result=OrderResult.OBEYED, say=say, why=NOT_KEPT, sequence=key.sequence)
        if why is not None:
            say = refused(order.lane, why)
            return Answer(result=OrderResult.REFUSED, say=say, why=why, sequence=key.sequence)
        return Answer(result=OrderResult.OBEYED, say=done(order.lane, order.order), sequence=key.sequence)

    def _settle_late(self, order: Order, entry: "Future[EntryKey]") -> None:
        """The entry is durable after all: it says that nothing moved on its account."""
        if entry.exception() is None:
            self._append(order_settled(_open(order, entry.result()), OrderResult.REFUSED, NOT_DURABLE))

    def _append(self, entry: Entry) -> None:
        self._journal.append(entry).add_done_callback(self._alarms.stored)


def _refused(order: Order, why: str, detail: str = "") -> Answer:
    """Refused before there was an entry that counts."""
    return _told(order, Answer(result=OrderResult.REFUSED, say=refused(order.lane, why, detail), why=why))


def _told(order: Order, answer: Answer) -> Answer:
    log.info(
        "order",
        lane=order.lane,
        order=str(order.order),
        by=order.by,
        result=str(answer.result),
        why=answer.why,
        sequence=answer.sequence,
    )
    return answer


def _open(order: Order, key: EntryKey) -> OpenOrder:
    return OpenOrder(key.sequence, order.lane, str(order.order))


def _entry(order: Order) -> Entry:
    public: dict[str, Any] = {"order": str(order.order), "by": order.by}
    if order.side is not None:
        public["side"] = str(order.side)
    sealed = {"reason": order.reason}
    if order.account is not None:
        sealed["account"] = order.account
    return Entry(kind=Kind.ORDER, lane=order.lane, public=public, sealed=sealed)


def _lets_out(state: State) -> bool:
    return state.settings.serves(Side.EXIT) and state.phase in IN_SERVICE and not state.marks & OUT_OF_SERVICE
