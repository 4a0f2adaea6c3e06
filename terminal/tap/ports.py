"""What the taps of a lane need from outside, and what a tap comes to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from terminal.alarms import Alarms
from terminal.card.ev2 import Random
from terminal.card.keys import CardKeys
from terminal.card.stay_file import SiteRecords
from terminal.core.barrier_words import Side
from terminal.core.charge import Charge
from terminal.core.journal import EntryKey
from terminal.core.reasons import Hint, SaleStep
from terminal.core.situation import Decision
from terminal.ports import (
    Accounts,
    Clock,
    JournalForTap,
    KnownStays,
    LaneForTap,
    NobodyKnown,
    RulesInForce,
    ServiceForTap,
    Stays,
)


@dataclass(frozen=True, slots=True)
class Sale:
    """What a tap at a service point came to, for its screen.

    `amount` is in the currency of the site, as a decimal text: for one use, for `time_s`, or for one `unit`.
    """

    step: SaleStep
    what: str
    amount: str
    unit: str | None
    time_s: int | None
    confirm_s: int
    ends_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tap came to, for screens and logs: a decision, or a hint where nothing was decided.

    Times in milliseconds since the card was presented: `card_ms` until it had been read, `durable_ms` until the journal
    had the entry (None: not in time), `tap_ms` until the answer; for an admission, until the relay had been told.
    `go_to`: the lanes of this terminal where a vehicle of the wrong side is served.
    """

    lane: int
    reader: str
    side: Side | None
    """None: at a service point."""
    decision: Decision | None
    language: str | None
    key: EntryKey | None
    card_ms: float | None
    durable_ms: float | None
    tap_ms: float
    hint: Hint | None = None
    go_to: tuple[int, ...] = ()
    charge: Charge | None = None
    """What he was charged who was let out, or who bought something."""
    sale: Sale | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TapPorts:
    """What the taps of one lane need from outside. `serving` names the lanes of this terminal for a way."""

    number: int
    lane: LaneForTap
    keys: CardKeys
    rules: RulesInForce
    stays: Stays
    journal: JournalForTap
    alarms: Alarms
    clock: Clock
    random: Random
    intent_budget_s: float
    records: SiteRecords | None = None
    """By what cards remember stays here; None: they do not."""
    accounts: Accounts
    epoch: bytes = b""
    """The journal's."""
    known: KnownStays = field(default_factory=NobodyKnown)
    only_reserve: Callable[[], bool] = lambda: False
    """Tells whether there is room on the disk for exits only. Must not block."""
    serving: Callable[[Side], tuple[int, ...]] = lambda _: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTapPorts:
    """What the taps at one service point need from outside."""

    number: int
    point: ServiceForTap
    pulses_a_unit: int | None
    keys: CardKeys
    rules: RulesInForce
    journal: JournalForTap
    alarms: Alarms
    clock: Clock
    random: Random
    intent_budget_s: float
    accounts: Accounts
    only_reserve: Callable[[], bool] = lambda: False
    """Tells whether there is room on the disk for exits only. Must not block."""
