"""Many terminals in one machine, each with the real sync code: `xs-headquarters simulate --alone` as figures."""

from collections.abc import Callable

from bench.figures import Figures
from load_test.command import Wanted, run
from load_test.ground import own_ground

SITE = 4711
SECONDS = 30.0
ENTRIES_A_SECOND = 60.0
SEED = 1


def measure(figures: Figures, progress: Callable[[str], None], *, terminals: int, seconds: float = SECONDS) -> None:
    """Measure so many, all of them together writing `ENTRIES_A_SECOND`."""
    wanted = Wanted(
        terminals=terminals, entries_a_second=ENTRIES_A_SECOND, seconds=seconds, site=SITE, seed=SEED, keep=True
    )
    with own_ground(None, SITE, 1, "bench") as ground:
        report = run(wanted, ground, lambda text: progress(f"terminals: {text}"))
    figures.add("terminals.connected", report.connected)
    figures.add("terminals.connect_s", report.connect_s)
    figures.add("terminals.entries", report.written)
    figures.add("terminals.lost_entries", report.lost + report.doubled + report.invented)
    for name, found in (("database", report.to_database_ms), ("acknowledged", report.to_acknowledged_ms)):
        for share in ("p50", "p95"):
            figures.add(f"terminals.to_{name}_ms.{share}", found[share] or 0.0)
    figures.add("terminals.each_mb", report.memory_per_terminal_mb)
    figures.add("terminals.broker_mb", report.pss_mb["broker"])
    figures.add("terminals.collector_mb", report.pss_mb["collectors"])
    for name, cpu_s in report.cpu_s.items():
        figures.add(f"terminals.{name}_cpu_percent", 100 * cpu_s / report.lasted_s)
