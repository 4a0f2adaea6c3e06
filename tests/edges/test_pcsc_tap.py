"""One conversation with a card: its budget, cards that hang, other programs; on the real PC/SC daemon."""

import pytest
from smartcard import scard

from simulation.vpcd import VirtualReaderSlot
from terminal.edges.pcsc_card import pcsc_context, pcsc_turn
from terminal.ports import CardLost, CardTransport, ReaderState
from tests.edges.pcsc_rig import (
    GET_UID,
    LINGERS,
    OTHER_READER,
    PATIENCE_S,
    PRESENTED,
    QUICKLY_STUCK_S,
    READER,
    READY,
    REMOVED,
    STUCK,
    Card,
    Latch,
    Owner,
    held_up,
    read_name,
    tapped,
    watching,
)

pytestmark = pytest.mark.pcsc


def test_card_pulled_away_before_it_answers(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch)
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(card)
        latch.wait_arrived()
        slot.remove()
        presented, (_, result), removed = owner.next(3)
        latch.open()
    assert (presented, removed) == (PRESENTED, REMOVED)
    assert str(result).startswith("lost: ")


def test_card_answers_after_the_budget(slot: VirtualReaderSlot) -> None:
    owner = Owner(lambda card: f"{read_name(card)} | {read_name(card)}")
    card = Card(b"slow")
    latch = Latch()
    card.answer = held_up(latch, b"slow\x90\x00")
    with watching(owner, tap_budget_s=1.0, let_go_s=QUICKLY_STUCK_S):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(3) == [
            PRESENTED,
            tapped(
                f"lost: no answer from the card on {READER} within 1 s; hold it there and still"
                f" | lost: the conversation with the card on {READER} is over"
            ),
            STUCK,
        ]
        latch.open()  # the driver hung until now, and the tap did not wait for it
        assert owner.next() == [READY]
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(Card(b"quick"))
        assert owner.next(2) == [PRESENTED, tapped("quick | quick")]
    assert card.commands == [GET_UID]


@pytest.mark.parametrize(("used_s", "outcome"), [(60.0, "card"), (120.0, "lost")])  # what is left is waited for
def test_budget_used_up_between_two_apdus(slot: VirtualReaderSlot, used_s: float, outcome: str) -> None:
    now_s = 0.0

    def tap(card: CardTransport) -> str:
        nonlocal now_s
        read_name(card)
        now_s = used_s
        return read_name(card)[:4]

    owner = Owner(tap)
    card = Card()
    with watching(owner, tap_budget_s=120.0, linger_s=1.0, monotonic_s=lambda: now_s):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(3) == [PRESENTED, tapped(outcome), LINGERS]  # the last is said once the card is let go
    assert len(card.commands) == (2 if outcome == "card" else 1), "a command was sent past the budget"


def test_answer_that_arrives_past_the_budget_is_not_believed(slot: VirtualReaderSlot) -> None:
    now_s = 0.0

    def answer() -> bytes:
        nonlocal now_s
        now_s = 2.001
        return b"late\x90\x00"

    owner = Owner(lambda card: read_name(card)[:4])
    card = Card()
    card.answer = answer
    with watching(owner, tap_budget_s=2.0, monotonic_s=lambda: now_s):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(2) == [PRESENTED, tapped("lost")]


def test_transport_kept_after_its_tap_reaches_no_card(slot: VirtualReaderSlot) -> None:
    kept: list[CardTransport] = []
    owner = Owner(kept.append)
    first, second = Card(b"first"), Card(b"second")
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(first)
        assert owner.next(2) == [PRESENTED, tapped(None)]
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(second)
        assert owner.next(2) == [PRESENTED, tapped(None)]
        with pytest.raises(CardLost, match="is over"):
            kept[0].transceive(GET_UID)
    assert (first.commands, second.commands) == ([], [])


def test_card_that_waits_for_its_turn_longer_than_its_budget_is_read(slot: VirtualReaderSlot) -> None:
    now_s = [0.0]

    def wait_then_tap(card: CardTransport) -> str:
        now_s[0] += 100.0
        return read_name(card)

    owner = Owner(wait_then_tap)
    with watching(owner, tap_budget_s=2.0, linger_s=1000.0, monotonic_s=lambda: now_s[0]):
        assert owner.next() == [READY]
        slot.insert(Card())
        assert owner.next(2) == [PRESENTED, tapped("card")]


def test_other_program_holds_the_card(slot: VirtualReaderSlot) -> None:
    latch = Latch()

    def tap_later(card: CardTransport) -> str:
        latch.pass_through()
        return read_name(card)

    owner = Owner(tap_later)
    with watching(owner), pcsc_context() as context:
        assert owner.next() == [READY]
        slot.insert(Card())
        latch.wait_arrived()
        with pcsc_turn():
            result, _, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
        assert result == scard.SCARD_S_SUCCESS
        latch.open()
        assert owner.next(2) == [PRESENTED, tapped(f"lost: no card to speak to in {READER}: Sharing violation")]


def test_other_program_cannot_break_into_a_tap(slot: VirtualReaderSlot) -> None:
    latch = Latch()

    def slow_tap(card: CardTransport) -> str:
        read_name(card)
        latch.pass_through()
        return read_name(card)

    owner = Owner(slow_tap)
    with watching(owner), pcsc_context() as context:
        assert owner.next() == [READY]
        slot.insert(Card())
        latch.wait_arrived()
        with pcsc_turn():
            result, _, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
        latch.open()
        assert result == scard.SCARD_E_SHARING_VIOLATION
        assert owner.next(2) == [PRESENTED, tapped("card")]


def test_hanging_card_on_one_reader_leaves_the_other_alone(
    slot: VirtualReaderSlot, other_slot: VirtualReaderSlot
) -> None:
    hanging, fine = Owner(), Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch)
    with watching(hanging, tap_budget_s=2.0, let_go_s=QUICKLY_STUCK_S), watching(fine, OTHER_READER):
        assert (hanging.next(), fine.next()) == ([READY], [(ReaderState.READY, OTHER_READER)])
        slot.insert(card)
        latch.wait_arrived()
        other_slot.insert(Card(b"fine"))
        assert fine.next(2) == [("presented", OTHER_READER), tapped("fine")]
        assert hanging.next() == [PRESENTED], "its tap had ended before the other card came"
        latch.open()


def test_stop_while_a_card_hangs_in_the_driver(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch)
    with watching(owner, tap_budget_s=0.1, let_go_s=QUICKLY_STUCK_S) as loop:
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(3)[2] == STUCK
        assert loop.stop(PATIENCE_S)
    latch.open()  # the card hung until now
