"""`make bench`: measure everything, show the table, write build/bench.json."""

import argparse
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from rich.console import Console

from bench import air, gate, line, lists, machine, pages, prices, taps
from bench.children import card_on_reader
from bench.figures import Figures
from bench.setting import Setting
from simulation.pcscd import PcscdUnavailable, reserved_readers, running_pcscd
from simulation.vpcd import READERS
from terminal.errors import XsError

FULL_GATE_TAPS = 1000
GATE = "gate"
"""The part that is about cards, lanes and the gate."""
PRICES = "prices"
PAGES = "pages"


def main(arguments: list[str] | None = None) -> int:
    """Measure; 0 however slow it was, unless `--check` asks for the targets."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the gate; see docs/bench.md.")
    parser.add_argument("--entries", type=int, default=10_000_000, help="cards on the list")
    parser.add_argument("--taps", type=int, default=1000, help="taps of each kind, for own time")
    parser.add_argument("--paced-taps", type=int, default=100, help="taps of each kind with a rest before each")
    parser.add_argument("--slow-taps", type=int, default=15, help="taps of each kind with commits of 150 ms")
    parser.add_argument("--very-slow-taps", type=int, default=3, help="taps of each kind with commits of 2 s")
    parser.add_argument("--lane-samples", type=int, default=1000, help="pulses, and contacts, of a lane without a card")
    parser.add_argument("--busy-taps", type=int, default=2000, help="taps beside four lanes at rest, and as many, busy")
    parser.add_argument("--starts", type=int, default=5, help="starts of the gate")
    parser.add_argument("--renewals", type=int, default=10, help="changes, and new lists, brought into force")
    parser.add_argument("--gate-taps", type=int, default=200, help="taps on the gate before its memory is looked at")
    parser.add_argument("--full", action="store_true", help=f"--gate-taps {FULL_GATE_TAPS}; takes six minutes more")
    parser.add_argument("--prices", type=int, default=1000, help="prices of each tariff and length of stay")
    parser.add_argument("--page-taps", type=int, default=200, help="taps, and changes of a lane, to a browser")
    parser.add_argument("--collected", type=int, default=30_000, help="entries into the collector, in large batches")
    parser.add_argument("--backlog", type=int, default=100_000, help="entries that drain while taps go on")
    parser.add_argument("--terminals", type=int, default=1000, help="terminals that are simulated at once")
    parser.add_argument("--charges", type=int, default=100_000, help="charges that are settled and stated")
    parser.add_argument(
        "--sites", type=int, nargs="+", default=line.SITES, help="how many sites, for bytes on the wire"
    )
    parser.add_argument(
        "--only", action="append", choices=(GATE, PRICES, PAGES, *line.PARTS), help="this part alone; repeatable"
    )
    parser.add_argument("--build", type=Path, default=Path("build"), help="folder for bench.json and what is needed")
    parser.add_argument("--check", action="store_true", help="end with 1 when a target was missed")
    given = parser.parse_args(arguments)
    console = Console(stderr=True, highlight=False)
    began_s = monotonic()

    def progress(text: str) -> None:
        console.print(f"[dim]{monotonic() - began_s:5.0f} s[/]  {text}")

    figures = Figures()
    about: dict[str, object] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": {name: value for name, value in vars(given).items() if isinstance(value, int)},
        "load_before": machine.load(),
    }
    try:
        measure(given, figures, progress)
    except (PcscdUnavailable, XsError) as error:
        console.print(f"bench: {error}")
        return 2
    about |= {"load_after": machine.load(), "machine": machine.described(given.build)}
    figures.write(given.build / "bench.json", about)
    figures.show(
        Console(width=None if sys.stdout.isatty() else 120), f"{about['date']}, {given.entries:,} cards on the list"
    )
    missed = figures.missed()
    return 1 if given.check and missed else 0


def measure(given: argparse.Namespace, figures: Figures, progress: Callable[[str], None]) -> None:
    """Measure everything into `figures`, with all files below the folder `bench` of `given.build`, made anew."""
    folder = given.build.resolve() / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = given.only or (GATE, PRICES, PAGES, *line.PARTS)
    if GATE in parts:
        measure_gate(given, folder, figures, progress)
    if PRICES in parts:
        prices.measure(figures, progress, prices=given.prices)
    if PAGES in parts:
        pages.measure(folder / "pages", figures, progress, taps=given.page_taps)
    line.measure(
        folder / "line",
        figures,
        progress,
        parts=tuple(parts),
        entries=given.collected,
        backlog=given.backlog,
        terminals=given.terminals,
        charges=given.charges,
        sites=tuple(given.sites),
    )


def measure_gate(given: argparse.Namespace, folder: Path, figures: Figures, progress: Callable[[str], None]) -> None:
    """Measure cards, lanes and the gate."""
    with (
        reserved_readers(lambda: progress("another program has the virtual readers; waiting")),
        running_pcscd(),
    ):
        progress(f"keys, cards, and a list of {given.entries:,} cards")
        setting = Setting(folder, given.entries)
        try:
            saved = [folder / f"card-{number}.json" for number, _ in enumerate(READERS, 1)]
            cards = tuple(setting.issue(each, number) for number, each in enumerate(saved, 1))
            setting.publish_list(setting.statuses(1))
            setting.land()
            slow = {0.15: given.slow_taps, 2.0: given.very_slow_taps}
            with taps.opened(setting, folder / "taps", READERS[0]) as bench:
                progress("look-ups")
                lists.measure(bench.rules.cards, folder / "taps", setting.mirror, figures)
                progress(f"{given.taps} taps of each kind, {given.paced_taps} with rests, then some with slow commits")
                with card_on_reader(READERS[0].port, saved[0]):
                    said = bench.measure(figures, taps=given.taps, paced_taps=given.paced_taps, slow=slow)
                    progress(f"{given.lane_samples} samples of a lane, {given.busy_taps} taps beside busy lanes")
                    bench.measure_lanes(figures, samples=given.lane_samples, taps=given.busy_taps)
            air.measure(said, figures)
            gate_taps = FULL_GATE_TAPS if given.full else given.gate_taps
            gate.measure(
                setting,
                folder / "gate",
                cards,
                figures,
                starts=given.starts,
                renewals=given.renewals,
                taps=gate_taps,
                progress=progress,
            )
        finally:
            setting.close()


if __name__ == "__main__":
    sys.exit(main())
