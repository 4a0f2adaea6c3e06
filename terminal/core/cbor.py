"""Deterministic CBOR (RFC 8949 section 4.2.1), the only CBOR that this system writes or believes.

Values are integers of 64 bits, byte and text strings, booleans, null, arrays and maps; no tags, no floats, nothing
of indefinite length. Whoever reads encodes anew what he read and refuses other bytes: that one comparison catches
duplicate keys, keys out of order, trailing bytes and long forms.

The reader is not cbor2's: that one resolves tags while it reads, and with tags 28 and 29 (shared values) 222 bytes
become a value that takes 2 to the power 37 steps to encode anew.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeGuard

import cbor2

from terminal.errors import DocumentError

Key: TypeAlias = int | str | bytes
Value: TypeAlias = int | bytes | str | bool | Sequence["Value"] | Mapping[Key, "Value"] | None
Decoded: TypeAlias = int | bytes | str | bool | list["Decoded"] | dict[Key, "Decoded"] | None

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
_WORD = 1 << 64


class CborRefused(DocumentError):
    """The bytes are not deterministic CBOR within the bounds; the message says which rule they break."""


def encode(value: Value) -> bytes:
    """The one encoding of `value`; map keys in the order of their encoded bytes.

    Raises:
        TypeError: a type that has no place here (a float, a set, an integer past 64 bits): the caller's mistake.
    """
    encoded: bytes = cbor2.dumps(_ordered(value))
    return encoded


def decode_strict(data: bytes, max_bytes: int = MAX_BYTES) -> Decoded:
    """The value that `encode` turns into exactly `data`. Time and memory are linear in `max_bytes`.

    Raises:
        CborRefused: anything else.
    """
    if len(data) > max_bytes:
        raise CborRefused(f"longer than {max_bytes} bytes")
    value = _Reader(data).item(0)
    if encode(value) != data:
        raise CborRefused("not in the deterministic encoding, or followed by other bytes")
    return value


def _ordered(value: Value) -> Value:
    # cbor2's canonical=True sorts shorter keys first (RFC 7049) and so cannot be used for the order of RFC 8949.
    if value is None or isinstance(value, bool | bytes | str):
        return value
    if isinstance(value, int):
        if -_WORD <= value < _WORD:
            return value
        raise TypeError("an integer past 64 bits has no place in this CBOR")
    if isinstance(value, list | tuple):
        return [item if type(item) in _LEAVES else _ordered(item) for item in value]
    if isinstance(value, Mapping):
        if not all(map(_is_key, value)):
            raise TypeError("a map key must be an integer, a text or a byte string")
        return {key: _ordered(value[key]) for key in sorted(value, key=_encoded_key)}
    raise TypeError(f"{type(value).__name__} has no place in this CBOR")


@lru_cache(maxsize=1024)  # documents and entries say the same few words over and over
def _encoded_key(key: Key) -> bytes:
    encoded: bytes = cbor2.dumps(key)
    return encoded


_LEAVES = frozenset({bool, bytes, str, type(None)})
"""Types of which every value is its own order: most of what is written, and not looked at twice."""


def _is_key(key: object) -> TypeGuard[Key]:
    # True and 1 are one key to a Python dictionary and two to CBOR, so a boolean is none.
    return isinstance(key, int | str | bytes) and not isinstance(key, bool)


class _Reader:
    """Reads one item; strict only where a re-encoding cannot tell (tags, floats, depth, length)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def item(self, depth: int) -> Decoded:
        if depth > MAX_DEPTH:
            raise CborRefused(f"nested deeper than {MAX_DEPTH}")
        at = self._at
        if at >= len(self._data):
            raise CborRefused("cut short")
        self._at = at + 1
        major, info = self._data[at] >> 5, self._data[at] & 0x1F
        if major == 7:
            return self._simple(info)
        argument = info if info < 24 else self._argument(info)
        if major == 0:
            return argument
        if major == 3:
            return self._text(argument)
        return self._composed(major, argument, depth)

    def _composed(self, major: int, argument: int, depth: int) -> Decoded:
        match major:
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 4:
                return [self.item(depth + 1) for _ in range(self._fits(argument))]
            case 5:
                return {self._key(depth): self.item(depth + 1) for _ in range(self._fits(argument))}
            case _:
                raise CborRefused("a tag where none may stand")

    def _argument(self, info: int) -> int:
        """Of more than what fits the initial byte."""
        if info > 27:
            raise CborRefused("an indefinite or reserved length")
        return int.from_bytes(self._take(1 << (info - 24)))

    def _simple(self, info: int) -> Decoded:
        match info:
            case 20:
                return False
            case 21:
                return True
            case 22:
                return None
            case _:
                raise CborRefused("a float or a simple value without a meaning here")

    def _key(self, depth: int) -> Key:
        key = self.item(depth + 1)
        if _is_key(key):
            return key
        raise CborRefused("a map key that is no integer, text or byte string")

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise CborRefused("a text string that is not UTF-8") from None

    def _fits(self, count: int) -> int:
        """A count of items, each of which takes a byte at least: bounds the work before it begins."""
        if count > len(self._data) - self._at:
            raise CborRefused("cut short")
        return count

    def _take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + self._fits(length)]
        self._at += length
        return piece
