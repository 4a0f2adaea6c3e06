"""The chip through the real PC/SC daemon: the bytes that go in and come out are the chip's own."""

import pytest
from smartcard import scard

from simulation.card import FaultyCard, PullAway, When
from simulation.vpcd import VirtualReaderSlot
from tests.simulation.application import Application
from tests.simulation.personalised import KEYS, UID, personalised
from tests.simulation.reader_side import FULL, XS_KEY, Reader, span, wrapped

pytestmark = pytest.mark.pcsc
STAY = 3
NEW = b"\x22" * 48


class OnReader:
    """The reader side's wire, through PC/SC."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self.handle = application.connect()

    def apdu(self, command: bytes) -> bytes:
        result, answer = self._application.transmit(self.handle, command)
        assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
        return answer


def test_tap_with_a_stay_through_the_daemon(application: Application, slot: VirtualReaderSlot) -> None:
    chip = personalised()
    card = FaultyCard(chip)
    slot.insert(card)
    application.wait(present=True)
    wire = OnReader(application)
    assert wire.apdu(bytes.fromhex("FFCA000000")) == UID + b"\x90\x00"
    gate = Reader(wire)
    assert gate.select() == 0
    assert gate.authenticate(1, KEYS[1]) == 0
    assert gate.read(1, 0, 224) == (bytes(224), 0)
    assert gate.authenticate(2, KEYS[2], first=False) == 0
    assert gate.read(STAY) == (bytes(48), 0)
    assert gate.write(STAY, NEW) == 0
    assert gate.commit() == 0
    assert chip.eeprom.applications[XS_KEY].files[STAY].data == NEW
    assert len(card.heard) == 9


def test_card_pulled_away_between_write_and_commit(application: Application, slot: VirtualReaderSlot) -> None:
    chip = personalised()
    slot.insert(FaultyCard(chip, PullAway(1, 0x8D, When.ANSWERED)))
    application.wait(present=True)
    wire = OnReader(application)
    gate = Reader(wire)
    gate.select()
    gate.authenticate(2, KEYS[2])
    assert gate.write(STAY, NEW) == 0
    assert slot.wait_pulled_away(60)
    result, answer = application.transmit(wire.handle, wrapped(0xC7))
    assert result in {scard.SCARD_E_NOT_TRANSACTED, scard.SCARD_W_REMOVED_CARD} or answer == b""
    application.disconnect(wire.handle)
    application.wait(present=False)
    slot.insert(chip)
    application.wait(present=True)
    again = Reader(OnReader(application))
    again.select()
    assert again.authenticate(2, KEYS[2]) == 0
    assert again.read(STAY) == (bytes(48), 0)


def test_each_insertion_is_a_fresh_start(application: Application, slot: VirtualReaderSlot) -> None:
    chip = personalised()
    slot.insert(chip)
    application.wait(present=True)
    wire = OnReader(application)
    gate = Reader(wire)
    gate.select()
    assert gate.authenticate(1, KEYS[1]) == 0
    application.disconnect(wire.handle)
    slot.remove()
    slot.insert(chip)
    application.wait(present=False)
    application.wait(present=True)
    gate.card = OnReader(application)
    assert gate.send(0xAD, gate.sealed(0xAD, span(1, 0, 224), b"", FULL)) == (b"", 0x9D)
