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


class Hint(StrEnum):
    """What a driver is told whose card is not even read."""

    DRIVE_FORWARD = "drive-forward"
    """Nobody stands before the boom: come closer and tap again."""
    WRONG_SIDE = "wrong-side"
    """No vehicle passes here in his direction."""


class SaleStep(StrEnum):
    """How far a sale has come with this tap."""

    OFFERED = "offered"
    """The price is shown; the same card again confirms it."""
    GIVEN = "given"
    BEGUN = "begun"
    """It goes on until `ends_ms`, or until the same card is held up again where units are sold."""
    ENDED = "ended"


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
    words: str


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
    STORAGE = "storage"

    @property
    def help(self) -> Help:
        """Who can put it right."""
        return MEANING[self].help

    @property
    def outcome(self) -> Outcome:
        """What follows from it on entry, unless the site's policy says otherwise."""
        return MEANING[self].outcome


MEANING: dict[Reason, _Meaning] = {
    Reason.OK: _Meaning(Outcome.ADMIT, Help.DRIVER, "Everything that was asked for is in order."),
    Reason.UNREADABLE: _Meaning(
        Outcome.REFUSE,
        Help.DRIVER,
        "The conversation with the card broke off, or what it said did not arrive whole. Hold it still and try again.",
    ),
    Reason.NOT_AN_XS_KEY: _Meaning(Outcome.REFUSE, Help.DRIVER, "Some other card: it has no XS-Key application."),
    Reason.RANDOM_UID: _Meaning(
        Outcome.REFUSE,
        Help.ISSUER,
        "The chip shows a random number, to which nothing can be bound.",
    ),
    Reason.NOT_AUTHENTIC: _Meaning(
        Outcome.REFUSE,
        Help.ISSUER,
        "The chip does not hold this scheme's keys, or what it holds was not signed for it by an issuer that counts.",
    ),
    Reason.NOT_YET_VALID: _Meaning(Outcome.REFUSE, Help.ISSUER, "The first moment of validity has not come."),
    Reason.EXPIRED: _Meaning(Outcome.REFUSE, Help.ISSUER, "The last moment of validity has passed."),
    Reason.BLOCKED: _Meaning(Outcome.REFUSE, Help.ISSUER, "The list of cards says blocked; a lost card is on it too."),
    Reason.SUSPENDED: _Meaning(Outcome.REFUSE, Help.ISSUER, "The list of cards says suspended."),
    Reason.NOT_ACTIVATED: _Meaning(Outcome.REFUSE, Help.ISSUER, "The card was issued and not activated."),
    Reason.UNKNOWN_CARD: _Meaning(Outcome.DESK, Help.ISSUER, "The card's index is past the end of the list."),
    Reason.COMPANY_BLOCKED: _Meaning(
        Outcome.REFUSE,
        Help.EMPLOYER,
        "The employer's licence expired or its contract ended.",
    ),
    Reason.COMPANY_SUSPENDED: _Meaning(Outcome.REFUSE, Help.EMPLOYER, "The employer is in arrears."),
    Reason.UNKNOWN_COMPANY: _Meaning(
        Outcome.DESK,
        Help.ISSUER,
        "The employer's index was never given out, or is past the end of the list.",
    ),
    Reason.LIST_TOO_OLD: _Meaning(
        Outcome.DESK,
        Help.DESK,
        "The lists are older than the site allows at this security level.",
    ),
    Reason.PRODUCT_NOT_ACCEPTED: _Meaning(Outcome.REFUSE, Help.DESK, "The site does not accept this product."),
    Reason.CLOSED: _Meaning(Outcome.REFUSE, Help.DRIVER, "Outside the lane's hours."),
    Reason.LANE_CLOSED: _Meaning(
        Outcome.REFUSE,
        Help.DRIVER,
        "The lane lets nobody through: its barrier or rules are not in order, or the policy does not name it.",
    ),
    Reason.LANE_BUSY: _Meaning(
        Outcome.REFUSE,
        Help.DRIVER,
        "A vehicle from the other side has the lane, or somebody else the service point. Wait until it is free, then"
        " hold up the card again.",
    ),
    Reason.SECOND_FACTOR_MISSING: _Meaning(
        Outcome.DESK,
        Help.DESK,
        "A second factor is asked for at this security level and was not given.",
    ),
    Reason.SECOND_FACTOR_FAILED: _Meaning(Outcome.DESK, Help.DESK, "The second factor did not match."),
    Reason.TRAINING_MISSING: _Meaning(
        Outcome.DESK,
        Help.EMPLOYER,
        "A training that the zone asks for is not on the card.",
    ),
    Reason.TRAINING_EXPIRED: _Meaning(Outcome.DESK, Help.EMPLOYER, "A training that the zone asks for has expired."),
    Reason.NO_VISIT: _Meaning(Outcome.DESK, Help.PLANNER, "Nobody announced a visit of this employer."),
    Reason.VISIT_OTHER_COMPANY: _Meaning(Outcome.DESK, Help.PLANNER, "A visit is expected now, of another company."),
    Reason.TOO_EARLY: _Meaning(
        Outcome.REFUSE,
        Help.PLANNER,
        "The visit begins later; within the site's reach the driver is let in to wait.",
    ),
    Reason.TOO_LATE: _Meaning(Outcome.DESK, Help.PLANNER, "The visit is over."),
    Reason.ALREADY_INSIDE: _Meaning(Outcome.DESK, Help.DESK, "The person is inside already."),
    Reason.FULL: _Meaning(Outcome.DESK, Help.DESK, "The zone, or the employer's part of it, is full."),
    Reason.PAYMENT_NOT_POSSIBLE: _Meaning(
        Outcome.DESK,
        Help.DESK,
        "The employer does not pay on account here, or reached what is allowed without headquarters.",
    ),
    Reason.NO_OPEN_STAY: _Meaning(
        Outcome.DESK,
        Help.DESK,
        "At an exit that lets out open stays only: no entry is known.",
    ),
    Reason.STORAGE: _Meaning(
        Outcome.REFUSE,
        Help.DESK,
        "The decision was to admit, and it could not be written down in time. With `desk`: the disk is full; what is"
        " left of it is kept for exits.",
    ),
}
