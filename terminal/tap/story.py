"""The story of one card, from the moment it comes into the field to the order that moves the barrier.

    reader → card session → credential → decision → journal (intent) → barrier → journal (outcome)

It knows no PC/SC, GPIO, SQLite or MQTT: all of that stands behind `terminal.ports`. What is admitted is durable before
the relay moves; what is not admitted is written down too. A disk that does not answer in time never opens an entry,
and never holds an exit.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from terminal.card.apdu import CardRefused
from terminal.card.stay_file import NotWritten, Torn
from terminal.card.xs_key import Conversation, converse, meaning
from terminal.core.access import decide
from terminal.core.barrier_signals import DriveForward, Emergency, Readiness, Ready, Unserved, WrongSide
from terminal.core.barrier_words import Side
from terminal.core.journal import EntryKey, Kind, TapResult
from terminal.core.presented import Authentic, Presented
from terminal.core.reasons import Hint, Outcome, Reason
from terminal.core.rules import Rules
from terminal.core.situation import Decision
from terminal.core.stay import Stay, StayCharged, StayClosed
from terminal.errors import CardError, HardwareError
from terminal.ports import CardTransport, Following
from terminal.tap.entry import Course, begins, decided, exit_alarms, facts
from terminal.tap.paid import Paid, PaidStays, stay_id
from terminal.tap.ports import Answer, TapPorts
from terminal.tap.situation import situation
from terminal.tap.written import TapJournal

BOARD_ALARM = "board"

log = structlog.get_logger()


class Taps:
    """The taps of one lane, one at a time over all its readers: whoever comes second waits for the first answer."""

    def __init__(self, ports: TapPorts) -> None:
        self._ports = ports
        self._one_at_a_time = threading.Lock()
        self._admitted: dict[tuple[bytes, Side], Decision] = {}
        self._stays = PaidStays(ports)
        self._written = TapJournal(ports)

    def tap(self, reader: str, side: Side, card: CardTransport) -> Answer:
        """Read the card, decide, write down, open.

        Blocks for the budget of the card and that of the journal. Whatever a card, a document, the disk or a relay
        does wrong is part of the answer, never an exception.
        """
        with self._one_at_a_time:
            course = Course(reader, side, self._ports.clock.monotonic_s(), self._ports.clock.now())
            readiness = self._ports.lane.readiness(side)
            if isinstance(readiness, DriveForward):
                return self._answer(course, None, Hint.DRIVE_FORWARD)
            if isinstance(readiness, WrongSide):
                return self._answer(course, None, Hint.WRONG_SIDE)
            rules = self._ports.rules.current()
            if rules is None:
                return self._without_rules(course)
            presented, conversation = self._read(course, card, rules)
            if (same := self._same_again(course)) is not None:
                return self._answer(course, same)
            presented = self._look(course, presented, conversation, rules, readiness)
            decision = self._decide(course, presented, rules, readiness)
            known = facts(course, presented, rules, self._ports.clock.now().s)
            if decision.outcome.opens and isinstance(readiness, Emergency):
                return self._told(course, self._record(course, decision, known))
            if decision.outcome.opens:
                shares = _shares(rules, self._ports.number)
                rides = isinstance(readiness, Ready) and readiness.rides
                return self._told(course, self._admit(course, decision, known, shares=shares, rides=rides))
            return self._told(course, self._turn_away(course, decision, known))

    # ------------------------------------------------------------------------------------------- the steps, in order

    def _without_rules(self, course: Course) -> Answer:
        """Nothing that headquarters signed is in force, so no card can be believed; it is not even read."""
        outcome = Outcome.REFUSE if course.side is Side.ENTRY else Outcome.DESK
        decision = Decision(outcome=outcome, reason=Reason.LANE_CLOSED, help=Reason.LANE_CLOSED.help)
        known = {"reader": course.reader, "side": course.side.value, "detail": "no-rules"}
        return self._told(course, self._turn_away(course, decision, known))

    def _read(self, course: Course, card: CardTransport, rules: Rules) -> tuple[Presented, Conversation | None]:
        ports = self._ports
        trainings = course.side is Side.ENTRY and bool(_zone_trainings(rules, ports.number))
        now_s = ports.clock.now().s
        presented, conversation = converse(
            card, ports.keys, rules.issuers, now_s, trainings=trainings, random=ports.random
        )
        course.card_ms = course.since_ms(self._ports.clock)
        course.credential = presented.credential if isinstance(presented, Authentic) else None
        return presented, conversation

    def _look(
        self,
        course: Course,
        presented: Presented,
        conversation: Conversation | None,
        rules: Rules,
        readiness: Readiness,
    ) -> Presented:
        """In a paid zone, ask for the stay behind the card: of the card too, unless there is a fire."""
        lane, card = rules.policy.lane(self._ports.number), course.credential
        zone = rules.policy.zone(lane.zone) if lane else None
        if card is None or zone is None or not zone.paid:
            return presented
        course.paid = Paid(rules=rules, zone=zone, card=card, side=course.side, tapped=course.tapped)
        try:
            self._stays.look(course.paid, None if isinstance(readiness, Emergency) else conversation)
        except CardError as fault:
            return meaning(fault)
        finally:
            course.card_ms = course.since_ms(self._ports.clock)
        return presented

    def _same_again(self, course: Course) -> Decision | None:
        """The answer of the card whose vehicle is still owed: tapped twice it opens once, and that is no offence."""
        self._admitted = {key: decision for key, decision in self._admitted.items() if self._ports.lane.owes(key[0])}
        return self._admitted.get((course.credential.card_number, course.side)) if course.credential else None

    def _decide(self, course: Course, presented: Presented, rules: Rules, readiness: Readiness) -> Decision:
        """Decide, and take the place of whom this lets in before another lane may decide."""
        ports = self._ports
        with ports.stays.deciding():
            decision = decide(presented, situation(ports, course, rules, readiness))
            lane = rules.policy.lane(ports.number)
            card = course.credential
            if decision.outcome.opens and course.side is Side.ENTRY and lane is not None and card is not None:
                account = self._stays.enter(course.paid) if course.paid else None
                stay = Stay(zone=lane.zone, lane=ports.number, entered_ms=course.tapped_ms, account=account)
                ports.stays.promise(card.card_number, card.ean, stay)
        return decision

    def _give_back(self, course: Course) -> None:
        """He does not come in: his place is free."""
        if course.credential is not None:
            self._ports.stays.give_back(course.credential.card_number, self._ports.number, course.tapped_ms)

    def _turn_away(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> Decision:
        """Not admitted: it is written down, and nothing moves whether or not the disk answers."""
        if not self._has_no_room(course):
            self._written.write(
                course, decided(Kind.TAP_OUTCOME, self._ports.number, course.credential, decision, known)
            )
        return decision

    def _has_no_room(self, course: Course) -> bool:
        """Only the reserve on the disk is left, and this is no exit: a queue of drivers must not use it up."""
        return course.side is Side.ENTRY and self._ports.only_reserve()

    def _record(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> Decision:
        """Fire: the boom is open for whoever leaves. His tap is written down, and nothing hangs on it.

        It ends his stay, for which nothing more is charged.
        """
        entry = decided(Kind.TAP_OUTCOME, self._ports.number, course.credential, decision, known)
        if course.paid is None:
            self._written.write(course, entry)
            return decision
        course.charge = self._stays.leave(course.paid, emergency=True)
        also = StayClosed(course.paid.card.card_number, course.tapped_ms)
        self._written.write(course, entry, also, followed_by=self._charging(course))
        return decision

    def _admit(
        self, course: Course, decision: Decision, known: Mapping[str, Any], *, shares: bool, rides: bool
    ) -> Decision:
        """Admitted: write down, then move. Of each opening the journal says once that it was."""
        ports = self._ports
        if self._has_no_room(course):
            self._give_back(course)
            return _instead(decision, Outcome.DESK, Reason.STORAGE)
        intent = self._intend(course, decision, known)
        if course.key is None and course.side is Side.ENTRY:
            intent.add_done_callback(partial(self._written.settle_late, TapResult.STORAGE))
            self._give_back(course)
            return _instead(decision, Outcome.REFUSE, Reason.STORAGE)
        if not self._remember(course, rides=rides):
            self._give_back(course)
            return _instead(decision, Outcome.REFUSE, Reason.UNREADABLE)
        result = self._order(course, intent, shares=shares)
        if result not in {TapResult.OPENED, TapResult.OWED}:
            self._give_back(course)
            return _instead(decision, Outcome.DESK, Reason.LANE_CLOSED)
        if isinstance(ports.lane.readiness(course.side), Unserved):
            # The boom cannot be relied upon, now if not before: a person helps him out
            decision = _instead(decision, Outcome.DESK, Reason.LANE_CLOSED)
        if course.credential is not None:
            self._admitted[course.credential.card_number, course.side] = decision
        return decision

    def _intend(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> "Future[EntryKey]":
        """Write the intent down; with it what is charged at an exit, in one transaction."""
        number, paid, public = self._ports.number, course.paid, dict(known)
        if paid is None:
            return self._written.write(course, decided(Kind.TAP_INTENT, number, course.credential, decision, public))
        if course.side is Side.ENTRY:
            also_sealed = begins(paid.account, paid.zone.number, public) if paid.account else {}
            entry = decided(Kind.TAP_INTENT, number, course.credential, decision, public, also_sealed=also_sealed)
            return self._written.write(course, entry)
        course.charge = self._stays.leave(paid)
        entry = decided(Kind.TAP_INTENT, number, course.credential, decision, public)
        stay = self._stays.kept(paid, self._ports.stays.inside(paid.card.card_number)) if course.charge else None
        also = StayCharged(paid.card.card_number, paid.card.ean, stay) if stay else None
        return self._written.write(course, entry, also, followed_by=self._charging(course))

    def _charging(self, course: Course) -> Following | None:
        charge, number = course.charge, self._ports.number
        return None if charge is None else lambda sequence: charge.entry(number, sequence)

    def _remember(self, course: Course, *, rides: bool) -> bool:
        """Write the stay on the card; False: he is to hold it up again. An exit opens whatever the card does."""
        if course.paid is None or course.key is None:
            return True
        try:
            begun = stay_id(course.key.epoch, course.key.sequence) if course.side is Side.ENTRY else None
            self._stays.write(course.paid, begun, passenger=rides)
        except (Torn, NotWritten) as fault:
            log.warning("stay-not-written", lane=self._ports.number, why=str(fault))
            if course.side is Side.ENTRY:
                self._written.settle(course.key, TapResult.TORN)
                return False
        except CardRefused as refusal:
            log.warning("stay-not-written", lane=self._ports.number, why=str(refusal))
        return True

    def _order(self, course: Course, intent: "Future[EntryKey]", *, shares: bool) -> TapResult:
        """Have the lane open; tells what became of that, and has it written down unless the lane does."""
        ports, told = self._ports, course.key or intent
        try:
            result = ports.lane.admit(told, course.credential, course.tapped_ms, course.side, shares=shares)
            lane_writes = result is not TapResult.FAILED
        except HardwareError as error:  # it is stuck, or has ended
            log.warning("lane", lane=ports.number, why=str(error))
            ports.alarms.raised(BOARD_ALARM, ports.number)
            result, lane_writes = TapResult.UNKNOWN, False
        if course.key is None:
            intent.add_done_callback(partial(self._written.settle_late, result))
        elif not lane_writes:
            self._written.settle(course.key, result)
        return result

    # ----------------------------------------------------------------------------------------------------- the answer

    def _told(self, course: Course, decision: Decision) -> Answer:
        """The answer; at an exit, where nobody is locked in, a guard hears of it where it matters."""
        if course.side is Side.EXIT:
            for name, reasons in exit_alarms(decision, course.charge):
                tap = course.key.sequence if course.key else None
                self._ports.alarms.happened(name, self._ports.number, reasons=reasons, tap=tap)
        return self._answer(course, decision)

    def _answer(self, course: Course, decision: Decision | None, hint: Hint | None = None) -> Answer:
        return Answer(
            lane=self._ports.number,
            reader=course.reader,
            side=course.side,
            decision=decision,
            hint=hint,
            go_to=self._ports.serving(course.side) if hint is Hint.WRONG_SIDE else (),
            language=course.credential.language if course.credential else None,
            key=course.key,
            charge=course.charge,
            card_ms=course.card_ms,
            durable_ms=course.durable_ms,
            tap_ms=course.since_ms(self._ports.clock),
        )


def _shares(rules: Rules, lane_number: int) -> bool:
    lane = rules.policy.lane(lane_number)
    return lane is not None and lane.passengers == "same-vehicle"


def _instead(decision: Decision, outcome: Outcome, reason: Reason) -> Decision:
    return replace(decision, outcome=outcome, reason=reason, help=reason.help)


def _zone_trainings(rules: Rules, lane_number: int) -> tuple[str, ...]:
    lane = rules.policy.lane(lane_number)
    zone = rules.policy.zone(lane.zone) if lane else None
    return zone.trainings if zone else ()
