import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.alarms import Alarms
from terminal.changes import JUMP_MS, Changes, ClockWatch
from terminal.core.instant import ClockQuality
from terminal.core.journal import Kind
from tests.storage.support import HOUR_MS, Gate, start


def written(gate: Gate, kind: Kind) -> list[dict[str, Any]]:
    gate.journal.append(start()).result()
    return [dict(entry.record.public) for entry in gate.entries() if entry.record.kind is kind]


OLD, NEW = bytes(32), bytes(range(32))


def test_gate_toml_that_was_changed_while_the_gate_was_off(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    for digest in (OLD, OLD, NEW, NEW):
        with Gate(tmp_path / "journal") as gate:
            Changes(gate.journal, gate.store.kept).configuration_is(digest)
            told = written(gate, Kind.CONFIGURATION_CHANGED)
    assert told == [{"sha256": OLD}, {"sha256": NEW, "was": OLD}]


def test_change_that_the_disk_refused_is_written_down_when_it_takes_it_again(tmp_path: Path) -> None:
    refuses = [False]

    def disk() -> None:
        if refuses[0]:
            raise sqlite3.OperationalError("disk I/O error")

    with Gate(tmp_path / "journal", before_commit=disk) as gate:
        changes = Changes(gate.journal, gate.store.kept)
        refuses[0] = True
        changes.configuration_is(NEW)
        gate.journal.append(start()).exception()
        refuses[0] = False
        assert written(gate, Kind.CONFIGURATION_CHANGED) == []
        changes.configuration_is(NEW)
        changes.configuration_is(NEW)
        assert written(gate, Kind.CONFIGURATION_CHANGED) == [{"sha256": NEW}]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Gate(tmp_path / "journal") as gate:
        yield gate


class TwoClocks:
    """A wall clock and a monotonic one, which tests move apart."""

    def __init__(self, gate: Gate) -> None:
        self.now, self._s = gate.clock.now, 0.0

    def monotonic_s(self) -> float:
        return self._s

    def raise_floor(self, issued_at_s: int) -> None:
        raise NotImplementedError

    def passes(self, s: float) -> None:
        self._s += s


def test_clock_that_jumps_and_is_doubted_says_so_once_each_time(gate: Gate) -> None:
    clock = TwoClocks(gate)
    alarms = Alarms(gate.journal, lambda *_: None)
    watch = ClockWatch(clock, gate.journal, alarms)
    for wall_ms, monotonic_s, quality in (
        (0, 0, ClockQuality.GOOD),
        (1000, 1, ClockQuality.GOOD),
        (1000 + JUMP_MS, 1, ClockQuality.GOOD),
        (HOUR_MS, 0, ClockQuality.GOOD),
        (0, 3600, ClockQuality.DOUBTFUL),
        (3000, 3, ClockQuality.DOUBTFUL),
        (-1, 0, ClockQuality.GOOD),
    ):
        gate.clock.ms += wall_ms
        clock.passes(monotonic_s)
        gate.clock.quality = quality
        watch.look()
        assert [alarm.name for alarm in alarms.standing()] == (["clock"] if quality == "doubtful" else [])
    assert written(gate, Kind.CLOCK) == [
        {"quality": "good", "jump_ms": HOUR_MS},
        {"quality": "doubtful", "was": "good", "jump_ms": -HOUR_MS},
        {"quality": "good", "was": "doubtful"},
    ]
