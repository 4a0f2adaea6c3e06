"""pcsc-lite dies when two threads change its lists of contexts and cards at once: here they take turns."""

import threading
from collections.abc import Callable

import pytest
from smartcard import scard

from simulation.vpcd import VirtualReaderSlot
from terminal.edges.pcsc_card import PcscCard, pcsc_context, readers_with_card
from tests.edges.pcsc_rig import PATIENCE_S, READER, Card, Latch

pytestmark = pytest.mark.pcsc


def hanging(monkeypatch: pytest.MonkeyPatch, call: str) -> Latch:
    """Make `call` of pyscard hang until the latch is opened."""
    latch, real = Latch(), getattr(scard, call)

    def hang(*arguments: object) -> object:
        latch.pass_through()
        return real(*arguments)

    monkeypatch.setattr(scard, call, hang)
    return latch


def in_a_thread(call: Callable[[], object]) -> tuple[threading.Thread, threading.Event]:
    done = threading.Event()

    def run() -> None:
        call()
        done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, done


def test_context_is_not_released_while_a_card_of_another_thread_is_let_go(
    slot: VirtualReaderSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accident itself: SCardDisconnect walks over the contexts while SCardReleaseContext frees one."""
    released = threading.Event()
    real = scard.SCardReleaseContext

    def release(context: object) -> None:
        released.set()
        real(context)

    slot.insert(Card())
    with pcsc_context() as mine:
        readers_with_card(mine, (READER,), PATIENCE_S)
        card = PcscCard.connect(mine, READER)
        monkeypatch.setattr("terminal.edges.pcsc_card.TURN_S", PATIENCE_S)
        with monkeypatch.context() as patched:
            letting_go = hanging(patched, "SCardDisconnect")
            patched.setattr(scard, "SCardReleaseContext", release)
            other = pcsc_context()
            other.__enter__()
            first, _ = in_a_thread(card.disconnect)
            letting_go.wait_arrived()
            second, _ = in_a_thread(lambda: other.__exit__(None, None, None))
            assert not released.wait(0.2)
            letting_go.open()
            assert released.wait(PATIENCE_S)
            first.join(PATIENCE_S)
            second.join(PATIENCE_S)


def test_driver_that_hangs_in_one_reader_does_not_keep_the_others_waiting(
    slot: VirtualReaderSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot.insert(Card())
    with pcsc_context() as mine:
        readers_with_card(mine, (READER,), PATIENCE_S)
        card = PcscCard.connect(mine, READER)
        with monkeypatch.context() as patched:
            letting_go = hanging(patched, "SCardDisconnect")
            thread, done = in_a_thread(card.disconnect)
            letting_go.wait_arrived()
            with pcsc_context():  # waits its time and goes on
                assert not done.is_set()
            letting_go.open()
            thread.join(PATIENCE_S)
