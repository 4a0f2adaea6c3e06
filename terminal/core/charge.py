"""Charges and credits: payments on account as they stand in the journal (design 6, 'Charges'; docs/journal.cddl).

Anybody on site may read what was due for what; who pays, from when to when and why that much is sealed, since the
times of a stay would tell two taps to be the same person's. A charge is never changed: a wrong one is answered by a
credit that names it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from terminal.core.journal import INTENT, Entry, Kind
from terminal.core.tariff.explanation import MICRO_A_CENT, Line, What
from terminal.errors import DocumentError

PARKING = "parking"
RECEIPT_BYTES = 10
"""The random code by which a receipt is found: 80 bits."""
EPOCH_PREFIX_BYTES = 4
MAX_CENTS = 2**32 - 1
"""What the card's record can hold."""
_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Flag(StrEnum):
    """What a person must know of a charge; the values stand in the journal."""

    ENTRY_UNKNOWN = "entry-unknown"
    """No source knows since when he is here: nothing is charged, a person prices it."""
    NOT_CERTAIN = "not-certain"
    """The zone was open to anybody in between: charged up to that moment only."""
    EMERGENCY = "emergency"
    """He left while the boom was open for a fire: nothing is charged."""
    OVERSTAY = "overstay"
    OVER_LIMIT = "over-limit"
    """More than the policy allows on account; at an exit that holds nobody."""
    CLOCK_DOUBTFUL = "clock-doubtful"
    """Priced by the rule of the policy for a clock that cannot be trusted."""
    SOURCES_DISAGREE = "sources-disagree"
    NO_TARIFF = "no-tariff"
    """The tariff of its entry is not known here: nothing is charged, a person prices it."""
    PAYER_UNKNOWN = "payer-unknown"
    """The employer does not pay on account here."""


@dataclass(frozen=True, slots=True)
class StayId:
    """What a stay is known by everywhere: the tap intent of its first entry.

    `epoch` is the first 4 bytes of the journal epoch it stands in, as the card's record holds it.
    """

    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What is due from a payer, since the charges before it of the same stay: `total_cents` - `earlier_cents`.

    `lines` add up to `total_cents`. `ended_ms` is the tap that it is charged by, in milliseconds since the epoch; of a
    stay `entered_ms` is the first entry tap, None where no source knows it. `what` is "parking" or the name of a
    service. `vat` is a percentage as a decimal text, that of the day of exit. `sources` says of each source what it
    told.
    """

    what: str = PARKING
    card_number: bytes = field(repr=False)
    payer: int = field(repr=False)
    """EAN of the employer."""
    person: int = field(repr=False)
    receipt: bytes = field(repr=False)
    total_cents: int
    earlier_cents: int = 0
    vat: str
    tariff: int | None = None
    zone: int | None = None
    unit: str | None = None
    """What a meter counted, where the lines tell of thousandths of it."""
    stay: StayId | None = None
    entered_ms: int | None = None
    ended_ms: int
    lines: tuple[Line, ...] = ()
    flags: tuple[Flag, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    list_number: int
    list_age_s: int

    @property
    def amount_cents(self) -> int:
        """What this charge adds; never negative."""
        return self.total_cents - self.earlier_cents

    def entry(self, lane: int | None, intent: int | None) -> Entry:
        """As it is written down; `intent` is the number of the tap intent that it is charged by."""
        public: dict[str, Any] = {
            "what": self.what,
            "amount_cents": self.amount_cents,
            "vat": self.vat,
            "flags": [str(flag) for flag in self.flags],
            "list_number": self.list_number,
            "list_age_s": self.list_age_s,
        }
        public |= {
            key: value
            for key, value in {INTENT: intent, "tariff": self.tariff, "zone": self.zone, "unit": self.unit}.items()
            if value is not None
        }
        sealed: dict[str, Any] = {
            "card": self.card_number,
            "ean": self.payer,
            "person": self.person,
            "receipt": self.receipt,
            "stay": [self.stay.epoch, self.stay.sequence] if self.stay else None,
            "entered_ms": self.entered_ms,
            "ended_ms": self.ended_ms,
            "total_cents": self.total_cents,
            "earlier_cents": self.earlier_cents,
            "lines": [[line.at_s, str(line.what), line.line, line.times, line.amount_micro] for line in self.lines],
            "sources": dict(self.sources),
        }
        return Entry(kind=Kind.CHARGE, lane=lane, public=public, card_number=self.card_number, sealed=sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a payer gets back of the charge with the number `charge` of the same journal; `why` is a word."""

    what: str
    charge: int
    amount_cents: int
    vat: str
    why: str
    ended_ms: int
    card_number: bytes = field(repr=False)
    payer: int = field(repr=False)
    person: int = field(repr=False)

    def entry(self, lane: int | None) -> Entry:
        """As it is written down."""
        public = {
            "what": self.what,
            "charge": self.charge,
            "amount_cents": self.amount_cents,
            "vat": self.vat,
            "why": self.why,
        }
        sealed = {"card": self.card_number, "ean": self.payer, "person": self.person, "ended_ms": self.ended_ms}
        return Entry(kind=Kind.CREDIT, lane=lane, public=public, card_number=self.card_number, sealed=sealed)


_FLAGS, _WHATS = frozenset(Flag), frozenset(What)


def read_charge(public: Mapping[str, Any], sealed: Mapping[Any, Any]) -> Charge:
    """The charge that an entry of that kind tells, from its public map and its opened sealed part.

    Raises:
        DocumentError: it is none that adds up.
    """
    match public, sealed:
        case (
            {
                "what": str(what), "amount_cents": int(amount), "vat": str(vat), "flags": list(flags),
                "list_number": int(list_number), "list_age_s": int(list_age_s),
            },
            {
                "card": bytes(card), "ean": int(ean), "person": int(person), "receipt": bytes(receipt),
                "stay": (None | [bytes(), int()]) as stay, "entered_ms": (None | int()) as entered_ms,
                "ended_ms": int(ended_ms), "total_cents": int(total), "earlier_cents": int(earlier),
                "lines": list(lines), "sources": dict(sources),
            },
        ) if _SERVICE.fullmatch(what) and _FLAGS.issuperset(flags) and 0 <= earlier <= total <= MAX_CENTS:  # fmt: skip
            explained = tuple(_line(line) for line in lines)
            if amount == total - earlier and sum(line.amount_micro for line in explained) == total * MICRO_A_CENT:
                return Charge(
                    what=what,
                    card_number=card,
                    payer=ean,
                    person=person,
                    receipt=receipt,
                    total_cents=total,
                    earlier_cents=earlier,
                    vat=vat,
                    tariff=public.get("tariff"),
                    zone=public.get("zone"),
                    unit=public.get("unit"),
                    stay=StayId(*stay) if stay else None,
                    entered_ms=entered_ms,
                    ended_ms=ended_ms,
                    lines=explained,
                    flags=tuple(Flag(flag) for flag in flags),
                    sources=sources,
                    list_number=list_number,
                    list_age_s=list_age_s,
                )
    raise DocumentError("no charge: its fields are not those of a charge, or do not add up")


def read_credit(public: Mapping[str, Any], sealed: Mapping[Any, Any]) -> Credit:
    """The credit that an entry of that kind tells, likewise.

    Raises:
        DocumentError: it is none.
    """
    match public, sealed:
        case (
            {"what": str(what), "charge": int(charge), "amount_cents": int(amount), "vat": str(vat), "why": str(why)},
            {"card": bytes(card), "ean": int(ean), "person": int(person), "ended_ms": int(ended_ms)},
        ) if _SERVICE.fullmatch(what) and 0 < amount <= MAX_CENTS and charge >= 0:
            return Credit(
                what=what,
                charge=charge,
                amount_cents=amount,
                vat=vat,
                why=why,
                ended_ms=ended_ms,
                card_number=card,
                payer=ean,
                person=person,
            )
    raise DocumentError("no credit: its fields are not those of a credit")


def _line(value: object) -> Line:
    match value:
        case [int(at_s), str(what), (None | int()) as line, int(times), int(amount)] if what in _WHATS:
            return Line(at_s, What(what), line, times, amount)
    raise DocumentError("no charge: a line of its explanation is not of its form")
