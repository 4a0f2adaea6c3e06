"""What the end of a passage means for who is inside."""

from typing import Literal

import pytest

from terminal.core.barrier_words import Result
from terminal.core.stay import Stay, StayChange, StayClosed, StayNeutral, StayOpened, after_passage
from tests.core.people import EAN, credential

CARD = credential()
STAY = Stay(zone=1, lane=2, entered_ms=77, intent=5)
UNCERTAIN = Stay(zone=1, lane=2, entered_ms=77, intent=5, neutral=True)


@pytest.mark.parametrize(
    ("result", "direction", "change"),
    [
        (Result.PASSED, "entry", StayOpened(CARD.card_number, EAN, STAY)),
        (Result.ASSUMED, "entry", StayOpened(CARD.card_number, EAN, STAY)),
        (Result.UNKNOWN, "entry", StayOpened(CARD.card_number, EAN, UNCERTAIN)),
        (Result.NO_SHOW, "entry", None),
        (Result.BACKED_OUT, "entry", None),
        (Result.PASSED, "exit", StayClosed(CARD.card_number, 77)),
        (Result.ASSUMED, "exit", StayClosed(CARD.card_number, 77)),
        (Result.UNKNOWN, "exit", StayNeutral(CARD.card_number)),
        (Result.NO_SHOW, "exit", None),
        (Result.BACKED_OUT, "exit", None),
    ],
)
def test_stay_follows_the_passage(
    result: Result, direction: Literal["entry", "exit"], change: StayChange | None
) -> None:
    assert after_passage(result, direction, CARD, STAY) == change
