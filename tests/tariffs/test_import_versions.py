"""Dutch open parking data as tariffs: rows that change, what holds for a whole stay, and what is said of the rest."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from terminal.core.tariff.document import (
    Caps,
    DayCap,
    Tariff,
    TariffLine,
    TariffWindow,
)
from terminal.core.tariff.pricing import in_force
from tests.tariffs.municipality import (
    SINCE,
    Municipality,
    frame,
    imported,
    part,
    said,
)

TZ = "Europe/Amsterdam"
ZONE = ZoneInfo(TZ)
DAYTIME = TariffWindow(days=("mon",), start="08:00", end="18:00")
HOURLY = TariffLine(kind="incrementing", amount="2.00", each="PT1H", window=DAYTIME)


@pytest.fixture
def haven() -> Municipality:
    return Municipality()


def the_one(haven: Municipality, folder: Path, since: date = SINCE) -> Tariff:
    (tariff,) = imported(haven.write(folder), since)[0].tariffs
    return tariff


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def test_rates_that_change_are_versions_and_the_last_day_is_the_last(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [
        part("UUR", "0", "999999", "2", "60", enddatefarepart="20261231"),
        part("UUR", "0", "999999", "2.5", "60", startdatefarepart="20270101", enddatefarepart="20270401"),
        part("UUR", "0", "999999", "3", "60", startdatefarepart="20270401"),
    ]
    tariffs, remarks = imported(haven.write(tmp_path))
    versions = [(each.number, each.from_.date(), each.lines[0].amount) for each in tariffs.tariffs]
    assert versions == [
        (1, SINCE, "2.00"),
        (2, date(2027, 1, 1), "2.50"),
        (3, date(2027, 4, 1), "3.00"),
    ]
    assert in_force(tariffs, at("2026-12-31T23:59:59")) == tariffs.tariffs[0]
    words = "the next begins on the day after, so this is the last day and not the first without"
    assert said(remarks, "enddatefarepart") == [("interpreted", (1,), words)]


def test_rows_that_go_on_as_before_are_no_new_version(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [
        part("UUR", "0", "999999", "2", "60", enddatefarepart="20270101"),
        part("UUR", "0", "999999", "2.00", "60", startdatefarepart="20270101"),
    ]
    assert the_one(haven, tmp_path).lines == (HOURLY,)


@pytest.mark.parametrize(
    "end", ["20261231235959", "2026-12-31T23:59:59.000", "31-12-2026 23:59:59", "2027-01-01", "20270101000000"]
)
def test_regulation_that_ends_is_followed_by_nothing_due(haven: Municipality, tmp_path: Path, end: str) -> None:
    haven.regulation["enddateregulation"] = end
    tariffs, remarks = imported(haven.write(tmp_path))
    (first, last) = tariffs.tariffs
    assert (first.lines, last.lines, last.from_.date(), last.otherwise) == ((HOURLY,), (), date(2027, 1, 1), "free")
    assert said(remarks, "enddateregulation") == [
        ("interpreted", (), "HAVEN is not valid from 2027-01-01 on; nothing is due then")
    ]


def test_regulation_that_is_yet_to_begin_is_in_force_from_then_on(haven: Municipality, tmp_path: Path) -> None:
    haven.regulation["startdateregulation"] = "2027-01-01T00:00:00.000"
    assert the_one(haven, tmp_path).from_ == datetime(2027, 1, 1, tzinfo=ZONE)


def test_rows_that_are_over_are_left_out(haven: Municipality, tmp_path: Path) -> None:
    haven.frames.append(frame("MAANDAG", "900", "1700", "WEG", enddatetimeframe="20260915"))
    tariffs, remarks = imported(haven.write(tmp_path))
    assert tariffs.tariffs[0].lines == (HOURLY,)
    over = [each.rows for each in remarks if each.words == "was over before 2026-09-15, or was never valid"]
    assert over == [(2,)]


def test_what_holds_for_the_whole_stay(haven: Municipality, tmp_path: Path) -> None:
    haven.regulation |= {"maximumdaycharge": "12.50", "regulationtype": "A"}
    right = {"maxdurationright": "1440", "claimrightpossible": "NEE", "resetdurationtimeframe": "60"}
    haven.frames = [
        frame("MAANDAG", "800", "1800", **right, minparkinginterruption="30"),
        frame("DINSDAG", "800", "1800", **right, minparkinginterruption="20"),
    ]
    tariffs, remarks = imported(haven.write(tmp_path))
    (tariff,) = tariffs.tariffs
    assert tariff.caps == Caps(day=DayCap(amount="12.50", reset="00:00"))
    assert (tariff.max_stay, tariff.reentry_gap) == ("PT24H", "PT20M")
    hows = {
        each.field: (each.how.value, each.rows)
        for each in remarks
        if each.how.value != "mapped" and each.field is not None
    }
    assert hows == {
        "maximumdaycharge": ("interpreted", (1,)),
        "regulationtype": ("interpreted", (1,)),
        "claimrightpossible": ("interpreted", (1, 2)),
        "maxdurationright": ("interpreted", (1, 2)),
        "minparkinginterruption": ("interpreted", (1, 2)),
        "resetdurationtimeframe": ("left-out", (1, 2)),
        "regulationdesc": ("left-out", ()),
    }


def test_limits_of_nothing_are_no_limits(haven: Municipality, tmp_path: Path) -> None:
    haven.regulation["maximumdaycharge"] = "0.00"
    tariff = the_one(haven, tmp_path)
    assert (tariff.caps, tariff.max_stay, tariff.reentry_gap) == (Caps(), None, "PT0S")


def test_longest_stays_that_differ_are_left_out(haven: Municipality, tmp_path: Path) -> None:
    haven.frames.append(frame("DINSDAG", "800", "1800", maxdurationright="120"))
    tariffs, remarks = imported(haven.write(tmp_path))
    assert tariffs.tariffs[0].max_stay is None
    words = "0, 120 minutes in one regulation: a stay has one longest length, so none is taken"
    assert said(remarks, "maxdurationright") == [("left-out", (2,), words)]


def test_sum_of_earlier_parts_that_does_not_fit_is_said_and_not_taken(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [
        part("UUR", "0", "60", "1", "60", amountcumulative="0"),
        part("UUR", "60", "999999", "2", "60", amountcumulative="5"),
    ]
    _, remarks = imported(haven.write(tmp_path))
    words = "UUR: says that the parts before minute 60 come to 5.00; they come to 1.00, and that is taken"
    assert ("interpreted", (2,), words) in said(remarks, "amountcumulative")


def test_fields_files_and_rows_of_others_are_named(haven: Municipality, tmp_path: Path) -> None:
    folder = haven.write(tmp_path)
    other = '{"areamanagerid": "1", "regulationid": "X", "daytimeframe": 99}'
    tijdvak = (folder / "tijdvak.json").read_text().replace('"daytimeframe"', '"colour": "red", "daytimeframe"')
    (folder / "tijdvak.json").write_text(f"{tijdvak[:-1]}, {other}]")
    (folder / "parkeeradres.json").write_text("[]")
    (folder / "speciale_dag.json").unlink()
    _, remarks = imported(folder)
    assert {(each.table, each.field, each.words) for each in remarks if each.how.value == "left-out"} == {
        ("PARKEERADRES", None, "is none of the tables that tariffs are made of"),
        ("SPECIALE DAG", None, "has no file here"),
        ("GEBIED REGELING", None, "has no file here"),
        ("TIJDVAK", "colour", "is a field that nobody here knows; 1 rows have it"),
        ("TIJDVAK", None, "1 rows of other managers than 9922"),
        ("REGELING", "regulationdesc", "is for people; a tariff has no name"),
    }


def test_names_of_files_as_they_are_downloaded(haven: Municipality, tmp_path: Path) -> None:
    folder = haven.write(tmp_path)
    (folder / "tariefdeel.json").rename(folder / "Open_Data_Parkeren__TARIEFDEEL.json")
    assert imported(folder)[0].tariffs[0].lines == (HOURLY,)
