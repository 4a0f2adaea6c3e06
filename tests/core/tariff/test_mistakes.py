"""What is refused once the week is laid out (design 6, 'Tariffs', 11), in which words."""

from typing import Any

import pytest

from terminal.core.tariff.mistakes import MAX_AMOUNT
from terminal.core.tariff.pricing import price
from terminal.trust.documents import DocumentRefused
from tests.core.tariff.tariffs import NIGHT, TZ, WEEK, between, free, hourly, night, tariff

WORKDAYS, WEEKEND = WEEK[:5], WEEK[5:]
CHRISTMAS = {"2026-12-25": "holiday"}  # a Friday
ONE_ONLY = "; at most one incrementing line may"
NO_HOLE = "; parts may have no hole: write a line of amount 0 for it if it is meant"
GIVE = "180 minutes are over; give line 1 the same window and free minutes, or say left-out"
WRITE_ONE = '; write one, or say "otherwise": "free" if that is meant'


def mistakes(*lines: dict[str, Any], **more: Any) -> list[str]:
    """What is said of a tariff whose hours without a line are not meant, unless `more` says so."""
    try:
        tariff(*lines, **{"otherwise": None} | more)
    except DocumentRefused as refused:
        return [mistake.removeprefix("tariff 1") for mistake in refused.mistakes]
    return []


def on(days: list[str], start: str, end: str, end_day: int = 0) -> dict[str, Any]:
    return {"days": days, "start": start, "end": end, "end_day": end_day}


def part(begins: str, to: str | None = None) -> dict[str, Any]:
    return {"from": begins, "to": to}


ALL_DAY = between("00:00", "24:00")


def test_lines_that_meet_but_do_not_overlap() -> None:
    assert (
        mistakes(hourly("2", window=between("07:00", "19:00")), hourly("1", window=between("19:00", "07:00", 1))) == []
    )
    assert mistakes(hourly("2", part=part("PT0S", "PT1H")), hourly("1", part=part("PT60M"))) == []
    weekend = [hourly("1", window=on(["sat"], "06:00", "06:00", 1)), hourly("1", window=on(["sun"], "06:00", "24:00"))]
    assert (
        mistakes(
            hourly("2", window=on(WORKDAYS, "00:00", "24:00")),
            hourly("0", window=on(["sat"], "00:00", "06:00")),
            *weekend,
        )
        == []
    )


def test_two_incrementing_lines_at_one_moment() -> None:
    evening = hourly("2", window=on(["mon"], "18:00", "20:00"))
    assert mistakes(hourly("1", window=ALL_DAY), night(), evening) == [
        f": lines 1 and 3 both apply on mon from 18:00 to 20:00{ONE_ONLY}"
    ]
    assert mistakes(hourly("1", window=NIGHT), hourly("1", window=between("05:59", "18:00"))) == [
        f": lines 1 and 2 both apply every day from 05:59 to 06:00{ONE_ONLY}"
    ]


def test_night_of_the_day_before_overlaps_a_morning() -> None:
    morning = hourly("2", window=on(["tue"], "04:00", "08:00"))
    assert mistakes(hourly("1", window=NIGHT), morning, otherwise="free") == [
        f": lines 1 and 2 both apply on tue from 04:00 to 06:00{ONE_ONLY}"
    ]


def test_special_day_overlaps_the_night_before_it() -> None:
    lines = hourly("1", window=NIGHT), hourly("3", window=on(["holiday"], "00:00", "24:00"))
    assert mistakes(*lines, special_days=CHRISTMAS, otherwise="free") == [
        f": lines 1 and 2 both apply on 2026-12-25 (holiday) from 00:00 to 06:00{ONE_ONLY}"
    ]
    assert mistakes(*lines, special_days={"2026-12-25": "fri"}, otherwise="free") == [
        ", line 2: unknown days: holiday; allowed: fri, mon, sat, sun, thu, tue, wed"
    ]


def test_parts_overlap() -> None:
    assert mistakes(hourly("1", part=part("PT0S", "PT1H1S")), hourly("2", part=part("PT1H"))) == [
        ": lines 1 and 2 both apply every day from 00:00 to 24:00, from 1 h 00 min to 1 h 00 min 1 s of the stay"
        + ONE_ONLY
    ]


@pytest.mark.parametrize("otherwise", [None, "free"])
def test_parts_with_a_hole_also_where_hours_without_a_line_are_free(otherwise: str | None) -> None:
    lines = hourly("1", part=part("PT0S", "PT1H")), hourly("2", part=part("PT90M"))
    assert mistakes(*lines, otherwise=otherwise) == [
        ": no line is for the part from 1 h 00 min to 1 h 30 min of the stay every day from 00:00 to 24:00" + NO_HOLE
    ]
    assert mistakes(*lines, hourly("0", part=part("PT1H", "PT90M")), otherwise=otherwise) == []


def test_parts_that_begin_late_or_end_early_are_free_if_that_is_meant() -> None:
    lines = [hourly("1", part=part("PT1H", "PT2H"))]
    assert mistakes(*lines, otherwise="free") == []
    assert mistakes(*lines) == [
        f": no line is for the part from {stretch} of the stay every day from 00:00 to 24:00{WRITE_ONE}"
        for stretch in ("0 h 00 min to 1 h 00 min", "2 h 00 min to the end")
    ]


def test_week_with_a_hole() -> None:
    assert mistakes(hourly("1", window=on([*WORKDAYS, "sat"], "00:00", "24:00"))) == [
        f": no line applies on sun from 00:00 to 24:00{WRITE_ONE}"
    ]
    assert mistakes(night()) == [f": no line applies every day from 06:00 to 18:00{WRITE_ONE}"]
    assert mistakes(night(), otherwise="free") == []
    assert mistakes(night(), hourly("1", window=between("06:00", "18:00"))) == []


def test_special_day_without_a_line_leaves_a_hole_to_the_end_of_its_night() -> None:
    assert mistakes(hourly("1", window=between("08:00", "08:00", 1)), special_days=CHRISTMAS) == [
        f": no line applies on 2026-12-26 (after holiday) from 00:00 to 08:00{WRITE_ONE}",
        f": no line applies on 2026-12-25 (holiday) from 08:00 to 24:00{WRITE_ONE}",
    ]
    assert mistakes(hourly("1"), special_days=CHRISTMAS) == []


def test_amount_that_is_due_once_fills_no_hole_unless_there_is_nothing_else() -> None:
    once = {"kind": "flat", "amount": "5"}
    assert mistakes(once) == []
    assert mistakes(once, hourly("1", window=between("00:00", "20:00"))) == [
        f": no line applies every day from 20:00 to 24:00{WRITE_ONE}"
    ]


def test_special_days_that_are_alike_are_told_once() -> None:
    special = {f"2026-{month:02}-{day:02}": "holiday" for month in range(1, 13) for day in range(1, 29)}
    assert mistakes(hourly("1", window=on(WEEK, "00:00", "24:00")), special_days=special) == [
        f": no line applies on 2026-01-01 (holiday), 2026-01-02 (holiday) from 00:00 to 24:00{WRITE_ONE}"
    ]


def test_absurd_amounts() -> None:
    caps = {"day": {"amount": "0.00"}, "h24": "10000.01"}
    assert mistakes(hourly("10000.000001", cap="0"), caps=caps) == [
        ", caps, day: is zero, so that nothing is ever due; leave it out where there is none",
        ", line 1, cap: is zero, so that nothing is ever due; leave it out where there is none",
        f", caps, h24: 10000.01 is absurd; at most {MAX_AMOUNT} is allowed",
        f", line 1, amount: 10000.000001 is absurd; at most {MAX_AMOUNT} is allowed",
    ]
    largest = str(MAX_AMOUNT)
    assert mistakes({"kind": "flat", "amount": largest, "cap": largest}, caps={"h24": largest}) == []


def test_increments_that_come_to_an_absurd_amount_a_day() -> None:
    assert mistakes({"kind": "incrementing", "amount": "1.50", "each": "PT1S"}) == [
        ", line 1: 1.50 each PT1S is 129600.00 in 24 hours, which is absurd; at most 10000 is allowed"
    ]
    assert mistakes({"kind": "incrementing", "amount": "10000", "each": "PT24H"}) == []
    assert len(mistakes({"kind": "incrementing", "amount": "10000", "each": "PT23H59M59S"})) == 1


FIRST = hourly("1.00", part=part("PT0S", "PT1H"), free=free(180, "when-gone"))
FIRST_LONG = {**FIRST, "each": "PT4H"}
LATER = hourly("5.00", part=part("PT1H"))


def test_free_minutes_that_once_gone_would_make_a_later_exit_cheaper() -> None:
    """€ 1 for four hours, once it is due, would take the place of two hours at € 5 that were due before."""
    assert mistakes(LATER, FIRST_LONG) == [
        ": lines 2 and 1: a later exit could cost less, since line 2, free when-gone, comes before line 1 once its "
        + GIVE
    ]
    assert len(mistakes({**LATER, "free": free(179, "when-gone")}, FIRST_LONG)) == 1
    assert len(mistakes({**LATER, "free": free(180, "when-gone"), "window": ALL_DAY}, FIRST_LONG)) == 1


def test_free_minutes_that_are_gone_for_both_parts_at_once() -> None:
    lines = {**LATER, "free": free(180, "when-gone")}, FIRST_LONG
    assert mistakes(*lines) == []
    amounts = [price(tariff(*lines), TZ, 0, hours * 3600 + 1).amount_cents for hours in range(8)]
    assert amounts == [0, 0, 0, 100, 600, 1100, 1600, 2100]


def test_free_minutes_of_a_later_part_take_nothing_away() -> None:
    lines = hourly("5.00", part=part("PT0S", "PT1H")), hourly("1.00", part=part("PT1H"), free=free(180, "when-gone"))
    assert mistakes(*lines) == []


def test_free_minutes_in_other_hours_than_the_later_part() -> None:
    lines = {**FIRST_LONG, "window": NIGHT}, {**LATER, "window": between("06:00", "18:00")}
    assert mistakes(*lines, otherwise="free") == []
    assert len(mistakes(lines[0], {**LATER, "window": between("05:59", "18:00")}, otherwise="free")) == 1


def test_lines_with_mistakes_of_their_own_are_left_out_of_the_week() -> None:
    """No line is said to leave a hole that a line with a mistake may fill."""
    lines = hourly("1", window=between("20:00", "08:00")), hourly("1", window=ALL_DAY), hourly("2", window=NIGHT)
    assert mistakes(*lines) == [
        ", line 1: the window ends at 08:00, not after its start 20:00; overnight needs end_day 1",
        f": lines 2 and 3 both apply every day from 00:00 to 06:00{ONE_ONLY}",
        f": lines 2 and 3 both apply every day from 18:00 to 24:00{ONE_ONLY}",
    ]
    assert len(mistakes(hourly("1", window=between("20:00", "08:00")))) == 1


def test_all_mistakes_of_a_tariff_are_told_at_once() -> None:
    at_noon = hourly("90000", window=on(["mon"], "12:00", "13:00"))
    after_an_hour = ": no line is for the part from 1 h 00 min to the end of the stay on"
    assert mistakes(hourly("1", part=part("PT0S", "PT1H")), at_noon, max_stay="PT0S") == [
        ": max_stay is zero; leave it out where there is none",
        ", line 2, amount: 90000 is absurd; at most 10000 is allowed",
        f": lines 1 and 2 both apply on mon from 12:00 to 13:00, from 0 h 00 min to 1 h 00 min of the stay{ONE_ONLY}",
        f"{after_an_hour} mon from 00:00 to 12:00{WRITE_ONE}",
        f"{after_an_hour} tue, wed, thu, fri, sat, sun from 00:00 to 24:00{WRITE_ONE}",
        f"{after_an_hour} mon from 13:00 to 24:00{WRITE_ONE}",
    ]
