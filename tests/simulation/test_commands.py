"""What the chip does for each command, and what it refuses with which status."""

import pytest

from simulation.card import blank_chip
from simulation.card.chip import DesfireChip
from simulation.card.eeprom import Eeprom, Key
from tests.simulation.personalised import KEYS, UID, personalised, session
from tests.simulation.reader_side import FULL, PLAIN, XS_KEY, Reader, file_settings, span, wrapped

OK, OUT_OF_EEPROM, LENGTH, DENIED, PARAMETER = 0x00, 0x0E, 0x7E, 0x9D, 0x9E
NOT_FOUND, AUTHENTICATION, MORE, ABORTED, DUPLICATE = 0xA0, 0xAE, 0xAF, 0xCA, 0xDE
NO_FILE = 0xF0


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("FFCA000000", UID.hex() + "9000"),
        ("FFCA010000", "6d00"),
        ("00A4040007D276000085010100", "6a82"),
        ("00B0000000", "6e00"),
        ("9060000000", None),
        ("90600100", "6700"),
        ("9060010000", "6a86"),
        ("9060000100", "6a86"),
        ("905A00000358534B", "6700"),  # no Le
        ("905A00000358534B0000", "6700"),
        ("905A00000458534B00", "6700"),
        ("905A00000358534B01", "6700"),
        ("90FF000000", "911c"),
        ("90AF000000", "911c"),
        ("90BD00000701000000000000", "6700"),
        ("90BD0000070100000000000000", "911c"),  # chaining with AF is not spoken here
    ],
)
def test_wrapping(command: str, answer: str | None) -> None:
    given = blank_chip(UID).apdu(bytes.fromhex(command)).hex()
    assert answer is None or given == answer


def test_get_version_comes_in_three_frames() -> None:
    chip = blank_chip(UID)
    frames = [chip.apdu(wrapped(0x60)), chip.apdu(wrapped(0xAF)), chip.apdu(wrapped(0xAF)), chip.apdu(wrapped(0xAF))]
    assert [(len(frame) - 2, frame[-2:].hex()) for frame in frames] == [
        (7, "91af"),
        (7, "91af"),
        (14, "9100"),
        (0, "911c"),
    ]
    assert frames[2].startswith(UID)
    assert frames[0][:4].hex() == "04010112"  # NXP, DESFire, EV2


def test_get_version_within_a_session_is_maced_as_one_answer() -> None:
    version, status = session(personalised(), 1).command(0x60)
    assert (len(version), version[14:21], status) == (28, UID, OK)


def test_other_command_between_two_frames_is_an_abort() -> None:
    reader = Reader(blank_chip(UID))
    assert reader.send(0x60)[1] == MORE
    assert reader.send(0x5A, bytes(3)) == (b"", ABORTED)
    assert reader.send(0x5A, bytes(3)) == (b"", OK)


def test_select_an_application_that_is_not_there() -> None:
    assert Reader(blank_chip(UID)).select() == NOT_FOUND


def test_select_with_a_wrong_length() -> None:
    assert Reader(blank_chip(UID)).send(0x5A, bytes(2)) == (b"", LENGTH)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("58534B0985", OK),
        ("0000000985", PARAMETER),
        ("58534B0905", PARAMETER),  # DES keys
        ("58534B0980", PARAMETER),  # no key
        ("58534B098E", OK),
        ("58534B098F", PARAMETER),  # fifteen keys
        ("58534B09", LENGTH),
        ("58534B098500", LENGTH),
    ],
)
def test_create_application(body: str, status: int) -> None:
    assert Reader(blank_chip(UID)).command(0xCA, bytes.fromhex(body)) == (b"", status)


def test_create_an_application_twice() -> None:
    reader = Reader(blank_chip(UID))
    assert [reader.command(0xCA, XS_KEY + b"\x09\x85")[1] for _ in range(2)] == [OK, DUPLICATE]


def test_create_an_application_inside_another() -> None:
    assert session(personalised(), 0).command(0xCA, b"\x01\x02\x03\x09\x85") == (b"", DENIED)


def test_factory_chip_has_no_aes_key_of_its_own() -> None:
    reader = Reader(blank_chip(UID))
    assert reader.authenticate(0) == AUTHENTICATION
    assert reader.command(0x64, b"\x00") == (b"\x00", OK)
    assert reader.command(0xFC) == (b"", AUTHENTICATION)


def test_chip_whose_own_key_is_aes_can_be_formatted_and_its_key_changed() -> None:
    chip = personalised(picc_key=Key())
    reader = Reader(chip)
    assert reader.authenticate(0) == OK
    assert reader.command(0x6A) == (XS_KEY, OK)
    assert reader.command(0xFC) == (b"", OK)
    assert reader.command(0x6A) == (b"", OK)
    assert reader.change_own_key(0x80, KEYS[0], 7) == OK
    assert Reader(chip).authenticate(0) == AUTHENTICATION
    assert Reader(chip).authenticate(0, KEYS[0]) == OK


def test_settings_that_forbid_free_creation_want_the_chips_own_key() -> None:
    chip = DesfireChip(Eeprom(uid=UID, picc_settings=0x0B, picc_key=Key(KEYS[0])))
    reader = Reader(chip)
    assert reader.command(0xCA, XS_KEY + b"\x09\x85") == (b"", AUTHENTICATION)
    assert reader.authenticate(0, KEYS[0]) == OK
    assert reader.command(0xCA, XS_KEY + b"\x09\x85") == (b"", OK)


def test_application_is_deleted_by_its_own_master_key_and_by_no_other() -> None:
    chip = personalised()
    assert Reader(chip).command(0xDA, XS_KEY) == (b"", AUTHENTICATION)
    assert session(chip, 1).command(0xDA, XS_KEY) == (b"", AUTHENTICATION)
    reader = session(chip, 0)
    assert reader.command(0xDA, b"\x01\x02\x03") == (b"", NOT_FOUND)
    assert session(chip, 0).command(0xDA, XS_KEY) == (b"", OK)
    assert (Reader(chip).select(), chip.eeprom.free_bytes()) == (NOT_FOUND, chip.eeprom.size)


def test_only_the_master_key_lists_files_and_settings() -> None:
    reader = session(personalised(), 0)
    assert reader.command(0x6F) == (bytes((1, 2, 3, 4)), OK)
    assert reader.command(0xF5, b"\x03") == (bytes.fromhex("01032022300000"), OK)
    assert reader.command(0x45) == (b"\x09\x85", OK)
    assert reader.command(0xF5, b"\x05") == (b"", NO_FILE)
    for instruction, header in ((0x6F, b""), (0xF5, b"\x03"), (0x45, b"")):
        assert session(personalised(), 1).command(instruction, header) == (b"", AUTHENTICATION)


@pytest.mark.parametrize(
    ("instruction", "header", "status"),
    [
        (0xCD, file_settings(5, 3, 0x1000, 32), OK),
        (0xCD, file_settings(1, 3, 0x1000, 32), DUPLICATE),
        (0xCD, file_settings(32, 3, 0x1000, 32), PARAMETER),
        (0xCD, file_settings(5, 4, 0x1000, 32), PARAMETER),
        (0xCD, file_settings(5, 3, 0x5000, 32), PARAMETER),  # a key that is not there
        (0xCD, file_settings(5, 3, 0x1000, 0), PARAMETER),
        (0xCD, file_settings(5, 3, 0x1000, 32)[:-1], LENGTH),
        (0xCD, file_settings(5, 3, 0x1000, 1056), OK),  # 4096 - 224 - 640 - 2 * 64 - 2048
        (0xCD, file_settings(5, 3, 0x1000, 1057), OUT_OF_EEPROM),
        (0xCB, file_settings(5, 3, 0x1000, 512), OK),
        (0xCB, file_settings(5, 3, 0x1000, 544), OUT_OF_EEPROM),  # a backup file takes its size twice
    ],
)
def test_create_file(instruction: int, header: bytes, status: int) -> None:
    assert session(personalised(), 0).command(instruction, header) == (b"", status)


def test_create_file_without_the_master_key() -> None:
    assert session(personalised(), 3).command(0xCD, file_settings(5, 3, 0x1000, 32)) == (b"", AUTHENTICATION)


def test_delete_file() -> None:
    reader = session(personalised(), 0)
    assert reader.command(0xDF, b"\x04") == (b"", OK)
    assert reader.command(0x6F) == (bytes((1, 2, 3)), OK)
    assert reader.command(0x6E)[0] == (4096 - 224 - 640 - 2 * 64).to_bytes(3, "little")
    assert reader.command(0xDF, b"\x04") == (b"", NO_FILE)


def test_get_card_uid_tells_the_real_one_to_whoever_authenticated() -> None:
    chip = personalised(random_uid=True)
    reader = Reader(chip)
    reader.select()
    assert reader.command(0x51) == (b"", AUTHENTICATION)
    assert session(chip, 1).command(0x51, mode=FULL) == (UID, OK)


def test_random_uid_is_another_each_time_the_field_comes_up() -> None:
    chip = personalised(random_uid=True)
    shown = set()
    for _ in range(4):
        chip.power_off()
        chip.power_on()
        shown.add(chip.apdu(bytes.fromhex("FFCA000000")))
    assert len(shown) > 1
    assert {(len(answer), answer[:1], answer[-2:]) for answer in shown} == {(6, b"\x08", b"\x90\x00")}
    assert Reader(chip).command(0x60)[0][14:21] == bytes(7)


def test_read_command_with_something_behind_it() -> None:
    reader = session(personalised(), 1)
    body = reader.sealed(0xAD, span(1, 0, 0) + b"\x00", b"", FULL)
    assert reader.send(0xAD, body)[1] != OK
    assert Reader(personalised()).command(0x60, b"\x00", mode=PLAIN) == (b"", LENGTH)
