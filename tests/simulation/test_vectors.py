"""The chip held to published numbers: RFC 4493, NXP AN12196."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulation.card import Application, DataFile, DesfireChip, Eeprom, FileType, Key
from simulation.card.crypto import cmac, encrypt_cbc, jam_crc32, session_keys, truncated
from simulation.card.session import CommMode, Session

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "card.json").read_text(encoding="utf-8"))
FIRST_0, FIRST_3, NON_FIRST, FILE_SETTINGS, WRITE, CARD_UID = VECTORS["ev2"]
AID = bytes.fromhex("58534B")


def hexes(text: str) -> bytes:
    return bytes.fromhex(text)


class Scripted:
    """A random source that gives what was written down, in that order."""

    def __init__(self, *values: str) -> None:
        self._values = [hexes(value) for value in values]

    def __call__(self, count: int) -> bytes:
        value = self._values.pop(0)
        assert len(value) == count
        return value


def chip_with(random: Scripted, files: dict[int, DataFile] | None = None, uid: str = "04958CAA5C5E80") -> DesfireChip:
    application = Application(0x0F, [Key() for _ in range(5)], files or {})
    chip = DesfireChip(Eeprom(uid=hexes(uid), applications={AID: application}), random=random)
    assert chip.apdu(hexes("905A00000358534B00")) == hexes("9100")
    return chip


def session_of(vector: dict[str, Any], key_number: int = 0, counter: int = 0) -> Session:
    return Session(
        key_number=key_number,
        transaction=hexes(vector["ti"]),
        key_enc=hexes(vector.get("session_key_enc", "00" * 16)),
        key_mac=hexes(vector["session_key_mac"]),
        counter=counter,
    )


@pytest.mark.parametrize(("message", "expected"), VECTORS["cmac"]["cases"])
def test_cmac(message: str, expected: str) -> None:
    assert cmac(hexes(VECTORS["cmac"]["key"]), hexes(message)) == hexes(expected)


@pytest.mark.parametrize("vector", [FIRST_0, FIRST_3], ids=["table 14", "table 19"])
def test_authenticate_first(vector: dict[str, Any]) -> None:
    chip = chip_with(Scripted(vector["rnd_b"], vector["expect"]["ti"]))
    assert chip.apdu(hexes(vector["command_1"])) == hexes(vector["response_1"])
    assert chip.apdu(hexes(vector["command_2"])) == hexes(vector["response_2"])
    expected = vector["expect"]
    keys = session_keys(hexes(vector["key"]), hexes(vector["rnd_a"]), hexes(vector["rnd_b"]))
    assert keys == (hexes(expected["session_key_enc"]), hexes(expected["session_key_mac"]))


def test_write_then_authenticate_another_key_in_the_same_transaction_then_change_keys() -> None:
    """Tables 19, 21, 23, 24, 25 and 26 are one conversation; all its bytes, on one chip."""
    files = {
        3: DataFile(FileType.STANDARD, CommMode.FULL, 0x3330, bytes(128)),
        1: DataFile(FileType.STANDARD, CommMode.PLAIN, 0xE0E0, bytes(32)),
    }
    chip = chip_with(Scripted(FIRST_3["rnd_b"], FIRST_3["expect"]["ti"], NON_FIRST["rnd_b"]), files)
    conversation = [
        (FIRST_3["command_1"], FIRST_3["response_1"]),
        (FIRST_3["command_2"], FIRST_3["response_2"]),
        (WRITE["expect"]["command"], WRITE["expect"]["response"]),
        (NON_FIRST["command_1"], NON_FIRST["response_1"]),
        (NON_FIRST["command_2"], NON_FIRST["response_2"]),
        ("908D000019010E0000120000FF0506E1050080828300000000000000000000", "9100"),
        (
            "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600",
            "203BB55D1089D5879100",
        ),
        ("90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED643200", "9100"),
    ]
    assert [(sent, chip.apdu(hexes(sent)).hex().upper()) for sent, _ in conversation] == conversation
    application = chip.eeprom.applications[AID]
    assert application.files[3].data == hexes(WRITE["data"]).ljust(128, b"\x00")
    assert application.keys[2] == Key(hexes("F3847D627727ED3BC9C4CC050489B966"), 1)
    assert application.keys[0] == Key(hexes("5004BF991F408672B1EF00F08F9E8647"), 1)


def test_non_first_session_keys() -> None:
    keys = session_keys(hexes(NON_FIRST["key"]), hexes(NON_FIRST["rnd_a"]), hexes(NON_FIRST["rnd_b"]))
    assert keys == (hexes(NON_FIRST["expect"]["session_key_enc"]), hexes(NON_FIRST["expect"]["session_key_mac"]))


def test_get_file_settings_in_mac_mode() -> None:
    command, response = hexes(FILE_SETTINGS["command"]), hexes(FILE_SETTINGS["response"])
    session = session_of(FILE_SETTINGS)
    header, data = session.open_command(0xF5, command[5:-1], 1, CommMode.MAC)
    assert (header, data) == (b"\x02", b"")
    assert session.seal_answer(response[:-10], CommMode.MAC) == response[:-2]


def test_write_data_in_full_mode() -> None:
    command = hexes(WRITE["expect"]["command"])
    session = session_of(WRITE)
    header, data = session.open_command(0x8D, command[5:-1], 7, CommMode.FULL)
    assert (header.hex(), data) == ("030000000a0000", hexes(WRITE["data"]))
    assert session.seal_answer(b"", CommMode.FULL) == hexes(WRITE["expect"]["response"])[:-2]


def test_get_card_uid_in_full_mode() -> None:
    session = session_of(CARD_UID)
    assert session.open_command(0x51, hexes(CARD_UID["command"])[5:-1], 0, CommMode.FULL) == (b"", b"")
    sealed = session.seal_answer(hexes(CARD_UID["expect"]["plaintext"]), CommMode.FULL)
    assert sealed == hexes(CARD_UID["response"])[:-2]


def test_initialisation_vectors() -> None:
    def iv(vector: dict[str, Any], label: str, counter: str) -> bytes:
        return encrypt_cbc(hexes(vector["session_key_enc"]), hexes(label + vector["ti"] + counter) + bytes(8))

    assert iv(WRITE, "A55A", "0000") == hexes(WRITE["expect"]["iv"])
    assert iv(CARD_UID, "5AA5", "0100") == hexes(CARD_UID["expect"]["response_iv"])


def test_crc_of_a_new_key() -> None:
    """AN12196 table 25, step 7."""
    assert jam_crc32(hexes("F3847D627727ED3BC9C4CC050489B966")) == hexes("789DFADC")


def test_ev2_truncation_is_not_ev1s() -> None:
    mac = bytes(range(16))
    assert truncated(mac) == hexes("01030507090B0D0F")
    assert truncated(mac) != mac[:8]
