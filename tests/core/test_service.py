"""What is sold at a service point: its price, and what a policy may not say of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.policy import policy_mistakes
from terminal.core.service import Service, price_of_units, service_mistakes
from terminal.core.tariff.explanation import MICRO_A_CENT
from tests.tap.site import PARK_LANE, POLICY

WEIGHBRIDGE = Service(number=21, what="weighbridge", name="Weighbridge", amount="12.50", vat="21")
POWER = Service(
    number=23,
    what="reefer-power",
    name="Power",
    sold="units",
    amount="0.45",
    vat="21",
    unit="kWh",
    max_units=20,
    max_s=60,
)


@pytest.mark.parametrize(
    ("pulses", "cents"),
    [(0, 0), (1, 0), (12, 1), (1000, 45), (1010, 45), (1012, 46), (12_346, 556), (100_000, 4500)],
)
def test_units_cost_what_the_meter_counted_rounded_half_up(pulses: int, cents: int) -> None:
    assert price_of_units(0, 450_000, pulses, 1000)[0] == cents


@given(st.integers(1, 10_000 * 10**6), st.integers(0, 10**6), st.integers(1, 100_000))
def test_lines_add_up_and_more_pulses_never_cost_less(amount_micro: int, pulses: int, pulses_a_unit: int) -> None:
    cents, lines = price_of_units(0, amount_micro, pulses, pulses_a_unit)
    assert sum(line.amount_micro for line in lines) == cents * MICRO_A_CENT
    assert cents <= price_of_units(0, amount_micro, pulses + 1, pulses_a_unit)[0]


@pytest.mark.parametrize(
    ("service", "changes", "mistake"),
    [
        (WEIGHBRIDGE, {"time_s": 60}, "time_s belongs to what is sold by time; this is sold by use"),
        (WEIGHBRIDGE, {"sold": "time"}, "time_s is missing; what is sold by time needs it"),
        (WEIGHBRIDGE, {"amount": "0.00"}, "amount is zero; what costs nothing needs no service point"),
        (WEIGHBRIDGE, {"amount": "12500"}, "amount 12500 is more than 10000; is the point in its place?"),
        (WEIGHBRIDGE, {"amount": "0.125"}, "amount 0.125 is a fraction of a cent; only units may be sold by fractions"),
        (POWER, {"max_units": None}, "max_units is missing; what is sold by units needs it"),
        (POWER, {"unit": None}, "unit is missing; what is sold by units needs it"),
        (POWER, {"max_units": 100_000}, "max_units 100000 at 0.45 come to more than 10000"),
        (POWER, {"time_s": 60}, "time_s belongs to what is sold by time; this is sold by units"),
    ],
)
def test_what_does_not_fit_is_told(service: Service, changes: dict[str, Any], mistake: str) -> None:
    assert service_mistakes([service], ()) == []
    assert f"service {service.number}: {mistake}" in service_mistakes([replace(service, **changes)], ())


def test_numbers_are_used_once_among_lanes_and_services() -> None:
    policy = replace(POLICY, services=(WEIGHBRIDGE, WEIGHBRIDGE, replace(POWER, number=PARK_LANE)))
    assert policy_mistakes(policy) == (
        "services: number 21 is used twice",
        f"services: number {PARK_LANE} is a lane's; a service point has a number of its own",
    )
    assert policy_mistakes(POLICY) == ()
