"""What a tap writes down: who may read what of it, and what settles it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terminal.core.barrier_words import Side
from terminal.core.charge import Charge, Flag
from terminal.core.credential import Credential
from terminal.core.instant import Now
from terminal.core.journal import INTENT, Entry, EntryKey, Kind, SaleResult, TapResult
from terminal.core.paid_stay import Account
from terminal.core.presented import Presented
from terminal.core.reasons import Outcome, Reason
from terminal.core.rules import Rules
from terminal.core.situation import Decision
from terminal.ports import Clock
from terminal.tap.paid import CARD, Paid

FLAGGED_ALARM = "exit-flagged"
"""Somebody was let out in whose case a check had failed."""
CALL_ALARM = "call"
"""Somebody at an exit needs a person."""
OVERSTAY_ALARM = "overstay"
"""Somebody stayed longer than the tariff allows; it costs no more on that account."""
CHARGE_ALARM = "charge-flagged"
"""What somebody was charged needs a person, who prices it or looks why."""


@dataclass(slots=True)
class Course:
    """What is known of a tap so far."""

    reader: str
    side: Side
    began_s: float
    tapped: Now
    credential: Credential | None = None
    card_ms: float | None = None
    durable_ms: float | None = None
    key: EntryKey | None = None
    paid: Paid | None = None
    """The stay behind it, in a paid zone."""
    charge: Charge | None = None

    def since_ms(self, clock: Clock) -> float:
        """How long ago the card was presented."""
        return (clock.monotonic_s() - self.began_s) * 1000

    @property
    def tapped_ms(self) -> int:
        """The tap, in milliseconds since the epoch."""
        return self.tapped.ms


def facts(course: Course, presented: Presented, rules: Rules, now_s: float) -> dict[str, Any]:
    """What anybody on site may read of a decision; names no person, no company and no training."""
    known: dict[str, Any] = {
        "reader": course.reader,
        "side": course.side.value,
        "detail": presented.detail,
        "level": rules.policy.level,
        "list_number": rules.list_number,
        "list_age_s": int(rules.list_age_s(now_s)),
    }
    if course.credential is not None:
        known["product"] = course.credential.product.label
    if course.paid is not None and CARD in course.paid.sources:
        known["stay_record"] = course.paid.sources[CARD].partition(" ")[0]
    return known


def begins(account: Account, zone: int, known: dict[str, Any]) -> dict[str, Any]:
    """What an entry tap writes of the stay that it begins, or goes on with: added to `known`, and what is sealed."""
    known["zone"] = zone
    if account.tariff is not None:
        known["tariff"] = account.tariff
    stay = account.stay
    return {"stay": [stay.epoch, stay.sequence], "entered_ms": account.entered_ms} if stay else {}


def decided(
    kind: Kind,
    lane: int,
    card: Credential | None,
    decision: Decision,
    known: Mapping[str, Any],
    *,
    also_sealed: Mapping[str, Any] | None = None,
) -> Entry:
    """The entry of a decision: an intent, or the outcome of a tap that opens nothing. Of a person, sealed."""
    public = {
        **known,
        "outcome": str(decision.outcome),
        "reason": str(decision.reason),
        "help": str(decision.help),
        "flags": [str(flag) for flag in decision.flags],
    }
    if card is None:
        return Entry(kind=kind, lane=lane, public=public)
    sealed: dict[str, Any] = {"card": card.card_number, "ean": card.ean, "person": card.personal_number}
    if decision.trainings_lacking:
        sealed["trainings"] = list(decision.trainings_lacking)
    return Entry(
        kind=kind, lane=lane, public=public, card_number=card.card_number, sealed={**sealed, **(also_sealed or {})}
    )


def settled(lane: int, intent: EntryKey | None, result: TapResult | SaleResult, kind: Kind = Kind.TAP_OUTCOME) -> Entry:
    """The outcome of an intent; `intent` None: of an order that was given with nothing written down before it."""
    public: dict[str, Any] = {"result": str(result)}
    if intent is not None:
        public[INTENT] = intent.sequence
    return Entry(kind=kind, lane=lane, public=public)


def exit_alarms(decision: Decision, charge: Charge | None) -> list[tuple[str, list[str]]]:
    """What a guard is to hear of a tap at an exit (design 4, 6): name and reasons of each alarm, no person.

    The age of the lists is no reason: it says nothing of him, and has an alarm that stands.
    """
    flags = [str(flag) for flag in decision.flags if flag is not Reason.LIST_TOO_OLD]
    alarms = [(FLAGGED_ALARM, flags)] if flags else []
    if decision.outcome is Outcome.DESK and decision.reason is not Reason.LANE_BUSY:  # he waits for the other side
        alarms.append((CALL_ALARM, [str(decision.reason)]))
    marks = charge.flags if charge else ()
    if Flag.OVERSTAY in marks:
        alarms.append((OVERSTAY_ALARM, [str(Flag.OVERSTAY)]))
    if others := [str(flag) for flag in marks if flag is not Flag.OVERSTAY]:
        alarms.append((CHARGE_ALARM, others))
    return alarms
