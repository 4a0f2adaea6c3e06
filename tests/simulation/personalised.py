"""A chip with the XS-Key application on it, made by commands as a personalisation would."""

from collections.abc import Callable

from simulation.card import DesfireChip, Eeprom
from simulation.card.eeprom import Key
from tests.simulation.reader_side import XS_KEY, ZEROS, Reader, file_settings

UID = bytes.fromhex("04112233445566")
KEYS = [bytes((0x10 + number,)) * 16 for number in range(5)]
FULL_MODE = 3
FILES = {1: (0xCD, 0x1000, 224), 2: (0xCD, 0x1330, 640), 3: (0xCB, 0x2220, 48), 4: (0xCD, 0x4330, 2048)}


def personalised(
    durable: Callable[[Eeprom], None] = lambda _: None, random_uid: bool = False, picc_key: Key | None = None
) -> DesfireChip:
    """Keys are `KEYS`, files those of the XS-Key, all zeros, settings 09 (only the master key changes anything)."""
    chip = DesfireChip(Eeprom(uid=UID, random_uid=random_uid, picc_key=picc_key), durable=durable)
    reader = Reader(chip)
    assert reader.command(0xCA, XS_KEY + bytes((0x09, 0x85))) == (b"", 0)
    assert reader.select() == 0
    assert reader.authenticate(0) == 0
    for number, (instruction, access, size) in FILES.items():
        assert reader.command(instruction, file_settings(number, FULL_MODE, access, size)) == (b"", 0)
    assert [reader.change_key(number, ZEROS, KEYS[number]) for number in range(1, 5)] == [0] * 4
    assert reader.change_own_key(0, KEYS[0]) == 0
    chip.reset()
    return chip


def session(chip: DesfireChip, key_number: int) -> Reader:
    """A reader that selected the application and authenticated with this key."""
    reader = Reader(chip)
    assert reader.select() == 0
    assert reader.authenticate(key_number, KEYS[key_number]) == 0
    return reader
