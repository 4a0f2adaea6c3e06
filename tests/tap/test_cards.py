"""Whatever a card does: it never opens the barrier unless it is authentic, and never takes the lane with it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.card import FaultyCard, Mute, PullAway, When, wrong_mac
from simulation.vpcd import InsertedCard
from terminal.core.barrier_words import Phase, Side
from terminal.ports import CardLost
from tests.card.chips import Held, Says
from tests.simulation_board.board_process import BoardProcess
from tests.tap.one_lane import Lanes, OneLane, pulses, said
from tests.tap.site import Site

APDUS = 4


@pytest.mark.parametrize("when", [When.UNHEARD, When.UNANSWERED])
@pytest.mark.parametrize("apdu", range(1, APDUS + 1))
def test_card_pulled_away_is_unreadable_and_the_next_tap_is_admitted(
    apdu: int, when: When, one_lane: Lanes, site: Site, board: BoardProcess
) -> None:
    card = site.card("anna")
    with one_lane() as lane:
        assert said(lane.tap(FaultyCard(card, PullAway(apdu, when=when)))) == ("refuse", "unreadable")
        assert pulses(board) == []
        assert said(lane.tap(card)) == ("admit", "ok")
        assert [facts["detail"] for _, facts in lane.told() if "detail" in facts] == ["card-lost", "read-key-newest"]
    assert len(pulses(board)) == 1


def test_card_pulled_away_after_its_last_answer_is_admitted(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    card = FaultyCard(site.card("anna"), PullAway(APDUS, when=When.ANSWERED))
    with one_lane() as lane:
        assert said(lane.tap(card)) == ("admit", "ok")


@pytest.mark.parametrize("apdu", range(1, APDUS + 1))
def test_card_that_stays_mute_is_unreadable(apdu: int, one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane() as lane:
        assert said(lane.tap(FaultyCard(site.card("anna"), Mute(apdu)))) == ("refuse", "unreadable")
    assert pulses(board) == []


def test_nothing_is_believed_of_an_answer_with_a_wrong_mac(one_lane: Lanes, site: Site, board: BoardProcess) -> None:
    with one_lane() as lane:
        assert said(lane.tap(FaultyCard(site.card("anna"), wrong_mac(APDUS)))) == ("refuse", "unreadable")
    assert pulses(board) == []


answers = st.lists(
    st.one_of(
        st.none(),
        st.binary(max_size=260),
        st.tuples(st.binary(max_size=256), st.sampled_from([0x9000, 0x9100, 0x91AF, 0x91AE, 0x9140, 0x6A82])).map(
            lambda answer: answer[0] + answer[1].to_bytes(2)
        ),
        st.binary(min_size=7, max_size=7).map(lambda uid: uid + b"\x90\x00"),
    ),
    max_size=12,
)


class AnyTransport:
    """A transport that gives these answers, however short, and then none."""

    def __init__(self, said: list[bytes | None]) -> None:
        self._said = iter(said)

    def transceive(self, _apdu: bytes) -> tuple[bytes, int]:
        answer = next(self._said, None)
        if answer is None:
            raise CardLost("no answer")
        return answer[:-2], int.from_bytes(answer[-2:])


@pytest.fixture
def lane(one_lane: Lanes) -> OneLane:
    return one_lane()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(said_by_card=answers)
def never_opens(lane: OneLane, board: BoardProcess, said_by_card: list[bytes | None]) -> None:
    answer = lane.taps.tap("front", Side.ENTRY, AnyTransport(said_by_card))
    assert answer.decision is not None
    assert answer.decision.outcome.value == "refuse"
    assert pulses(board) == []


def test_no_bytes_from_a_card_open_the_barrier_nor_break_the_tap(lane: OneLane, board: BoardProcess) -> None:
    with lane:
        never_opens(lane, board)
        assert lane.phases == [Phase.CLOSED]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(spoiled_answer=st.tuples(st.integers(0, APDUS), st.integers(0, 250), st.binary(max_size=260)))
def opens_only_for_what_the_chip_said(
    lane: OneLane, board: BoardProcess, genuine: InsertedCard, spoiled_answer: tuple[int, int, bytes]
) -> None:
    """One answer of a genuine card, the first being its UID, begins as it should and ends otherwise."""
    place, head, rest = spoiled_answer
    places = iter(range(APDUS + 1))

    def answer(command: bytes) -> bytes | None:
        true = genuine.apdu(command)
        if next(places) != place or true is None:
            return true
        spoiled = true[:head] + rest
        return spoiled if spoiled != true else true + b"\x00"

    told = said(lane.taps.tap("front", Side.ENTRY, Held(Says(answer))))
    assert told is not None
    assert told[0] == "refuse"
    assert pulses(board) == []


def test_one_answer_of_a_genuine_card_replaced_opens_nothing(lane: OneLane, board: BoardProcess, site: Site) -> None:
    with lane:
        opens_only_for_what_the_chip_said(lane, board, site.card("anna"))
        assert lane.phases == [Phase.CLOSED]
