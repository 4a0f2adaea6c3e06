"""Who authenticates with which key, how, and who changes keys."""

import pytest

from simulation.card.chip import DesfireChip
from simulation.card.crypto import encrypt_cbc
from simulation.card.eeprom import Eeprom, Key
from tests.simulation.personalised import KEYS, UID, personalised, session
from tests.simulation.reader_side import FULL, XS_KEY, ZEROS, Reader, wrapped

OK, ILLEGAL, INTEGRITY, NO_SUCH_KEY, LENGTH = 0x00, 0x1C, 0x1E, 0x40, 0x7E
DENIED, PARAMETER, AUTHENTICATION, MORE, ABORTED = 0x9D, 0x9E, 0xAE, 0xAF, 0xCA


@pytest.mark.parametrize(("number", "status"), [(4, OK), (5, NO_SUCH_KEY), (0x80, NO_SUCH_KEY)])
def test_authenticate_with_a_key_that_is_or_is_not_there(number: int, status: int) -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.authenticate(number, KEYS[min(number, 4)]) == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("0100", MORE),
        ("0106000000000000", MORE),
        ("01", LENGTH),
        ("0101", LENGTH),
        ("010700000000000000", LENGTH),
        ("010000", LENGTH),
    ],
)
def test_capabilities_in_authenticate_first(body: str, status: int) -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.send(0x71, bytes.fromhex(body))[1] == status


def test_authenticate_with_a_wrong_key() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.authenticate(1, KEYS[2]) == AUTHENTICATION


def test_second_half_with_a_wrong_length() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.send(0x71, b"\x01\x00")[1] == MORE
    assert reader.send(0xAF, bytes(16)) == (b"", LENGTH)


def test_second_half_played_again_for_another_challenge() -> None:
    chip = personalised()
    reader = Reader(chip)
    reader.select()
    heard: list[bytes] = []

    class Wire:
        def apdu(self, command: bytes) -> bytes:
            heard.append(command)
            return chip.apdu(command)

    reader.card = Wire()
    assert reader.authenticate(1, KEYS[1]) == OK
    first, second = heard
    assert chip.apdu(first).endswith(b"\x91\xaf")
    assert chip.apdu(second) == b"\x91\xae"


def test_command_between_the_halves_is_an_abort() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.send(0x71, b"\x01\x00")[1] == MORE
    assert reader.send(0x60) == (b"", ABORTED)
    assert reader.send(0xAF, bytes(32)) == (b"", ILLEGAL)


def test_non_first_wants_a_session() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.authenticate(2, KEYS[2], first=False) == DENIED


def test_non_first_keeps_transaction_identifier_and_counter() -> None:
    reader = session(personalised(), 1)
    assert reader.read(1)[1] == OK
    before = reader.transaction, reader.counter
    assert reader.authenticate(2, KEYS[2], first=False) == OK
    assert reader.read(3) == (bytes(48), OK)
    assert (reader.transaction, reader.counter) == (before[0], before[1] + 1)


def test_failed_non_first_ends_the_session_that_was() -> None:
    reader = session(personalised(), 1)
    assert reader.authenticate(2, KEYS[3], first=False) == AUTHENTICATION
    assert reader.read(1)[1] == AUTHENTICATION


def test_change_key_of_another_key() -> None:
    chip = personalised()
    assert session(chip, 0).change_key(1, KEYS[1], ZEROS, 9) == OK
    reader = Reader(chip)
    reader.select()
    assert reader.command(0x64, b"\x01") == (b"\x09", OK)
    assert reader.authenticate(1, ZEROS) == OK


def test_change_key_with_a_wrong_old_key_is_caught_by_the_checksum() -> None:
    chip = personalised()
    assert session(chip, 0).change_key(1, KEYS[2], ZEROS) == INTEGRITY
    assert session(chip, 1).read(1)[1] == OK


def test_change_key_by_a_key_that_may_not() -> None:
    assert session(personalised(), 1).change_key(2, KEYS[2], ZEROS) == AUTHENTICATION
    reader = session(personalised(), 1)
    body = reader.sealed(0xC4, b"\x01", ZEROS + b"\x01", FULL)
    assert reader.send(0xC4, body) == (b"", AUTHENTICATION)


def test_change_key_of_a_key_that_is_not_there() -> None:
    assert session(personalised(), 0).change_key(5, ZEROS, ZEROS) == NO_SUCH_KEY
    assert session(personalised(), 0).change_key(0x81, ZEROS, ZEROS) == PARAMETER


def test_change_key_in_the_format_for_another_key() -> None:
    reader = session(personalised(), 0)
    assert reader.command(0xC4, b"\x01", ZEROS + b"\x01", FULL) == (b"", LENGTH)
    assert session(personalised(), 0).change_key(0, KEYS[0], ZEROS) == LENGTH


def test_change_key_without_a_session() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.command(0xC4, b"\x01", ZEROS + b"\x01") == (b"", AUTHENTICATION)


def test_master_key_that_is_frozen() -> None:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].settings = 0x08
    reader = session(chip, 0)
    assert reader.send(0xC4, reader.sealed(0xC4, b"\x00", ZEROS + b"\x01", FULL)) == (b"", DENIED)


@pytest.mark.parametrize(
    ("settings", "changer", "status"), [(0x29, 2, OK), (0x29, 0, AUTHENTICATION), (0xF9, 0, DENIED)]
)
def test_who_may_change_key_1(settings: int, changer: int, status: int) -> None:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].settings = settings
    assert session(chip, changer).change_key(1, KEYS[1], ZEROS) == status


def test_each_key_changes_itself_where_the_settings_say_so() -> None:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].settings = 0xE9
    assert session(chip, 0).change_key(1, KEYS[1], ZEROS) == AUTHENTICATION
    assert session(chip, 1).change_own_key(1, ZEROS) == OK


def test_challenge_is_a_random_number_under_the_key() -> None:
    rnd_b = bytes(range(16))
    chip = DesfireChip(Eeprom(uid=UID, picc_key=Key(KEYS[0])), random=lambda count: rnd_b[:count])
    assert chip.apdu(wrapped(0x71, b"\x00\x00")) == encrypt_cbc(KEYS[0], rnd_b) + b"\x91\xaf"
