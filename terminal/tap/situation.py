"""Everything besides the card that a tap is decided by, gathered from where it is known."""

from terminal.core.barrier_signals import Busy, Closed, Emergency, Readiness
from terminal.core.barrier_words import Side
from terminal.core.charge import EPOCH_PREFIX_BYTES
from terminal.core.rules import Rules
from terminal.core.situation import Inside, LaneState, Occupancy, OnAccount, Situation
from terminal.tap.entry import Course
from terminal.tap.paid import HEADQUARTERS
from terminal.tap.ports import TapPorts


def situation(ports: TapPorts, course: Course, rules: Rules, readiness: Readiness) -> Situation:
    """The situation of this tap. Never blocks."""
    policy, card, paid = rules.policy, course.credential, course.paid
    now_s = ports.clock.now().s
    lane = policy.lane(ports.number)
    inside, occupancy, on_account = Inside.NO, Occupancy(), OnAccount()
    if lane is not None and card is not None:
        inside = _inside(ports, course)
        occupancy = Occupancy(zone=ports.stays.count(lane.zone), company=ports.stays.count_company(lane.zone, card.ean))
        on_account = ports.accounts.used(card.card_number, card.ean)
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
        payers=rules.payers if paid is not None and paid.tariff else {},
        on_account=on_account,
    )


def _inside(ports: TapPorts, course: Course) -> Inside:
    """Who says that he is inside already: this terminal, the others through headquarters, or his card alone.

    A card that names an intent of this journal says nothing that the journal does not know better.
    """
    card, paid = course.credential, course.paid
    if card is None:
        return Inside.NO
    stay = ports.stays.inside(card.card_number)
    if stay is not None and not stay.neutral:
        return Inside.TERMINAL
    known = paid.inside if paid is not None else None
    if paid is None or known is None or known.stay.epoch == ports.epoch[:EPOCH_PREFIX_BYTES]:
        return Inside.NO
    said = paid.told.get(HEADQUARTERS)
    return Inside.TERMINAL if said is not None and said.inside and said.stay == known.stay else Inside.CARD_ONLY


def _lane_state(readiness: Readiness, side: Side) -> LaneState:
    match readiness:
        case Busy():
            return LaneState.BUSY
        case Closed() | Emergency() if side is Side.ENTRY or isinstance(readiness, Closed):
            return LaneState.CLOSED
        case _:
            return LaneState.READY
