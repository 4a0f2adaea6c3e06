"""The line's part of the bench with next to nothing to do: its names, and that it measured what it says. No timing."""

import json
import re
from pathlib import Path

import pytest

from bench.__main__ import main
from simulation.postgresql import PostgresqlMissing, running_postgresql

DOCUMENT = Path(__file__).parents[2] / "docs" / "bench.md"


def figures(build: Path, *words: str) -> dict[str, float]:
    assert main(["--build", str(build), *words]) == 0
    read = json.loads((build / "bench.json").read_text())["figures"]
    return {name: figure["value"] for name, figure in read.items()}


def explained(name: str) -> bool:
    general = re.sub(r"\.(sqlite|postgresql)\.(backlog|live)\.workers_\d", ".*", name)
    general = re.sub(r"sites_\d+", "*", general)
    general = re.sub(r"\.(p50|p95)$", "", general)
    return f"`{general}`" in DOCUMENT.read_text()


def test_collecting_beside_bare_inserts(tmp_path: Path) -> None:
    try:
        with running_postgresql(durable=False):
            kinds = {"sqlite", "postgresql"}
    except PostgresqlMissing:
        kinds = {"sqlite"}
    found = figures(tmp_path, "--only", "collecting", "--collected", "60")
    streams = {f"{kind}.{stream}.workers_{n}" for kind in kinds for stream in ("backlog", "live") for n in (1, 2)}
    ends = ("entries_a_second", "bare_entries_a_second", "ratio")
    assert set(found) == {f"collect.{each}.{end}" for each in streams for end in ends}
    assert all(value > 0 and explained(name) for name, value in found.items())


def test_a_backlog_drains_while_taps_go_on(tmp_path: Path) -> None:
    found = figures(tmp_path, "--only", "draining", "--backlog", "30")
    assert found["drain.backlog_entries"] == 30
    assert all(explained(name) for name in found)


@pytest.mark.parametrize("sites", [1, 2])
def test_a_list_update_and_entries_on_the_wire(tmp_path: Path, sites: int) -> None:
    found = figures(tmp_path, "--only", "wire", "--sites", str(sites))
    assert set(found) == {
        f"wire.sites_{sites}.{end}"
        for end in (
            "block_to_mirror_s",
            "block_to_refused_s",
            "update_payload_bytes",
            "update_wire_bytes",
            "entry_wire_bytes",
        )
    }
    assert 0 < found[f"wire.sites_{sites}.update_payload_bytes"] <= found[f"wire.sites_{sites}.update_wire_bytes"]
    assert all(explained(name) for name in found)


def test_charges_into_statements(tmp_path: Path) -> None:
    found = figures(tmp_path, "--only", "settlement", "--charges", "30")
    parts = ("settle", "issue", "csv_and_ubl", "charges_into_statements", "verify")
    assert set(found) == {f"settlement.{part}_s" for part in parts}
    assert all(explained(name) for name in found)
