"""Figures under names that stay: measured values, the targets they are held to, the table and the file of them."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FORMAT = 1

TARGETS: dict[str, float] = {
    "access_only.apdus": 4,
    "access_only.own_ms.p99": 10,
    "with_qualifications.own_ms.p99": 10,
    "with_stay.apdus": 9,
    "with_stay.own_ms.p99": 15,
    "paced.with_stay.own_ms.p99": 15,
    "paced.access_only.own_ms.p99": 10,
    "paced.with_qualifications.own_ms.p99": 10,
    "lane.relay_ms.p99": 2,
    "lane.contact_ms.p99": 5,
    "busy_lanes.slower_percent": 10,
    "lookup_ns": 1000,
    "list_memory_bytes": 2_600_000,
    "list_resident_bytes": 2_600_000,
    "in_force.change_s.max": 1,
    "in_force.new_list_s.max": 1,
    "start_to_ready_s.max": 1.5,
    "gate_pss_mb": 60,
    "air.access_only.106_kbit.card_part_ms": 100,
    "air.access_only.424_kbit.card_part_ms": 100,
    "air.with_qualifications.106_kbit.card_part_ms": 100,
    "air.with_qualifications.424_kbit.card_part_ms": 100,
    **{f"prices.{tariff}.night_ms.p99": 1 for tariff in ("hourly", "minutely", "everything")},
    **{f"prices.{tariff}.month_ms.p99": 10 for tariff in ("hourly", "minutely", "everything")},
    "pages.tap_to_driver_ms.p95": 100,
    "pages.change_to_guard_ms.p95": 250,
    "pages.status_20_viewers_pss_mb": 60,
    "pages.first_paint_ms": 1000,
    "pages.guard_weight_bytes": 100_000,
    "pages.driver_weight_bytes": 100_000,
    "drain.backlog_s": 60,
    "drain.live_to_database_s.p95": 2,
    "drain.sync_rss_mb": 60,
    "terminals.lost_entries": 0,
    "settlement.charges_into_statements_s": 30,
    **{f"wire.sites_{sites}.update_payload_bytes": 4096 for sites in (1, 100, 1000)},
    **{f"wire.sites_{sites}.block_to_refused_s": 5 for sites in (1, 100, 1000)},
}
"""The most that a figure may be."""

HIGHS = {"p95", "p99", "max"}
UNITS = {
    "ms": "ms",
    "s": "s",
    "ns": "ns",
    "bytes": "bytes",
    "mb": "MB",
    "apdus": "APDUs",
    "taps": "taps",
    "percent": "%",
    "vehicles": "vehicles",
}


@dataclass(slots=True)
class Figures:
    """All figures of one run, in the order in which they were measured, and the samples behind them."""

    values: dict[str, float] = field(default_factory=dict)
    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """Note a value; a name is noted once."""
        if name in self.values:
            raise ValueError(f"{name} was measured already")
        self.values[name] = round(value, 4)

    def add_samples(self, name: str, samples: Sequence[float], *percentiles: float) -> None:
        """Note samples and what is said of them: a percentile as `.p50`; 100 is called `.max`."""
        self.samples[name] = [round(sample, 4) for sample in samples]
        for share in percentiles:
            self.add(f"{name}.{'max' if share == 100 else f'p{share:g}'}", percentile(samples, share))

    def missed(self) -> list[str]:
        """The names that were measured and lie above their target."""
        return [name for name, target in TARGETS.items() if self.values.get(name, -math.inf) > target]

    def as_json(self, about: dict[str, Any]) -> str:
        """The file: `about`, then each figure with unit, target and whether it is met, then the samples."""
        figures = {
            name: {
                "value": value,
                "unit": unit(name),
                "target": (target := TARGETS.get(name)),
                "met": None if target is None else value <= target,
            }
            for name, value in self.values.items()
        }
        content = {"format": FORMAT, **about, "figures": figures, "samples": self.samples}
        return json.dumps(content, indent=1) + "\n"

    def write(self, path: Path, about: dict[str, Any]) -> None:
        """Write the file."""
        path.write_text(self.as_json(about))

    def show(self, console: Console, title: str) -> None:
        """The table, target next to figure; percentiles of one thing share a line."""
        table = Table(title=title, title_justify="left", highlight=False)
        table.add_column("figure", no_wrap=True)
        for heading in ("value, p50", "p99, max", "unit", "target", ""):
            table.add_column(heading, justify="right", no_wrap=True)
        lines: dict[str, list[str]] = {}
        for name in self.values:
            base, _, last = name.rpartition(".")
            lines.setdefault(base if last in HIGHS | {"p50"} else name, []).append(name)
        for title_of_line, names in lines.items():
            target = next((TARGETS[name] for name in names if name in TARGETS), None)
            met = not set(names) & set(self.missed())
            first, high = names[0], names[1] if len(names) > 1 else None
            table.add_row(
                title_of_line,
                _number(self.values[first]),
                "" if high is None else _number(self.values[high]),
                unit(first),
                "" if target is None else f"≤ {_number(target)}",
                "" if target is None else "[green]met[/]" if met else "[red]missed[/]",
            )
        console.print(table)


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` per cent of all do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


def unit(name: str) -> str:
    """The unit of a figure, as its name says."""
    words = [word for part in reversed(name.split(".")) for word in reversed(part.split("_"))]
    return next((UNITS[word] for word in words if word in UNITS), "")


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"
