"""The keys of one terminal: `card-keys.json`, `terminal-key`, `journal-key`; of systemd or in `[keys] folder`.

A terminal holds only what it needs (design 3): `read` always; `stay`, `site` and `template` where the site uses them.
The issuer's `application` and `update` keys are refused: a stolen terminal must not be able to change a card.
No error and no `repr` shows what is in the file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firmware_config.gate import Gate
from firmware_config.mistakes import ConfigurationMistakes, Mistake

KEY_BYTES = 16
OWN_KEY_BYTES = 32
OWN_KEY = "64 hexadecimal digits that only this terminal has: openssl rand -hex 32 > {}"
MAX_GENERATIONS = 8
MAX_FILE_BYTES = 64 * 1024
OPTIONAL = ("stay", "site", "template")
ISSUER_ONLY = ("application", "update")
HEX = f"{2 * KEY_BYTES} hexadecimal digits"
KEY_FILE = '{"read": [newest, …], "stay": …, "site": …, "template": …}, the last three only where used'


@dataclass(frozen=True, slots=True, repr=False)
class CardKeys:
    """Master keys, 16 bytes each. `read`: newest generation first, never empty."""

    read: tuple[bytes, ...]
    stay: bytes | None = None
    site: bytes | None = None
    template: bytes | None = None


@dataclass(frozen=True, slots=True)
class GateKeys:
    """All keys of a terminal. `terminal`, `journal`: 32 bytes of its own; the second is an Ed25519 key (RFC 8032)."""

    cards: CardKeys
    terminal: bytes = field(repr=False)
    journal: bytes = field(repr=False)


def keys_folder(gate: Gate, environ: Mapping[str, str], file: str) -> Path:
    """Where the key files of this gate are; `file` is the `gate.toml` to name in a mistake.

    Raises:
        ConfigurationMistakes: no folder is configured and systemd handed over no credentials.
    """
    folder = gate.keys.folder or (Path(given) if (given := environ.get("CREDENTIALS_DIRECTORY")) else None)
    if folder is None:
        wrong = "is left out, and this process got no credentials from systemd"
        mistake = Mistake(file, "keys.folder", wrong, "a folder, or a start as a systemd service")
        raise ConfigurationMistakes((mistake,))
    return folder


def read_keys(gate: Gate, environ: Mapping[str, str], file: str) -> GateKeys:
    """Read all key files of a gate.

    Raises:
        ConfigurationMistakes: one of them cannot be read or used.
    """
    folder = keys_folder(gate, environ, file)
    return GateKeys(
        read_card_keys(folder / gate.keys.cards),
        terminal=read_own_key(folder / gate.keys.terminal),
        journal=read_own_key(folder / gate.keys.journal),
    )


def read_own_key(path: Path) -> bytes:
    """Read a key that was made on this terminal, 32 bytes.

    Raises:
        ConfigurationMistakes: it cannot be read or used.
    """
    key = _hex(_bytes(path, "a key of this terminal").decode("ascii", "replace").strip(), OWN_KEY_BYTES)
    if key is None:
        raise ConfigurationMistakes((Mistake(str(path), "", "is no key file", OWN_KEY.format(path.name)),))
    return key


def read_card_keys(path: Path) -> CardKeys:
    """Read the key file.

    Raises:
        ConfigurationMistakes: it cannot be read or used; all mistakes at once, without what is in it.
    """
    file = str(path)
    content = _content(path)
    mistakes = [
        Mistake(file, name, "this key belongs to the issuer and not on a gate", KEY_FILE)
        for name in ISSUER_ONLY
        if name in content
    ]
    unknown = set(content) - {"read", *OPTIONAL, *ISSUER_ONLY}
    mistakes += [Mistake(file, "", f"has {len(unknown)} key(s) with other names", KEY_FILE)] if unknown else []
    read = content.get("read")
    generations = read if isinstance(read, list) else []
    if not 1 <= len(generations) <= MAX_GENERATIONS:
        mistakes.append(Mistake(file, "read", "is no list of keys", f"1 to {MAX_GENERATIONS} times {HEX}"))
    given = [(f"read[{place}]", text) for place, text in enumerate(generations, 1)]
    given += [(name, content[name]) for name in OPTIONAL if name in content]
    mistakes += [Mistake(file, name, "is no key", HEX) for name, text in given if _key(text) is None]
    if mistakes:
        raise ConfigurationMistakes(tuple(mistakes))
    return CardKeys(
        tuple(key for text in generations if (key := _key(text)) is not None),
        **{name: _key(content.get(name)) for name in OPTIONAL},
    )


def _content(path: Path) -> dict[str, Any]:
    raw = _bytes(path, "the card keys")
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        content = None  # the parser's words would show what is in the file
    if not isinstance(content, dict):
        raise ConfigurationMistakes((Mistake(str(path), "", "is no key file", KEY_FILE),))
    return content


def _bytes(path: Path, what: str) -> bytes:
    """What is in a key file; nothing of one that is too long to be one."""
    try:
        with path.open("rb") as opened:
            raw = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        mistake = Mistake(str(path), "", f"{what} cannot be read: {error.strerror}", "a key file this user can read")
        raise ConfigurationMistakes((mistake,)) from None
    return raw if len(raw) <= MAX_FILE_BYTES else b""


def _key(text: object) -> bytes | None:
    return _hex(text, KEY_BYTES)


def _hex(text: object, length: int) -> bytes | None:
    if not isinstance(text, str) or len(text) != 2 * length or not text.isascii() or not text.isalnum():
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
