"""The reader loop while the PC/SC daemon or the reader is away."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.edges.pcsc import find_reader, readers_present
from terminal.ports import ReaderState
from tests.edges.pcsc_rig import (
    ABSENT,
    NO_DAEMON,
    PATIENCE_S,
    PRESENTED,
    READY,
    REMOVED,
    Card,
    Latch,
    Owner,
    held_up,
    tapped,
    watching,
)

pytestmark = pytest.mark.pcsc


@pytest.fixture
def own_pcscd(pcscd: PcscDaemon) -> Iterator[PcscDaemon]:
    """The daemon, for tests that kill it."""
    if not pcscd.owned:
        pytest.skip("the PC/SC daemon of this machine was started by somebody else and is not killed")
    yield pcscd
    pcscd.stop()
    pcscd.start()


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
        assert owner.next() == [READY]
        slot.remove()
        assert owner.next() == [REMOVED], "a card left lying is one tap"
        slot.insert(Card(b"next"))
        assert owner.next(2) == [PRESENTED, tapped("next")]


def test_daemon_absent_at_start_is_tried_for_ever_less_often(own_pcscd: PcscDaemon) -> None:
    own_pcscd.kill()
    owner = Owner()
    began_s = time.monotonic()
    with watching(owner):
        assert owner.next() == [NO_DAEMON]
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
        own_pcscd.start(readers=(), configuration=Path(os.devnull))
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
