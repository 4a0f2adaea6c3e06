"""Dutch open parking data as tariffs: what is due by the rows is what is due by the tariff."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from terminal.core.tariff.document import (
    FreeTime,
    StayPart,
    Tariff,
    TariffLine,
    TariffWindow,
)
from terminal.core.tariff.pricing import price
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
