"""The prices' part of the bench: its names. Nothing here is timed."""

import json
from pathlib import Path

from bench.__main__ import main
from bench.figures import TARGETS


def test_prices_of_each_tariff_and_stay(tmp_path: Path) -> None:
    assert main(["--only", "prices", "--prices", "3", "--build", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    of = [
        f"prices.{name}.{stay}" for name in ("hourly", "minutely", "everything") for stay in ("short", "night", "month")
    ]
    assert set(figures) == {f"{each}{end}" for each in of for end in (".prices_a_second", "_ms.p50", "_ms.p99")}
    assert {name for name in figures if figures[name]["target"] is not None} == {
        name for name in TARGETS if name.startswith("prices.")
    }
    assert all(figure["value"] > 0 for figure in figures.values())
