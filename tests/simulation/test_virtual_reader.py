import threading
from collections.abc import Callable

import pytest
from smartcard import scard

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS, PulledAway, VirtualReaderSlot
from tests.simulation.application import Application

ATR = bytes.fromhex("3B8180018080")


class Script:
    """A card that answers an APDU by what a function makes of it."""

    atr = ATR

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self._answer = answer
        self.log: list[str] = []

    def power_on(self) -> None:
        self.log.append("on")

    def power_off(self) -> None:
        self.log.append("off")

    def reset(self) -> None:
        self.log.append("reset")

    def apdu(self, command: bytes) -> bytes | None:
        return self._answer(command)


def echo(command: bytes) -> bytes:
    return command + b"\x90\x00"


pytestmark = pytest.mark.pcsc


def test_both_virtual_readers_are_there(application: Application) -> None:
    assert [entry.name for entry in READERS] == application.names()


def test_card_inserted_answers_and_removed_is_gone(application: Application, slot: VirtualReaderSlot) -> None:
    slot.insert(Script(echo))
    application.wait(present=True)
    card = application.connect()
    assert application.transmit(card, b"\x90\x60\x00\x00\x00") == (
        scard.SCARD_S_SUCCESS,
        b"\x90\x60\x00\x00\x00\x90\x00",
    )
    slot.remove()
    application.wait(present=False)


def test_card_pulled_away_while_it_answers(application: Application, slot: VirtualReaderSlot) -> None:
    def pulled(command: bytes) -> bytes:
        raise PulledAway

    slot.insert(Script(pulled))
    application.wait(present=True)
    result, answer = application.transmit(application.connect(), b"\x90\x60\x00\x00\x00")
    # This driver says success with nothing; a real one says SCARD_E_NOT_TRANSACTED or SCARD_W_REMOVED_CARD.
    assert (result, answer) == (scard.SCARD_S_SUCCESS, b"")
    application.wait(present=False)


def test_card_pulled_away_after_its_answer(application: Application, slot: VirtualReaderSlot) -> None:
    def pulled(command: bytes) -> bytes:
        raise PulledAway(b"\x91\x00")

    slot.insert(Script(pulled))
    application.wait(present=True)
    assert application.transmit(application.connect(), b"\x90\x60\x00\x00\x00") == (scard.SCARD_S_SUCCESS, b"\x91\x00")
    assert slot.wait_pulled_away(60)
    application.wait(present=False)


def test_two_cards_swapped_at_once_are_two_cards(application: Application, slot: VirtualReaderSlot) -> None:
    slot.insert(Script(lambda _: b"\x00\x01\x90\x00"))
    application.wait(present=True)
    first = application.connect()
    assert application.transmit(first, b"\x90\x60\x00\x00\x00")[1] == b"\x00\x01\x90\x00"
    slot.remove()
    slot.insert(Script(lambda _: b"\x00\x02\x90\x00"))
    application.wait(present=False)
    application.wait(present=True)
    result, answer = application.transmit(first, b"\x90\x60\x00\x00\x00")
    assert (result, answer) == (scard.SCARD_W_REMOVED_CARD, b"")


def test_card_laid_down_as_soon_as_another_was_pulled_away_in_mid_answer(
    application: Application, slot: VirtualReaderSlot
) -> None:
    """The daemon learns from the APDU alone that the first has gone, and must not take the second for it."""

    def pulled(command: bytes) -> bytes:
        raise PulledAway

    slot.insert(Script(pulled))
    application.wait(present=True)
    first = application.connect()
    assert application.transmit(first, b"\x90\x60\x00\x00\x00")[1] == b""
    slot.insert(Script(echo))
    application.wait(present=False)
    application.wait(present=True)
    assert application.transmit(first, b"\x90\x60\x00\x00\x00") == (scard.SCARD_W_REMOVED_CARD, b"")


def test_card_still_at_work_when_another_lies_in_its_place(application: Application, slot: VirtualReaderSlot) -> None:
    asked, done = threading.Event(), threading.Event()

    def slow(command: bytes) -> bytes:
        asked.set()
        done.wait(60)
        raise PulledAway

    slot.insert(Script(slow))
    application.wait(present=True)
    card = application.connect()
    waiting = threading.Thread(target=application.transmit, args=(card, b"\x90\x60\x00\x00\x00"), daemon=True)
    waiting.start()
    assert asked.wait(60)
    slot.remove()
    other = Script(echo)
    slot.insert(other)
    done.set()
    waiting.join(60)
    application.wait(present=False)
    application.wait(present=True)
    assert slot.card is other


def test_mute_card_answers_nothing_until_it_is_taken_away(application: Application, slot: VirtualReaderSlot) -> None:
    asked = threading.Event()

    def mute(command: bytes) -> None:
        asked.set()

    slot.insert(Script(mute))
    application.wait(present=True)
    card = application.connect()
    answers: list[bytes] = []
    waiting = threading.Thread(
        target=lambda: answers.append(application.transmit(card, b"\x90\x60\x00\x00\x00")[1]), daemon=True
    )
    waiting.start()
    assert asked.wait(60)
    assert waiting.is_alive()
    slot.remove()
    waiting.join(60)
    assert answers == [b""]


def test_daemon_killed_and_started_again_finds_the_card_still_there(
    application: Application, slot: VirtualReaderSlot, pcscd: PcscDaemon
) -> None:
    if not pcscd.owned:
        pytest.skip("this machine's own PC/SC daemon runs and is not killed")
    slot.insert(Script(echo))
    application.wait(present=True)
    pcscd.kill()
    pcscd.start()
    again = Application()
    again.wait(present=True)
    assert again.transmit(again.connect(), b"\x90\x60\x00\x00\x00")[0] == scard.SCARD_S_SUCCESS
    again.close()


def test_cards_on_both_readers_at_once(
    application: Application, slot: VirtualReaderSlot, other_slot: VirtualReaderSlot
) -> None:
    slot.insert(Script(lambda _: b"\x00\x01\x90\x00"))
    other_slot.insert(Script(lambda _: b"\x00\x02\x90\x00"))
    for number, entry in enumerate(READERS, 1):
        application.wait(present=True, reader=entry.name)
        answer = application.transmit(application.connect(entry.name), b"\x90\x60\x00\x00\x00")[1]
        assert answer == bytes((0, number, 0x90, 0x00))


def test_second_card_on_an_occupied_slot_is_a_mistake(slot: VirtualReaderSlot) -> None:
    slot.insert(Script(echo))
    with pytest.raises(RuntimeError, match="already"):
        slot.insert(Script(echo))
