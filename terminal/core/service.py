"""What is sold on account beside parking: weighbridge, wash, shower, power for a trailer (design 6, 'Charges').

A service point is a terminal's place with a reader and no boom. A tap shows the price, a second tap of the same card
confirms it, and then a relay gives a pulse, or is on for as long as was bought, or for as long as somebody takes
units from behind a meter. What was not given is not charged.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen

from terminal.core.charge import PARKING
from terminal.core.document import Document, Form, LaneNumber, Text
from terminal.core.hours import Window
from terminal.core.money import Amount, Percentage, amount_of
from terminal.core.tariff.explanation import MICRO, MICRO_A_CENT, Line, What

MAX_AMOUNT = Decimal(10_000)
"""The most that a use, a time or a unit may cost; more was mistyped."""
MAX_CENTS_AT_ONCE = 10_000_00
"""The most that one purchase of units may come to."""
DAY_S = 24 * 3600
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


def is_service_name(text: str) -> bool:
    """Tell whether `text` can name what is sold."""
    return _NAME.fullmatch(text) is not None and text != PARKING


ServiceName = Annotated[
    str,
    Form(
        is_service_name,
        f"should be 1 to 32 of a-z, 0-9 and -, beginning with a letter, and not {PARKING}",
        "[a-z][a-z0-9-]{0,31}",
    ),
]
Unit = Annotated[str, MinLen(1), MaxLen(12)]
While = Annotated[int, Ge(1), Le(7 * DAY_S)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Document):
    """What is sold at one service point."""

    number: LaneNumber
    """Of the service point, in `gate.toml` and in the journal; no lane has it."""
    what: ServiceName
    """As charges name it. `weighbridge`, `wash`, `shower` and `reefer-power` have words in every language."""
    name: Text
    sold: Literal["use", "time", "units"] = "use"
    """`use`: the relay pulses. `time`: it is on for `time_s`. `units`: it is on until whoever bought taps again, and
    what the meter counted meanwhile is charged."""
    amount: Amount
    """For one use, for `time_s`, or for one unit; VAT is in it."""
    vat: Percentage
    time_s: While | None = None
    unit: Unit | None = None
    """What is counted, as it is printed: kWh."""
    max_units: Annotated[int, Ge(1), Le(100_000)] | None = None
    """A purchase of units ends by itself at so many."""
    max_s: While | None = None
    """A purchase of units ends by itself after so long."""
    idle_s: While | None = None
    """A purchase of units ends by itself when the meter has stood still for so long."""
    confirm_s: Annotated[int, Ge(5), Le(120)] = 20
    """Within this time after the first tap the second one confirms."""
    hours: Annotated[tuple[Window, ...], MaxLen(50)] = ()
    """When it is sold; none means always."""

    @property
    def amount_micro(self) -> int:
        """`amount` in millionths of the currency unit."""
        return int(amount_of(self.amount) * MICRO)

    @property
    def price_cents(self) -> int | None:
        """What it costs, where that is known before."""
        return None if self.sold == "units" else self.amount_micro // MICRO_A_CENT


def price_of_one(at_s: int, amount_micro: int) -> tuple[Line, ...]:
    """The explanation of one use, or one time that was bought."""
    return (Line(at_s, What.UNITS, None, 1, amount_micro),)


def price_of_units(at_s: int, amount_micro: int, pulses: int, pulses_a_unit: int) -> tuple[int, tuple[Line, ...]]:
    """What so many pulses of a meter cost, in cents, and why: thousandths of a unit, rounded half up at the end."""
    thousandths = pulses * 1000 // pulses_a_unit
    exact = amount_micro * thousandths // 1000
    cents = (exact + MICRO_A_CENT // 2) // MICRO_A_CENT
    lines = [Line(at_s, What.THOUSANDTHS, None, thousandths, exact)]
    if rest := cents * MICRO_A_CENT - exact:
        lines.append(Line(at_s, What.ROUNDING, None, 1, rest))
    return cents, tuple(lines)


def service_mistakes(services: Sequence[Service], lanes: Iterable[int]) -> list[str]:
    """Everything that is wrong between the fields, and between services and `lanes`, a line each."""
    taken = set(lanes)
    times = Counter(service.number for service in services)
    mistakes = [f"services: number {number} is used twice" for number, count in sorted(times.items()) if count > 1]
    mistakes += [
        f"services: number {service.number} is a lane's; a service point has a number of its own"
        for service in services
        if service.number in taken
    ]
    return mistakes + [f"service {service.number}: {each}" for service in services for each in _mistakes(service)]


_BELONGS = {
    "use": frozenset[str](),
    "time": frozenset({"time_s"}),
    "units": frozenset({"unit", "max_units", "max_s", "idle_s"}),
}
_NEEDS = {"use": (), "time": ("time_s",), "units": ("unit", "max_units", "max_s")}


def _mistakes(service: Service) -> Iterable[str]:
    for kind, keys in _BELONGS.items():
        for key in sorted(keys - _BELONGS[service.sold]):
            if getattr(service, key) is not None:
                yield f"{key} belongs to what is sold by {kind}; this is sold by {service.sold}"
    for key in _NEEDS[service.sold]:
        if getattr(service, key) is None:
            yield f"{key} is missing; what is sold by {service.sold} needs it"
    amount = amount_of(service.amount)
    if amount == 0:
        yield "amount is zero; what costs nothing needs no service point"
    if amount > MAX_AMOUNT:
        yield f"amount {service.amount} is more than {MAX_AMOUNT}; is the point in its place?"
    if service.sold != "units" and service.amount_micro % MICRO_A_CENT:
        yield f"amount {service.amount} is a fraction of a cent; only units may be sold by fractions"
    if service.max_units is not None and amount * service.max_units * 100 > MAX_CENTS_AT_ONCE:
        yield f"max_units {service.max_units} at {service.amount} come to more than {MAX_CENTS_AT_ONCE // 100}"
