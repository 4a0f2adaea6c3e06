"""At start: write down that the gate runs again, and settle what the last run left open.

An intent without an outcome is a barrier that may have been told to open, or not; nobody can know any more. It gets
the outcome `unknown`, and is never acted on again. So does the passage of a vehicle that may have been let through:
whether its holder is inside is not certain from then on. And so does a person's order of which nobody wrote down what
came of it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Protocol

from terminal.core.barrier_words import Result, Side
from terminal.core.charge import EPOCH_PREFIX_BYTES, StayId
from terminal.core.journal import (
    BY_ORDER,
    INTENT,
    Entry,
    EntryKey,
    Kind,
    OpenIntent,
    OpenOrder,
    OrderResult,
    TapResult,
    order_settled,
)
from terminal.core.paid_stay import Account, account_of
from terminal.core.stay import Holder, OpenPassage, Stay, StayChange, after_passage
from terminal.errors import StorageError
from terminal.ports import Journal, RulesInForce, Stays


class JournalAtStart(Journal, Protocol):
    """A journal that can tell which tap intents and which orders have no outcome, and which passages no end."""

    def open_intents(self) -> Sequence[OpenIntent]:
        """The tap intents without an outcome, oldest first."""

    def open_orders(self) -> Sequence[OpenOrder]:
        """The orders without an outcome, oldest first."""

    def open_passages(self) -> Sequence[OpenPassage]:
        """The passages without an end, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverTold:
    """What it means for who is inside that the end of a passage was never written down."""

    rules: RulesInForce
    stays: Stays
    epoch: bytes
    """The journal's, whose intents began these passages."""

    def __call__(self, passage: OpenPassage) -> StayChange | None:
        """The change of stay, if any: of a card that has gone in since, it is certain that it is inside."""
        rules = self.rules.current()
        lane = rules.policy.lane(passage.lane) if rules and passage.lane else None
        if lane is None or passage.side is None or passage.holder is None:
            return None
        now = self.stays.inside(passage.holder.card_number)
        if now is not None and now.entered_ms > passage.tapped_ms:
            return None
        zone = rules.policy.zone(lane.zone) if rules else None
        stay = Stay(
            zone=lane.zone,
            lane=lane.number,
            entered_ms=passage.tapped_ms,
            intent=passage.intent,
            account=self._account(passage, passage.holder) if zone and zone.paid else None,
        )
        return after_passage(Result.UNKNOWN, passage.side, passage.holder, stay)

    def _account(self, passage: OpenPassage, holder: Holder) -> Account:
        """By what he is charged, should it turn out that he came in.

        Of a stay that he went on with, this terminal knows what was charged where it kept the stay; else his card and
        headquarters do. The tariff is the one that was in force at the first entry: whoever needs it looks that up.
        """
        if passage.goes_on is None:
            stay = StayId(self.epoch[:EPOCH_PREFIX_BYTES], passage.intent)
            return Account(stay=stay, entered_ms=passage.tapped_ms, tariff=None)
        kept = self.stays.told(holder.card_number, Side.ENTRY)
        return account_of(kept) if kept and kept.stay == passage.goes_on.stay else passage.goes_on


def settle(
    journal: JournalAtStart,
    *,
    software: str,
    stay_after: Callable[[OpenPassage], StayChange | None],
    timeout_s: float = 10.0,
) -> tuple[EntryKey, ...]:
    """Write the start entry, then `unknown` for all that has no outcome: intents, orders, passages without an end.

    Called before the first card is read; blocks until all of it is durable. Called again after a failure, it settles
    what is still open. `stay_after` says what such a passage means for who is inside. Returns the keys in that order.

    Raises:
        StorageError: it could not be written down within `timeout_s`; the gate must not open a barrier.
    """
    entries: list[tuple[Entry, StayChange | None]] = [(Entry(kind=Kind.START, public={"software": software}), None)]
    entries += [(intent.settled(TapResult.UNKNOWN), None) for intent in journal.open_intents()]
    entries += [(order_settled(order, OrderResult.UNKNOWN), None) for order in journal.open_orders()]
    for passage in journal.open_passages():
        began = BY_ORDER if passage.by_order else INTENT
        public = {began: passage.intent, "result": str(Result.UNKNOWN)}
        card_number = passage.holder.card_number if passage.holder else None
        entry = Entry(kind=Kind.PASSAGE, lane=passage.lane, public=public, card_number=card_number)
        entries.append((entry, stay_after(passage)))
    futures = [journal.append(entry, also) for entry, also in entries]
    try:
        return tuple(future.result(timeout_s) for future in futures)
    except FutureTimeoutError:
        raise StorageError(f"the start could not be written down within {timeout_s:g} s; check the disk") from None
