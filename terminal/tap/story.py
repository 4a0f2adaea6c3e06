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

from terminal.alarms import STORAGE_ALARM
from terminal.card.xs_key import read_card
from terminal.core.access import decide
from terminal.core.barrier_signals import Busy, Closed, DriveForward, Emergency, Readiness, Unserved, WrongSide
from terminal.core.barrier_words import Side
from terminal.core.journal import Entry, EntryKey, Kind, TapResult
from terminal.core.presented import Authentic, Presented
from terminal.core.reasons import Outcome, Reason
from terminal.core.rules import Rules
from terminal.core.situation import Decision, Inside, LaneState, Occupancy, Situation
from terminal.core.stay import Stay
from terminal.errors import HardwareError, StorageError
from terminal.ports import CardTransport
from terminal.tap.entry import Course, decided, exit_alarms, facts, settled
from terminal.tap.ports import Answer, Hint, TapPorts

BOARD_ALARM = "board"

log = structlog.get_logger()


class Taps:
    """The taps of one lane, one at a time over all its readers: whoever comes second waits for the first answer."""

    def __init__(self, ports: TapPorts) -> None:
        self._ports = ports
        self._one_at_a_time = threading.Lock()
        self._admitted: dict[tuple[bytes, Side], Decision] = {}

    def tap(self, reader: str, side: Side, card: CardTransport) -> Answer:
        """Read the card, decide, write down, open.

        Blocks for the budget of the card and that of the journal. Whatever a card, a document, the disk or a relay
        does wrong is part of the answer, never an exception.
        """
        with self._one_at_a_time:
            course = Course(reader, side, self._ports.clock.monotonic_s(), self._ports.clock.now().ms)
            readiness = self._ports.lane.readiness(side)
            if isinstance(readiness, DriveForward):
                return self._answer(course, None, Hint.DRIVE_FORWARD)
            if isinstance(readiness, WrongSide):
                return self._answer(course, None, Hint.WRONG_SIDE)
            rules = self._ports.rules.current()
            if rules is None:
                return self._without_rules(course)
            presented = self._read(course, card, rules)
            if (same := self._same_again(course)) is not None:
                return self._answer(course, same)
            decision = self._decide(course, presented, rules, readiness)
            known = facts(course, presented, rules, self._ports.clock.now().s)
            if decision.outcome.opens and isinstance(readiness, Emergency):
                return self._told(course, self._record(course, decision, known))
            if decision.outcome.opens:
                shares = _shares(rules, self._ports.number)
                return self._told(course, self._admit(course, decision, known, shares=shares))
            return self._told(course, self._turn_away(course, decision, known))

    # ------------------------------------------------------------------------------------------- the steps, in order

    def _without_rules(self, course: Course) -> Answer:
        """Nothing that headquarters signed is in force, so no card can be believed; it is not even read."""
        outcome = Outcome.REFUSE if course.side is Side.ENTRY else Outcome.DESK
        decision = Decision(outcome=outcome, reason=Reason.LANE_CLOSED, help=Reason.LANE_CLOSED.help)
        known = {"reader": course.reader, "side": course.side.value, "detail": "no-rules"}
        return self._told(course, self._turn_away(course, decision, known))

    def _read(self, course: Course, card: CardTransport, rules: Rules) -> Presented:
        ports = self._ports
        trainings = course.side is Side.ENTRY and bool(_zone_trainings(rules, ports.number))
        now_s = ports.clock.now().s
        presented = read_card(card, ports.keys, rules.issuers, now_s, trainings=trainings, random=ports.random)
        course.card_ms = self._since(course)
        course.credential = presented.credential if isinstance(presented, Authentic) else None
        return presented

    def _same_again(self, course: Course) -> Decision | None:
        """The answer of the card whose vehicle is still owed: tapped twice it opens once, and that is no offence."""
        self._admitted = {key: decision for key, decision in self._admitted.items() if self._ports.lane.owes(key[0])}
        return self._admitted.get((course.credential.card_number, course.side)) if course.credential else None

    def _decide(self, course: Course, presented: Presented, rules: Rules, readiness: Readiness) -> Decision:
        """Decide, and take the place of whom this lets in before another lane may decide."""
        ports = self._ports
        with ports.stays.deciding():
            decision = decide(presented, self._situation(course, rules, readiness))
            lane = rules.policy.lane(ports.number)
            card = course.credential
            if decision.outcome.opens and course.side is Side.ENTRY and lane is not None and card is not None:
                stay = Stay(zone=lane.zone, lane=ports.number, entered_ms=course.tapped_ms)
                ports.stays.promise(card.card_number, card.ean, stay)
        return decision

    def _give_back(self, course: Course) -> None:
        """He does not come in: his place is free."""
        if course.credential is not None:
            self._ports.stays.give_back(course.credential.card_number, self._ports.number, course.tapped_ms)

    def _situation(self, course: Course, rules: Rules, readiness: Readiness) -> Situation:
        ports, policy, card = self._ports, rules.policy, course.credential
        now_s = ports.clock.now().s
        lane = policy.lane(ports.number)
        inside, occupancy = Inside.NO, Occupancy()
        if lane is not None and card is not None:
            stay = ports.stays.inside(card.card_number)
            inside = Inside.TERMINAL if stay is not None and not stay.neutral else Inside.NO
            occupancy = Occupancy(
                zone=ports.stays.count(lane.zone), company=ports.stays.count_company(lane.zone, card.ean)
            )
        return Situation(
            now_s=now_s,
            direction=course.side.value,
            lane=ports.number,
            policy=policy,
            visits=rules.visits,
            card_status=rules.cards.status(card.card_index) if card else None,
            company_status=rules.companies.status(card.company_index) if card else None,
            list_age_s=rules.list_age_s(now_s),
            lists_issued_at_s=rules.lists_issued_at_s,
            level=policy.level,
            level_since_s=policy.level_since.timestamp() if policy.level_since else None,
            lane_state=_lane_state(readiness, course.side),
            inside=inside,
            occupancy=occupancy,
        )

    def _turn_away(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> Decision:
        """Not admitted: it is written down, and nothing moves whether or not the disk answers."""
        if not self._has_no_room(course):
            self._write(course, decided(Kind.TAP_OUTCOME, self._ports.number, course.credential, decision, known))
        return decision

    def _has_no_room(self, course: Course) -> bool:
        """Only the reserve on the disk is left, and this is no exit: a queue of drivers must not use it up."""
        return course.side is Side.ENTRY and self._ports.only_reserve()

    def _record(self, course: Course, decision: Decision, known: Mapping[str, Any]) -> Decision:
        """Fire: the boom is open for whoever leaves. His tap is written down, and nothing hangs on it."""
        self._write(course, decided(Kind.TAP_OUTCOME, self._ports.number, course.credential, decision, known))
        return decision

    def _admit(self, course: Course, decision: Decision, known: Mapping[str, Any], *, shares: bool) -> Decision:
        """Admitted: write down, then move. Of each opening the journal says once that it was."""
        ports = self._ports
        if self._has_no_room(course):
            self._give_back(course)
            return _instead(decision, Outcome.DESK, Reason.STORAGE)
        intent = self._write(course, decided(Kind.TAP_INTENT, ports.number, course.credential, decision, known))
        if course.key is None and course.side is Side.ENTRY:
            intent.add_done_callback(partial(self._settle_late, TapResult.STORAGE))
            self._give_back(course)
            return _instead(decision, Outcome.REFUSE, Reason.STORAGE)
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
            intent.add_done_callback(partial(self._settle_late, result))
        elif not lane_writes:
            self._settle(course.key, result)
        return result

    # ---------------------------------------------------------------------------------------------------- the journal

    def _write(self, course: Course, entry: Entry) -> "Future[EntryKey]":
        """Wait until `entry` is durable, at most for the budget; past it `course.key` stays None with an alarm."""
        future = self._ports.journal.append(entry)
        try:
            course.key = future.result(self._ports.intent_budget_s)
        except (TimeoutError, StorageError) as error:
            log.warning("not-durable", lane=self._ports.number, why=str(error) or "the disk is too slow")
        except Exception:  # a mistake in here, such as an entry without an encoding: nothing opens on its account
            log.exception("not-durable", lane=self._ports.number)
        else:
            self._ports.alarms.cleared(STORAGE_ALARM)
            course.durable_ms = self._since(course)
            return future
        self._ports.alarms.raised(STORAGE_ALARM)
        return future

    def _settle_late(self, result: TapResult, intent: "Future[EntryKey]") -> None:
        """Settle an intent that was not durable in time, now that it is, or will never be.

        An order that was given all the same, at an exit, is told in either case: by the name of its intent or by none.
        """
        if intent.exception() is None:
            self._settle(intent.result(), result)
        elif result is not TapResult.STORAGE:
            self._settle(None, result)

    def _settle(self, key: EntryKey | None, result: TapResult) -> None:
        self._ports.journal.append(settled(self._ports.number, key, result))

    # ----------------------------------------------------------------------------------------------------- the answer

    def _told(self, course: Course, decision: Decision) -> Answer:
        """The answer; at an exit, where nobody is locked in, a guard hears of it where it matters."""
        if course.side is Side.EXIT:
            for name, reasons in exit_alarms(decision):
                tap = course.key.sequence if course.key else None
                self._ports.alarms.happened(name, self._ports.number, reasons=reasons, tap=tap)
        return self._answer(course, decision)

    def _since(self, course: Course) -> float:
        return (self._ports.clock.monotonic_s() - course.began_s) * 1000

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
            card_ms=course.card_ms,
            durable_ms=course.durable_ms,
            tap_ms=self._since(course),
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


def _lane_state(readiness: Readiness, side: Side) -> LaneState:
    match readiness:
        case Busy():
            return LaneState.BUSY
        case Closed() | Emergency() if side is Side.ENTRY or isinstance(readiness, Closed):
            return LaneState.CLOSED
        case _:
            return LaneState.READY
