"""What somebody confirmed at a service point: what it is charged, what goes on, what his screen says."""

from dataclasses import dataclass, replace
from decimal import Decimal

from terminal.core.charge import RECEIPT_BYTES, Charge
from terminal.core.credential import Credential
from terminal.core.journal import EntryKey
from terminal.core.purchase import Purchase, charge_of_one
from terminal.core.reasons import SaleStep
from terminal.core.rules import Rules
from terminal.core.service import Service
from terminal.core.tariff.explanation import MICRO
from terminal.tap.entry import Course
from terminal.tap.ports import Sale, ServiceTapPorts
from terminal.tap.risk import risk


@dataclass(frozen=True, slots=True)
class Buying:
    """Who confirmed what, by which rules."""

    course: Course
    card: Credential
    service: Service
    rules: Rules

    @property
    def list_age_s(self) -> int:
        """How old the lists were at his tap."""
        return int(self.rules.list_age_s(self.course.tapped.s))

    def purchase(self, ports: ServiceTapPorts, intent: EntryKey) -> Purchase:
        """What goes on from now; a time that is bought again is added to what is left."""
        service, card = self.service, self.card
        goes_on, now_ms = ports.point.goes_on, self.course.tapped_ms
        by_units = service.sold == "units"
        lasts_s = (service.max_s if by_units else service.time_s) or 0
        return Purchase(
            service=ports.number,
            epoch=intent.epoch,
            intent=intent.sequence,
            card_number=card.card_number,
            payer=card.ean,
            person=card.personal_number,
            what=service.what,
            vat=service.vat,
            amount_micro=service.amount_micro,
            began_ms=now_ms,
            ends_ms=(now_ms if goes_on is None else max(now_ms, goes_on.ends_ms)) + lasts_s * 1000,
            unit=service.unit,
            pulses_a_unit=ports.pulses_a_unit if by_units else None,
            from_pulses=ports.point.meter,
            max_units=service.max_units or 0,
            idle_s=service.idle_s,
            list_number=self.rules.list_number,
            list_age_s=self.list_age_s,
        )

    def charge(self, ports: ServiceTapPorts) -> Charge:
        """What one use, or one time, costs him."""
        charge = charge_of_one(
            self.service,
            self.card,
            at_ms=self.course.tapped_ms,
            receipt=ports.random(RECEIPT_BYTES),
            list_number=self.rules.list_number,
            list_age_s=self.list_age_s,
        )
        return replace(charge, flags=risk(ports.accounts, self.rules, charge))


def sale_of(service: Service, step: SaleStep, ends_ms: int | None = None) -> Sale:
    """As his screen has it."""
    return Sale(step, service.what, service.amount, service.unit, service.time_s, service.confirm_s, ends_ms)


def sale_of_purchase(purchase: Purchase, step: SaleStep) -> Sale:
    """Likewise, of what went on before his tap."""
    amount = str(Decimal(purchase.amount_micro) / MICRO)
    return Sale(step, purchase.what, amount, purchase.unit, None, 0, purchase.ends_ms)
