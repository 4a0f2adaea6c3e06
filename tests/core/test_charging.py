"""What an exit tap adds to a stay's charges."""

import json
from dataclasses import replace
from typing import Any

import pytest

from terminal.core.charge import Flag, StayId
from terminal.core.charging import Due, Leaving, due, goes_on
from terminal.core.paid_stay import Newest, StayTold
from terminal.core.tariff.document import Tariffs
from terminal.core.tariff.explanation import MICRO_A_CENT, Line, What
from terminal.trust.documents import TARIFFS

NOON_S = 1_789_473_600
HOUR_S = 3600


def tariffs(**more: Any) -> Tariffs:
    hourly = {"kind": "incrementing", "amount": "1.50", "each": "PT1H"}
    one = {"number": 3, "from": "2026-01-01T00:00:00Z", "vat": "21", "lines": [hourly], **more}
    document = {"site": 4711, "currency": "EUR", "tz": "Europe/Amsterdam", "tariffs": [one]}
    return TARIFFS.parse(json.dumps(document).encode())


PLAIN = tariffs(exit_grace="PT10M", reentry_gap="PT30M")
STAY = StayTold(stay=StayId(b"EPOC", 17), inside=True, entered_ms=NOON_S * 1000, zone=1, lane=1, tariff=3)


def at(seconds: int, **more: Any) -> Leaving:
    return Leaving(**{"latest_s": NOON_S + seconds, "earliest_s": NOON_S + seconds, **more})


def cents(of: Due | None) -> tuple[int, int]:
    assert of is not None
    assert sum(line.amount_micro for line in of.lines) == of.total_cents * MICRO_A_CENT
    return of.total_cents, of.earlier_cents


def test_grace_ends_with_its_last_second() -> None:
    charged = replace(STAY, last_exit_ms=(NOON_S + HOUR_S) * 1000, charged_cents=150)
    assert due(Newest(charged), PLAIN, at(HOUR_S + 600)) is None
    assert cents(due(Newest(charged), PLAIN, at(HOUR_S + 601))) == (300, 150)


def test_gap_ends_before_its_last_second() -> None:
    left = replace(STAY, inside=False, last_exit_ms=(NOON_S + HOUR_S) * 1000, charged_cents=150)
    assert goes_on(Newest(left), PLAIN, NOON_S + HOUR_S + 1799) == left
    assert goes_on(Newest(left), PLAIN, NOON_S + HOUR_S + 1800) is None


def test_passenger_pays_where_the_tariff_is_per_person() -> None:
    rides = replace(STAY, passenger=True)
    assert due(Newest(rides), PLAIN, at(HOUR_S)) is None
    assert cents(due(Newest(rides), tariffs(per="person"), at(HOUR_S))) == (150, 0)


def test_nothing_past_the_moment_at_which_it_was_certain() -> None:
    uncertain = replace(STAY, certain_until_ms=(NOON_S + 2 * HOUR_S) * 1000)
    charged = due(Newest(uncertain), PLAIN, at(9 * HOUR_S))
    assert cents(charged) == (300, 0)
    assert charged is not None
    assert charged.flags == (Flag.NOT_CERTAIN,)


def test_what_was_charged_before_it_became_uncertain_stands() -> None:
    uncertain = replace(STAY, certain_until_ms=(NOON_S + HOUR_S) * 1000, last_exit_ms=(NOON_S + 5 * HOUR_S) * 1000,
                        charged_cents=750)  # fmt: skip
    charged = due(Newest(uncertain), PLAIN, at(9 * HOUR_S))
    assert cents(charged) == (750, 750)


@pytest.mark.parametrize(
    ("earliest_s", "total"), [(9 * HOUR_S, 1350), (2 * HOUR_S, 300), (-HOUR_S, 0)], ids=["read", "cheaper", "before"]
)
def test_doubtful_clock_is_charged_to_what_it_cannot_have_been_before_and_says_so(earliest_s: int, total: int) -> None:
    charged = due(Newest(STAY), PLAIN, at(9 * HOUR_S, earliest_s=NOON_S + earliest_s, doubtful=True))
    assert cents(charged) == (total, 0)
    assert charged is not None
    assert charged.flags == (Flag.CLOCK_DOUBTFUL,)


def test_clock_that_was_set_back_to_before_the_entry_charges_nothing_and_says_so() -> None:
    charged = due(Newest(STAY), PLAIN, at(-60))
    assert cents(charged) == (0, 0)
    assert charged is not None
    assert charged.flags == (Flag.CLOCK_DOUBTFUL,)


def test_tariff_that_is_not_known_here_charges_nothing_and_says_so() -> None:
    for of in (due(Newest(replace(STAY, tariff=9)), PLAIN, at(HOUR_S)), due(Newest(STAY), None, at(HOUR_S))):
        assert cents(of) == (0, 0)
        assert of is not None
        assert of.flags == (Flag.NO_TARIFF,)


def test_stay_that_does_not_say_its_tariff_has_the_one_in_force_at_its_entry() -> None:
    assert cents(due(Newest(replace(STAY, tariff=None)), PLAIN, at(HOUR_S))) == (150, 0)


def test_stay_that_is_closed_and_one_that_is_unknown_are_charged_nothing() -> None:
    for found in (Newest(None), Newest(replace(STAY, inside=False), disagree=True)):
        of = due(found, PLAIN, at(HOUR_S))
        assert of is not None
        assert of.flags[0] is Flag.ENTRY_UNKNOWN
        assert cents(of) == (0, 0)


def test_long_explanation_is_summed_up_so_that_an_entry_can_hold_it() -> None:
    alternating = tariffs(
        lines=[
            {"kind": "incrementing", "amount": amount, "each": "PT1H",
             "window": {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "start": start, "end": end}}
            for amount, start, end in (("1.00", "00:00", "12:00"), ("2.00", "12:00", "24:00"))
        ]
    )  # fmt: skip
    charged = due(Newest(STAY), alternating, at(300 * 24 * HOUR_S))
    assert charged is not None
    assert len(charged.lines) == 200
    assert charged.lines[-2].what is What.SHORTENED
    assert cents(charged) == (300 * 3600, 0)


def test_earlier_charges_are_a_line_where_nothing_is_added() -> None:
    charged = due(Newest(replace(STAY, tariff=9, charged_cents=450)), PLAIN, at(HOUR_S))
    assert charged is not None
    assert charged.lines == (Line(NOON_S, What.SHORTENED, None, 1, 4_500_000),)
