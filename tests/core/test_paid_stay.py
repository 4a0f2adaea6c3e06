"""Of what the sources say of a card's stay, the latest entry counts, and whoever knows of the later exit."""

from dataclasses import replace

from terminal.core.charge import StayId
from terminal.core.paid_stay import Newest, StayTold, newest

NOON_MS = 1_789_473_600_000
HOUR_MS = 3_600_000
INSIDE = StayTold(stay=StayId(b"EPOC", 17), inside=True, entered_ms=NOON_MS, zone=1, lane=1, tariff=3)
LEFT = replace(INSIDE, inside=False, last_exit_ms=NOON_MS + HOUR_MS, charged_cents=150)
BACKED_OUT = replace(LEFT, inside=True)
EARLIER = replace(INSIDE, stay=StayId(b"OTHE", 4), entered_ms=NOON_MS - 5 * HOUR_MS)
EARLIER_LEFT = replace(EARLIER, inside=False, last_exit_ms=NOON_MS - 2 * HOUR_MS, charged_cents=450)


def test_nobody_knows_anything() -> None:
    assert newest({}) == Newest(None)


def test_all_say_the_same() -> None:
    assert newest({"card": INSIDE, "terminal": INSIDE}) == Newest(INSIDE)


def test_latest_entry_counts_and_who_is_behind_does_not_disagree() -> None:
    assert newest({"card": EARLIER_LEFT, "terminal": INSIDE}) == Newest(INSIDE)


def test_source_that_says_left_after_the_latest_entry_closes_it() -> None:
    left_later = replace(EARLIER_LEFT, last_exit_ms=NOON_MS + 1)
    assert newest({"card": left_later, "terminal": INSIDE}) == Newest(replace(INSIDE, inside=False), disagree=True)


def test_source_that_says_left_at_the_very_entry_closes_it_too() -> None:
    assert newest({"card": replace(EARLIER_LEFT, last_exit_ms=NOON_MS), "terminal": INSIDE}).stay == replace(
        INSIDE, inside=False
    )


def test_source_that_saw_the_exit_knows_more_than_a_torn_card() -> None:
    assert newest({"card": INSIDE, "terminal": LEFT}) == Newest(LEFT)


def test_card_says_left_at_the_tap_and_the_terminal_knows_that_he_backed_out() -> None:
    assert newest({"card": LEFT, "terminal": BACKED_OUT}) == Newest(BACKED_OUT)


def test_who_came_back_after_that_exit_is_inside() -> None:
    came_back = replace(LEFT, inside=True)
    assert newest({"card": came_back, "headquarters": LEFT}) == Newest(came_back)


def test_stay_that_never_ended_beside_a_later_one_is_a_disagreement() -> None:
    assert newest({"card": EARLIER, "terminal": INSIDE}) == Newest(INSIDE, disagree=True)


def test_sources_that_name_other_amounts_for_the_same_exit_disagree_and_nothing_is_charged_twice() -> None:
    found = newest({"card": replace(LEFT, charged_cents=0), "terminal": LEFT})
    assert found.stay is not None
    assert (found.stay.charged_cents, found.disagree) == (150, True)


def test_passenger_by_one_source_is_charged_nothing() -> None:
    found = newest({"card": replace(INSIDE, passenger=True), "terminal": INSIDE})
    assert found.stay is not None
    assert found.stay.passenger


def test_first_moment_that_any_source_calls_uncertain_counts() -> None:
    one, other = (replace(INSIDE, certain_until_ms=NOON_MS + ms) for ms in (5, 3))
    found = newest({"card": one, "headquarters": other, "terminal": INSIDE})
    assert found.stay is not None
    assert found.stay.certain_until_ms == NOON_MS + 3


def test_exit_is_compared_by_the_second_since_the_card_knows_no_more() -> None:
    by_card = replace(LEFT, last_exit_ms=(NOON_MS + HOUR_MS) // 1000 * 1000)
    by_terminal = replace(BACKED_OUT, last_exit_ms=NOON_MS + HOUR_MS + 999)
    assert newest({"card": by_card, "terminal": by_terminal}).stay == by_terminal
