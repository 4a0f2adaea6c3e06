"""Cards that go wrong: each fault strikes where it says, does what it says, and strikes once."""

from collections.abc import Callable

import pytest

from simulation.card import (
    DesfireChip,
    Fault,
    FaultyCard,
    Mute,
    OtherCard,
    PullAway,
    Slow,
    TornWrite,
    When,
    answered,
    bit_flipped,
    blank_chip,
    wrong_mac,
)
from simulation.vpcd import PulledAway
from tests.simulation.personalised import KEYS, UID, personalised
from tests.simulation.reader_side import FULL, XS_KEY, Reader, span, wrapped

STAY = 3
OLD, NEW = b"\x11" * 48, b"\x22" * 48
WRITE, COMMIT = 0x8D, 0xC7


def faulty(*faults: Fault) -> tuple[DesfireChip, FaultyCard]:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].files[STAY].data = OLD
    return chip, FaultyCard(chip, *faults)


def write_stay(card: FaultyCard) -> None:
    """Select, authenticate (two APDUs), write, commit: APDUs 1 to 5."""
    reader = Reader(card)
    assert reader.select() == 0
    assert reader.authenticate(2, KEYS[2]) == 0
    assert reader.write(STAY, NEW) == 0
    assert reader.commit() == 0


def stay(chip: DesfireChip) -> bytes:
    return chip.eeprom.applications[XS_KEY].files[STAY].data


@pytest.mark.parametrize(
    ("fault", "heard", "kept"),
    [
        (PullAway(1, when=When.UNHEARD), 1, OLD),
        (PullAway(4, when=When.ANSWERED), 4, OLD),
        (PullAway(1, COMMIT, When.UNHEARD), 5, OLD),
        (PullAway(1, COMMIT, When.UNANSWERED), 5, NEW),
        (PullAway(5, when=When.ANSWERED), 5, NEW),
    ],
    ids=lambda value: value.when.name if isinstance(value, PullAway) else "",
)
def test_card_pulled_away_around_a_commit(fault: PullAway, heard: int, kept: bytes) -> None:
    chip, card = faulty(fault)
    with pytest.raises(PulledAway) as pulled:
        write_stay(card)
    card.power_off()
    assert (pulled.value.answer is not None) == (fault.when is When.ANSWERED)
    assert len(card.heard) == heard
    assert stay(chip) == kept


def test_card_that_was_pulled_away_works_at_the_next_tap() -> None:
    chip, card = faulty(PullAway(1, COMMIT, When.UNHEARD))
    with pytest.raises(PulledAway):
        write_stay(card)
    card.power_off()
    card.power_on()
    write_stay(card)
    assert stay(chip) == NEW


@pytest.mark.parametrize("written", [0, 1, 15])
def test_card_pulled_away_in_the_middle_of_a_write_to_a_standard_file(written: int) -> None:
    chip, card = faulty(TornWrite(1, WRITE, written))
    reader = Reader(card)
    reader.select()
    reader.authenticate(3, KEYS[3])
    with pytest.raises(PulledAway):
        reader.write(2, b"\xaa" * 16)
    assert chip.eeprom.applications[XS_KEY].files[2].data[:17] == (b"\xaa" * written).ljust(17, b"\x00")
    again = Reader(card)
    again.select()
    assert again.authenticate(3, KEYS[3]) == 0
    assert again.write(2, b"\xaa" * 16) == 0


def test_torn_write_needs_a_chip() -> None:
    with pytest.raises(TypeError, match="DesfireChip"):
        FaultyCard(OtherCard(UID), TornWrite(1)).apdu(wrapped(0x60))


def test_mute_card_has_heard_the_command() -> None:
    chip, card = faulty(Mute(1, COMMIT))
    with pytest.raises(AssertionError):
        write_stay(card)
    assert stay(chip) == NEW


def test_slow_card_answers_when_it_has_waited() -> None:
    waited: list[str] = []
    chip, card = faulty(Slow(4, wait=lambda: waited.append("waited")))
    write_stay(card)
    assert (waited, stay(chip)) == (["waited"], NEW)


@pytest.mark.parametrize(
    "garbled",
    [wrong_mac(4), *(bit_flipped(4, bit) for bit in (0, 1, 7, 8, 8 * 248 - 1, -17))],
)
def test_answer_with_a_wrong_mac_or_a_flipped_bit_is_noticed(garbled: Fault) -> None:
    _, card = faulty(garbled)
    reader = Reader(card)
    reader.select()
    reader.authenticate(1, KEYS[1])
    with pytest.raises(AssertionError):
        reader.read(1, 0, 224)


def changed(before: bytes, after: bytes) -> list[int]:
    return [
        8 * index + bit
        for index in range(len(before))
        for bit in range(8)
        if (before[index] ^ after[index]) << bit & 0x80
    ]


@pytest.mark.parametrize(("bit", "expected"), [(0, 0), (7, 7), (8, 8), (-1, 8 * 9 - 1), (-17, 8 * 7 - 1)])
def test_exactly_one_bit_is_flipped(bit: int, expected: int) -> None:
    right = blank_chip(UID).apdu(wrapped(0x60))
    card = FaultyCard(blank_chip(UID), bit_flipped(1, bit))
    answer = card.apdu(wrapped(0x60))
    assert answer is not None
    assert changed(right, answer) == [expected]


def test_any_answer_can_be_put_in_the_place_of_the_cards() -> None:
    card = FaultyCard(blank_chip(UID), answered(1, b"", 0x60), answered(2, b"\x91\x00"))
    assert [card.apdu(wrapped(0x60)), card.apdu(wrapped(0x5A, bytes(3))), card.apdu(wrapped(0x5A, bytes(3)))] == [
        b"",
        b"\x91\x00",
        b"\x91\x00",
    ]


def test_what_the_reader_asks_for_itself_is_not_counted() -> None:
    card = FaultyCard(blank_chip(UID), answered(1, b"\x91\xff"))
    assert card.apdu(bytes.fromhex("FFCA000000")) == UID + b"\x90\x00"
    assert card.heard == ()
    assert card.apdu(wrapped(0x60)) == b"\x91\xff"


def test_answer_of_one_session_played_again_in_another() -> None:
    chip, card = faulty()
    first = Reader(card)
    first.select()
    first.authenticate(1, KEYS[1])
    recorded = chip.apdu(wrapped(0xAD, first.sealed(0xAD, span(1, 0, 224), b"", FULL)))
    replaying = FaultyCard(chip, answered(1, recorded, 0xAD))
    second = Reader(replaying)
    second.select()
    second.authenticate(1, KEYS[1])
    with pytest.raises(AssertionError):
        second.read(1, 0, 224)


@pytest.mark.parametrize(
    ("make", "answers"),
    [
        (lambda: OtherCard(UID), ["6d00", "6a82", "6d00"]),
        (lambda: blank_chip(UID), ["91a0", "6a82", "91ae"]),
    ],
    ids=["some other card", "a DESFire without our application"],
)
def test_some_other_card(make: Callable[[], OtherCard | DesfireChip], answers: list[str]) -> None:
    card = make()
    assert card.apdu(bytes.fromhex("FFCA000000")) == UID + b"\x90\x00"
    commands = [wrapped(0x5A, XS_KEY), bytes.fromhex("00A4040C00"), wrapped(0x71, b"\x01\x00")]
    assert [card.apdu(command).hex() for command in commands] == answers
