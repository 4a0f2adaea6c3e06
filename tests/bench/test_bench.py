"""The bench as a whole on a short list, and the names that others read its file by. Nothing here is timed."""

import json
import re
from pathlib import Path

import pytest

from bench.__main__ import main
from simulation.pcscd import PcscDaemon

KINDS = ("access_only", "with_qualifications", "with_stay")
PARTS = ("own", "bare", "hand_off", "verification", "decision", "entry", "commit", "relay")
DOCUMENT = Path(__file__).parents[2] / "docs" / "bench.md"

pytestmark = pytest.mark.pcsc


def _names() -> set[str]:
    taps = {f"{pace}{kind}" for kind in KINDS for pace in ("", "paced.")}
    names = {f"{each}.{counted}" for each in taps for counted in ("taps", "apdus")}
    names |= {f"{each}.{part}_ms.{share}" for each in taps for part in PARTS for share in ("p50", "p99")}
    names |= {f"paced.{kind}.disk_ms.{share}" for kind in KINDS for share in ("p50", "p99")}
    slow = {f"commit_150ms.{kind}" for kind in KINDS}
    names |= {f"{each}.{last}" for each in slow for last in ("taps", "admitted_taps", "own_ms.p50", "own_ms.p99")}
    names |= {"lookup_ns", "list_entries", "list_memory_bytes", "list_resident_bytes", "list_file_bytes"}
    names |= {f"air.{kind}.{way}_bytes" for kind in KINDS for way in ("sent", "received")}
    names |= {
        f"air.{kind}.{rate}_kbit.{last}_ms"
        for kind in KINDS
        for rate in (106, 424)
        for last in ("air", "left_for_chip", "card_part")
        if (kind, last) != ("with_stay", "left_for_chip")
    }
    seconds = ("start_to_ready_s", "in_force.change_s", "in_force.new_list_s")
    names |= {f"{each}.{share}" for each in seconds for share in ("p50", "max")}
    names |= {f"gate{when}_{of}_mb" for when in ("", "_at_ready", "_after_renewals") for of in ("pss", "own", "rss")}
    names |= {f"lane.{what}_ms.{share}" for what in ("relay", "contact") for share in ("p50", "p99", "max")}
    names |= {f"{lanes}.tap_ms.{share}" for lanes in ("idle_lanes", "busy_lanes") for share in ("p50", "p99")}
    names |= {"busy_lanes.vehicles", "busy_lanes.slower_percent"}
    return names | {"gate_taps"} | {f"gate.{at}_ms.{s}" for at in ("card", "durable", "tap") for s in ("p50", "p99")}


@pytest.fixture(scope="module")
def results(pcscd: PcscDaemon, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    build = tmp_path_factory.mktemp("build")
    few = (
        "--taps 2 --paced-taps 1 --slow-taps 1 --very-slow-taps 0 --starts 1 --renewals 1 --gate-taps 2"
        " --lane-samples 3 --busy-taps 2"
    )
    assert main(["--only", "gate", "--entries", "100000", "--build", str(build), *few.split()]) == 0
    read: dict[str, dict[str, object]] = json.loads((build / "bench.json").read_text())
    return read


def test_every_figure_has_the_name_that_was_promised(results: dict[str, dict[str, object]]) -> None:
    assert set(results["figures"]) == _names()


def test_an_access_only_tap_took_four_apdus_one_with_qualifications_five_and_one_with_a_stay_nine(
    results: dict[str, dict[str, dict[str, object]]],
) -> None:
    apdus = [results["figures"][f"{kind}.apdus"]["value"] for kind in KINDS]
    assert apdus == [4, 5, 9]


def test_the_file_says_on_which_machine_and_with_which_settings(results: dict[str, dict[str, object]]) -> None:
    assert {"processor", "cores", "kernel", "python", "file_system", "device"} <= set(results["machine"])
    assert results["settings"]["entries"] == 100_000
    assert results["settings"]["gate_taps"] == 2


def test_what_was_measured_stands_in_the_file_sample_by_sample(
    results: dict[str, dict[str, list[float]]],
) -> None:
    assert len(results["samples"]["access_only.own_ms"]) == 2
    assert len(results["samples"]["start_to_ready_s"]) == 1


def test_every_name_is_explained() -> None:
    explained = set(re.findall(r"`([a-z0-9_.*]+)`", DOCUMENT.read_text()))
    for name in _names() | {f"commit_2000ms.{kind}.admitted_taps" for kind in KINDS}:
        general = re.sub(
            r"access_only|with_qualifications|with_stay|106_kbit|424_kbit", "*", name.removeprefix("paced.")
        )
        assert re.sub(r"\.(p50|p99|max)$", "", general) in explained
