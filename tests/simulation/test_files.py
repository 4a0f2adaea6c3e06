"""Reading and writing: rights, bounds, what happens on the wire, and what a transaction keeps or drops."""

from contextlib import nullcontext

import pytest

from simulation.card import DesfireChip, FileType
from simulation.card.crypto import encrypt_cbc
from simulation.card.eeprom import DataFile
from simulation.card.session import CommMode, Session
from simulation.card.status import Refused
from tests.simulation.personalised import KEYS, personalised, session
from tests.simulation.reader_side import FULL, MAC, PLAIN, XS_KEY, Reader, span

OK, NO_CHANGES, INTEGRITY, LENGTH, DENIED = 0x00, 0x0C, 0x1E, 0x7E, 0x9D
AUTHENTICATION, BOUNDARY, NO_FILE = 0xAE, 0xBE, 0xF0
STAY = 3
OLD, NEW = b"\x11" * 48, b"\x22" * 48


def stay(chip: DesfireChip) -> bytes:
    return chip.eeprom.applications[XS_KEY].files[STAY].data


def with_stay(content: bytes) -> DesfireChip:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].files[STAY].data = content
    return chip


@pytest.mark.parametrize(
    ("number", "reads", "writes"), [(1, {1}, {0}), (2, {1, 3}, {3}), (3, {2}, {2}), (4, {3, 4}, {3})]
)
def test_rights_of_each_file_for_each_key(number: int, reads: set[int], writes: set[int]) -> None:
    """Read+write gives both: key 3 reads what it may write, key 0 reads file 1."""
    readers = {key for key in range(5) if session(personalised(), key).read(number, 0, 16)[1] == OK}
    writers = {key for key in range(5) if session(personalised(), key).write(number, b"\x01" * 16) == OK}
    assert (readers, writers) == (reads | ({0} if number == 1 else set()), writes)


def test_reading_without_a_session() -> None:
    reader = Reader(personalised())
    reader.select()
    assert reader.read(1) == (b"", AUTHENTICATION)


def test_reading_at_the_level_of_the_chip() -> None:
    assert Reader(personalised()).read(1) == (b"", DENIED)


def test_file_that_is_not_there() -> None:
    assert session(personalised(), 1).read(9) == (b"", NO_FILE)


@pytest.mark.parametrize(
    ("mode", "access", "number", "wire", "status"),
    [
        (CommMode.PLAIN, 0x1000, 1, PLAIN, OK),
        (CommMode.MAC, 0x1000, 1, MAC, OK),
        (CommMode.FULL, 0x1000, 1, FULL, OK),
        (CommMode.FULL, 0xE000, 1, PLAIN, OK),  # who needs no key gets no protection
        (CommMode.FULL, 0xF0F0, 1, FULL, DENIED),
        (CommMode.MAC, 0x1000, 1, PLAIN, LENGTH),
    ],
)
def test_communication_mode_of_a_file(mode: CommMode, access: int, number: int, wire: str, status: int) -> None:
    chip = personalised()
    content = bytes(range(32))
    chip.eeprom.applications[XS_KEY].files[7] = DataFile(FileType.STANDARD, mode, access, content)
    assert session(chip, number).read(7, mode=wire) == (content if status == OK else b"", status)


def test_free_file_is_read_without_a_session() -> None:
    chip = personalised()
    chip.eeprom.applications[XS_KEY].files[7] = DataFile(FileType.STANDARD, CommMode.FULL, 0xE000, b"free")
    reader = Reader(chip)
    reader.select()
    assert reader.read(7) == (b"free", OK)


def test_credential_fits_one_answer_of_248_bytes() -> None:
    reader = session(personalised(), 1)
    answer, status = reader.send(0xAD, reader.sealed(0xAD, span(1, 0, 224), b"", FULL))
    assert (len(answer), status) == (248, OK)


def test_answer_longer_than_a_short_apdu_holds() -> None:
    """240 bytes of ciphertext and 8 of MAC fit, the next block does not."""
    assert session(personalised(), 1).read(2, 0, 239)[1] == OK
    assert session(personalised(), 1).read(2, 0, 240) == (b"", LENGTH)


@pytest.mark.parametrize(
    ("offset", "length", "status"),
    [
        (0, 224, OK),
        (0, 225, BOUNDARY),
        (223, 1, OK),
        (224, 1, BOUNDARY),
        (224, 0, BOUNDARY),
        (100, 0, OK),
        (0xFFFFFF, 1, BOUNDARY),
    ],
)
def test_bounds_of_reading(offset: int, length: int, status: int) -> None:
    data, got = session(personalised(), 1).read(1, offset, length)
    assert (len(data), got) == ((length or 224 - offset) if status == OK else 0, status)


@pytest.mark.parametrize(
    ("offset", "size", "status"), [(0, 224, OK), (1, 224, BOUNDARY), (223, 1, OK), (224, 1, BOUNDARY)]
)
def test_bounds_of_writing(offset: int, size: int, status: int) -> None:
    chip = personalised()
    assert session(chip, 0).write(1, b"\xaa" * size, offset) == status
    expected = bytes(224) if status else (bytes(offset) + b"\xaa" * size).ljust(224, b"\x00")
    assert chip.eeprom.applications[XS_KEY].files[1].data == expected


@pytest.mark.parametrize("announced", [15, 17, 0])
def test_length_in_the_header_is_not_that_of_the_data(announced: int) -> None:
    assert session(personalised(), 0).command(0x8D, span(1, 0, announced), b"\x01" * 16, FULL) == (b"", LENGTH)


def test_mac_of_another_truncation_is_refused() -> None:
    """EV1 sent the first eight bytes of the CMAC; neither generation takes the other's."""
    reader = session(personalised(), 1)
    reader.truncated = lambda mac: mac[:8]
    assert reader.read(1) == (b"", INTEGRITY)


@pytest.mark.parametrize("place", [0, 7, -1, -8, -9])
def test_command_with_one_bit_changed_on_its_way(place: int) -> None:
    chip = personalised()
    reader = session(chip, 0)
    body = bytearray(reader.sealed(0x8D, span(1, 0, 16), b"\x05" * 16, FULL))
    body[place] ^= 1
    assert reader.send(0x8D, bytes(body))[1] != OK
    assert chip.eeprom.applications[XS_KEY].files[1].data == bytes(224)


def test_data_without_their_padding() -> None:
    """A right MAC over ciphertext that does not end as padding method 2 says."""
    reader = session(personalised(), 0)
    ciphertext = encrypt_cbc(reader.key_enc, b"\x55" * 16, bytes(16))
    body = reader.sealed(0x8D, span(1, 0, 16) + ciphertext, b"", MAC)
    assert reader.send(0x8D, body) == (b"", INTEGRITY)


@pytest.mark.parametrize(("counter", "refused"), [(0xFFFE, False), (0xFFFF, True)])
def test_command_counter_does_not_begin_again(counter: int, refused: bool) -> None:
    one = Session(key_number=0, transaction=bytes(4), key_enc=KEYS[0], key_mac=KEYS[1], counter=counter)
    with pytest.raises(Refused) if refused else nullcontext():
        one.open_command(0x60, b"", 0, CommMode.PLAIN)


def test_command_played_again_has_a_used_up_counter() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    body = reader.sealed(0x8D, span(STAY, 0, 48), NEW, FULL)
    assert reader.send(0x8D, body)[1] == OK
    assert reader.send(0x8D, body) == (b"", INTEGRITY)


def test_any_refusal_ends_the_session() -> None:
    reader = session(personalised(), 1)
    assert reader.read(1, 0, 225) == (b"", BOUNDARY)
    assert reader.read(1) == (b"", AUTHENTICATION)


def test_written_and_committed_stays() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    assert (reader.write(STAY, NEW), stay(chip)) == (OK, OLD)
    assert reader.read(STAY) == (OLD, OK)  # reading shows what is committed
    assert (reader.commit(), stay(chip)) == (OK, NEW)
    assert reader.commit() == NO_CHANGES


def test_two_writes_are_one_commit() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    assert [reader.write(STAY, b"\x01", 0), reader.write(STAY, b"\x02", 47), reader.commit()] == [OK, OK, OK]
    assert stay(chip) == b"\x01" + OLD[2:] + b"\x02"


def test_aborted_transaction_leaves_the_old_record() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    assert [reader.write(STAY, NEW), reader.command(0xA7)[1], reader.commit()] == [OK, OK, NO_CHANGES]
    assert stay(chip) == OLD
    assert session(chip, 2).command(0xA7)[1] == NO_CHANGES


def test_field_lost_before_the_commit_leaves_the_old_record() -> None:
    chip = with_stay(OLD)
    assert session(chip, 2).write(STAY, NEW) == OK
    chip.power_off()
    chip.power_on()
    reader = session(chip, 2)
    assert reader.read(STAY) == (OLD, OK)
    assert reader.commit() == NO_CHANGES


def test_select_drops_what_was_not_committed() -> None:
    chip = with_stay(OLD)
    assert session(chip, 2).write(STAY, NEW) == OK
    assert session(chip, 2).commit() == NO_CHANGES
    assert stay(chip) == OLD


def test_refused_command_drops_what_was_not_committed() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    assert reader.write(STAY, NEW) == OK
    assert reader.read(1)[1] == AUTHENTICATION
    assert reader.authenticate(2, KEYS[2]) == OK
    assert reader.commit() == NO_CHANGES
    assert stay(chip) == OLD


def test_authenticate_first_drops_what_was_not_committed_and_non_first_does_not() -> None:
    chip = with_stay(OLD)
    reader = session(chip, 2)
    assert reader.write(STAY, NEW) == OK
    assert reader.authenticate(1, KEYS[1], first=False) == OK
    assert (reader.commit(), stay(chip)) == (OK, NEW)
    reader = session(chip, 2)
    assert reader.write(STAY, OLD) == OK
    assert reader.authenticate(2, KEYS[2]) == OK
    assert (reader.commit(), stay(chip)) == (NO_CHANGES, NEW)


def test_standard_file_is_written_at_once() -> None:
    chip = personalised()
    reader = session(chip, 3)
    assert reader.write(2, b"\x00\x05hello") == OK
    chip.power_off()
    assert chip.eeprom.applications[XS_KEY].files[2].data[:7] == b"\x00\x05hello"
