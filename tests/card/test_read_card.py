"""Reading a card at the gate, against the virtual chip: genuine, copied, pulled away, tampered with, some other."""

from dataclasses import replace

import pytest

from simulation.card import (
    Fault,
    FaultyCard,
    OtherCard,
    PullAway,
    When,
    answered,
    bit_flipped,
    blank_chip,
    wrong_mac,
)
from simulation.vpcd import InsertedCard
from terminal.card import credential, qualifications
from terminal.card.keys import KeyNumber, MasterKeys
from terminal.card.xs_key import read_card
from terminal.core import cose
from terminal.core.cbor import encode
from terminal.core.credential import Qualifications
from terminal.core.presented import (
    Authentic,
    NoQualifications,
    NotAnXsKey,
    NotAuthentic,
    Presented,
    RandomUid,
    Unreadable,
)
from tests.card.chips import (
    AID,
    ANNA,
    ISSUER,
    KEY_ID,
    KEYS,
    MANY_TRAININGS,
    NOW_S,
    OTHER_UID,
    READ_NEW,
    READ_OLD,
    STRANGER,
    TRAININGS,
    UID,
    Held,
    Says,
    counting,
    issued_chip,
    issuers,
    with_trainings,
)

SELECT, AUTHENTICATE, PROVE, READ = "5a", "71", "af", "ad"
FINE = Authentic(ANNA, NoQualifications.NOT_ASKED, "read-key-newest")


def tap(card: InsertedCard | Held, *, trainings: bool = False, keys: MasterKeys = KEYS) -> Presented:
    held = card if isinstance(card, Held) else Held(card)
    return read_card(held, keys, issuers(), NOW_S, trainings=trainings, random=counting())


def instructions(held: Held) -> list[str]:
    return [apdu[1:2].hex() for apdu in held.sent]


def test_genuine_card_takes_four_apdus() -> None:
    held = Held(issued_chip())
    assert tap(held) == FINE
    assert instructions(held) == [SELECT, AUTHENTICATE, PROVE, READ]
    assert held.sent[3][5:12].hex() == "01000000e00000"


@pytest.mark.parametrize(("trainings", "pieces"), [(TRAININGS, 1), (MANY_TRAININGS, 3)])
def test_qualifications_are_read_in_as_few_pieces_as_they_need(trainings: Qualifications, pieces: int) -> None:
    held = Held(with_trainings(trainings))
    assert tap(held, trainings=True) == replace(FINE, qualifications=trainings)
    assert instructions(held) == [SELECT, AUTHENTICATE, PROVE, READ] + [READ] * pieces


def test_site_that_asks_for_no_trainings_does_not_read_them() -> None:
    assert tap(with_trainings(key=STRANGER)) == FINE


def test_card_without_qualifications_is_told_from_one_not_asked() -> None:
    assert tap(issued_chip(), trainings=True) == replace(FINE, qualifications=NoQualifications.NONE_ON_CARD)


def test_forged_qualifications_make_the_card_not_authentic() -> None:
    assert tap(with_trainings(key=STRANGER), trainings=True) == NotAuthentic("qualifications-signature")


def test_qualifications_of_another_card_make_this_one_not_authentic() -> None:
    other = with_trainings(replace(TRAININGS, card_number=bytes(8)))
    assert tap(other, trainings=True) == NotAuthentic("qualifications-other-card")


def test_dates_are_not_judged_here() -> None:
    expired = replace(ANNA, not_before=1, expires=2)
    assert tap(issued_chip(credential.sign(expired, ISSUER))) == replace(FINE, credential=expired)


def test_credential_copied_to_another_chip_that_has_right_keys() -> None:
    assert tap(issued_chip(uid=OTHER_UID)) == NotAuthentic("other-chip")


def test_credential_copied_to_a_chip_without_our_keys() -> None:
    assert tap(issued_chip(read_master=b"a guess, 16 byte")) == NotAuthentic("authenticate-91ae")


def test_card_of_the_older_key_generation_takes_two_apdus_more() -> None:
    held = Held(issued_chip(read_master=READ_OLD))
    assert tap(held) == replace(FINE, detail="read-key-older")
    assert instructions(held) == [SELECT, AUTHENTICATE, PROVE, AUTHENTICATE, PROVE, READ]


def test_card_of_a_key_generation_that_was_withdrawn() -> None:
    newest_only = MasterKeys({KeyNumber.READ: (READ_NEW,)})
    assert tap(issued_chip(read_master=READ_OLD), keys=newest_only) == NotAuthentic("authenticate-91ae")


def test_other_generation_is_tried_after_91ae_only() -> None:
    held = Held(FaultyCard(issued_chip(), answered(3, b"\x91\x7e")))
    assert tap(held) == Unreadable("additional-frame-917e")
    assert instructions(held) == [SELECT, AUTHENTICATE, PROVE]


def test_some_other_card() -> None:
    assert tap(OtherCard(bytes.fromhex("04112233445566"))) == NotAnXsKey("select-6d00")
    assert tap(blank_chip(UID)) == NotAnXsKey("select-91a0")


def test_phone_with_a_random_uid_is_some_other_card() -> None:
    assert tap(OtherCard(bytes.fromhex("08112233"))) == NotAnXsKey("select-6d00")


def test_xs_key_that_shows_a_random_uid() -> None:
    chip = issued_chip()
    chip.eeprom.random_uid = True
    chip.power_on()
    held = Held(chip)
    assert tap(held) == RandomUid()
    assert instructions(held) == [SELECT]


@pytest.mark.parametrize("trainings", [False, True])
@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("at", range(1, 9))
def test_card_pulled_away(at: int, when: When, trainings: bool) -> None:
    needed = 7 if trainings else 4
    card = FaultyCard(with_trainings(MANY_TRAININGS), PullAway(at, when=when))
    presented = tap(card, trainings=trainings)
    if at > needed or (at == needed and when is When.ANSWERED):
        assert isinstance(presented, Authentic)
        return
    assert presented == Unreadable("card-lost")
    assert isinstance(tap(card, trainings=trainings), Authentic), "the next tap goes well"


def test_mute_reader() -> None:
    assert tap(Says(lambda command: None if command[0] == 0xFF else b"\x91\x00")) == Unreadable("card-lost")


@pytest.mark.parametrize(
    ("fault", "presented"),
    [
        (answered(1, b"\x91\x00\x91\x00"), Unreadable("length")),
        (answered(2, b"\x91\x40"), NotAuthentic("authenticate-9140")),
        (answered(2, b"\x91\xae"), NotAuthentic("authenticate-91ae")),
        (answered(2, bytes(15) + b"\x91\xaf"), Unreadable("length")),
        (answered(2, bytes(17) + b"\x91\xaf"), Unreadable("length")),
        (answered(2, bytes(16) + b"\x91\x00"), Unreadable("authenticate-ev2-first-9100")),
        (answered(2, b"\x91\xca"), Unreadable("authenticate-ev2-first-91ca")),
        (answered(3, bytes(32) + b"\x91\x00"), NotAuthentic("proof")),
        (answered(3, bytes(31) + b"\x91\x00"), Unreadable("length")),
        (answered(3, bytes(48) + b"\x91\x00"), Unreadable("length")),
        (bit_flipped(3, 40), NotAuthentic("proof")),
        (bit_flipped(4, 0), Unreadable("mac")),
        (wrong_mac(4), Unreadable("mac")),
        (answered(4, b"\x91\x00"), Unreadable("mac")),
        (answered(4, b"\x91\xae"), Unreadable("read-data-91ae")),
        (answered(4, b"\x91\x9d"), Unreadable("read-data-919d")),
        (answered(4, b"\x91\xbe"), Unreadable("read-data-91be")),
        (answered(4, b"\x6a\x82"), Unreadable("read-data-6a82")),
    ],
)
def test_answer_that_is_not_as_it_should(fault: Fault, presented: Presented) -> None:
    # the first of two generations answers, so that 91AE and 9140 are final only with one generation
    one_generation = MasterKeys({KeyNumber.READ: (READ_NEW,)})
    assert tap(FaultyCard(issued_chip(), fault), keys=one_generation) == presented


def test_91ae_with_every_key_generation() -> None:
    card = FaultyCard(issued_chip(), answered(2, b"\x91\xae"), answered(3, b"\x91\xae"))
    assert tap(card) == NotAuthentic("authenticate-91ae")


@pytest.mark.parametrize(
    ("at", "bytes_there", "detail"),
    [
        (0, bytes(224), "no-credential"),
        (0, b"\x00\xdf", "length"),  # 223: one more than fits
        (0, b"\xff" * 224, "length"),
        (0, b"\x00\x01", "cose"),
        (0, b"\x00\xa3", "cose"),
        (0, b"\x00\xde", "cose"),
        (2, b"\xd1", "cose"),
        (6, b"\xa1\x01\x26", "cose"),
        (0, b"\x00\x02\xd2\x9f", "cose"),
        (50, b"\xff", "signature"),
    ],
)
def test_file_that_was_tampered_with_by_who_has_the_keys(at: int, bytes_there: bytes, detail: str) -> None:
    chip = issued_chip()
    file = chip.eeprom.applications[AID].files[1]
    file.data = file.data[:at] + bytes_there + file.data[at + len(bytes_there) :]
    assert tap(chip) == NotAuthentic(detail)


@pytest.mark.parametrize("length", [0x0100, 0x027F, 0xFFFF])
def test_qualifications_with_a_length_they_do_not_have(length: int) -> None:
    chip = with_trainings()
    file = chip.eeprom.applications[AID].files[2]
    file.data = length.to_bytes(2) + file.data[2:]
    presented = tap(chip, trainings=True)
    assert presented == NotAuthentic("qualifications-cose" if length == 0x0100 else "qualifications-length")


def test_duplicate_claim_signed_by_an_issuer_who_erred() -> None:
    twice = encode({4: 1})[:0] + b"\xa2\x04\x00\x04\x00"
    assert tap(issued_chip(cose.sign(twice, KEY_ID, ISSUER))) == NotAuthentic("claims")


def test_chip_that_answers_with_another_chips_uid_to_the_reader() -> None:
    """The reader's UID is not signed by the chip, but a wrong one leads to wrong keys."""
    chip = issued_chip(uid=OTHER_UID)
    disguised = Says(lambda command: UID + b"\x90\x00" if command[0] == 0xFF else chip.apdu(command))
    assert tap(disguised) == NotAuthentic("authenticate-91ae")


@pytest.mark.parametrize(
    ("answer", "presented"),
    [
        (b"\x6a\x81", Unreadable("uid-6a81")),
        (b"\x90\x00", Unreadable("uid-length")),
        (bytes(6) + b"\x90\x00", Unreadable("uid-length")),
        (bytes(8) + b"\x90\x00", Unreadable("uid-length")),
        (bytes(10) + b"\x90\x00", Unreadable("uid-length")),
        (bytes(4) + b"\x90\x00", RandomUid()),
    ],
)
def test_uid_of_another_length(answer: bytes, presented: Presented) -> None:
    assert tap(Says(lambda command: answer if command[0] == 0xFF else b"\x91\x00")) == presented


def test_no_repr_shows_a_key() -> None:
    said = f"{KEYS!r} {KEYS.card_keys(KeyNumber.READ, UID)!r}"
    assert READ_NEW.hex() not in said
    assert READ_NEW.decode() not in said
    assert KEYS.raw_keys(KeyNumber.READ, UID)[0].hex() not in said
    assert repr(KEYS.raw_keys(KeyNumber.READ, UID)[0]) not in said


def test_larger_qualifications_than_a_short_answer_holds_never_ask_for_more_than_224_bytes() -> None:
    held = Held(issued_chip(None, qualifications.sign(MANY_TRAININGS, KEY_ID, ISSUER)))
    tap(held, trainings=True)
    asked = [int.from_bytes(apdu[9:12], "little") for apdu in held.sent if apdu[1:2].hex() == READ]
    assert asked[:3] == [224, 224, 224]
    assert max(asked) == 224
    assert sum(asked[1:]) == 2 + len(qualifications.sign(MANY_TRAININGS, KEY_ID, ISSUER))
