import os
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.core.journal import Entry, Kind
from terminal.core.stay import Stay, StayChange, StayClosed, StayNeutral, StayOpened, ZoneNeutral
from terminal.errors import StorageError
from tests.storage.support import EAN, NOON_MS, STAYS_KEY, Gate, changed_by_hand, start

OTHER_EAN = 8712345000011
ANNA, BRAM, EVA = bytes(8), bytes([1]) * 8, bytes([2]) * 8
STAY = Stay(zone=1, lane=2, entered_ms=NOON_MS, intent=41)
ELSEWHERE = Stay(zone=2, lane=2, entered_ms=NOON_MS, passenger=True)


def goes_in(card_number: bytes, stay: Stay = STAY, ean: int = EAN) -> StayChange:
    return StayOpened(card_number, ean, stay)


def changed(gate: Gate, *changes: StayChange) -> None:
    futures = [gate.journal.append(Entry(kind=Kind.PASSAGE, lane=2), change) for change in changes]
    for future in futures:
        future.result()


def test_somebody_who_went_in_is_inside_until_he_goes_out_also_after_a_restart(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA), goes_in(BRAM, ELSEWHERE))
        assert (gate.stays.inside(ANNA), gate.stays.inside(BRAM), gate.stays.inside(EVA)) == (STAY, ELSEWHERE, None)
    with Gate(tmp_path / "journal") as gate:
        assert (gate.stays.inside(ANNA), gate.stays.inside(BRAM)) == (STAY, ELSEWHERE)
        changed(gate, StayClosed(ANNA, NOON_MS + 1))
        assert gate.stays.inside(ANNA) is None
    with Gate(tmp_path / "journal") as gate:
        assert (gate.stays.inside(ANNA), gate.stays.inside(BRAM)) == (None, ELSEWHERE)


def test_counts_are_by_zone_and_company_also_after_a_restart(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA), goes_in(BRAM, ean=OTHER_EAN), goes_in(EVA, ELSEWHERE))
    with Gate(tmp_path / "journal") as gate:
        stays = gate.stays
        assert (stays.count(1), stays.count(2), stays.count(3)) == (2, 1, 0)
        assert (stays.count_company(1, EAN), stays.count_company(1, OTHER_EAN), stays.count_company(2, EAN)) == (
            1,
            1,
            1,
        )
        changed(gate, goes_in(BRAM, ELSEWHERE, OTHER_EAN), StayClosed(ANNA, NOON_MS))
        assert (stays.count(1), stays.count(2), stays.count_company(2, OTHER_EAN)) == (0, 2, 1)


def test_neutral_stay_is_known_and_not_counted(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA), goes_in(BRAM), StayNeutral(ANNA))
        stay = gate.stays.inside(ANNA)
        assert stay is not None
        assert stay.neutral
        assert (gate.stays.count(1), gate.stays.count_company(1, EAN)) == (1, 1)
        changed(gate, goes_in(ANNA))
        assert gate.stays.count(1) == 2


def test_fire_release_makes_everybody_of_the_zone_neutral_also_who_went_in_a_moment_before(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA))
        changed(gate, goes_in(BRAM), goes_in(EVA, ELSEWHERE), ZoneNeutral(1, 1, NOON_MS))  # in one transaction
        assert (gate.stays.count(1), gate.stays.count(2)) == (0, 1)
    with Gate(tmp_path / "journal") as gate:
        assert (gate.stays.count(1), gate.stays.count(2)) == (0, 1)


def test_going_out_without_having_gone_in_changes_nothing(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, StayClosed(ANNA, NOON_MS), StayNeutral(BRAM), ZoneNeutral(1, 1, NOON_MS))
        assert (gate.stays.inside(ANNA), gate.stays.inside(BRAM), gate.stays.count(1)) == (None, None, 0)


def test_change_of_an_entry_that_is_not_written_does_not_happen(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.sealing_key = None
        refused = gate.journal.append(Entry(kind=Kind.PASSAGE, lane=2, sealed={"card": ANNA}), goes_in(ANNA))
        assert isinstance(refused.exception(), StorageError)
        assert gate.stays.inside(ANNA) is None
    with Gate(tmp_path / "journal") as gate:
        assert gate.stays.inside(ANNA) is None


def test_purge_takes_what_was_closed_before_and_nobody_who_is_inside(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA), goes_in(BRAM), goes_in(EVA))
        changed(gate, StayClosed(ANNA, NOON_MS + 9), StayClosed(BRAM, NOON_MS + 10))
        assert gate.stays.purge(NOON_MS + 10).result() == 1
        assert gate.stays.purge(NOON_MS + 10).result() == 0
        assert gate.stays.purge(NOON_MS + 11).result() == 1
        assert gate.stays.inside(EVA) == STAY


def test_table_names_no_card_and_no_company(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(bytes.fromhex("c0ffee00c0ffee11")))
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
    assert bytes.fromhex("c0ffee00c0ffee11") not in on_disk
    assert EAN.to_bytes(8) not in on_disk
    assert NOON_MS.to_bytes(8) not in on_disk.replace(b"".join(_records(tmp_path / "journal")), b"")


def _records(folder: Path) -> list[bytes]:
    with Gate(folder) as gate:
        return [entry.record_bytes for entry in gate.entries()]


def test_stays_do_not_open_with_another_key(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA))
    with pytest.raises(StorageError, match="does not open with this terminal's key"):
        Gate(tmp_path / "journal", stays_key=os.urandom(32))
    with pytest.raises(ValueError, match="32 bytes"):
        Gate(tmp_path / "journal", stays_key=STAYS_KEY[:16])


def test_row_moved_to_another_card_is_noticed(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA))
    changed_by_hand(tmp_path / "journal", "UPDATE stays SET holder = randomblob(16)")
    with pytest.raises(StorageError, match="who is inside cannot be read"):
        Gate(tmp_path / "journal")


def test_nothing_of_a_stay_shows_in_a_repr() -> None:
    said = repr([goes_in(ANNA), StayClosed(ANNA, 1), StayNeutral(ANNA), start()])
    assert str(EAN) not in said
    assert repr(ANNA) not in said


def test_promised_place_counts_until_it_is_given_back_and_is_not_known_after_a_restart(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        changed(gate, goes_in(ANNA), StayNeutral(ANNA))
        gate.stays.promise(ANNA, EAN, STAY)
        gate.stays.promise(BRAM, OTHER_EAN, STAY)
        assert (gate.stays.inside(ANNA), gate.stays.inside(BRAM)) == (STAY, STAY)
        assert (gate.stays.count(1), gate.stays.count(2)) == (2, 0)
        assert (gate.stays.count_company(1, EAN), gate.stays.count_company(2, EAN)) == (1, 0)
        gate.stays.give_back(BRAM, STAY.lane + 1, STAY.entered_ms)  # of another lane
        gate.stays.give_back(BRAM, STAY.lane, STAY.entered_ms + 1)  # of another tap
        assert gate.stays.inside(BRAM) == STAY
        gate.stays.give_back(BRAM, STAY.lane, STAY.entered_ms)
        assert (gate.stays.inside(BRAM), gate.stays.count(1)) == (None, 1)
    with Gate(tmp_path / "journal") as gate:
        assert gate.stays.count(1) == 0


def test_promised_place_becomes_the_stay_of_the_same_tap(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.stays.promise(ANNA, EAN, replace(STAY, intent=None))
        changed(gate, goes_in(ANNA))
        assert (gate.stays.inside(ANNA), gate.stays.count(1)) == (STAY, 1)
        changed(gate, StayClosed(ANNA, NOON_MS + 1))
        assert (gate.stays.inside(ANNA), gate.stays.count(1)) == (None, 0)
