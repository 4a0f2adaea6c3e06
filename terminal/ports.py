"""What a tap needs from outside, as protocols one or two methods wide.

Adapters stand in `terminal.edges`, `terminal.storage` and `terminal.trust`; only a composition root (`terminal.gate`)
names them. Everything above this module knows no PC/SC, GPIO, SQLite or MQTT.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from terminal.core.barrier_signals import Readiness
from terminal.core.barrier_words import Side
from terminal.core.charge import Charge
from terminal.core.credential import Credential
from terminal.core.instant import Now
from terminal.core.journal import Entry, EntryKey, SaleResult, TapResult
from terminal.core.paid_stay import StayTold
from terminal.core.purchase import Purchase, PurchaseChange
from terminal.core.rules import Rules
from terminal.core.situation import OnAccount
from terminal.core.stay import Stay, StayChange
from terminal.errors import CardError


class CardLost(CardError):
    """The card left the field, the reader failed or the tap's time was used up; the conversation is over."""


class CardTransport(Protocol):
    """The whole contract with a card: bytes out, bytes and a status word back."""

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one APDU; returns (data, status word). Blocks until answered.

        Raises:
            CardLost: no answer will come, or the budget of the tap is used up.
        """


class ReaderState(StrEnum):
    """What can be said of a reader; anything but READY keeps its lane from deciding."""

    READY = "ready"
    ABSENT = "absent"
    NO_DAEMON = "no-daemon"
    STUCK = "stuck"
    """A card or its driver has not come back from a command although the tap is over."""


class ReaderEvents(Protocol):
    """What a reader loop tells its owner. Called on the reader's own thread."""

    def card_presented(self, reader: str, card: CardTransport) -> None:
        """A card came into the field: one call for each time it came, however long it stays."""

    def card_lingers(self, reader: str) -> None:
        """The card has been lying there for a minute; said once for each card."""

    def card_removed(self, reader: str) -> None:
        """The field is empty again."""

    def reader_changed(self, reader: str, state: ReaderState) -> None:
        """The state of the reader changed; said once at start too."""


class Clock(Protocol):
    """Wall clock with a floor, and a monotonic clock."""

    def now(self) -> Now:
        """The wall clock, never below the floor of times already seen."""

    def monotonic_s(self) -> float:
        """Seconds that never jump; for intervals only."""

    def raise_floor(self, issued_at_s: int) -> None:
        """Take notice of a signed instant: it cannot be earlier than that now."""


Change: TypeAlias = StayChange | PurchaseChange
"""What rides with an entry: of who is inside, or of what goes on at a service point."""
Following: TypeAlias = Callable[[int], Entry]


class Journal(Protocol):
    """The append-only journal. Appending never blocks; the future resolves when the entry is durable."""

    def append(self, entry: Entry, also: Change | None = None) -> "Future[EntryKey]":
        """Queue `entry`; the future gives its key once it survives a power cut, or raises StorageError.

        `also` is durable in the same transaction or not at all.
        """


class JournalForTap(Journal, Protocol):
    """A journal that can write a tap and what is charged by it as one."""

    def append(
        self, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """As above; with the entry that `followed_by` makes of the number of this one, or neither is there."""


class Stays(Protocol):
    """Who is inside, as this terminal knows it. In memory: asking never touches the disk.

    A place that was promised counts as a stay from the promise on; it becomes the stay when that is durable.
    """

    def inside(self, card_number: bytes) -> Stay | None:
        """The stay of this card, open or promised, or None."""

    def promised(self, card_number: bytes, lane: int, entered_ms: int) -> Stay | None:
        """The stay of the place that was promised at this tap; None when it is taken over or given back."""

    def told(self, card_number: bytes, side: Side) -> StayTold | None:
        """What this terminal knows of the newest stay by account of this card, which is presented at this side."""

    def uncertain_from(self, zone: int, since_ms: int) -> int | None:
        """From when it is not certain that somebody who came in at `since_ms` is still here; None: it is."""

    def is_open_to_all(self, zone: int, lane: int) -> bool:
        """Tell whether it was written last of this lane that anybody may drive through."""

    def count(self, zone: int) -> int:
        """How many stays the zone has, open or promised; neutral ones are not counted."""

    def count_company(self, zone: int, ean: int) -> int:
        """The same, of one company."""

    def deciding(self) -> AbstractContextManager[object]:
        """Held from these questions until the place is promised: of two lanes one asks after the other's promise."""

    def promise(self, card_number: bytes, ean: int, stay: Stay) -> None:
        """Take a place for whom a lane is about to let in: he counts as inside until his passage has ended."""

    def give_back(self, card_number: bytes, lane: int, entered_ms: int) -> None:
        """He did not come in. Nothing happens when no such place was promised."""


class Accounts(Protocol):
    """What was charged since headquarters was last heard of."""

    def used(self, card_number: bytes, payer: int) -> OnAccount:
        """To this payer and this card. In memory: asking never touches the disk."""


class KnownStays(Protocol):
    """What headquarters last told of the stays of this site. In memory: asking never blocks."""

    def of(self, card_number: bytes) -> StayTold | None:
        """The newest stay of this card, at whatever terminal it began; None: headquarters told of none."""


class NobodyKnown:
    """Headquarters said nothing."""

    def of(self, card_number: bytes) -> None:
        """Nothing."""


Intent: TypeAlias = "EntryKey | Future[EntryKey] | None"
"""By what a vehicle is admitted: an intent that is durable, at an exit one that may become so, or none."""


class LaneForTap(Protocol):
    """What a tap asks of its lane."""

    def readiness(self, side: Side) -> Readiness:
        """What a card presented now on this side would find. Never blocks."""

    def owes(self, card_number: bytes) -> bool:
        """Tell whether the vehicle of this card was admitted and its passage has not ended. Never blocks."""

    def admit(
        self,
        intent: Intent,
        credential: Credential | None = None,
        tapped_ms: int = 0,
        side: Side = Side.ENTRY,
        *,
        shares: bool = False,
    ) -> TapResult:
        """Let a vehicle through whose intent is durable; returns when a relay that this moves has been told.

        A future for `intent`: an exit that could not be written down in time; its passage will be, once that one is or
        has failed. OPENED, OWED when no relay moves now, UNKNOWN when a relay did not answer and may have fired: the
        lane writes the outcome, save where there is no durable intent. FAILED: the lane was not ready any more and
        nothing moves; whoever asked writes the outcome.

        Raises:
            HardwareError: the lane is stuck or has ended; whoever asked writes the outcome.
        """


@dataclass(frozen=True, slots=True)
class SaleEnded:
    """A purchase that went on and ended; `charge` is None where a time was bought. Durable when `stored` is done."""

    purchase: Purchase
    charge: Charge | None
    stored: "Future[EntryKey]"


class ServiceForTap(Protocol):
    """What a tap asks of its service point."""

    @property
    def goes_on(self) -> Purchase | None:
        """What was bought here and goes on. Never blocks."""

    @property
    def has_board(self) -> bool:
        """Tell whether there is a board that could give anything. Never blocks."""

    @property
    def meter(self) -> int:
        """How many pulses the meter has given since it was fitted. Never blocks."""

    def give(self, purchase: Purchase | None, write: Callable[[SaleResult], object]) -> SaleResult:
        """Switch on for this purchase; None: pulse, for one use. Returns when the relay has been told.

        FAILED: nothing moved. UNKNOWN: it may have. `write` is told the result before anything else can happen here.

        Raises:
            HardwareError: it is stuck or has ended; `write` was not told, and nothing moves on this account.
        """

    def end(self) -> SaleEnded | None:
        """Switch off, and have written down what that came to; None: nothing goes on. Raises as `give`."""


class RulesInForce(Protocol):
    """Whoever keeps the rules in force."""

    def current(self) -> Rules | None:
        """The set in force now, or None when there is none yet. Never blocks."""


class Output(StrEnum):
    """Relay contacts of a lane (design 5)."""

    OPEN = "open"
    CLOSE = "close"
    HOLD_OPEN = "hold_open"
    LIGHT_RED = "light_red"
    LIGHT_GREEN = "light_green"
    BUZZER = "buzzer"
    SERVICE = "service"
    """Of a service point: what is sold, switched on."""


class Input(StrEnum):
    """Contacts of a lane that the terminal reads (design 5)."""

    LOOP_ARM = "loop_arm"
    LOOP_SAFETY = "loop_safety"
    LOOP_BEHIND = "loop_behind"
    OPEN_LIMIT = "open_limit"
    CLOSED_LIMIT = "closed_limit"
    FIRE = "fire"
    TAMPER = "tamper"
    SWING_OFF = "swing_off"
    CONTROLLER_FAULT = "controller_fault"
    CALL = "call"
    METER = "meter"
    """Of a service point: one pulse for each part of a unit that is taken."""


class LaneBoard(Protocol):
    """The relays and contacts of one lane. Taking a board sets every output to its safe level first.

    Raises:
        HardwareError: from every method, when the board is gone.
    """

    def drive(self, output: Output, on: bool) -> None:
        """Set an output; returns when the relay has been told. An output that is not fitted is an error."""

    def levels(self) -> Mapping[Input, bool]:
        """The contacts that are fitted and whether each is active, read anew."""

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        """Call `changed` for every change of a contact, on the board's own thread."""

    def outputs(self) -> frozenset[Output]:
        """The outputs that are fitted."""

    def close(self) -> None:
        """Let go of the lines; they keep their levels. Never raises."""


class Heartbeat(Protocol):
    """Where each part that must make progress says that it does; the watchdog is fed only while all of them do."""

    def beat(self, part: str) -> None:
        """`part` went round its loop once more. Never blocks."""
