"""The decision: may this card pass here, now? (design 4, 'The decision')

`decide` is pure: a presented card and the situation go in, a `Decision` comes out. The checks stand in one tuple, in
the order of the design; the first one that fails decides. A finding that still opens the barrier (a flag that the
policy lets pass, a visitor who is let in to wait) does not end the row: the checks behind it count as well.

On exit only the card itself decides, between `admit` and `desk`; everything else becomes a flag. Nobody is locked in,
for money or for a list.
"""

from collections.abc import Sequence
from typing import assert_never

from terminal.core.access_checks import CARD_CHECKS, CHECKS, SERVICE_CHECKS, Check, Tap
from terminal.core.hours import is_open
from terminal.core.presented import (
    Authentic,
    NotAnXsKey,
    NotAuthentic,
    Presented,
    RandomUid,
    Unreadable,
)
from terminal.core.reasons import Outcome, Reason
from terminal.core.situation import Decision, Inside, LaneState, Situation


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
            tap = _tap(presented, situation)
            return _entry(tap, CHECKS) if situation.direction == "entry" else _exit(tap)
        case _:
            assert_never(presented)


def decide_service(presented: Presented, situation: Situation) -> Decision:
    """Decide whether this card may buy at the service point that `situation.lane` names. Total, as `decide`."""
    if isinstance(presented, Authentic):
        return _entry(_tap(presented, situation), SERVICE_CHECKS)
    return decide(presented, situation)


def _tap(card: Authentic, situation: Situation) -> Tap:
    lane = situation.policy.lane(situation.lane)
    zone = situation.policy.zone(lane.zone) if lane else None
    return Tap(card, card.credential, situation, lane, zone)


def _on_its_face(reason: Reason, situation: Situation) -> Decision:
    outcome = reason.outcome if situation.direction == "entry" else Outcome.DESK
    return Decision(outcome=outcome, reason=reason, help=reason.help)


def _entry(tap: Tap, checks: Sequence[Check]) -> Decision:
    flags: list[Reason] = []
    waits: Reason | None = None
    trainings: tuple[str, ...] = ()
    for finding in (each for check in checks for each in check(tap)):
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


def _exit(tap: Tap) -> Decision:
    situation, lane = tap.situation, tap.lane
    if lane is None or situation.lane_state is LaneState.CLOSED:
        return _decision(Outcome.DESK, Reason.LANE_CLOSED, [], ())
    if situation.lane_state is LaneState.BUSY:
        return _decision(Outcome.DESK, Reason.LANE_BUSY, [], ())
    flags = [finding.reason for check in CARD_CHECKS for finding in check(tap)]
    if lane.exit_requires == "open-stay" and situation.inside is Inside.NO:
        if is_open(situation.policy.desk_hours, tap.local()):
            return _decision(Outcome.DESK, Reason.NO_OPEN_STAY, flags, ())
        flags.append(Reason.NO_OPEN_STAY)  # nobody is there to let him out
    return _decision(Outcome.ADMIT, Reason.OK, flags, ())


def _decision(outcome: Outcome, reason: Reason, flags: list[Reason], trainings: tuple[str, ...]) -> Decision:
    return Decision(outcome=outcome, reason=reason, help=reason.help, flags=tuple(flags), trainings_lacking=trainings)
