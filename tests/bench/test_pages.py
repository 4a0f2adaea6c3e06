"""The pages' part of the bench: its names. Nothing here is timed."""

import json
import shutil
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.figures import TARGETS
from bench.pages import CHROMIUM


@pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="chromium is not installed; run scripts/setup tests")
def test_pages_in_a_browser(tmp_path: Path) -> None:
    assert main(["--only", "pages", "--page-taps", "3", "--build", str(tmp_path)]) == 0
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    samples = {f"pages.{each}_ms.{share}" for each in ("tap_to_driver", "change_to_guard") for share in ("p50", "p95")}
    others = {
        "status_pss_mb",
        "status_20_viewers_pss_mb",
        "first_paint_ms",
        "guard_weight_bytes",
        "driver_weight_bytes",
    }
    assert set(figures) == samples | {f"pages.{each}" for each in others}
    assert {name for name in figures if figures[name]["target"] is not None} == {
        name for name in TARGETS if name.startswith("pages.")
    }
    assert all(figure["value"] > 0 for figure in figures.values())
