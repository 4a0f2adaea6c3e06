import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.storage.support import HOUR_MS, Gate, intent, start

ANNA, BRAM = bytes(8), bytes(range(8))


class KnownBytes:
    """A random source whose 32-byte keys a test can look for on the disk."""

    def __init__(self) -> None:
        self.keys: list[bytes] = []

    def __call__(self, length: int) -> bytes:
        made = bytes([0xA0 + len(self.keys)]) * length
        if length == 32:
            self.keys.append(made)
        return made


def who(gate: Gate, card_number: bytes) -> bytes:
    key = gate.journal.append(intent(card_number)).result()
    (entry,) = gate.journal.entries(key.sequence, key.sequence)
    pseudonym = entry.record.public["who"]
    assert isinstance(pseudonym, bytes)
    return pseudonym


def on_disk(folder: Path) -> bytes:
    # Not through file descriptors of this process: closing one would drop the locks that SQLite holds.
    return subprocess.run(["cat", *map(str, folder.iterdir())], check=True, capture_output=True).stdout


def test_card_keeps_its_pseudonym_through_the_day_and_a_restart_and_has_another_tomorrow(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        anna = who(gate, ANNA)
        assert who(gate, BRAM) != anna
        gate.clock.ms += 11 * HOUR_MS
        assert who(gate, ANNA) == anna
    with Gate(tmp_path / "journal") as gate:
        gate.clock.ms += 11 * HOUR_MS
        assert who(gate, ANNA) == anna
        gate.clock.ms += 2 * HOUR_MS
        assert who(gate, ANNA) != anna
        assert who(gate, BRAM) not in {anna, who(gate, ANNA)}


def test_two_terminals_call_the_same_card_by_different_pseudonyms(tmp_path: Path) -> None:
    with Gate(tmp_path / "a") as first, Gate(tmp_path / "b") as second:
        assert who(first, ANNA) != who(second, ANNA)


def test_day_ends_at_midnight_of_the_site_not_of_greenwich(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.clock.ms = int(datetime(2026, 9, 15, 21, 59, tzinfo=UTC).timestamp()) * 1000
        before = who(gate, ANNA)
        gate.clock.ms = int(datetime(2026, 9, 15, 22, 1, tzinfo=UTC).timestamp()) * 1000
        after = who(gate, ANNA)
        gate.clock.ms = int(datetime(2026, 9, 16, 0, 1, tzinfo=UTC).timestamp()) * 1000
        assert who(gate, ANNA) == after
    assert after != before


def test_day_key_is_gone_from_every_file_when_its_day_is_over_though_nobody_taps(tmp_path: Path) -> None:
    random = KnownBytes()
    with Gate(tmp_path / "journal", random_bytes=random) as gate:
        who(gate, ANNA)
        gate.beats.wait_for()
        (key,) = random.keys
        assert key in on_disk(tmp_path / "journal")
        gate.clock.ms += 24 * HOUR_MS
        gate.beats.wait_for(3)
        assert key not in on_disk(tmp_path / "journal")


def test_day_key_of_a_gate_that_was_off_over_midnight_is_gone_after_its_start(tmp_path: Path) -> None:
    random = KnownBytes()
    with Gate(tmp_path / "journal", random_bytes=random) as gate:
        who(gate, ANNA)
    assert random.keys[0] in on_disk(tmp_path / "journal")
    gate = Gate(tmp_path / "journal", random_bytes=random, tick_s=10)
    gate.clock.ms += 24 * HOUR_MS
    gate.journal.append(start()).result()
    gate.beats.wait_for(1)
    gate.store.close()
    assert random.keys[0] not in on_disk(tmp_path / "journal")


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("hour", [0, 6, 12, 18, 23])
def test_restart_before_the_rules_are_read_does_not_end_a_day_that_goes_on(
    tmp_path: Path, zone: str, hour: int
) -> None:
    site = ZoneInfo(zone)
    tapped_ms = int(datetime(2026, 9, 15, hour, 30, tzinfo=site).timestamp()) * 1000
    with Gate(tmp_path / "journal", time_zone=site) as gate:
        gate.clock.ms = tapped_ms
        anna = who(gate, ANNA)
    with Gate(tmp_path / "journal", time_zone=None) as gate:
        gate.clock.ms = tapped_ms
        gate.beats.wait_for(3)
        gate.time_zone = site
        assert who(gate, ANNA) == anna


def test_day_that_is_over_everywhere_ends_also_where_no_rules_say_which_day_it_is(tmp_path: Path) -> None:
    random = KnownBytes()
    with Gate(tmp_path / "journal", random_bytes=random) as gate:
        who(gate, ANNA)
    with Gate(tmp_path / "journal", random_bytes=random, time_zone=None) as gate:
        gate.clock.ms += 48 * HOUR_MS
        gate.beats.wait_for(3)
        assert random.keys[0] not in on_disk(tmp_path / "journal")


def test_clock_that_shows_no_day_at_all_does_not_end_the_journal(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        anna = who(gate, ANNA)
        gate.clock.ms, noon_ms = 300_000_000_000_000, gate.clock.ms
        gate.beats.wait_for(3)
        with pytest.raises(ValueError, match="year"):
            gate.journal.append(intent(ANNA)).result()
        gate.journal.append(start()).result()
        gate.clock.ms = noon_ms
        assert who(gate, ANNA) == anna


def test_day_key_is_destroyed_though_somebody_still_reads(tmp_path: Path) -> None:
    random = KnownBytes()
    with Gate(tmp_path / "journal", random_bytes=random) as gate:
        for _ in range(3):
            who(gate, ANNA)
        reading = gate.journal.entries()
        next(reading)
        gate.clock.ms += 24 * HOUR_MS
        gate.beats.wait_for(3)
        assert random.keys[0] not in on_disk(tmp_path / "journal")
        assert len(list(reading)) == 2
