"""What is asked of a card, check by check, in the order of the design (design 4, 'The decision').

Each check yields at most one finding; one that only opens (ADMIT) becomes a flag of the decision. `access` says how
they make one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple, assert_never

from terminal.core.credential import Credential, Training
from terminal.core.hours import is_open, local_day, local_time
from terminal.core.policy import HOUR_S, LaneRules, Payer, Zone
from terminal.core.presented import Authentic, NoQualifications
from terminal.core.reasons import Outcome, Reason
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.core.situation import Inside, LaneState, SecondFactor, Situation
from terminal.core.visits import VisitWindow

RAISED_LEVEL_GRACE_S = 12 * HOUR_S
"""After a raise of the level, lists issued after the raise must be in force within this time."""


class Finding(NamedTuple):
    """What one check found, and what follows from it."""

    reason: Reason
    outcome: Outcome
    trainings: tuple[str, ...] = ()


class Tap(NamedTuple):
    """A believed card in its situation, with the rules of its lane looked up once."""

    card: Authentic
    credential: Credential
    situation: Situation
    lane: LaneRules | None
    zone: Zone | None

    def local(self) -> datetime:
        """The moment of the tap on the site's wall clock."""
        return local_time(self.situation.now_s, self.situation.policy.time_zone)


Check = Callable[[Tap], Iterator[Finding]]


def _validity(tap: Tap) -> Iterator[Finding]:
    if tap.situation.now_s < tap.credential.not_before:
        yield _usual(Reason.NOT_YET_VALID)
    elif tap.situation.now_s >= tap.credential.expires:
        yield _usual(Reason.EXPIRED)


def _card_status(tap: Tap) -> Iterator[Finding]:
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


def _company_status(tap: Tap) -> Iterator[Finding]:
    match tap.situation.company_status:
        case CompanyStatus.VALID:
            return
        case CompanyStatus.ENDED:
            yield _usual(Reason.COMPANY_BLOCKED)
        case CompanyStatus.ARREARS:
            yield _usual(Reason.COMPANY_SUSPENDED)
        case _:
            yield _usual(Reason.UNKNOWN_COMPANY)


def _list_age(tap: Tap) -> Iterator[Finding]:
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
        yield Finding(Reason.LIST_TOO_OLD, past_max[limits.past_max])


def _product(tap: Tap) -> Iterator[Finding]:
    if tap.credential.product.label not in tap.situation.policy.products:
        yield _usual(Reason.PRODUCT_NOT_ACCEPTED)


def _hours(tap: Tap) -> Iterator[Finding]:
    if tap.lane is not None and tap.lane.hours and not is_open(tap.lane.hours, tap.local()):
        yield _usual(Reason.CLOSED)


def _lane(tap: Tap) -> Iterator[Finding]:
    if tap.zone is None or tap.situation.lane_state is LaneState.CLOSED:
        yield _usual(Reason.LANE_CLOSED)
    elif tap.situation.lane_state is LaneState.BUSY:
        yield _usual(Reason.LANE_BUSY)


def _second_factor(tap: Tap) -> Iterator[Finding]:
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


def _trainings(tap: Tap) -> Iterator[Finding]:
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
        yield Finding(reason, lacking[tap.zone.training_lacking], missing + expired)


def _visit(tap: Tap) -> Iterator[Finding]:
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
            yield Finding(Reason.TOO_EARLY, Outcome.ADMIT_WAIT)
        case VisitWindow.EARLY:
            yield _usual(Reason.TOO_EARLY)
        case VisitWindow.LATE:
            yield _usual(Reason.TOO_LATE)
        case _:
            assert_never(window)


def _anti_passback(tap: Tap) -> Iterator[Finding]:
    if tap.zone is None or tap.zone.anti_passback == "off" or tap.situation.inside is Inside.NO:
        return
    hard = tap.zone.anti_passback == "hard" and tap.situation.inside is Inside.TERMINAL
    yield _usual(Reason.ALREADY_INSIDE) if hard else Finding(Reason.ALREADY_INSIDE, Outcome.ADMIT)


def _capacity(tap: Tap) -> Iterator[Finding]:
    if tap.zone is None:
        return
    inside = tap.situation.occupancy
    zone_full = tap.zone.capacity is not None and inside.zone >= tap.zone.capacity
    company_full = tap.zone.capacity_per_company is not None and inside.company >= tap.zone.capacity_per_company
    if zone_full or company_full:
        yield _usual(Reason.FULL)


def _payment(tap: Tap) -> Iterator[Finding]:
    if tap.zone is not None and tap.zone.paid:
        yield from _on_account(tap)


def _service(tap: Tap) -> Iterator[Finding]:
    service = tap.situation.policy.service(tap.situation.lane)
    if service is not None and service.hours and not is_open(service.hours, tap.local()):
        yield _usual(Reason.CLOSED)
    elif service is None or tap.situation.lane_state is LaneState.CLOSED:
        yield _usual(Reason.LANE_CLOSED)
    elif tap.situation.lane_state is LaneState.BUSY:
        yield _usual(Reason.LANE_BUSY)


def _on_account(tap: Tap) -> Iterator[Finding]:
    payer = tap.situation.payers.get(tap.credential.ean)
    if payer is None or _risk_reached(payer, tap.situation):
        yield _usual(Reason.PAYMENT_NOT_POSSIBLE)


def _risk_reached(payer: Payer, situation: Situation) -> bool:
    used, price = situation.on_account, max(1, situation.price_cents)
    return (
        used.payer_cents + price > payer.offline_cents
        or used.payer_charges >= payer.offline_charges
        or used.card_cents + price > payer.card_cents
        or situation.list_age_s > payer.list_age_s
    )


CARD_CHECKS: tuple[Check, ...] = (_validity, _card_status, _company_status, _list_age, _product)
CHECKS: tuple[Check, ...] = (
    *CARD_CHECKS,
    _hours,
    _lane,
    _second_factor,
    _trainings,
    _visit,
    _anti_passback,
    _capacity,
    _payment,
)


SERVICE_CHECKS: tuple[Check, ...] = (*CARD_CHECKS, _service, _on_account)
"""What is asked of a card at a service point."""


def _held(card: Authentic) -> tuple[Training, ...]:
    return () if isinstance(card.qualifications, NoQualifications) else card.qualifications.trainings


def _usual(reason: Reason) -> Finding:
    return Finding(reason, reason.outcome)
