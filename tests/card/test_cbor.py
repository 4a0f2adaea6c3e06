"""Deterministic CBOR: one encoding for each value, and nothing else is read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.cbor import MAX_BYTES, MAX_DEPTH, CborRefused, Value, decode_strict, encode

leaves = st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20) | st.booleans() | st.none()
keys = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=8) | st.binary(max_size=8)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))


@given(values)
@settings(max_examples=150)
def test_what_is_encoded_is_read_back_and_has_no_second_encoding(value: Value) -> None:
    assert decode_strict(encode(value)) == value


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_any_bytes_are_read_as_their_own_encoding_or_refused(data: bytes) -> None:
    try:
        value = decode_strict(data)
    except CborRefused:
        return
    assert encode(value) == data


@given(
    values,
    st.integers(0, 2**16),
    st.sampled_from(("another byte", "one bit", "one less", "one more", "swapped")),
    st.data(),
)
@settings(max_examples=500)
def test_spoilt_encoding_is_read_as_its_own_encoding_or_refused(
    value: Value, at: int, how: str, drawn: st.DataObject
) -> None:
    data = bytearray(encode(value))
    at %= len(data)
    match how:
        case "another byte":
            data[at] = drawn.draw(st.integers(0, 255))
        case "one bit":
            data[at] ^= 1 << drawn.draw(st.integers(0, 7))
        case "one less":
            del data[at]
        case "one more":
            data.insert(at, drawn.draw(st.integers(0, 255)))
        case _:
            other = drawn.draw(st.integers(0, len(data) - 1))
            data[at], data[other] = data[other], data[at]
    try:
        read = decode_strict(bytes(data))
    except CborRefused:
        return
    assert encode(read) == data


def test_map_keys_are_in_the_order_of_rfc_8949_where_that_of_rfc_7049_differs() -> None:
    assert encode({-1: 0, 100: 0, "a": 0}).hex() == "a31864002000616100"  # RFC 7049 has -1 first


@pytest.mark.parametrize(
    ("attack", "data"),
    {
        "duplicate key": "a2 01 00 01 00",
        "duplicate key, another value": "a2 01 00 01 05",
        "keys out of order": "a2 02 00 01 00",
        "trailing byte": "01 00",
        "long form of an integer": "18 05",
        "long form of a length": "58 01 00",
        "long form of two bytes": "19 00 ff",
        "long form of four bytes": "1a 00 00 ff ff",
        "long form of eight bytes": "1b 00 00 00 00 ff ff ff ff",
        "long form of a negative integer": "38 17",
        "long form of a key": "a1 18 17 00",
        "keys out of order, the shorter one first": "a2 20 00 18 64 00",
        "indefinite array": "9f ff",
        "indefinite text": "7f 61 61 ff",
        "reserved length": "1c",
        "tag": "c1 00",
        "shared value that contains itself": "d8 1c 81 d8 1d 00",
        "bignum": "c2 49 01 00 00 00 00 00 00 00 00",
        "float": "f9 3c 00",
        "undefined": "f7",
        "true in a long form": "f8 15",
        "boolean as key": "a1 f5 00",
        "array as key": "a1 80 00",
        "text that is not UTF-8": "61 ff",
        "cut short": "42 00",
        "array of 2^64-1 items": "9b ff ff ff ff ff ff ff ff",
        "string of 2^64-1 bytes": "5b ff ff ff ff ff ff ff ff",
        "nothing": "",
    }.items(),
)
def test_other_than_the_one_encoding_is_refused(attack: str, data: str) -> None:
    with pytest.raises(CborRefused):
        decode_strict(bytes.fromhex(data))


def test_depth_is_bounded_on_both_sides() -> None:
    assert decode_strict(b"\x81" * MAX_DEPTH + b"\x00") is not None
    with pytest.raises(CborRefused, match="nested"):
        decode_strict(b"\x81" * (MAX_DEPTH + 1) + b"\x00")


def test_length_is_bounded_on_both_sides() -> None:
    longest = encode(bytes(MAX_BYTES - 3 - 2))  # a head of 5 bytes, since the length needs more than 16 bits or not
    for data in (longest, encode(bytes(7))):
        assert decode_strict(data, len(data)) == decode_strict(data)
        with pytest.raises(CborRefused, match="longer"):
            decode_strict(data, len(data) - 1)


@pytest.mark.parametrize("value", [1.5, 2**64, -(2**64) - 1, {True: 1}, {1: {2, 3}}, [b"", bytearray(b"")]])
def test_what_has_no_place_cannot_be_encoded(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)  # type: ignore[arg-type]  # that is the test
