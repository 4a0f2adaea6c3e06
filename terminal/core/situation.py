"""What a decision is made of besides the card, and what it is: plain values in and out of `terminal.core.access`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from terminal.core.policy import Level, Payer, SitePolicy
from terminal.core.reasons import Help, Outcome, Reason
from terminal.core.visits import VisitBook


class LaneState(Enum):
    """What the lane can do with a tap."""

    READY = "ready"
    BUSY = "busy"
    CLOSED = "closed"


class Inside(Enum):
    """Who says that this person is inside already."""

    NO = "no"
    TERMINAL = "terminal"
    """The site's own terminals."""
    CARD_ONLY = "card-only"
    """The card's record alone, which a no-show cannot write back."""


class SecondFactor(Enum):
    """What came of the second factor, asked for or not."""

    MISSING = "missing"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """How many are inside the zone, and how many of them belong to the employer on the card."""

    zone: int = 0
    company: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAccount:
    """What was charged since the last contact with headquarters, to the payer and to the card."""

    payer_cents: int = 0
    payer_charges: int = 0
    card_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything besides the card that a decision depends on.

    `card_status` and `company_status` are None past the end of their list. `level` and `level_since_s` are the
    effective ones: the signed level, or the higher one that a chief set on site, and when it was last raised. `payers`
    are those of the policy, by EAN, whom this gate can charge: nobody at a gate that cannot charge. `price_cents` is
    what he is about to be charged, 0 while nobody knows.
    """

    now_s: float
    direction: Literal["entry", "exit"]
    lane: int
    policy: SitePolicy
    visits: VisitBook
    card_status: int | None
    company_status: int | None
    list_age_s: float
    lists_issued_at_s: float
    level: Level = "1"
    level_since_s: float | None = None
    lane_state: LaneState = LaneState.READY
    inside: Inside = Inside.NO
    occupancy: Occupancy = field(default_factory=Occupancy)
    second_factor: SecondFactor = SecondFactor.MISSING
    payers: Mapping[int, Payer] = field(default_factory=dict)
    on_account: OnAccount = field(default_factory=OnAccount)
    price_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to a tap, and what the journal needs to explain it.

    `flags` are the checks that failed and were let pass. `trainings_lacking` names codes and is sealed in the journal.
    """

    outcome: Outcome
    reason: Reason
    help: Help
    flags: tuple[Reason, ...] = ()
    trainings_lacking: tuple[str, ...] = ()
