"""The terminal's cryptography against NXP's and the IETF's own numbers."""

import json
from pathlib import Path
from typing import Any

import pytest

from terminal.card import personalise
from terminal.card.apdu import CardGarbled, CardRefused, Command, WrongProof
from terminal.card.diversification import cmac, diversify
from terminal.card.ev2 import Session, authenticate_first, authenticate_non_first, pad, truncate, unpad
from terminal.card.keys import SoftwareKey
from terminal.card.xs_key import CREDENTIAL, read_piece

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "card.json").read_text())
TABLES = {vector["source"].split("table ")[1].split(",")[0].split(" ")[0]: vector for vector in VECTORS["ev2"]}


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


class Script:
    """A card that has its answers written out, and wants each command to the byte."""

    def __init__(self, *turns: tuple[str, str]) -> None:
        self.turns = [(unhex(command), unhex(answer)) for command, answer in turns]

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        command, answer = self.turns.pop(0)
        assert apdu.hex() == command.hex()
        return answer[:-2], int.from_bytes(answer[-2:])


def script(table: str) -> Script:
    vector = TABLES[table]
    return Script((vector["command_1"], vector["response_1"]), (vector["command_2"], vector["response_2"]))


def session(table: str, card: Script, **keys: str) -> Session:
    vector = TABLES[table] | keys
    return Session(
        card,
        unhex(vector["ti"]),
        key_enc=unhex(vector.get("session_key_enc", "00" * 16)),
        key_mac=unhex(vector["session_key_mac"]),
    )


@pytest.mark.parametrize(("message", "mac"), VECTORS["cmac"]["cases"])
def test_cmac_of_rfc_4493(message: str, mac: str) -> None:
    assert cmac(unhex(VECTORS["cmac"]["key"]), unhex(message)).hex() == mac


def test_diversified_key_of_an10922() -> None:
    vector = VECTORS["an10922"]
    assert diversify(unhex(vector["master"]), unhex(vector["input"])) == unhex(vector["expect"])


@pytest.mark.parametrize("length", [15, 32])
def test_diversification_input_is_bounded(length: int) -> None:
    assert diversify(bytes(16), bytes(16 if length < 16 else 31))
    with pytest.raises(ValueError, match="16 to 31"):
        diversify(bytes(16), bytes(length))


@pytest.mark.parametrize("table", ["14", "19"])
def test_authenticate_first(table: str) -> None:
    vector = TABLES[table]
    key = SoftwareKey(unhex(vector["key"]))
    made = authenticate_first(script(table), vector["key_number"], key, lambda _: unhex(vector["rnd_a"]))
    expect = vector["expect"]
    assert (made.ti, made.key_enc, made.key_mac, made.counter) == (
        unhex(expect["ti"]),
        unhex(expect["session_key_enc"]),
        unhex(expect["session_key_mac"]),
        0,
    )


def test_authenticate_non_first_keeps_transaction_and_counter() -> None:
    vector = TABLES["23"]
    before = Session(script("23"), unhex("7614281A"), key_enc=bytes(16), key_mac=bytes(16), counter=2)
    key = SoftwareKey(unhex(vector["key"]))
    made = authenticate_non_first(before, vector["key_number"], key, lambda _: unhex(vector["rnd_a"]))
    expect = vector["expect"]
    assert (made.ti, made.key_enc, made.key_mac, made.counter) == (
        before.ti,
        unhex(expect["session_key_enc"]),
        unhex(expect["session_key_mac"]),
        2,
    )


def test_card_whose_proof_is_wrong_gets_no_session() -> None:
    vector = TABLES["14"]
    answer = unhex(vector["response_2"])
    card = Script(
        (vector["command_1"], vector["response_1"]),
        (vector["command_2"], (answer[:5] + bytes([answer[5] ^ 1]) + answer[6:]).hex()),
    )

    class OnlyProof(SoftwareKey):
        def cmac(self, message: bytes) -> bytes:
            raise AssertionError(f"a session key was made of {message.hex()} before the proof was checked")

    with pytest.raises(WrongProof):
        authenticate_first(card, 0, OnlyProof(bytes(16)), lambda _: unhex(vector["rnd_a"]))


def test_get_file_settings_in_mac_mode() -> None:
    vector = TABLES["7"]
    card = Script((vector["command"], vector["response"]))
    answer = session("7", card).mac(Command.GET_FILE_SETTINGS, b"\x02")
    assert answer == unhex(vector["response"])[:-10]


def test_write_data_in_full_mode() -> None:
    vector = TABLES["21"]
    card = Script((vector["expect"]["command"], vector["expect"]["response"]))
    header = bytes([vector["file"]]) + bytes(3) + bytes.fromhex("0A0000")
    assert session("21", card).full(Command.WRITE_DATA, header, unhex(vector["data"])) == b""


def get_card_uid(card: Script) -> bytes:
    return session("28", card).full(0x51)  # type: ignore[arg-type]  # GetCardUID, which only this test sends


def test_answer_in_full_mode() -> None:
    vector = TABLES["28"]
    assert get_card_uid(Script((vector["command"], vector["response"]))) == unhex(vector["expect"]["plaintext"])


def test_answer_with_the_truncation_of_ev1_is_not_believed() -> None:
    vector = TABLES["28"]
    data = unhex(vector["response"])[:-10]
    whole = cmac(unhex(vector["session_key_mac"]), b"\x00\x01\x00" + unhex(vector["ti"]) + data)
    get_card_uid(Script((vector["command"], (data + truncate(whole)).hex() + "9100")))
    with pytest.raises(CardGarbled, match="mac"):
        get_card_uid(Script((vector["command"], (data + whole[:8]).hex() + "9100")))


@pytest.mark.parametrize("byte", [0, 15, 16, 23])
def test_answer_changed_on_its_way_is_not_believed(byte: int) -> None:
    vector = TABLES["28"]
    answer = bytearray.fromhex(vector["response"])
    answer[byte] ^= 0x40
    with pytest.raises(CardGarbled, match="mac"):
        get_card_uid(Script((vector["command"], answer.hex())))


def test_answer_of_an_earlier_command_is_not_believed_again() -> None:
    vector = TABLES["28"]
    card = Script((vector["command"], vector["response"]))
    conversation = session("28", card)
    assert conversation.full(0x51)  # type: ignore[arg-type]
    replayed = unhex(vector["response"])

    class Replay:
        def transceive(self, apdu: bytes) -> tuple[bytes, int]:
            assert apdu[1] == 0x51
            return replayed[:-2], 0x9100

    conversation.card = Replay()
    with pytest.raises(CardGarbled, match="mac"):
        conversation.full(0x51)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 223, 225])
def test_data_of_another_length_than_was_asked_for_is_not_believed(length: int) -> None:
    class Generous(Session):
        def full(self, command: Command, header: bytes = b"", data: bytes = b"") -> bytes:
            assert (command, header[4:], data) == (Command.READ_DATA, b"\xe0\x00\x00", b"")
            return bytes(length)

    with pytest.raises(CardGarbled, match="length"):
        read_piece(Generous(Script(), bytes(4), bytes(16), bytes(16)), CREDENTIAL, 0, 224)


@pytest.mark.parametrize("padded", [bytes(16), b"\x80" + bytes(16), b"\x01" * 16, b"\x7f" + bytes(15)])
def test_padding_of_another_form_is_not_believed(padded: bytes) -> None:
    assert unpad(pad(b"")) == b""
    assert unpad(pad(bytes(16))) == bytes(16)
    with pytest.raises(CardGarbled, match="padding"):
        unpad(padded)


def test_conversation_ends_before_the_counter_would_turn_over() -> None:
    conversation = Session(Script(), bytes(4), bytes(16), bytes(16), counter=0xFFFF)
    with pytest.raises(CardGarbled, match="counter"):
        conversation.mac(Command.COMMIT_TRANSACTION)


CHANGED_SESSION = {
    "ti": "7614281A",
    "session_key_enc": "4CF3CB41A22583A61E89B158D252FC53",
    "session_key_mac": "5529860B2FC5FB6154B7F28361D30BF9",
}


def changing(card: Script, counter: int) -> Session:
    made = session("23", card, **CHANGED_SESSION)
    made.counter = counter
    return made


def test_change_of_another_key() -> None:
    """AN12196 table 26: key 2 while authenticated with key 0."""
    card = Script(
        (
            "90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600",
            "203BB55D1089D5879100",
        )
    )
    new = unhex("F3847D627727ED3BC9C4CC050489B966")
    personalise.change_other_key(changing(card, 2), 2, old=bytes(16), new=new)


def test_change_of_the_key_that_authenticated() -> None:
    """AN12196 table 27: key 0, whose session ends with it."""
    card = Script(
        ("90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED643200", "9100")
    )
    personalise.change_own_key(changing(card, 3), 0, new=unhex("5004BF991F408672B1EF00F08F9E8647"))


def test_refusal_says_which_command_and_status() -> None:
    card = Script(("90F5000009026597A457C8CD442C00", "919D"))
    with pytest.raises(CardRefused, match="GET_FILE_SETTINGS with 919D"):
        session("7", card).mac(Command.GET_FILE_SETTINGS, b"\x02")
