import json
from pathlib import Path

import pytest

from firmware_config.cardkeys import MAX_GENERATIONS, CardKeys, keys_folder, read_card_keys
from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes
from tests.firmware_config.gate_file import GATE, written

NEW, OLD, STAY = "0123456789abcdef" * 2, "00" * 16, "FF" * 16


def key_file(folder: Path, content: object) -> Path:
    path = folder / "card-keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def mistakes_in(path: Path) -> list[str]:
    with pytest.raises(ConfigurationMistakes) as caught:
        read_card_keys(path)
    assert NEW not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return [f"{mistake.key}: {mistake.wrong}" for mistake in caught.value.mistakes]


def test_terminal_keys_are_read_newest_first(tmp_path: Path) -> None:
    keys = read_card_keys(key_file(tmp_path, {"read": [NEW, OLD], "stay": STAY}))
    assert keys == CardKeys((bytes.fromhex(NEW), bytes(16)), stay=b"\xff" * 16)
    assert NEW not in repr(keys)
    assert str(bytes.fromhex(NEW)) not in repr(keys)


def test_read_key_alone_is_enough(tmp_path: Path) -> None:
    assert read_card_keys(key_file(tmp_path, {"read": [NEW]})) == CardKeys((bytes.fromhex(NEW),))


def test_issuer_keys_on_a_gate_are_refused(tmp_path: Path) -> None:
    told = mistakes_in(key_file(tmp_path, {"read": [NEW], "application": NEW, "update": NEW}))
    assert told == [
        "application: this key belongs to the issuer and not on a gate",
        "update: this key belongs to the issuer and not on a gate",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({}, "read: is no list of keys"),
        ({"read": NEW}, "read: is no list of keys"),
        ({"read": []}, "read: is no list of keys"),
        ({"read": [NEW] * (MAX_GENERATIONS + 1)}, "read: is no list of keys"),
        ({"read": [NEW, NEW[:-1]]}, "read[2]: is no key"),
        ({"read": [NEW + "00"]}, "read[1]: is no key"),
        ({"read": [NEW[:-2] + "xx"]}, "read[1]: is no key"),
        ({"read": ["00 " * 10 + "00"]}, "read[1]: is no key"),
        ({"read": [7]}, "read[1]: is no key"),
        ({"read": [NEW], "stay": None}, "stay: is no key"),
        ({"read": [NEW], NEW: NEW}, ": has 1 key(s) with other names"),
        ([NEW], ": is no key file"),
        (f'{{"read": ["{NEW}"', ": is no key file"),
        ("[" * 60_000, ": is no key file"),
        (json.dumps({"read": [NEW]}) + " " * 70_000 + "x", ": is no key file"),
        ("", ": is no key file"),
    ],
)
def test_faulty_key_file_is_told_without_what_is_in_it(tmp_path: Path, content: object, line: str) -> None:
    assert mistakes_in(key_file(tmp_path, content)) == [line]


def test_generations_are_bounded(tmp_path: Path) -> None:
    assert len(read_card_keys(key_file(tmp_path, {"read": [NEW] * MAX_GENERATIONS})).read) == MAX_GENERATIONS


def test_missing_key_file(tmp_path: Path) -> None:
    assert mistakes_in(tmp_path / "none.json") == [": the card keys cannot be read: No such file or directory"]


def test_keys_come_from_systemd_unless_a_folder_is_named(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": "/run/credentials/gate"}
    by_systemd = read_gate(written(tmp_path, GATE))
    assert keys_folder(by_systemd, environ, "gate.toml") == Path("/run/credentials/gate")
    named = read_gate(written(tmp_path, GATE + '[keys]\nfolder = "/srv/keys"\ncards = "k.json"\n'))
    assert keys_folder(named, environ, "gate.toml") == Path("/srv/keys")
    with pytest.raises(ConfigurationMistakes) as caught:
        keys_folder(by_systemd, {}, "gate.toml")
    assert str(caught.value).startswith("gate.toml: keys.folder: is left out, and this process got no credentials")
