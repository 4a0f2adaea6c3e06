"""Headquarters: what collecting, draining, listing, blocking, many terminals and settling cost (docs/bench.md)."""

from collections.abc import Callable
from pathlib import Path

from bench import collecting, draining, many, settlement, wire
from bench.figures import Figures

PARTS = ("collecting", "draining", "wire", "terminals", "settlement")
SITES = (1, 100, 1000)


def measure(
    folder: Path,
    figures: Figures,
    progress: Callable[[str], None],
    *,
    parts: tuple[str, ...] = PARTS,
    entries: int,
    backlog: int,
    terminals: int,
    charges: int,
    sites: tuple[int, ...] = SITES,
) -> None:
    """Measure these parts, with files below `folder`."""
    folder.mkdir(exist_ok=True)
    if "collecting" in parts:
        collecting.measure(_new(folder / "collecting"), figures, progress, entries=entries)
    if "draining" in parts:
        draining.measure(_new(folder / "draining"), figures, progress, backlog=backlog)
    if "wire" in parts:
        wire.measure(_new(folder / "wire"), figures, progress, sites=sites)
    if "terminals" in parts:
        many.measure(figures, progress, terminals=terminals)
    if "settlement" in parts:
        settlement.measure(_new(folder / "settlement"), figures, progress, charges=charges)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
