"""What a chip keeps in a file between two runs."""

from pathlib import Path

import pytest

from simulation.card import DesfireChip
from simulation.card.eeprom import Eeprom, Key
from tests.simulation.personalised import KEYS, UID, personalised, session
from tests.simulation.reader_side import XS_KEY

STAY = 3
NEW = b"\x22" * 48


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "anna.json"
    personalised().eeprom.save(path)
    return path


def test_card_is_the_same_when_it_comes_back(tmp_path: Path) -> None:
    chip = personalised(random_uid=True, picc_key=Key(KEYS[4], 3))
    chip.eeprom.save(tmp_path / "card.json")
    assert Eeprom.load(tmp_path / "card.json") == chip.eeprom
    assert list(tmp_path.iterdir()) == [tmp_path / "card.json"]


def test_what_is_committed_is_in_the_file_before_the_chip_answers(tmp_path: Path) -> None:
    path = saved(tmp_path)
    reader = session(DesfireChip.kept_in(path), 2)
    assert reader.write(STAY, NEW) == 0
    assert session(DesfireChip.kept_in(path), 2).read(STAY)[0] == bytes(48)
    assert reader.commit() == 0
    assert session(DesfireChip.kept_in(path), 2).read(STAY)[0] == NEW


def test_every_change_of_a_personalisation_is_reported() -> None:
    changes: list[int] = []
    personalised(durable=lambda eeprom: changes.append(len(eeprom.applications)))
    assert changes == [1] * (1 + 4 + 5)


def test_file_with_keys_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert saved(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"uid": "zz"}'])
def test_file_that_is_no_card(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match=r"card\.json is no saved card"):
        DesfireChip.kept_in(path)


def test_no_key_shows_when_a_chip_is_printed() -> None:
    chip = personalised()
    shown = repr(chip.eeprom) + repr(session(chip, 1)) + repr(vars(chip))
    assert UID.hex() not in shown
    assert not any(repr(key)[2:-1] in shown or key.hex() in shown for key in KEYS)
    assert XS_KEY in chip.eeprom.applications
