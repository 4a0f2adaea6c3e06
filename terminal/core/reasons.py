"""Outcomes, reasons and who can help: the stable codes of every answer at a gate (design 4, 'The decision').

The codes stand in the journal, in metrics and on screens; what they mean never changes. Wording is elsewhere and
neutral: lost cards are on a list too.
"""

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What happens to the tap."""

    ADMIT = "admit"
    ADMIT_WAIT = "admit-wait"
    DESK = "desk"
    REFUSE = "refuse"

    @property
    def severity(self) -> int:
        """0 for the mildest; ADMIT < ADMIT_WAIT < DESK < REFUSE."""
        return tuple(Outcome).index(self)

    @property
    def opens(self) -> bool:
        """Whether the barrier opens."""
        return self in {Outcome.ADMIT, Outcome.ADMIT_WAIT}


class Help(StrEnum):
    """Who can put it right."""

    DRIVER = "driver"
    PLANNER = "planner"
    EMPLOYER = "employer"
    ISSUER = "issuer"
    DESK = "desk"


class _Meaning(NamedTuple):
    outcome: Outcome
    help: Help


class Reason(StrEnum):
    """Why. In the order of the checks on entry."""

    OK = "ok"
    UNREADABLE = "unreadable"
    NOT_AN_XS_KEY = "not-an-xs-key"
    RANDOM_UID = "random-uid"
    NOT_AUTHENTIC = "not-authentic"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    NOT_ACTIVATED = "not-activated"
    UNKNOWN_CARD = "unknown-card"
    COMPANY_BLOCKED = "company-blocked"
    COMPANY_SUSPENDED = "company-suspended"
    UNKNOWN_COMPANY = "unknown-company"
    LIST_TOO_OLD = "list-too-old"
    PRODUCT_NOT_ACCEPTED = "product-not-accepted"
    CLOSED = "closed"
    LANE_CLOSED = "lane-closed"
    LANE_BUSY = "lane-busy"
    SECOND_FACTOR_MISSING = "second-factor-missing"
    SECOND_FACTOR_FAILED = "second-factor-failed"
    TRAINING_MISSING = "training-missing"
    TRAINING_EXPIRED = "training-expired"
    NO_VISIT = "no-visit"
    VISIT_OTHER_COMPANY = "visit-other-company"
    TOO_EARLY = "too-early"
    TOO_LATE = "too-late"
    ALREADY_INSIDE = "already-inside"
    FULL = "full"
    PAYMENT_NOT_POSSIBLE = "payment-not-possible"
    NO_OPEN_STAY = "no-open-stay"
    """At an exit that lets out open stays only."""
    STORAGE = "storage"
    """The decision was to admit, and it could not be written down in time."""

    @property
    def help(self) -> Help:
        """Who can put it right."""
        return MEANING[self].help

    @property
    def outcome(self) -> Outcome:
        """What follows from it on entry, unless the site's policy says otherwise."""
        return MEANING[self].outcome


MEANING: dict[Reason, _Meaning] = {
    Reason.OK: _Meaning(Outcome.ADMIT, Help.DRIVER),
    Reason.UNREADABLE: _Meaning(Outcome.REFUSE, Help.DRIVER),
    Reason.NOT_AN_XS_KEY: _Meaning(Outcome.REFUSE, Help.DRIVER),
    Reason.RANDOM_UID: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.NOT_AUTHENTIC: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.NOT_YET_VALID: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.EXPIRED: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.BLOCKED: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.SUSPENDED: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.NOT_ACTIVATED: _Meaning(Outcome.REFUSE, Help.ISSUER),
    Reason.UNKNOWN_CARD: _Meaning(Outcome.DESK, Help.ISSUER),
    Reason.COMPANY_BLOCKED: _Meaning(Outcome.REFUSE, Help.EMPLOYER),
    Reason.COMPANY_SUSPENDED: _Meaning(Outcome.REFUSE, Help.EMPLOYER),
    Reason.UNKNOWN_COMPANY: _Meaning(Outcome.DESK, Help.ISSUER),
    Reason.LIST_TOO_OLD: _Meaning(Outcome.DESK, Help.DESK),
    Reason.PRODUCT_NOT_ACCEPTED: _Meaning(Outcome.REFUSE, Help.DESK),
    Reason.CLOSED: _Meaning(Outcome.REFUSE, Help.DRIVER),
    Reason.LANE_CLOSED: _Meaning(Outcome.REFUSE, Help.DRIVER),
    Reason.LANE_BUSY: _Meaning(Outcome.REFUSE, Help.DRIVER),
    Reason.SECOND_FACTOR_MISSING: _Meaning(Outcome.DESK, Help.DESK),
    Reason.SECOND_FACTOR_FAILED: _Meaning(Outcome.DESK, Help.DESK),
    Reason.TRAINING_MISSING: _Meaning(Outcome.DESK, Help.EMPLOYER),
    Reason.TRAINING_EXPIRED: _Meaning(Outcome.DESK, Help.EMPLOYER),
    Reason.NO_VISIT: _Meaning(Outcome.DESK, Help.PLANNER),
    Reason.VISIT_OTHER_COMPANY: _Meaning(Outcome.DESK, Help.PLANNER),
    Reason.TOO_EARLY: _Meaning(Outcome.REFUSE, Help.PLANNER),
    Reason.TOO_LATE: _Meaning(Outcome.DESK, Help.PLANNER),
    Reason.ALREADY_INSIDE: _Meaning(Outcome.DESK, Help.DESK),
    Reason.FULL: _Meaning(Outcome.DESK, Help.DESK),
    Reason.PAYMENT_NOT_POSSIBLE: _Meaning(Outcome.DESK, Help.DESK),
    Reason.NO_OPEN_STAY: _Meaning(Outcome.DESK, Help.DESK),
    Reason.STORAGE: _Meaning(Outcome.REFUSE, Help.DESK),
}
