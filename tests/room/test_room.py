"""A disk that fills and empties, told by the file system's own figures; journal, alarms and dropping are real."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from terminal.alarms import Alarms
from terminal.core.journal import Kind
from terminal.core.policy import DAY_S
from terminal.core.room import RESERVE_BYTES, Space
from terminal.room import Room
from terminal.storage.retention import CHUNK
from tests.storage.support import Gate
from tests.storage.test_retention import acknowledged, left, written

DISK = 1000 * 2**20
DAYS = 7


class FileSystem:
    """Says of a disk with its whole reserve what the test wants it to say."""

    used_percent = 10.0
    broken = False

    def space(self) -> Space:
        if self.broken:
            raise OSError(5, "Input/output error")
        used = round(DISK * self.used_percent / 100)
        return Space(used_bytes=used, available_bytes=DISK - used, reserve_bytes=RESERVE_BYTES)

    def refill(self) -> None:
        """It is whole."""


class Looked:
    """A gate and what looks after its room; each look is a second later."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.disk = FileSystem()
        self.days: int | None = DAYS
        self.alarms = Alarms(gate.journal, lambda *_: None)
        self.room = self.anew()

    def anew(self) -> Room:
        """As after a restart."""
        return Room(
            self.disk,
            self.gate.store.retention(),
            told=self.gate.store.kept.number("dropped-entries"),
            kept_days=lambda: self.days,
            journal=self.gate.journal,
            alarms=self.alarms,
            clock=self.gate.clock,
            heartbeat=self.gate.beats,
        )

    def look(self, times: int = 1, percent: float | None = None) -> tuple[str, ...]:
        """Which alarms stand then."""
        self.disk.used_percent = self.disk.used_percent if percent is None else percent
        for _ in range(times):
            self.gate.clock.ms += 1000
            self.room.look()
        return tuple(alarm.name for alarm in self.alarms.standing())

    def told(self, kind: Kind = Kind.ERASURE) -> list[Mapping[str, Any]]:
        """The public parts of the entries of this kind, after all that is on its way is durable."""
        self.gate.store.kept.number("test").save(1).result()
        return [dict(entry.record.public) for entry in self.gate.entries() if entry.record.kind is kind]


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[Looked]:
    with Gate(tmp_path / "journal") as gate, structlog.testing.capture_logs():
        yield Looked(gate)


def test_alarms_follow_the_level_and_each_is_raised_once_however_long_it_stands(looked: Looked) -> None:
    assert looked.look(percent=79) == ()
    assert looked.look(2, percent=81) == ("disk",)
    assert looked.look(2, percent=91) == ("disk", "disk-short")
    assert not looked.room.only_reserve()
    assert looked.look(2, percent=99.8) == ("disk", "disk-reserve", "disk-short")
    assert looked.room.only_reserve()
    assert looked.look(2, percent=84) == ("disk",)
    assert not looked.room.only_reserve()
    assert looked.look(percent=74) == ()
    raised = [public["alarm"] for public in looked.told(Kind.ALARM_RAISED)]
    assert raised == ["disk", "disk-short", "disk-reserve"]
    assert [public["alarm"] for public in looked.told(Kind.ALARM_CLEARED)] == ["disk-short", "disk-reserve", "disk"]


def test_status_line_says_how_full_the_disk_is_when_that_matters(looked: Looked) -> None:
    said = []
    for percent in (10, 81, 99.8):
        looked.look(percent=percent)
        said.append(looked.room.words())
    assert said == [None, "disk 81 % full", "disk full, 34 MiB left for exits; entries go to the desk; make room"]


def test_disk_that_does_not_say_how_full_it_is_leaves_the_level_as_it_was(looked: Looked) -> None:
    looked.look(percent=99.8)
    looked.disk.broken = True
    looked.look()
    assert looked.room.only_reserve()
    assert "Input/output error" in (looked.room.words() or "")
    looked.disk.broken = False
    assert looked.look(percent=10) == ()


def test_day_round_drops_what_is_past_retention_and_one_entry_says_how_much(looked: Looked) -> None:
    gate = looked.gate
    looked.look()
    written(gate, 2 * CHUNK + 10)
    gate.clock.ms += DAYS * DAY_S * 1000
    written(gate, 5)
    acknowledged(gate)
    looked.look(4)
    gone = 2 * CHUNK + 10
    assert looked.told() == [{"what": "entries", "count": gone, "below": gone}]
    assert left(gate)[0] == gone
    looked.look(4)
    assert len(looked.told()) == 1


def test_second_round_tells_what_went_since_the_first(looked: Looked) -> None:
    gate = looked.gate
    told = []
    for count in (3, 4):
        written(gate, count)
        acknowledged(gate)
        gate.clock.ms += DAYS * DAY_S * 1000
        looked.look(2)
        told += looked.told()  # the first of them is dropped in the second round
    first, second = told
    assert second["below"] == first["below"] + second["count"]
    assert second["below"] == left(gate)[0]


def test_round_that_was_broken_off_by_a_power_cut_is_told_at_the_next_start(looked: Looked) -> None:
    gate = looked.gate
    written(gate, CHUNK + 10)
    acknowledged(gate)
    assert gate.store.retention().drop(before_ms=gate.clock.ms + 1) == CHUNK
    looked.room = looked.anew()
    looked.look()
    assert looked.told() == [{"what": "entries", "count": CHUNK, "below": CHUNK}]


def test_nothing_is_dropped_while_no_policy_says_how_long_to_keep_it(looked: Looked) -> None:
    looked.days = None
    written(looked.gate, CHUNK + 1)
    acknowledged(looked.gate)
    looked.gate.clock.ms += 400 * DAY_S * 1000
    looked.look(2, percent=99.8)
    assert looked.told() == []
    assert left(looked.gate)[0] == 0


def test_short_disk_takes_acknowledged_entries_before_their_time_until_there_is_room(looked: Looked) -> None:
    gate = looked.gate
    written(gate, 3 * CHUNK)
    acknowledged(gate)
    written(gate, 2 * CHUNK)
    looked.look(3, percent=89)
    assert left(gate)[0] == 0
    looked.look(percent=90)
    assert left(gate)[0] == CHUNK
    looked.look(percent=84)
    assert left(gate)[0] == CHUNK
    looked.look(10, percent=95)
    assert left(gate)[0] == 3 * CHUNK
    assert left(gate)[-1] > 5 * CHUNK


def test_rounds_on_a_short_disk_are_not_made_for_the_sake_of_their_own_entries(looked: Looked) -> None:
    gate = looked.gate
    looked.disk.used_percent = 95
    written(gate, CHUNK + 1)
    for _ in range(20):
        acknowledged(gate)
        looked.look(2)
        written(gate, 1)
    assert len(looked.told()) == 1
