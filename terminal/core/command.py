"""Signed commands of headquarters to one terminal (design 7, 'MQTT 5'; docs/mqtt.cddl).

A COSE_Sign1 (Ed25519) over deterministic CBOR. A command comes over a network that nobody trusts, and again and again
until the terminal answers it with an entry of its journal: so it names its terminal, has a number that only grows, and
an end. What it says first keeps it from ever being taken for something else that is signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from terminal.core.cbor import CborRefused, Decoded, Value, decode_strict, encode
from terminal.core.cose import CoseRefused, parse, sign
from terminal.core.issuers import KEY_ID_BYTES, HeadquartersKey
from terminal.core.journal import EPOCH_BYTES
from terminal.core.merkle import MAX_SIZE
from terminal.errors import DocumentError

PURPOSE = "xs/v1/command"
MAX_COMMAND_BYTES = 4 * 1024
MAX_ERASED = 256
"""Entries that one command erases."""

Word: TypeAlias = Literal["not-understood", "not-signed", "other-terminal", "expired"]


class CommandRefused(DocumentError):
    """Nothing is done on its account. `word` stays the same for ever; the text is for a person."""

    def __init__(self, word: Word, message: str) -> None:
        super().__init__(message)
        self.word: Word = word


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase the sealed parts of these entries of an epoch: numbers that grow, at most `MAX_ERASED` of them."""

    epoch: bytes
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order to `terminal`. `number` is greater than that of any command to it before; it ends at `ends_s`."""

    terminal: str
    number: int
    ends_s: int
    order: Erase

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """The bytes that are sent.

        Raises:
            ValueError: an order that is none.
        """
        if not _is_order(self.order):
            raise ValueError(f"no order: {self.order}")
        payload: Value = {
            0: PURPOSE,
            1: self.terminal,
            2: self.number,
            3: self.ends_s,
            4: "erase",
            5: {1: self.order.epoch, 2: list(self.order.sequences)},
        }
        return sign(encode(payload), key_id(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), key)


def key_id(public_key: bytes) -> bytes:
    """By which a command names the key that signed it."""
    return sha256(public_key).digest()[:KEY_ID_BYTES]


def read_command(data: bytes, *, terminal: str, keys: Sequence[HeadquartersKey], now_s: float) -> Command:
    """Read a command, and believe it.

    Raises:
        CommandRefused: not a command that one of `keys` signed, for this terminal, that has not ended.
    """
    try:
        signed = parse(data, MAX_COMMAND_BYTES)
    except CoseRefused as error:
        raise CommandRefused("not-understood", f"no command: {error}") from None
    public_keys = (bytes.fromhex(each.key) for each in keys)
    if not any(key_id(each) == signed.key_id and signed.verified_by(each) for each in public_keys):
        raise CommandRefused("not-signed", "no key for commands that issuers.json names has signed this command")
    try:
        command = _command(decode_strict(signed.payload, MAX_COMMAND_BYTES))
    except CborRefused as error:
        raise CommandRefused("not-understood", f"no command: {error}") from None
    if command is None:
        raise CommandRefused(
            "not-understood", "headquarters orders what this version does not know; bring it up to date"
        )
    if command.terminal != terminal:
        raise CommandRefused("other-terminal", f"the command is for {command.terminal}, this is {terminal}")
    if command.ends_s <= now_s:
        raise CommandRefused("expired", f"command {command.number} has ended; see whether the clock is right")
    return command


def _command(value: Decoded) -> Command | None:
    match value:
        case {
            0: str(purpose),
            1: str(terminal),
            2: int(number),
            3: int(ends_s),
            4: "erase",
            5: {1: bytes(epoch), 2: list(sequences), **more},
            **others,
        } if purpose == PURPOSE and not others and not more:
            order = Erase(epoch, tuple(each for each in sequences if isinstance(each, int)))
            if (
                len(order.sequences) == len(sequences)
                and _is_order(order)
                and _is_number(number)
                and _is_number(ends_s)
            ):
                return Command(terminal=terminal, number=number, ends_s=ends_s, order=order)
    return None


def _is_order(order: Erase) -> bool:
    numbers = order.sequences
    return (
        len(order.epoch) == EPOCH_BYTES
        and 1 <= len(numbers) <= MAX_ERASED
        and all(map(_is_number, numbers))
        and all(one < next_one for one, next_one in pairwise(numbers))
    )


def _is_number(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value < MAX_SIZE
