"""The reader loop on the real PC/SC daemon: cards that come, stay and go."""

import threading

import pytest
from smartcard import scard

from simulation.pcscd import PcscDaemon
from simulation.vpcd import VirtualReaderSlot
from terminal.edges.pcsc_card import pcsc_context, pcsc_turn
from terminal.ports import CardTransport, ReaderState
from tests.edges.pcsc_rig import (
    GET_UID,
    LINGERS,
    OTHER_READER,
    PATIENCE_S,
    PRESENTED,
    READER,
    READY,
    REMOVED,
    Card,
    Latch,
    Owner,
    daemon_sees,
    read_name,
    tapped,
    watching,
)

pytestmark = pytest.mark.pcsc


def test_one_tap_from_coming_to_leaving(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    card = Card()
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(2) == [PRESENTED, tapped("card")]
        slot.remove()
        assert owner.next() == [REMOVED]
    assert card.commands == [GET_UID], "the loop sends nothing of its own"
    assert {owner.beats.get_nowait() for _ in range(owner.beats.qsize())} == {f"reader:{READER}"}
    assert owner.events.empty()
    assert owner.errors.empty()


def test_card_left_lying_is_one_tap_and_lingers_once(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    with watching(owner, linger_s=0.3):
        assert owner.next() == [READY]
        slot.insert(Card())
        assert owner.next(3) == [PRESENTED, tapped("card"), LINGERS]
        with pcsc_context() as context:  # its coming and going wakes the loop, as time does
            for _ in range(3):
                with pcsc_turn():
                    shared, any_protocol = scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1
                    _, handle, _ = scard.SCardConnect(context, READER, shared, any_protocol)
                    scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(Card(b"next"))
        assert owner.next(3) == [PRESENTED, tapped("next"), LINGERS]


def test_card_lying_there_at_start_is_no_tap_but_lingers(slot: VirtualReaderSlot) -> None:
    slot.insert(Card(b"forgotten"))
    daemon_sees(scard.SCARD_STATE_PRESENT)
    owner = Owner()
    with watching(owner, linger_s=0.2):
        assert owner.next(2) == [READY, LINGERS]
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(Card(b"next"))
        assert owner.next(2) == [PRESENTED, tapped("next")]


def test_card_swapped_quickly_is_two_taps(slot: VirtualReaderSlot) -> None:
    latch = Latch()

    def slow_tap(card: CardTransport) -> str:
        name = read_name(card)
        latch.pass_through()
        return name

    owner = Owner(slow_tap)
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(Card(b"first"))
        latch.wait_arrived()
        slot.remove()
        daemon_sees(scard.SCARD_STATE_EMPTY)
        slot.insert(Card(b"second"))
        daemon_sees(scard.SCARD_STATE_PRESENT)
        latch.open()
        assert owner.next(5) == [PRESENTED, tapped("first"), REMOVED, PRESENTED, tapped("second")]


def test_mute_card_is_a_tap_that_cannot_be_read(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(Card(atr=bytes(40)))  # longer than any answer to reset may be: the reader cannot power it up
        presented, (_, result) = owner.next(2)
        assert presented == PRESENTED
        assert str(result).startswith(f"lost: no card to speak to in {READER}: ")
        slot.remove()
        assert owner.next() == [REMOVED]


def test_two_readers_at_once(slot: VirtualReaderSlot, other_slot: VirtualReaderSlot) -> None:
    meeting = threading.Barrier(2, timeout=PATIENCE_S)

    def tap(card: CardTransport) -> str:
        meeting.wait()  # passed only while the other reader's tap is under way as well
        return read_name(card)

    left, right = Owner(tap), Owner(tap)
    with watching(left), watching(right, OTHER_READER):
        assert (left.next(), right.next()) == ([READY], [(ReaderState.READY, OTHER_READER)])
        slot.insert(Card(b"left"))
        other_slot.insert(Card(b"right"))
        assert left.next(2) == [PRESENTED, tapped("left")]
        assert right.next(2) == [("presented", OTHER_READER), tapped("right")]


def test_tap_that_raises_is_reported_and_the_loop_goes_on(slot: VirtualReaderSlot) -> None:
    mistake = ValueError("a mistake in the tap")

    def failing_tap(card: CardTransport) -> object:
        owner.tap = read_name
        raise mistake

    owner = Owner(failing_tap)
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(Card())
        assert owner.next() == [PRESENTED]
        assert owner.errors.get(timeout=PATIENCE_S) == (READER, mistake)
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(Card(b"next"))
        assert owner.next(2) == [PRESENTED, tapped("next")]


def test_stop_does_not_wait_for_a_turn(pcscd: PcscDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.edges.pcsc.TURN_S", 10 * PATIENCE_S)
    owner = Owner()
    with watching(owner) as loop:
        assert owner.next() == [READY]
        assert loop.stop(PATIENCE_S)
