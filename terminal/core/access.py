"""The decision: may this card pass here, now? (design 4, 'The decision')

`decide` is pure: a presented card and the situation go in, a `Decision` comes out. The checks stand in one tuple, in
the order of the design; the first one that fails decides. A finding that still opens the barrier (a flag that the
policy lets pass, a visitor who is let in to wait) does not end the row: the checks behind it count as well.

On exit only the card itself decides, between `admit` and `desk`; everything else becomes a flag. Nobody is locked in,
for money or for a list.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple, assert_never

from terminal.core.credential import Credential, Training
from terminal.core.hours import is_open, local_day, local_time
from terminal.core.policy import HOUR_S, LaneRules, Payer, Zone
from terminal.core.presented import (
    Authentic,
    NoQualifications,
    NotAnXsKey,
    NotAuthentic,
    Presented,
    RandomUid,
    Unreadable,
)
from terminal.core.reasons import Outcome, Reason
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.core.situation import Decision, Inside, LaneState, SecondFactor, Situation
from terminal.core.visits import VisitWindow

RAISED_LEVEL_GRACE_S = 12 * HOUR_S
"""After a raise of the level, lists issued after the raise must be in force within this time."""


class _Finding(NamedTuple):
    reason: Reason
    outcome: Outcome
    trainings: tuple[str, ...] = ()


class _Tap(NamedTuple):
    """A believed card in its situation, with the rules of its lane looked up once."""

    card: Authentic
    credential: Credential
    situation: Situation
    lane: LaneRules | None
    zone: Zone | None


def decide(presented: Presented, situation: Situation) -> Decision:
    """Decide one tap. Total: every card in every situation gets an answer; never blocks, never raises."""
    match presented:
        case Unreadable():
            return _on_its_face(Reason.UNREADABLE, situation)
        case NotAnXsKey():
            return _on_its_face(Reason.NOT_AN_XS_KEY, situation)
        case RandomUid():
            return _on_its_face(Reason.RANDOM_UID, situation)
        case NotAuthentic():
            return _on_its_face(Reason.NOT_AUTHENTIC, situation)
        case Authentic():
            lane = situation.policy.lane(situation.lane)
            zone = situation.policy.zone(lane.zone) if lane else None
            tap = _Tap(presented, presented.credential, situation, lane, zone)
            return _entry(tap) if situation.direction == "entry" else _exit(tap)
        case _:
            assert_never(presented)


def _on_its_face(reason: Reason, situation: Situation) -> Decision:
    outcome = reason.outcome if situation.direction == "entry" else Outcome.DESK
    return Decision(outcome=outcome, reason=reason, help=reason.help)


def _entry(tap: _Tap) -> Decision:
    flags: list[Reason] = []
    waits: Reason | None = None
    trainings: tuple[str, ...] = ()
    for finding in _findings(tap):
        trainings = finding.trainings or trainings
        match finding.outcome:
            case Outcome.ADMIT:
                flags.append(finding.reason)
            case Outcome.ADMIT_WAIT:
                waits = finding.reason
            case Outcome.DESK | Outcome.REFUSE:
                return _decision(finding.outcome, finding.reason, flags, trainings)
            case _:
                assert_never(finding.outcome)
    if waits is not None:
        return _decision(Outcome.ADMIT_WAIT, waits, flags, trainings)
    return _decision(Outcome.ADMIT, Reason.OK, flags, trainings)


def _exit(tap: _Tap) -> Decision:
    situation, lane = tap.situation, tap.lane
    if lane is None or situation.lane_state is LaneState.CLOSED:
        return _decision(Outcome.DESK, Reason.LANE_CLOSED, [], ())
    if situation.lane_state is LaneState.BUSY:
        return _decision(Outcome.DESK, Reason.LANE_BUSY, [], ())
    flags = [finding.reason for check in _CARD_CHECKS for finding in check(tap)]
    if lane.exit_requires == "open-stay" and situation.inside is Inside.NO:
        if is_open(situation.policy.desk_hours, _local(tap)):
            return _decision(Outcome.DESK, Reason.NO_OPEN_STAY, flags, ())
        flags.append(Reason.NO_OPEN_STAY)  # nobody is there to let him out
    return _decision(Outcome.ADMIT, Reason.OK, flags, ())


def _decision(outcome: Outcome, reason: Reason, flags: list[Reason], trainings: tuple[str, ...]) -> Decision:
    return Decision(outcome=outcome, reason=reason, help=reason.help, flags=tuple(flags), trainings_lacking=trainings)


# ------------------------------------------------------------------------------------------------ the checks, in order
# Each yields at most one finding. One that only opens (ADMIT) becomes a flag.

Check = Callable[[_Tap], Iterator[_Finding]]


def _validity(tap: _Tap) -> Iterator[_Finding]:
    if tap.situation.now_s < tap.credential.not_before:
        yield _usual(Reason.NOT_YET_VALID)
    elif tap.situation.now_s >= tap.credential.expires:
        yield _usual(Reason.EXPIRED)


def _card_status(tap: _Tap) -> Iterator[_Finding]:
    match tap.situation.card_status:
        case CardStatus.VALID:
            return
        case CardStatus.BLOCKED:
            yield _usual(Reason.BLOCKED)
        case CardStatus.SUSPENDED:
            yield _usual(Reason.SUSPENDED)
        case CardStatus.NOT_ACTIVATED:
            yield _usual(Reason.NOT_ACTIVATED)
        case _:
            yield _usual(Reason.UNKNOWN_CARD)


def _company_status(tap: _Tap) -> Iterator[_Finding]:
    match tap.situation.company_status:
        case CompanyStatus.VALID:
            return
        case CompanyStatus.ENDED:
            yield _usual(Reason.COMPANY_BLOCKED)
        case CompanyStatus.ARREARS:
            yield _usual(Reason.COMPANY_SUSPENDED)
        case _:
            yield _usual(Reason.UNKNOWN_COMPANY)


def _list_age(tap: _Tap) -> Iterator[_Finding]:
    situation = tap.situation
    limits = situation.policy.list_age[situation.level]
    since_s = situation.level_since_s
    stale_since_raise = (
        since_s is not None
        and situation.lists_issued_at_s < since_s
        and situation.now_s >= since_s + RAISED_LEVEL_GRACE_S
    )
    if situation.list_age_s > limits.max_s or stale_since_raise:
        past_max = {"desk": Outcome.DESK, "refuse": Outcome.REFUSE, "admit-flagged": Outcome.ADMIT}
        yield _Finding(Reason.LIST_TOO_OLD, past_max[limits.past_max])


def _product(tap: _Tap) -> Iterator[_Finding]:
    if tap.credential.product.label not in tap.situation.policy.products:
        yield _usual(Reason.PRODUCT_NOT_ACCEPTED)


def _hours(tap: _Tap) -> Iterator[_Finding]:
    if tap.lane is not None and tap.lane.hours and not is_open(tap.lane.hours, _local(tap)):
        yield _usual(Reason.CLOSED)


def _lane(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or tap.situation.lane_state is LaneState.CLOSED:
        yield _usual(Reason.LANE_CLOSED)
    elif tap.situation.lane_state is LaneState.BUSY:
        yield _usual(Reason.LANE_BUSY)


def _second_factor(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or tap.situation.level not in tap.zone.second_factor_levels:
        return
    match tap.situation.second_factor:
        case SecondFactor.PASSED:
            return
        case SecondFactor.MISSING:
            yield _usual(Reason.SECOND_FACTOR_MISSING)
        case SecondFactor.FAILED:
            yield _usual(Reason.SECOND_FACTOR_FAILED)
        case _:
            assert_never(tap.situation.second_factor)


def _trainings(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or not tap.zone.trainings:
        return
    today = local_day(tap.situation.now_s, tap.situation.policy.time_zone)
    held = {training.code for training in _held(tap.card)}
    valid = {training.code for training in _held(tap.card) if training.last_valid_day >= today}
    missing = tuple(code for code in tap.zone.trainings if code not in held)
    expired = tuple(code for code in tap.zone.trainings if code in held - valid)
    if missing or expired:
        lacking = {"desk": Outcome.DESK, "refuse": Outcome.REFUSE, "admit-escorted": Outcome.ADMIT}
        reason = Reason.TRAINING_MISSING if missing else Reason.TRAINING_EXPIRED
        yield _Finding(reason, lacking[tap.zone.training_lacking], missing + expired)


def _visit(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or tap.zone.visits == "off":
        return
    window = tap.situation.visits.window(tap.credential.ean, tap.zone, tap.situation.now_s)
    match window:
        case VisitWindow.NOW:
            return
        case VisitWindow.NONE:
            yield _usual(Reason.NO_VISIT)
        case VisitWindow.OTHER_COMPANY:
            yield _usual(Reason.VISIT_OTHER_COMPANY)
        case VisitWindow.EARLY_WAIT:
            yield _Finding(Reason.TOO_EARLY, Outcome.ADMIT_WAIT)
        case VisitWindow.EARLY:
            yield _usual(Reason.TOO_EARLY)
        case VisitWindow.LATE:
            yield _usual(Reason.TOO_LATE)
        case _:
            assert_never(window)


def _anti_passback(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or tap.zone.anti_passback == "off" or tap.situation.inside is Inside.NO:
        return
    hard = tap.zone.anti_passback == "hard" and tap.situation.inside is Inside.TERMINAL
    yield _usual(Reason.ALREADY_INSIDE) if hard else _Finding(Reason.ALREADY_INSIDE, Outcome.ADMIT)


def _capacity(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None:
        return
    inside = tap.situation.occupancy
    zone_full = tap.zone.capacity is not None and inside.zone >= tap.zone.capacity
    company_full = tap.zone.capacity_per_company is not None and inside.company >= tap.zone.capacity_per_company
    if zone_full or company_full:
        yield _usual(Reason.FULL)


def _payment(tap: _Tap) -> Iterator[_Finding]:
    if tap.zone is None or not tap.zone.paid:
        return
    payer = tap.situation.payers.get(tap.credential.ean)
    if payer is None or _risk_reached(payer, tap.situation):
        yield _usual(Reason.PAYMENT_NOT_POSSIBLE)


def _risk_reached(payer: Payer, situation: Situation) -> bool:
    used = situation.on_account
    return (
        used.payer_cents >= payer.offline_cents
        or used.payer_charges >= payer.offline_charges
        or used.card_cents >= payer.card_cents
        or situation.list_age_s > payer.list_age_s
    )


_CARD_CHECKS: tuple[Check, ...] = (_validity, _card_status, _company_status, _list_age, _product)
_CHECKS: tuple[Check, ...] = (
    *_CARD_CHECKS,
    _hours,
    _lane,
    _second_factor,
    _trainings,
    _visit,
    _anti_passback,
    _capacity,
    _payment,
)


def _held(card: Authentic) -> tuple[Training, ...]:
    return () if isinstance(card.qualifications, NoQualifications) else card.qualifications.trainings


def _local(tap: _Tap) -> datetime:
    return local_time(tap.situation.now_s, tap.situation.policy.time_zone)


def _findings(tap: _Tap) -> Iterator[_Finding]:
    for check in _CHECKS:
        yield from check(tap)


def _usual(reason: Reason) -> _Finding:
    return _Finding(reason, reason.outcome)
