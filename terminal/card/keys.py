"""The card keys a terminal or a bench holds, behind a port that a secure access module could stand behind as well.

`card-keys.json` is one JSON object; every value is 16 bytes in hex, the generations of the read key newest first:

    {"read": ["…", "…"], "application": "…", "stay": "…", "update": "…", "template": "…", "site": "…"}

All names but `read` may be absent: a terminal holds what its site needs, an activation point `read` and `update`.
Python cannot wipe memory: diversified keys and session keys are referred to no longer than the conversation lasts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from terminal.card.diversification import KEY_BYTES, card_key_input, cmac, diversify
from terminal.card.ev2 import CardKey, cbc_decrypt, cbc_encrypt
from terminal.errors import ConfigurationError

MAX_READ_GENERATIONS = 2
MAX_FILE_BYTES = 4096


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
    """`CardKeys` from master keys in memory. `site` is the key of the stay record's MAC."""

    masters: Mapping[KeyNumber, tuple[bytes, ...]] = field(repr=False)
    site: SoftwareKey | None = None

    def card_keys(self, number: KeyNumber, uid: bytes) -> tuple[CardKey, ...]:
        """Key `number` of the card with this UID, newest generation first."""
        return tuple(SoftwareKey(key) for key in self.raw_keys(number, uid))

    def raw_keys(self, number: KeyNumber, uid: bytes) -> tuple[bytes, ...]:
        """The same as bytes, which only personalisation needs: it writes them onto the card."""
        return tuple(diversify(master, card_key_input(uid, number)) for master in self.masters.get(number, ()))


_NAMES = {number.name.lower(): number for number in KeyNumber}


def parse_card_keys(text: bytes, source: str) -> MasterKeys:
    """The keys in `text`; `source` names it in messages, which never hold a key.

    Raises:
        ConfigurationError: all that is wrong, a line each.
    """
    try:
        document = json.loads(text)
    except ValueError:
        raise ConfigurationError(f"{source}: not JSON; write it anew with xs-headquarters keys init") from None
    if not isinstance(document, dict):
        raise ConfigurationError(f"{source}: not a JSON object of card keys")
    mistakes = [f"{source}: {name}: no such key" for name in document if name not in {*_NAMES, "site"}]
    masters: dict[KeyNumber, tuple[bytes, ...]] = {}
    for name, number in _NAMES.items():
        if name in document:
            masters[number] = _generations(document[name], number, f"{source}: {name}", mistakes)
    site = _generations(document["site"], None, f"{source}: site", mistakes) if "site" in document else ()
    if KeyNumber.READ not in masters:
        mistakes.append(f"{source}: read: missing; no card can be read without it")
    if mistakes:
        raise ConfigurationError(mistakes[0], tuple(mistakes))
    return MasterKeys(masters, SoftwareKey(site[0]) if site else None)


def load_card_keys(path: Path) -> MasterKeys:
    """The keys in the file at `path`, which others may not read.

    Raises:
        ConfigurationError: it is missing, readable for others or wrong.
    """
    return parse_card_keys(read_secret(path), str(path))


def read_secret(path: Path) -> bytes:
    """The bytes of a small file of secrets, which others may not read.

    Raises:
        ConfigurationError: it is missing, too long or readable for others.
    """
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & 0o007:
        raise ConfigurationError(
            f"{path}: everybody on this machine may read it; chmod 600 it, and count it as betrayed"
        )
    if len(text) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{path}: longer than {MAX_FILE_BYTES} bytes, so it is no file of ours")
    return text


def _generations(value: object, number: KeyNumber | None, where: str, mistakes: list[str]) -> tuple[bytes, ...]:
    if number is KeyNumber.READ:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_READ_GENERATIONS:
            mistakes.append(f"{where}: must be a list of 1 to {MAX_READ_GENERATIONS} keys, newest first")
            return ()
        texts = value
    else:
        texts = [value]
    keys = tuple(key for text in texts if (key := _key(text)) is not None)
    if len(keys) != len(texts):
        mistakes.append(f"{where}: must be {KEY_BYTES} bytes in hex ({2 * KEY_BYTES} digits)")
    return keys


def _key(text: object) -> bytes | None:
    try:
        key = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
