import threading
from collections.abc import Callable, Iterator

import pytest
from smartcard import scard

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS, PulledAway, VirtualReaderSlot

ATR = bytes.fromhex("3B8180018080")
NAME = READERS[0].name
SOON_MS = 5000


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


class Reader:
    """The application's side, on smartcard.scard bare; every call that fails raises."""

    def __init__(self) -> None:
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)

    def close(self) -> None:
        scard.SCardReleaseContext(self._context)

    def names(self) -> list[str]:
        return list(scard.SCardListReaders(self._context, [])[1])

    def wait(self, present: bool, reader: str = NAME) -> None:
        state = scard.SCARD_STATE_UNAWARE
        for _ in range(20):
            result, states = scard.SCardGetStatusChange(self._context, SOON_MS, [(reader, state)])
            assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
            state = states[0][1]
            if bool(state & scard.SCARD_STATE_PRESENT) == present:
                return
        raise AssertionError(f"card present={present} was not seen")

    def connect(self, reader: str = NAME) -> int:
        result, card, _ = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1 | scard.SCARD_PROTOCOL_T0
        )
        assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
        return int(card)

    def transmit(self, card: int, command: bytes) -> tuple[int, bytes]:
        result, answer = scard.SCardTransmit(card, scard.SCARD_PCI_T1, list(command))
        return result, bytes(b & 0xFF for b in answer)


@pytest.fixture
def reader(pcscd: PcscDaemon) -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


pytestmark = pytest.mark.pcsc


def test_both_virtual_readers_are_there(reader: Reader) -> None:
    assert [entry.name for entry in READERS] == reader.names()


def test_card_inserted_answers_and_removed_is_gone(reader: Reader, slot: VirtualReaderSlot) -> None:
    slot.insert(Script(echo))
    reader.wait(present=True)
    card = reader.connect()
    assert reader.transmit(card, b"\x90\x60\x00\x00\x00") == (scard.SCARD_S_SUCCESS, b"\x90\x60\x00\x00\x00\x90\x00")
    slot.remove()
    reader.wait(present=False)


def test_card_pulled_away_while_it_answers(reader: Reader, slot: VirtualReaderSlot) -> None:
    def pulled(command: bytes) -> bytes:
        raise PulledAway

    slot.insert(Script(pulled))
    reader.wait(present=True)
    result, answer = reader.transmit(reader.connect(), b"\x90\x60\x00\x00\x00")
    # This driver says success with nothing; a real one says SCARD_E_NOT_TRANSACTED or SCARD_W_REMOVED_CARD.
    assert (result, answer) == (scard.SCARD_S_SUCCESS, b"")
    reader.wait(present=False)


def test_card_pulled_away_after_its_answer(reader: Reader, slot: VirtualReaderSlot) -> None:
    def pulled(command: bytes) -> bytes:
        raise PulledAway(b"\x91\x00")

    slot.insert(Script(pulled))
    reader.wait(present=True)
    assert reader.transmit(reader.connect(), b"\x90\x60\x00\x00\x00") == (scard.SCARD_S_SUCCESS, b"\x91\x00")
    assert slot.wait_pulled_away(5)
    reader.wait(present=False)


def test_two_cards_swapped_at_once_are_two_cards(reader: Reader, slot: VirtualReaderSlot) -> None:
    slot.insert(Script(lambda _: b"\x00\x01\x90\x00"))
    reader.wait(present=True)
    first = reader.connect()
    assert reader.transmit(first, b"\x90\x60\x00\x00\x00")[1] == b"\x00\x01\x90\x00"
    slot.remove()
    slot.insert(Script(lambda _: b"\x00\x02\x90\x00"))
    reader.wait(present=False)
    reader.wait(present=True)
    result, answer = reader.transmit(first, b"\x90\x60\x00\x00\x00")
    assert (result, answer) == (scard.SCARD_W_REMOVED_CARD, b"")


def test_mute_card_answers_nothing_until_it_is_taken_away(reader: Reader, slot: VirtualReaderSlot) -> None:
    asked = threading.Event()

    def mute(command: bytes) -> None:
        asked.set()

    slot.insert(Script(mute))
    reader.wait(present=True)
    card = reader.connect()
    answers: list[bytes] = []
    waiting = threading.Thread(target=lambda: answers.append(reader.transmit(card, b"\x90\x60\x00\x00\x00")[1]))
    waiting.start()
    assert asked.wait(5)
    assert waiting.is_alive()
    slot.remove()
    waiting.join(5)
    assert answers == [b""]


def test_daemon_killed_and_started_again_finds_the_card_still_there(
    reader: Reader, slot: VirtualReaderSlot, pcscd: PcscDaemon
) -> None:
    if not pcscd.owned:
        pytest.skip("this machine's own PC/SC daemon runs and is not killed")
    slot.insert(Script(echo))
    reader.wait(present=True)
    pcscd.kill()
    pcscd.start()
    again = Reader()
    again.wait(present=True)
    assert again.transmit(again.connect(), b"\x90\x60\x00\x00\x00")[0] == scard.SCARD_S_SUCCESS
    again.close()


def test_cards_on_both_readers_at_once(reader: Reader, slot: VirtualReaderSlot, other_slot: VirtualReaderSlot) -> None:
    slot.insert(Script(lambda _: b"\x00\x01\x90\x00"))
    other_slot.insert(Script(lambda _: b"\x00\x02\x90\x00"))
    for number, entry in enumerate(READERS, 1):
        reader.wait(present=True, reader=entry.name)
        answer = reader.transmit(reader.connect(entry.name), b"\x90\x60\x00\x00\x00")[1]
        assert answer == bytes((0, number, 0x90, 0x00))


def test_second_card_on_an_occupied_slot_is_a_mistake(slot: VirtualReaderSlot) -> None:
    slot.insert(Script(echo))
    with pytest.raises(RuntimeError, match="already"):
        slot.insert(Script(echo))
