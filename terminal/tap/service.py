"""The story of a card at a service point: a tap shows the price, a second one of the same card confirms it.

    reader → card session → credential → decision → price → second tap → journal (intent) → relay → journal (outcome,
    charge)

What is charged is what was given: the relay is told first, and the charge stands in one transaction with the outcome.
A power cut in between leaves an intent without an outcome, which the next start calls unknown and nobody is charged
for. Of what goes on by units, a third tap ends it.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog

from terminal.card.xs_key import converse
from terminal.core.access import decide_service
from terminal.core.barrier_words import Side
from terminal.core.charge import Charge
from terminal.core.credential import Credential
from terminal.core.journal import EntryKey, Kind, SaleResult
from terminal.core.presented import Authentic, Presented
from terminal.core.purchase import Purchase, PurchaseBegun
from terminal.core.reasons import Outcome, Reason, SaleStep
from terminal.core.rules import Rules
from terminal.core.service import Service
from terminal.core.situation import Decision, LaneState, OnAccount, Situation
from terminal.errors import HardwareError, StorageError
from terminal.ports import CardTransport
from terminal.tap.buying import Buying, sale_of, sale_of_purchase
from terminal.tap.entry import Course, decided, facts, settled
from terminal.tap.ports import Answer, Sale, ServiceTapPorts
from terminal.tap.written import TapJournal

AGAIN_S = 0.5
"""A card that comes back sooner was held unsteadily: that confirms nothing, and ends nothing."""
BOARD_ALARM = "board"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Offer:
    """A price that was shown to the holder of a card."""

    card_number: bytes
    service: Service
    shown_s: float


class ServiceTaps:
    """The taps at one service point, one at a time over all its readers."""

    def __init__(self, ports: ServiceTapPorts) -> None:
        self._ports = ports
        self._one_at_a_time = threading.Lock()
        self._written = TapJournal(ports, Kind.SALE_OUTCOME)
        self._offer: _Offer | None = None
        self._begun_s = float("-inf")
        self._settling: Future[EntryKey] = Future()

    def tap(self, reader: str, side: Side, card: CardTransport) -> Answer:
        """Read the card, and show the price, sell, or end what it bought.

        Blocks for the budget of the card and that of the journal. Whatever a card, a document, the disk or a relay
        does wrong is part of the answer, never an exception.
        """
        with self._one_at_a_time:
            course = Course(reader, side, self._ports.clock.monotonic_s(), self._ports.clock.now())
            offer, self._offer = self._offer, None
            rules = self._ports.rules.current()
            if rules is None:
                return self._turned_away(course, _CLOSED, {"reader": reader, "detail": "no-rules"})
            presented = self._read(course, card, rules)
            if (goes_on := self._own_units(course)) is not None:
                return self._end(course, goes_on)
            service = rules.policy.service(self._ports.number)
            decision = decide_service(presented, self._situation(course, rules, service))
            known = facts(course, presented, rules, self._ports.clock.now().s)
            del known["side"]  # nobody passes here
            if service is None or course.credential is None or not decision.outcome.opens:
                return self._turned_away(course, decision, known)
            known |= {"service": service.what}
            if self._ports.only_reserve():
                return self._answer(course, _instead(decision, Outcome.DESK, Reason.STORAGE))
            if self._is_confirmed(offer, course.credential, service):
                return self._sell(Buying(course, course.credential, service, rules), decision, known)
            self._offer = _Offer(course.credential.card_number, service, self._ports.clock.monotonic_s())
            self._write(course, decision, known)
            return self._answer(course, decision, sale_of(service, SaleStep.OFFERED))

    # ------------------------------------------------------------------------------------------- the steps, in order

    def _read(self, course: Course, card: CardTransport, rules: Rules) -> Presented:
        ports = self._ports
        now_s = ports.clock.now().s
        presented, _ = converse(card, ports.keys, rules.issuers, now_s, trainings=False, random=ports.random)
        course.card_ms = course.since_ms(ports.clock)
        course.credential = presented.credential if isinstance(presented, Authentic) else None
        return presented

    def _own_units(self, course: Course) -> Purchase | None:
        """What this card bought by units and goes on; whatever its holder may buy now, he may end that."""
        goes_on, card = self._ports.point.goes_on, course.credential
        own = goes_on is not None and card is not None and goes_on.card_number == card.card_number
        return goes_on if own and goes_on is not None and goes_on.pulses_a_unit is not None else None

    def _situation(self, course: Course, rules: Rules, service: Service | None) -> Situation:
        ports, card = self._ports, course.credential
        now_s = ports.clock.now().s
        policy = rules.policy
        return Situation(
            now_s=now_s,
            direction="entry",
            lane=ports.number,
            policy=policy,
            visits=rules.visits,
            card_status=rules.cards.status(card.card_index) if card else None,
            company_status=rules.companies.status(card.company_index) if card else None,
            list_age_s=rules.list_age_s(now_s),
            lists_issued_at_s=rules.lists_issued_at_s,
            level=policy.level,
            level_since_s=policy.level_since.timestamp() if policy.level_since else None,
            lane_state=self._state(card, service),
            payers=rules.payers,
            on_account=ports.accounts.used(card.card_number, card.ean) if card else OnAccount(),
            price_cents=(service.price_cents if service else None) or 0,
        )

    def _state(self, card: Credential | None, service: Service | None) -> LaneState:
        point = self._ports.point
        goes_on = point.goes_on
        if service is None or not point.has_board or (service.sold == "units" and self._ports.pulses_a_unit is None):
            return LaneState.CLOSED
        if goes_on is None or (card is not None and goes_on.card_number == card.card_number and service.sold == "time"):
            return LaneState.READY
        return LaneState.BUSY

    def _is_confirmed(self, offer: _Offer | None, card: Credential, service: Service) -> bool:
        if offer is None or offer.card_number != card.card_number or offer.service != service:
            return False
        return AGAIN_S <= self._ports.clock.monotonic_s() - offer.shown_s <= service.confirm_s

    def _sell(self, buying: Buying, decision: Decision, known: Mapping[str, Any]) -> Answer:
        """Confirmed: write down, then switch on; what it costs is charged with the relay's answer."""
        ports, course, service = self._ports, buying.course, buying.service
        intent = self._written.write(course, decided(Kind.SALE_INTENT, ports.number, buying.card, decision, known))
        if course.key is None:
            intent.add_done_callback(partial(self._written.settle_late, SaleResult.STORAGE))
            return self._answer(course, _instead(decision, Outcome.REFUSE, Reason.STORAGE))
        purchase = None if service.sold == "use" else buying.purchase(ports, course.key)
        charge = None if service.sold == "units" else buying.charge(ports)
        write = partial(self._settle, course.key, purchase, charge)
        try:
            result = ports.point.give(purchase, write)
        except HardwareError as error:
            log.warning("service", service=ports.number, why=str(error))
            result = SaleResult.FAILED
            write(result)
        if result is not SaleResult.GIVEN:
            ports.alarms.raised(BOARD_ALARM, ports.number)
            return self._answer(course, _instead(decision, Outcome.DESK, Reason.LANE_CLOSED))
        self._begun_s = ports.clock.monotonic_s()
        course.charge = charge
        self._wait(course, self._settling)
        if purchase is None:
            return self._answer(course, decision, sale_of(service, SaleStep.GIVEN))
        return self._answer(course, decision, sale_of(service, SaleStep.BEGUN, purchase.ends_ms))

    def _settle(self, key: EntryKey, purchase: Purchase | None, charge: Charge | None, result: SaleResult) -> None:
        """Write what became of a sale, with what it charges and what goes on from now, or nothing of it is there."""
        ports, given = self._ports, result is SaleResult.GIVEN
        stored = ports.journal.append(
            settled(ports.number, key, result, Kind.SALE_OUTCOME),
            PurchaseBegun(purchase) if given and purchase is not None else None,
            followed_by=(lambda _: charge.entry(ports.number, key.sequence)) if given and charge is not None else None,
        )
        stored.add_done_callback(ports.alarms.stored)
        self._settling = stored

    def _wait(self, course: Course, stored: "Future[EntryKey]") -> None:
        """Until what was charged is durable, and counts for the next tap; what the disk does not take is an alarm."""
        try:
            stored.result(self._ports.intent_budget_s)
            course.durable_ms = course.since_ms(self._ports.clock)
        except (TimeoutError, StorageError) as error:
            log.warning("not-durable", service=self._ports.number, why=str(error) or "the disk is too slow")

    def _end(self, course: Course, goes_on: Purchase) -> Answer:
        """End what he bought by units, and tell him what it came to."""
        decision = Decision(outcome=Outcome.ADMIT, reason=Reason.OK, help=Reason.OK.help)
        if self._ports.clock.monotonic_s() - self._begun_s < AGAIN_S:
            return self._answer(course, decision, sale_of_purchase(goes_on, SaleStep.BEGUN))
        try:
            ended = self._ports.point.end()
        except HardwareError as error:
            log.warning("service", service=self._ports.number, why=str(error))
            ended = None
        if ended is None:
            return self._answer(course, _instead(decision, Outcome.DESK, Reason.LANE_CLOSED))
        course.charge = ended.charge
        self._wait(course, ended.stored)
        return self._answer(course, decision, sale_of_purchase(ended.purchase, SaleStep.ENDED))

    # ----------------------------------------------------------------------------------------------------- the answer

    def _turned_away(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> Answer:
        if not self._ports.only_reserve():
            self._write(course, decision, known)
        return self._answer(course, decision)

    def _write(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> None:
        entry = decided(Kind.SALE_OUTCOME, self._ports.number, course.credential, decision, known)
        self._written.write(course, entry)

    def _answer(self, course: Course, decision: Decision, sale: Sale | None = None) -> Answer:
        return Answer(
            lane=self._ports.number,
            reader=course.reader,
            side=None,
            decision=decision,
            language=course.credential.language if course.credential else None,
            key=course.key,
            charge=course.charge,
            sale=sale,
            card_ms=course.card_ms,
            durable_ms=course.durable_ms,
            tap_ms=course.since_ms(self._ports.clock),
        )


_CLOSED = Decision(outcome=Outcome.REFUSE, reason=Reason.LANE_CLOSED, help=Reason.LANE_CLOSED.help)


def _instead(decision: Decision, outcome: Outcome, reason: Reason) -> Decision:
    return replace(decision, outcome=outcome, reason=reason, help=reason.help)
