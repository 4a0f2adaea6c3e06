"""Dutch open parking data as tariffs: what is due by the rows is what is due by the tariff."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from terminal.core.tariff.document import (
    Caps,
    DayCap,
    FreeTime,
    StayPart,
    Tariff,
    TariffLine,
    TariffWindow,
)
from terminal.core.tariff.pricing import in_force, price
from tests.tariffs.municipality import (
    SINCE,
    WEEK,
    Clockwork,
    Municipality,
    fare,
    frame,
    imported,
    part,
    said,
    special_day,
)

TZ = "Europe/Amsterdam"
ZONE = ZoneInfo(TZ)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYTIME = TariffWindow(days=("mon",), start="08:00", end="18:00")
HOURLY = TariffLine(kind="incrementing", amount="2.00", each="PT1H", window=DAYTIME)
SAMPLE = Path(__file__).parents[2] / "docs" / "tariffs" / "open-data"


@pytest.fixture
def haven() -> Municipality:
    return Municipality()


def nights(fare_code: str = "NACHT") -> list[dict[str, str]]:
    """From 18 to 6 on weekdays, cut at midnight as the tables have it."""
    evenings = [frame(day, "1800", "2400", fare_code) for day in WEEK[:5]]
    return [*evenings, *(frame(day, "0", "600", fare_code) for day in WEEK[1:6])]


def the_one(haven: Municipality, folder: Path, since: date = SINCE) -> Tariff:
    (tariff,) = imported(haven.write(folder), since)[0].tariffs
    return tariff


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def cents(tariff: Tariff, entered: str, left: str) -> int:
    return price(tariff, TZ, at(entered), at(left)).amount_cents


def test_whole_tariff_of_one_time_frame(haven: Municipality, tmp_path: Path) -> None:
    assert the_one(haven, tmp_path) == Tariff(
        number=1, from_=datetime(2026, 9, 15, tzinfo=ZONE), vat="21", otherwise="free", lines=(HOURLY,)
    )


def test_hours_without_a_time_frame_are_free(haven: Municipality, tmp_path: Path) -> None:
    tariff = the_one(haven, tmp_path)
    assert cents(tariff, "2026-09-20T08:00", "2026-09-21T08:00") == 0
    assert cents(tariff, "2026-09-21T07:00", "2026-09-21T10:00") == 400


def test_rows_that_meet_at_midnight_are_one_window_of_the_evening(haven: Municipality, tmp_path: Path) -> None:
    haven.frames, haven.parts, haven.fares = nights(), [part("NACHT", "0", "999999", "11", "0")], [fare("NACHT")]
    window = TariffWindow(days=WEEKDAYS[:5], start="18:00", end="06:00", end_day=1)
    tariff = the_one(haven, tmp_path)
    assert tariff.lines == (TariffLine(kind="flat-window", amount="11.00", window=window),)
    assert cents(tariff, "2026-09-15T17:00", "2026-09-16T07:00") == 1100


def test_midnight_of_a_whole_week_joins_nothing(haven: Municipality, tmp_path: Path) -> None:
    haven.frames = [frame(day, "0", "2400") for day in WEEK]
    assert the_one(haven, tmp_path).lines[0].window == TariffWindow(days=WEEKDAYS, start="00:00", end="24:00")


def test_other_fare_after_midnight_is_another_window(haven: Municipality, tmp_path: Path) -> None:
    haven.frames = [frame("MAANDAG", "1800", "2400"), frame("DINSDAG", "0", "600", "LATER")]
    haven.fares, haven.parts = [*haven.fares, fare("LATER")], [*haven.parts, part("LATER", "0", "999999", "1", "60")]
    windows = [(each.window.days, each.window.end) for each in the_one(haven, tmp_path).lines if each.window]
    assert windows == [(("tue",), "06:00"), (("mon",), "24:00")]


@pytest.mark.parametrize("entered_hour", range(0, 24, 3))
@pytest.mark.parametrize("entered", [date(2026, 12, 20 + day) for day in range(9)])
def test_stays_around_special_days_cost_what_the_rows_say_minute_by_minute(
    haven: Municipality, tmp_path: Path, entered: date, entered_hour: int
) -> None:
    haven.frames = [*nights("NACHT"), frame("FEESTDAG", "0", "2400"), frame("BRUG", "1700", "2400", "NACHT")]
    haven.frames.append(frame("ZONDAG", "1200", "1800"))
    haven.parts = [part("UUR", "0", "999999", "0.70", "17"), part("NACHT", "0", "999999", "1.5", "45")]
    haven.fares.append(fare("NACHT"))
    haven.special_days = [
        special_day("2026-12-25", "FEESTDAG"),
        special_day("2026-12-28", "BRUG"),
        special_day("2026-12-22", "ZONDAG"),
        special_day("2026-12-23", "MARKT"),
    ]
    assert_like_the_rows(haven, the_one(haven, tmp_path), entered, entered_hour)


def assert_like_the_rows(haven: Municipality, tariff: Tariff, entered: date, hour: int) -> None:
    """Stays of up to two days cost what the rows say, before and after each moment at which something falls due."""
    entry_s = at(f"{entered}T{hour:02}:00")
    total = 0
    for minute, more in Clockwork(haven).charges(entered, hour * 60, 48 * 60):
        assert price(tariff, TZ, entry_s, entry_s + minute * 60).amount_cents == total
        total += more
        assert price(tariff, TZ, entry_s, entry_s + minute * 60 + 1).amount_cents == total
    assert price(tariff, TZ, entry_s, entry_s + 48 * 3600).amount_cents == total


def test_one_special_day_with_another_next_day_is_a_day_of_its_own(haven: Municipality, tmp_path: Path) -> None:
    haven.frames = [*nights("UUR"), frame("FEESTDAG", "2000", "2400")]
    haven.special_days = [special_day("2026-09-22", "FEESTDAG"), special_day("2026-09-26", "FEESTDAG")]
    tariff = the_one(haven, tmp_path)
    assert {day.day: name for day, name in tariff.special_days.items()} == {
        21: "mon before FEESTDAG",
        22: "FEESTDAG",
        25: "fri before FEESTDAG",
        26: "FEESTDAG (2)",
    }
    for day in (21, 22, 25, 26):
        assert_like_the_rows(haven, tariff, date(2026, 9, day), 21)


@pytest.mark.parametrize("minutes", [1, 59, 60, 61, 90, 91, 105, 106, 120, 121, 180, 181, 200, 260, 261])
def test_parts_cost_each_step_that_has_begun_and_the_last_is_shorter(
    haven: Municipality, tmp_path: Path, minutes: int
) -> None:
    haven.frames = [frame(day, "0", "2400") for day in WEEK]
    haven.parts = [
        part("UUR", "0", "90", "1.00", "60", amountcumulative="0"),
        part("UUR", "90", "120", "0.50", "15", amountcumulative="2.00"),
        part("UUR", "120", "999999", "3.00", "80", amountcumulative="3.00"),
    ]
    begun = [-(-max(0, min(minutes, to) - begins) // step) for begins, to, step in ((0, 90, 60), (90, 120, 15))]
    begun.append(-(-max(0, minutes - 120) // 80))
    tariff = the_one(haven, tmp_path)
    entry_s = at("2026-09-16T10:00")
    expected = begun[0] * 100 + begun[1] * 50 + begun[2] * 300
    assert price(tariff, TZ, entry_s, entry_s + minutes * 60).amount_cents == expected


def test_first_part_for_nothing_is_free_time_of_each_night(haven: Municipality, tmp_path: Path) -> None:
    haven.frames, haven.fares = nights(), [fare("NACHT")]
    haven.parts = [part("NACHT", "0", "10", "0", "10"), part("NACHT", "10", "999999", "1.5", "60")]
    tariffs, remarks = imported(haven.write(tmp_path))
    (tariff,) = tariffs.tariffs
    assert [(each.free, each.part) for each in tariff.lines] == [(FreeTime(minutes=10, mode="left-out"), None)]
    assert cents(tariff, "2026-09-15T19:00", "2026-09-15T21:05") == 300
    assert cents(tariff, "2026-09-15T14:00", "2026-09-15T18:10") == 0
    ((how, _, words),) = said(remarks, "startdurationfarepart")
    assert (how, words.startswith("NACHT: nothing is due in the first 10 minutes of each of its windows")) == (
        "interpreted",
        True,
    )


def test_first_part_for_nothing_is_free_once_where_the_fare_goes_on_day_after_day(
    haven: Municipality, tmp_path: Path
) -> None:
    haven.frames = [frame(day, "0", "2400") for day in WEEK]
    haven.parts = [part("UUR", "0", "120", "0", "120"), part("UUR", "120", "999999", "2", "60")]
    tariff = the_one(haven, tmp_path)
    assert [(each.free, each.part) for each in tariff.lines] == [(None, StayPart(from_="PT2H"))]
    assert cents(tariff, "2026-09-15T20:00", "2026-09-16T02:00") == 800


def test_parts_after_the_free_one_keep_their_place(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [
        part("UUR", "0", "30", "0", "30"),
        part("UUR", "30", "90", "1", "60"),
        part("UUR", "90", "240", "2", "60"),
        part("UUR", "240", "999999", "0", "60"),
    ]
    free = FreeTime(minutes=30, mode="left-out")
    line = replace(HOURLY, free=free)
    assert the_one(haven, tmp_path).lines == (
        replace(line, amount="1.00", part=StayPart(from_="PT30M", to="PT90M")),
        replace(line, part=StayPart(from_="PT90M", to="PT210M")),
        replace(line, each="PT30M", part=StayPart(from_="PT210M", to="PT4H")),
    )


def test_fare_of_nothing_is_no_line(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [part("UUR", "0", "999999", "0.00000000", "60")]
    assert the_one(haven, tmp_path).lines == ()


def test_time_frame_without_a_fare_is_free(haven: Municipality, tmp_path: Path) -> None:
    haven.frames.append(frame("DINSDAG", "0", "2400", None))
    tariffs, remarks = imported(haven.write(tmp_path))
    assert tariffs.tariffs[0].lines == (HOURLY,)
    assert ("mapped", (2,), "has none: nothing is due then") in said(remarks, "farecalculationcode")


def test_more_decimals_than_a_tariff_has_are_rounded_and_said(haven: Municipality, tmp_path: Path) -> None:
    haven.parts = [part("UUR", "0", "999999", "0.04583333", "1")]
    tariffs, remarks = imported(haven.write(tmp_path))
    assert tariffs.tariffs[0].lines[0].amount == "0.045833"
    ((how, rows, _), _) = said(remarks, "amountfarepart")[::-1]
    assert (how, rows) == ("interpreted", (1,))


def test_day_types_without_a_date_are_left_out_and_do_not_decide_the_longest_stay(
    haven: Municipality, tmp_path: Path
) -> None:
    haven.frames = [frame("MAANDAG", "800", "1800", maxdurationright="120"), frame("KOOPZONDAG", "1200", "1700", "WEG")]
    tariffs, remarks = imported(haven.write(tmp_path))
    assert (tariffs.tariffs[0].max_stay, tariffs.tariffs[0].lines) == ("PT2H", (HOURLY,))
    words = "KOOPZONDAG has no day in SPECIALE DAG from 2026-09-15 on"
    assert said(remarks, "daytimeframe") == [("left-out", (2,), words)]


def test_special_day_without_time_frames_is_free_and_said(haven: Municipality, tmp_path: Path) -> None:
    haven.special_days = [special_day("21-09-2026", "FEESTDAG")]
    tariffs, remarks = imported(haven.write(tmp_path))
    assert dict(tariffs.tariffs[0].special_days) == {date(2026, 9, 21): "FEESTDAG"}
    assert cents(tariffs.tariffs[0], "2026-09-21T08:00", "2026-09-21T18:00") == 0
    words = "FEESTDAG replaces the weekday on 2026-09-21, and has no time frame here: nothing is due"
    assert said(remarks, "namespecialday") == [("interpreted", (), words)]


def test_two_names_for_one_day_are_the_one_that_has_time_frames(haven: Municipality, tmp_path: Path) -> None:
    haven.frames.append(frame("VOETBAL", "1200", "1400"))
    haven.special_days = [special_day("20260922", "FEESTDAG"), special_day("20260922", "VOETBAL")]
    tariffs, remarks = imported(haven.write(tmp_path))
    assert dict(tariffs.tariffs[0].special_days) == {date(2026, 9, 22): "VOETBAL"}
    words = "2026-09-22 is VOETBAL, and so not FEESTDAG: a day is of one kind"
    assert ("interpreted", (2,), words) in said(remarks, "namespecialday")


def test_many_special_days_share_lines_of_at_most_32_names(haven: Municipality, tmp_path: Path) -> None:
    haven.frames = [frame(f"DAG{number}", "800", "1800") for number in range(40)]
    haven.special_days = [special_day(f"{date(2026, 10, 1 + number % 28)}", f"DAG{number}") for number in range(28)]
    haven.special_days += [special_day(f"{date(2026, 11, 1 + number)}", f"DAG{28 + number}") for number in range(12)]
    days = [each.window.days for each in the_one(haven, tmp_path).lines if each.window]
    assert [len(each) for each in days] == [32, 8]


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


def test_sample_of_the_manual(tmp_path: Path) -> None:
    tariffs, _ = imported(SAMPLE, name="KADE")
    first, second = tariffs.tariffs
    assert (second.from_.date(), second.lines[0].amount) == (date(2027, 1, 1), "0.05")
    assert [(each.window.days, each.window.start, each.window.end) for each in first.lines if each.window] == [
        (("sat",), "08:00", "17:00"),
        (("mon", "tue", "wed", "thu", "thu after KERMIS"), "20:00", "05:00"),
        (("thu after KERMIS",), "00:00", "05:00"),
        (("KERMIS",), "10:00", "24:00"),
        (("tue before KERMIS",), "20:00", "24:00"),
    ]
    assert cents(first, "2026-09-22T20:00", "2026-09-22T21:00") == 240
    assert (first.max_stay, first.reentry_gap) == ("PT48H", "PT20M")
