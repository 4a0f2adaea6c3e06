"""`/metrics`: what a monitoring system asks a terminal, in the Prometheus text format (OpenMetrics names and units).

Everything comes out of the gate's news and the view; counters count since this process began.
"""

from collections import Counter as Counts
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from terminal.storage.view_reader import Look
from terminal.web.now import News, Now

BOUNDS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
"""Of a tap, from the card in the field to the answer."""
COMMIT_BOUNDS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class _Times:
    """How often something took so long."""

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self._bounds_s = bounds_s
        self._counts = [0] * (len(bounds_s) + 1)
        self._sum_s = 0.0

    def took(self, seconds: float) -> None:
        self._counts[sum(bound < seconds for bound in self._bounds_s)] += 1
        self._sum_s += seconds

    def family(self, name: str, what: str) -> HistogramMetricFamily:
        labels = [*(f"{bound:g}" for bound in self._bounds_s), "+Inf"]
        running = [sum(self._counts[: at + 1]) for at in range(len(labels))]
        return HistogramMetricFamily(name, what, list(zip(labels, running, strict=True)), self._sum_s)


class Metrics:
    """All of it. Belongs to one event loop; tell it the news with `take`."""

    def __init__(self, now: Now) -> None:
        """`now` is folded by somebody else."""
        self._now = now
        self._taps: Counts[tuple[str, str, str]] = Counts()
        self._taps_s = _Times(BOUNDS_S)
        self._commits_s = _Times(COMMIT_BOUNDS_S)
        self._look: Look | None = None
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def take(self, news: News) -> None:
        """Count an answer."""
        if news["news"] == "answer":
            result = news.get("outcome") or "hint"
            self._taps[str(news["at"]), result, news.get("reason") or news.get("hint") or ""] += 1
            if news.get("tap_ms") is not None:
                self._taps_s.took(news["tap_ms"] / 1000)
            if news.get("durable_ms") is not None and news.get("card_ms") is not None:
                self._commits_s.took(max(0.0, news["durable_ms"] - news["card_ms"]) / 1000)

    def text(self, look: Look | None) -> bytes:
        """What is answered; `look` is how far the journal is, None where that cannot be seen now."""
        self._look = look
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """As `prometheus_client` asks for it."""
        now = self._now
        yield _gauge("xs_gate_up", "Whether the gate answers.", float(now.whole))
        taps = CounterMetricFamily("xs_taps", "Taps by what they came to.", labels=("at", "outcome", "reason"))
        for labels, count in sorted(self._taps.items()):
            taps.add_metric(labels, count)
        yield taps
        yield self._taps_s.family("xs_tap_seconds", "From the card in the field to the answer.")
        yield self._commits_s.family("xs_tap_durable_seconds", "From the card read to its entry being durable.")
        if now.whole:
            yield from self._gate()
        if self._look is not None:
            yield from _journal(self._look)

    def _gate(self) -> Iterable[Metric]:
        now = self._now
        lanes = GaugeMetricFamily("xs_lane_shut", "Whether the lane lets nobody through.", labels=("lane", "phase"))
        owed = GaugeMetricFamily("xs_lane_owed_vehicles", "Admitted and not through.", labels=("lane",))
        for number, lane in sorted(now.lanes.items()):
            lanes.add_metric((str(number), lane["phase"]), float(lane["shut"] is not None))
            owed.add_metric((str(number),), lane["owed"])
        readers = GaugeMetricFamily("xs_reader_up", "Whether the card reader works.", labels=("at", "reader"))
        for name, reader in sorted(now.readers.items()):
            readers.add_metric((str(reader["at"]), name), float(reader["state"] == "ready"))
        alarms = GaugeMetricFamily("xs_alarm", "Alarms that stand.", labels=("alarm", "lane", "about"))
        for name, lane_number, about in sorted(now.alarms, key=str):
            alarms.add_metric((name, str(lane_number or ""), about or ""), 1.0)
        yield from (lanes, owed, readers, alarms)
        yield _gauge("xs_clock_good", "Whether the gate's clock can be relied on.", float(now.clock == "good"))
        if now.site is not None and now.at_ms is not None:
            age_s = max(0.0, now.at_ms / 1000 - now.site["lists_issued_at_s"])
            yield _gauge("xs_lists_age_seconds", "Age of the lists in force, by the gate's clock.", age_s)
            yield _gauge(
                "xs_lists_max_age_seconds", "From what age on the site does not use them.", now.site["list_max_s"]
            )


def _journal(look: Look) -> Iterable[Metric]:
    yield _gauge("xs_journal_entries", "Entries of the journal that are signed for.", look.size)
    yield _gauge("xs_backlog_entries", "Entries that headquarters has not acknowledged.", look.size - look.acknowledged)
    yield _gauge("xs_disk_free_bytes", "Free on the disk with the journal.", look.free_bytes)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
