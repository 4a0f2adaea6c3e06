"""Something that was bought at a service point and goes on: a time, or units that are being taken.

What a purchase comes to is charged when it has ended; of a time it is known when it begins. It outlives a power cut:
whoever bought power for a trailer has it again when the terminal has.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from terminal.core.charge import Charge, Flag
from terminal.core.credential import Credential
from terminal.core.service import Service, price_of_one, price_of_units
from terminal.core.tariff.explanation import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What goes on at service point `service`, begun by the tap intent `intent` of the journal epoch `epoch`.

    `pulses_a_unit` is None where a time was bought, which is charged already. The meter stood at `from_pulses` when it
    began, and counts on for ever. The terms are those under which it was confirmed: a new price is for the next.
    """

    service: int
    epoch: bytes
    intent: int
    card_number: bytes = field(repr=False)
    payer: int = field(repr=False)
    person: int = field(repr=False)
    what: str
    vat: str
    amount_micro: int
    began_ms: int
    ends_ms: int
    unit: str | None = None
    pulses_a_unit: int | None = None
    from_pulses: int = 0
    max_units: int = 0
    idle_s: int | None = None
    list_number: int
    list_age_s: int

    def pulses(self, meter: int) -> int:
        """What was taken, by the meter; never more than was allowed to be."""
        return min(max(0, meter - self.from_pulses), self.max_units * (self.pulses_a_unit or 1))

    def is_full(self, meter: int) -> bool:
        """Tell whether all that may be taken was."""
        return self.pulses_a_unit is not None and self.pulses(meter) >= self.max_units * self.pulses_a_unit

    def so_far_cents(self, meter: int) -> int | None:
        """What the units cost that were taken until now; None where a time was bought."""
        return None if self.pulses_a_unit is None else self._price(meter, self.pulses_a_unit)[0]

    def charge(self, meter: int, ended_ms: int, receipt: bytes, flags: tuple[Flag, ...] = ()) -> Charge:
        """Of units that were taken: what they cost."""
        if self.pulses_a_unit is None:
            raise ValueError("a time is charged when it begins")
        cents, lines = self._price(meter, self.pulses_a_unit)
        return Charge(
            what=self.what,
            card_number=self.card_number,
            payer=self.payer,
            person=self.person,
            receipt=receipt,
            total_cents=cents,
            vat=self.vat,
            unit=self.unit,
            ended_ms=ended_ms,
            lines=lines,
            flags=flags,
            list_number=self.list_number,
            list_age_s=self.list_age_s,
        )

    def _price(self, meter: int, pulses_a_unit: int) -> tuple[int, tuple[Line, ...]]:
        return price_of_units(self.began_ms // 1000, self.amount_micro, self.pulses(meter), pulses_a_unit)


@dataclass(frozen=True, slots=True)
class PurchaseBegun:
    """It goes on; what went on at this service point before is over."""

    purchase: Purchase


@dataclass(frozen=True, slots=True)
class PurchaseEnded:
    """Nothing goes on at this service point any more."""

    service: int


PurchaseChange: TypeAlias = PurchaseBegun | PurchaseEnded


def charge_of_one(
    service: Service,
    card: Credential,
    *,
    at_ms: int,
    receipt: bytes,
    list_number: int,
    list_age_s: int,
    flags: tuple[Flag, ...] = (),
) -> Charge:
    """What one use, or one time, costs whom."""
    return Charge(
        what=service.what,
        card_number=card.card_number,
        payer=card.ean,
        person=card.personal_number,
        receipt=receipt,
        total_cents=service.price_cents or 0,
        vat=service.vat,
        ended_ms=at_ms,
        lines=price_of_one(at_ms // 1000, service.amount_micro),
        flags=flags,
        list_number=list_number,
        list_age_s=list_age_s,
    )
