"""The reader loop on the real PC/SC daemon, through what happens to readers and cards in the field."""

import threading
import time
from collections.abc import Iterator

import pytest
from smartcard import scard

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.edges.pcsc import find_reader, readers_present
from terminal.ports import CardLost, CardTransport, ReaderState
from tests.edges.pcsc_rig import (
    GET_UID,
    OTHER_READER,
    PATIENCE_S,
    READER,
    Card,
    Latch,
    Owner,
    daemon_sees,
    held_up,
    other_program,
    read_name,
    watching,
)

pytestmark = pytest.mark.pcsc

READY = (ReaderState.READY, READER)
ABSENT = (ReaderState.ABSENT, READER)
NO_DAEMON = (ReaderState.NO_DAEMON, READER)
STUCK = (ReaderState.STUCK, READER)
PRESENTED = ("presented", READER)
REMOVED = ("removed", READER)
LINGERS = ("lingers", READER)


def tapped(result: object) -> tuple[object, ...]:
    return ("tapped", result)


@pytest.fixture
def own_pcscd(pcscd: PcscDaemon) -> Iterator[PcscDaemon]:
    """The daemon, for tests that kill it."""
    if not pcscd.owned:
        pytest.skip("the PC/SC daemon of this machine was started by somebody else and is not killed")
    yield pcscd
    pcscd.stop()
    pcscd.start()


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
        with other_program() as context:  # its coming and going wakes the loop, as time does
            for _ in range(3):
                _, handle, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
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
    took_s = []

    def timed_tap(card: CardTransport) -> str:
        began_s = time.monotonic()
        names = read_name(card), read_name(card)
        took_s.append(time.monotonic() - began_s)
        return " | ".join(names)

    owner = Owner(timed_tap)
    card = Card(b"slow")
    latch = Latch()
    card.answer = held_up(latch, b"slow\x90\x00")
    with watching(owner, tap_budget_s=0.3):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(3) == [
            PRESENTED,
            tapped(
                f"lost: no answer from the card on {READER} within 0.3 s; hold it there and still"
                f" | lost: the conversation with the card on {READER} is over"
            ),
            STUCK,
        ]
        assert took_s[0] < 0.5, "the tap waited for a driver that hung"
        latch.open()
        assert owner.next() == [READY]
        slot.remove()
        assert owner.next() == [REMOVED]
        slot.insert(Card(b"quick"))
        assert owner.next(2) == [PRESENTED, tapped("quick | quick")]
    assert card.commands == [GET_UID]


@pytest.mark.parametrize(("used_s", "outcome"), [(1.999, "card"), (2.0, "lost")])
def test_budget_used_up_between_two_apdus(slot: VirtualReaderSlot, used_s: float, outcome: str) -> None:
    now_s = 0.0

    def tap(card: CardTransport) -> str:
        nonlocal now_s
        read_name(card)
        now_s = used_s
        return read_name(card)[:4]

    owner = Owner(tap)
    card = Card()
    with watching(owner, monotonic_s=lambda: now_s):
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(2) == [PRESENTED, tapped(outcome)]
        now_s = 100.0  # so that the wait for the end does not stand still
        assert len(card.commands) == (2 if outcome == "card" else 1), "nothing is sent once the budget is used up"


def test_answer_that_arrives_past_the_budget_is_not_believed(slot: VirtualReaderSlot) -> None:
    now_s = 0.0

    def answer() -> bytes:
        nonlocal now_s
        now_s = 2.001
        return b"late\x90\x00"

    owner = Owner(lambda card: read_name(card)[:4])
    card = Card()
    card.answer = answer
    with watching(owner, monotonic_s=lambda: now_s):
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


def test_other_program_holds_the_card(slot: VirtualReaderSlot) -> None:
    latch = Latch()

    def tap_later(card: CardTransport) -> str:
        latch.pass_through()
        return read_name(card)

    owner = Owner(tap_later)
    with watching(owner), other_program() as context:
        assert owner.next() == [READY]
        slot.insert(Card())
        latch.wait_arrived()
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
    with watching(owner), other_program() as context:
        assert owner.next() == [READY]
        slot.insert(Card())
        latch.wait_arrived()
        result, _, _ = scard.SCardConnect(context, READER, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T1)
        latch.open()
        assert result == scard.SCARD_E_SHARING_VIOLATION
        assert owner.next(2) == [PRESENTED, tapped("card")]


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


def test_hanging_card_on_one_reader_leaves_the_other_alone(
    slot: VirtualReaderSlot, other_slot: VirtualReaderSlot
) -> None:
    hanging, fine = Owner(), Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch)
    with watching(hanging), watching(fine, OTHER_READER):
        assert (hanging.next(), fine.next()) == ([READY], [(ReaderState.READY, OTHER_READER)])
        slot.insert(card)
        latch.wait_arrived()
        other_slot.insert(Card(b"fine"))
        assert fine.next(2) == [("presented", OTHER_READER), tapped("fine")]
        assert hanging.next() == [PRESENTED], "its tap had ended before the other card came"
        latch.open()


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


def test_stop_does_not_wait_for_a_turn(pcscd: PcscDaemon) -> None:
    owner = Owner()
    with watching(owner) as loop:
        assert owner.next() == [READY]
        began_s = time.monotonic()
        assert loop.stop()
        assert time.monotonic() - began_s < 0.2


def test_stop_while_a_card_hangs_in_the_driver(slot: VirtualReaderSlot) -> None:
    owner = Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch)
    with watching(owner, tap_budget_s=0.1) as loop:
        assert owner.next() == [READY]
        slot.insert(card)
        assert owner.next(3)[2] == STUCK
        began_s = time.monotonic()
        assert loop.stop()
        assert time.monotonic() - began_s < 0.3
    latch.open()


def test_daemon_killed_between_two_taps(slot: VirtualReaderSlot, own_pcscd: PcscDaemon) -> None:
    owner = Owner()
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(Card(b"first"))
        assert owner.next(2) == [PRESENTED, tapped("first")]
        slot.remove()
        assert owner.next() == [REMOVED]
        own_pcscd.kill()
        assert owner.next() == [NO_DAEMON]
        own_pcscd.start()
        assert owner.next() == [READY]
        slot.insert(Card(b"second"))
        assert owner.next(2) == [PRESENTED, tapped("second")]


def test_daemon_killed_in_the_middle_of_a_tap(slot: VirtualReaderSlot, own_pcscd: PcscDaemon) -> None:
    owner = Owner()
    card = Card()
    latch = Latch()
    card.answer = held_up(latch, b"card\x90\x00")
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(card)
        latch.wait_arrived()
        own_pcscd.kill()
        presented, (_, result), no_daemon = owner.next(3)
        assert (presented, no_daemon) == (PRESENTED, NO_DAEMON)
        assert str(result).startswith("lost: ")
        latch.open()
        own_pcscd.start()
        # the driver still holds his card there and waits: he need not lift it
        assert owner.next(4) == [READY, REMOVED, PRESENTED, tapped("card")]


def test_card_lies_there_through_a_restart_of_the_daemon(slot: VirtualReaderSlot, own_pcscd: PcscDaemon) -> None:
    owner = Owner()
    with watching(owner):
        assert owner.next() == [READY]
        slot.insert(Card())
        assert owner.next(2) == [PRESENTED, tapped("card")]
        own_pcscd.kill()
        assert owner.next() == [NO_DAEMON]
        own_pcscd.start()
        assert owner.next(4) == [READY, REMOVED, PRESENTED, tapped("card")]


def test_daemon_absent_at_start_is_tried_for_ever_less_often(own_pcscd: PcscDaemon) -> None:
    own_pcscd.kill()
    owner = Owner()
    with watching(owner):
        assert owner.next() == [NO_DAEMON]
        began_s = time.monotonic()
        for _ in range(5):
            owner.beats.get(timeout=PATIENCE_S)
        assert time.monotonic() - began_s > 0.05 + 0.1 + 0.2 + 0.3, "the loop is busy doing nothing"
        own_pcscd.start()
        assert owner.next() == [READY]


def test_reader_unplugged_and_plugged_in_again(slot: VirtualReaderSlot, own_pcscd: PcscDaemon) -> None:
    owner = Owner()
    with watching(owner):
        assert owner.next() == [READY]
        own_pcscd.kill()
        own_pcscd.start(unplugged=True)
        assert owner.next(2) == [NO_DAEMON, ABSENT]
        assert readers_present() == ()
        own_pcscd.stop()
        own_pcscd.start()
        assert owner.next(2) == [NO_DAEMON, READY]
        slot.insert(Card())
        assert owner.next(2) == [PRESENTED, tapped("card")]


def test_reader_that_is_not_there_among_others(pcscd: PcscDaemon) -> None:
    owner = Owner()
    with watching(owner, "ACS ACR1252 Reader 00 00"):
        assert owner.next() == [(ReaderState.ABSENT, "ACS ACR1252 Reader 00 00")]
    assert readers_present() == tuple(reader.name for reader in READERS)


def test_reader_found_under_other_numbers_is_the_only_one_of_its_kind() -> None:
    assert find_reader("ACS ACR1252", ["ACS ACR1252 01 00"]) == "ACS ACR1252 01 00"
    assert find_reader("ACS ACR1252 00 00", ["ACS ACR1252 00 00", "ACS ACR1252 01 00"]) == "ACS ACR1252 00 00"
    assert find_reader("ACS ACR1252", ["ACS ACR1252 00 00", "ACS ACR1252 01 00"]) is None
    assert find_reader("ACS ACR1252 00 00", ["ACS ACR1252 01 00"]) is None
    assert find_reader("ACS", ["ACS ACR1252 00 00"]) is None
    assert find_reader("ACS", []) is None
