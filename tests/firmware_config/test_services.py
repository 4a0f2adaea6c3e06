"""What is refused of a service point in a `gate.toml`."""

from pathlib import Path

import pytest

from firmware_config.check import summary
from firmware_config.configuration import read_gate
from firmware_config.wiring import lane_lines
from tests.firmware_config.gate_file import GATE, GPIO_GATE, mistakes_in, spoiled, written

SHOWER = """
[[service]]
number = 21

[[service.reader]]
name = "Reader 02 00"
"""
POWER = """
[[service]]
number = 21
pulses_a_unit = 1000

[service.wiring]
service = "K18"
meter = "IN19"

[[service.reader]]
name = "Reader 02 00"
"""


def test_service_point_beside_lanes_and_alone(tmp_path: Path) -> None:
    beside = read_gate(written(tmp_path, GATE + SHOWER))
    assert (len(beside.lane), beside.service[0].outputs, beside.service[0].contacts) == (2, ("service",), ())
    alone = read_gate(written(tmp_path, GATE[: GATE.index("[[lane]]")] + SHOWER))
    assert (alone.lane, alone.service) == ((), beside.service)
    assert summary(alone)[1:] == ("service 21: pulse 500 ms, no meter, readers Reader 02 00",)


def test_meter_is_wired_as_a_contact_and_what_is_sold_as_a_relay(tmp_path: Path) -> None:
    gate = read_gate(written(tmp_path, GPIO_GATE + POWER))
    lines = lane_lines(gate, gate.service[0])
    assert (tuple(lines.outputs), tuple(lines.inputs)) == (("service",), ("meter",))
    assert summary(gate)[-2:] == (
        "service 21: pulse 500 ms, meter of 1000 pulses a unit, readers Reader 02 00",
        "service 21: service K18 (GPIO 24), meter IN19 (GPIO 10)",
    )


def test_gate_with_nothing_to_serve(tmp_path: Path) -> None:
    assert mistakes_in(written(tmp_path, GATE[: GATE.index("[[lane]]")])) == [
        "gate.toml: lane: there is none, and no [[service]]; allowed: a lane or a service point at least"
    ]


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        (
            (("number = 21", "number = 1"),),
            "service[1].number: 1 is also lane[1].number; allowed: a number of its own for each place",
        ),
        (
            (("Reader 02 00", "Reader 01 00"),),
            (
                "service[1].reader[1].name: this reader is also lane[2].reader[1].name;"
                " allowed: each reader once, in one place"
            ),
        ),
        (
            (("pulses_a_unit = 1000\n", ""),),
            "service[1].wiring.meter: is wired, and pulses_a_unit is missing; allowed: pulses_a_unit, or leave it out",
        ),
        (
            (('"K18"', '"K11"'),),
            (
                'service[1].wiring.service: "K11" is also lane[1].wiring.open;'
                " allowed: a terminal of its own for each relay and contact"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, changes: tuple[tuple[str, str], ...], mistake: str) -> None:
    assert f"gate.toml: {mistake}" in mistakes_in(spoiled(tmp_path, GPIO_GATE + POWER, *changes))
