"""A DESFire EV2 chip made of software, byte for byte, sharing no code with the terminal.

eeprom       what a chip keeps without power; can be kept in a file
session      from an authentication to its end: keys, counter, transaction identifier
transaction  writes to backup files, all or none of which a commit makes durable
fault        what goes wrong in one exchange: pulled away, torn, mute, slow, garbled

Read `chip` (what it is and is not), `commands`, `session`, `eeprom`, then `misbehaviour`.
"""

from simulation.card.chip import ATR, DesfireChip, blank_chip
from simulation.card.eeprom import Application, DataFile, Eeprom, FileType, Key
from simulation.card.misbehaviour import (
    Fault,
    FaultyCard,
    Garbled,
    Mute,
    OtherCard,
    PullAway,
    Slow,
    TornWrite,
    When,
    answered,
    bit_flipped,
    wrong_mac,
)

__all__ = [
    "ATR",
    "Application",
    "DataFile",
    "DesfireChip",
    "Eeprom",
    "Fault",
    "FaultyCard",
    "FileType",
    "Garbled",
    "Key",
    "Mute",
    "OtherCard",
    "PullAway",
    "Slow",
    "TornWrite",
    "When",
    "answered",
    "bit_flipped",
    "blank_chip",
    "wrong_mac",
]
