"""The card keys a terminal or a bench holds, behind a port that a secure access module could stand behind as well.

Python cannot wipe memory: diversified keys and session keys are referred to no longer than the conversation lasts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from terminal.card.diversification import KEY_BYTES, card_key_input, cmac, diversify
from terminal.card.ev2 import CardKey, cbc_decrypt, cbc_encrypt


class KeyNumber(IntEnum):
    """The keys of the XS-Key application."""

    APPLICATION = 0
    READ = 1
    STAY = 2
    UPDATE = 3
    TEMPLATE = 4


class CardKeys(Protocol):
    """Whoever keeps the master keys."""

    def card_keys(self, number: KeyNumber, uid: bytes) -> tuple[CardKey, ...]:
        """Key `number` of the card with this 7-byte UID, newest generation first; empty when it is not held here."""


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A `CardKey` in the memory of this process."""

    key: bytes = field(repr=False)

    def encrypt(self, data: bytes) -> bytes:
        """AES-CBC with a zero IV over whole blocks."""
        return cbc_encrypt(self.key, bytes(KEY_BYTES), data)

    def decrypt(self, data: bytes) -> bytes:
        """The reverse of `encrypt`."""
        return cbc_decrypt(self.key, bytes(KEY_BYTES), data)

    def cmac(self, message: bytes) -> bytes:
        """AES-CMAC, 16 bytes."""
        return cmac(self.key, message)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """`CardKeys` from master keys in memory, 16 bytes each, by number; newest generation first."""

    masters: Mapping[KeyNumber, tuple[bytes, ...]] = field(repr=False)

    def card_keys(self, number: KeyNumber, uid: bytes) -> tuple[CardKey, ...]:
        """Key `number` of the card with this UID, newest generation first."""
        return tuple(SoftwareKey(key) for key in self.raw_keys(number, uid))

    def raw_keys(self, number: KeyNumber, uid: bytes) -> tuple[bytes, ...]:
        """The same as bytes, which only personalisation needs: it writes them onto the card."""
        return tuple(diversify(master, card_key_input(uid, number)) for master in self.masters.get(number, ()))
