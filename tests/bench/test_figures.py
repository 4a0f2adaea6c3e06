"""Figures, percentiles, targets, and the model of the air."""

import json

import pytest

from bench import air
from bench.figures import TARGETS, Figures, percentile, unit


def test_percentiles_are_samples_by_nearest_rank() -> None:
    samples = [float(number) for number in range(100, 0, -1)]
    assert [percentile(samples, share) for share in (50, 99, 100)] == [50, 99, 100]
    assert percentile([7.0], 99) == 7.0


def test_a_figure_at_its_target_is_met_and_one_above_it_missed() -> None:
    figures = Figures()
    figures.add("lookup_ns", TARGETS["lookup_ns"])
    figures.add("gate_pss_mb", TARGETS["gate_pss_mb"] + 0.001)
    figures.add("list_entries", 1e12)
    assert figures.missed() == ["gate_pss_mb"]
    written = json.loads(figures.as_json({}))["figures"]
    assert [written[name]["met"] for name in ("lookup_ns", "gate_pss_mb", "list_entries")] == [True, False, None]


def test_a_name_is_measured_once() -> None:
    figures = Figures()
    figures.add("lookup_ns", 1)
    with pytest.raises(ValueError, match="lookup_ns"):
        figures.add("lookup_ns", 2)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("access_only.own_ms.p99", "ms"),
        ("commit_150ms.access_only.taps", "taps"),
        ("gate_pss_mb", "MB"),
        ("list_entries", ""),
        ("start_to_ready_s.max", "s"),
    ],
)
def test_the_unit_stands_in_the_name(name: str, wanted: str) -> None:
    assert unit(name) == wanted


def test_a_short_exchange_in_the_air_at_106_kbit() -> None:
    # 10 bytes are one block of 13: 13 * 9 + 2 bits of 128/fc; 2 bytes one of 5. Each is followed by 1172/fc.
    carrier_periods = (13 * 9 + 2 + 5 * 9 + 2) * 128 + 2 * 1172
    figures = Figures()
    air.measure({"access_only": ((b"\x90\x5a" + bytes(8), b"\x91\x00"),)}, figures)
    assert figures.values["air.access_only.106_kbit.air_ms"] == round(carrier_periods / 13.56e3, 4)


def test_a_long_answer_is_chained_and_each_block_but_the_last_acknowledged() -> None:
    one, two = air.apdu_s(61, 1.0), air.apdu_s(62, 1.0)
    assert one == pytest.approx(64 * 9 + 2, abs=0.001)
    assert two == pytest.approx(one + 3 * 9 + 2 + 4 * 9 + 2, abs=0.001)
