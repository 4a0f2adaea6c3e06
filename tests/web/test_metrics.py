"""`/metrics`: what it tells, read by Prometheus' own parser; document and dashboard name nothing else."""

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from terminal.storage.view_reader import Look
from terminal.web.metrics import Metrics
from terminal.web.now import Now

DOCS = Path(__file__).parents[2] / "docs"
LOOK = Look(
    run=(1, 1), epoch=bytes(16), size=120, checkpoint=None, acknowledged=100, oldest=0, past=(), clock="good",
    list_number=7, list_issued_at_s=0, free_bytes=5_000_000, software="1",
)  # fmt: skip


def gate() -> Now:
    now = Now()
    lane = {"phase": "locked", "owed": 2, "contacts": {}, "light": "red", "kept": ["locked"], "shut": "locked"}
    for news in (
        {"news": "begin", "terminal": "gate-1"},
        {"news": "site", "site": {"lists_issued_at_s": 1000, "list_max_s": 86_400}},
        {"news": "lane", "lane": 2, "direction": "exit", **lane},
        {"news": "reader", "at": 2, "reader": 'the "front" one\n', "side": "exit", "state": "stuck"},
        {"news": "alarm", "step": "alarm-raised", "alarm": "reader", "lane": 2, "about": None},
        {"news": "beat", "at_ms": 1_060_000, "clock": "doubtful"},
        {"news": "all"},
    ):
        now.take(news)
    return now


def told(metrics: Metrics, look: Look | None = LOOK) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.text(look).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def answer(**told_: Any) -> dict[str, Any]:
    return {"news": "answer", "at": 1, "outcome": "admit", "reason": "ok", **told_}


def test_all_that_a_gate_is() -> None:
    values = told(Metrics(gate()))
    assert values["xs_gate_up", ()] == 1
    assert values["xs_lane_shut", (("lane", "2"), ("phase", "locked"))] == 1
    assert values["xs_lane_owed_vehicles", (("lane", "2"),)] == 2
    assert values["xs_reader_up", (("at", "2"), ("reader", 'the "front" one\n'))] == 0
    assert values["xs_alarm", (("about", ""), ("alarm", "reader"), ("lane", "2"))] == 1
    assert values["xs_clock_good", ()] == 0
    assert (values["xs_lists_age_seconds", ()], values["xs_lists_max_age_seconds", ()]) == (60, 86_400)
    assert (values["xs_journal_entries", ()], values["xs_backlog_entries", ()]) == (120, 20)
    assert values["xs_disk_free_bytes", ()] == 5_000_000


def test_taps_are_counted_by_what_they_came_to_and_how_long_they_took() -> None:
    metrics = Metrics(gate())
    for ms in (40, 90, 5000):
        metrics.take(answer(card_ms=30, durable_ms=36, tap_ms=ms))
    metrics.take(answer(outcome="desk", reason="no-visit", card_ms=None, durable_ms=None, tap_ms=10))
    metrics.take({"news": "answer", "at": 1, "hint": "drive-forward", "tap_ms": 1})
    metrics.take({"news": "beat"})
    values = told(metrics)
    taps = {labels: value for (name, labels), value in values.items() if name == "xs_taps_total"}
    assert {tuple(value for _, value in labels): count for labels, count in taps.items()} == {
        ("1", "admit", "ok"): 3,
        ("1", "desk", "no-visit"): 1,
        ("1", "hint", "drive-forward"): 1,
    }
    buckets = [values["xs_tap_seconds_bucket", (("le", bound),)] for bound in ("0.05", "0.1", "2", "+Inf")]
    assert buckets == [3, 4, 4, 5]
    assert values["xs_tap_seconds_sum", ()] == 5.141
    assert values["xs_tap_durable_seconds_bucket", (("le", "0.01"),)] == 3


def test_gate_that_is_gone_and_a_view_that_is_not_there_are_not_told_as_if_they_were() -> None:
    now = gate()
    now.whole = False
    values = told(Metrics(now), None)
    assert {name for name, _ in values} == {
        "xs_gate_up",
        *(f"xs_tap{which}_seconds_{part}" for which in ("", "_durable") for part in ("bucket", "sum", "count")),
    }
    assert values["xs_gate_up", ()] == 0


def test_document_and_dashboard_name_what_there_is() -> None:
    metrics = Metrics(gate())
    metrics.take(answer(card_ms=30, durable_ms=36, tap_ms=40))
    there = {re.sub(r"_(bucket|sum|count)$", "", name) for name, _ in told(metrics)}
    documented = re.findall(r"`(xs_[a-z_]+)`", (DOCS / "metrics.md").read_text())
    assert set(documented) == there
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    named = {re.sub(r"_bucket$", "", name) for name in re.findall(r"xs_[a-z_]+", asked)}
    assert named <= there
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
