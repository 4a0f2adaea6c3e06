"""Deterministic CBOR (RFC 8949 section 4.2.1), the only CBOR that this system writes or believes.

Values are integers of 64 bits, byte and text strings, booleans, null, arrays and maps; no tags, no floats, nothing
of indefinite length. Of each value one form is read, the one that is written: the shortest head, and map keys in the
order of their bytes, which catches one that stands twice. The tests hold that against encoding anew.

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
    reader = _Reader(data)
    value = reader.item(0)
    if reader.at != len(data):
        raise CborRefused("followed by other bytes")
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
    """Reads items, each in the one form that `encode` gives it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data)
        self.at = 0

    def item(self, depth: int) -> Decoded:
        if depth > MAX_DEPTH:
            raise CborRefused(f"nested deeper than {MAX_DEPTH}")
        at = self.at
        if at >= self._end:
            raise CborRefused("cut short")
        self.at = at + 1
        head = self._data[at]
        argument = head & 0x1F
        if head >= _SIMPLE:
            return self._simple(argument)
        if argument >= _SHORT:
            argument = self._argument(argument)
        if head < _NEGATIVE:
            return argument
        if head >= _ARRAY:
            return self._composed(head >> 5, argument, depth)
        return -1 - argument if head < _BYTES else self._string(head, argument)

    def _string(self, head: int, length: int) -> bytes | str:
        if length > self._end - self.at:
            raise CborRefused("cut short")
        piece = self._data[self.at : self.at + length]
        self.at += length
        if head < _TEXT:
            return piece
        try:
            return piece.decode()
        except UnicodeDecodeError:
            raise CborRefused("a text string that is not UTF-8") from None

    def _composed(self, major: int, count: int, depth: int) -> Decoded:
        if major == _TAG:
            raise CborRefused("a tag where none may stand")
        if count > self._end - self.at:  # each item takes a byte at least: bounds the work before it begins
            raise CborRefused("cut short")
        if major == _MAP:
            return self._map(count, depth + 1)
        return [self.item(depth + 1) for _ in range(count)]

    def _map(self, count: int, depth: int) -> dict[Key, Decoded]:
        found: dict[Key, Decoded] = {}
        before = b""  # less than any encoded key
        for _ in range(count):
            begin = self.at
            key = self.item(depth)
            if not _is_key(key):
                raise CborRefused("a map key that is no integer, text or byte string")
            encoded = self._data[begin : self.at]
            if encoded <= before:
                raise CborRefused("a map key that stands twice, or out of order")
            found[key] = self.item(depth)
            before = encoded
        return found

    def _argument(self, info: int) -> int:
        """Of more than what fits the initial byte."""
        if info > _LONGEST:
            raise CborRefused("an indefinite or reserved length")
        length = 1 << (info - _SHORT)
        if length > self._end - self.at:
            raise CborRefused("cut short")
        argument = int.from_bytes(self._data[self.at : self.at + length])
        self.at += length
        if argument < _LEAST[info - _SHORT]:
            raise CborRefused("a longer form than is needed")
        return argument

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


_NEGATIVE, _BYTES, _TEXT, _ARRAY, _SIMPLE = (major << 5 for major in (1, 2, 3, 4, 7))
"""The first initial byte of each major type."""
_MAP, _TAG = 5, 6
_SHORT, _LONGEST = 24, 27
"""An argument below the first stands in the initial byte itself; the last is one of eight bytes."""
_LEAST = (_SHORT, 1 << 8, 1 << 16, 1 << 32)
"""The least that needs one, two, four and eight bytes."""
