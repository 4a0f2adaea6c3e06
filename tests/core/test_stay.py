"""What the end of a passage means for who is inside."""

import pytest

from terminal.core.barrier_words import Result, Side
from terminal.core.stay import Stay, StayChange, StayClosed, StayNeutral, StayOpened, after_passage
from tests.core.people import EAN, credential

CARD = credential()
STAY = Stay(zone=1, lane=2, entered_ms=77, intent=5)
UNCERTAIN = Stay(zone=1, lane=2, entered_ms=77, intent=5, neutral=True)


@pytest.mark.parametrize(
    ("result", "side", "change"),
    [
        (Result.PASSED, Side.ENTRY, StayOpened(CARD.card_number, EAN, STAY)),
        (Result.ASSUMED, Side.ENTRY, StayOpened(CARD.card_number, EAN, STAY)),
        (Result.UNKNOWN, Side.ENTRY, StayOpened(CARD.card_number, EAN, UNCERTAIN)),
        (Result.NO_SHOW, Side.ENTRY, None),
        (Result.BACKED_OUT, Side.ENTRY, None),
        (Result.PASSED, Side.EXIT, StayClosed(CARD.card_number, 77)),
        (Result.ASSUMED, Side.EXIT, StayClosed(CARD.card_number, 77)),
        (Result.UNKNOWN, Side.EXIT, StayNeutral(CARD.card_number)),
        (Result.NO_SHOW, Side.EXIT, None),
        (Result.BACKED_OUT, Side.EXIT, None),
    ],
)
def test_stay_follows_the_passage(result: Result, side: Side, change: StayChange | None) -> None:
    assert after_passage(result, side, CARD, STAY) == change
