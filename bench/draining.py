"""A backlog that drains while taps go on: how long it takes, how late the new entries are, and how large `sync` gets.

One terminal with a real journal on the disk below `build/`, the real `xs-terminal sync` as a process of its own,
mosquitto, a collector with SQLite. From the start of `sync` until the gate believes that all of it is acknowledged.
"""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figures
from bench.one_terminal import GIVEN_UP_S, NAME, SITE, OneTerminal
from load_test.arrivals import Arrivals, stored
from load_test.books import Books
from load_test.ground import own_ground
from load_test.machine import taken_by
from load_test.terminal import ENTRIES_A_TAP, SimulatedGate

TAPS_AT_ONCE = 1000
TAP_EVERY_S = 0.5
POLL_S = 0.02


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, backlog: int) -> None:
    """Measure one drain of at least so many entries."""
    with ExitStack() as parts:
        ground = parts.enter_context(own_ground(None, SITE, 1, "bench"))
        terminal = OneTerminal(folder, ground)
        gate, size = terminal.gate, terminal.size
        parts.callback(gate.close)
        books = Books()
        progress(f"draining: writing {backlog} entries")
        taps = _write_backlog(gate, backlog, books)
        before = books.count()
        progress(f"draining: {before} entries")
        database = parts.enter_context(ground.headquarters.database())
        live = Books()
        arrivals = Arrivals(database, live)
        arrivals.start()
        began_s = time.monotonic()
        sync = parts.enter_context(terminal.sync())
        # Before it is connected a tap would be backlog.
        assert size.wait(1), f"nothing was acknowledged; see {folder / 'sync.log'}"
        largest_mb = 0.0
        number = taps
        while not size.wait(before, TAP_EVERY_S):
            gate.tap(number, os.urandom(8), live.written)
            number += 1
            largest_mb = max(largest_mb, taken_by([sync]).rss_mb)
            assert time.monotonic() - began_s < GIVEN_UP_S, f"not drained; see {folder / 'sync.log'}"
        drained_s = size.reached_s(before) - began_s
        total = before + (number - taps) * ENTRIES_A_TAP
        assert size.wait(total), f"the last entries were not acknowledged; see {folder / 'sync.log'}"
        arrivals.stop()
        written = books.multiset() + live.multiset()
        assert stored(database, [NAME]) == written, "what is in the database is not what was written"
        figures.add("drain.backlog_entries", before)
        figures.add("drain.backlog_s", drained_s)
        figures.add("drain.live_entries", live.count())
        figures.add_samples("drain.live_to_database_s", live.to_database_s() or [0.0], 50, 95)
        figures.add("drain.sync_rss_mb", max(largest_mb, taken_by([sync]).rss_mb))


def _write_backlog(gate: SimulatedGate, entries: int, books: Books) -> int:
    """Taps until there are so many entries; returns how many taps it took."""
    taps = -(-entries // ENTRIES_A_TAP)
    for first in range(0, taps, TAPS_AT_ONCE):
        end = min(first + TAPS_AT_ONCE, taps)
        for number in range(first, end):
            gate.tap(number, number.to_bytes(8), books.written)
        while books.count() < end * ENTRIES_A_TAP:
            time.sleep(POLL_S)
    return taps
