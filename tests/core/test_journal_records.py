import hashlib
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import MAX_RECORD_BYTES, Kind, Record, decode_record, is_terminal_name
from terminal.errors import DocumentError

RECORD = Record(
    sequence=258,
    time=Now(1_790_000_000_123, ClockQuality.DOUBTFUL),
    kind=Kind.TAP_OUTCOME,
    lane=3,
    public={"result": "opened", "intent": 257},
    sealed_sha256=None,
)


def test_bytes_of_a_record_are_those_written_down_by_hand() -> None:
    by_hand = bytes.fromhex(
        "88"  # array of 8
        "01"  # format
        "190102"  # sequence 258
        "1b000001a0c4506c7b"  # 1,790,000,000,123 ms
        "68" + b"doubtful".hex() + "6b" + b"tap-outcome".hex() + "03"  # lane
        "a2" + "66" + b"intent".hex() + "190101" + "66" + b"result".hex() + "66" + b"opened".hex() + "f6"
    )
    assert RECORD.encode() == by_hand
    assert decode_record(by_hand) == RECORD


def test_another_implementation_reads_the_same_eight_fields() -> None:
    record = replace(RECORD, sealed_sha256=bytes(range(32)), lane=None)
    assert cbor2.loads(record.encode()) == [
        1,
        258,
        1_790_000_000_123,
        "doubtful",
        "tap-outcome",
        None,
        {"intent": 257, "result": "opened"},
        bytes(range(32)),
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("format of tomorrow", [2, 0, 0, "good", "start", None, {}, None]),
        ("one field more", [1, 0, 0, "good", "start", None, {}, None, None]),
        ("one field less", [1, 0, 0, "good", "start", None, {}]),
        ("negative sequence", [1, -1, 0, "good", "start", None, {}, None]),
        ("negative time", [1, 0, -1, "good", "start", None, {}, None]),
        ("true for a number", [1, True, 0, "good", "start", None, {}, None]),
        ("unknown quality", [1, 0, 0, "fine", "start", None, {}, None]),
        ("unknown kind", [1, 0, 0, "good", "dance", None, {}, None]),
        ("lane 0", [1, 0, 0, "good", "start", 0, {}, None]),
        ("lane 256", [1, 0, 0, "good", "start", 256, {}, None]),
        ("number as key", [1, 0, 0, "good", "start", None, {1: 2}, None]),
        ("hash of 31 bytes", [1, 0, 0, "good", "start", None, {}, bytes(31)]),
        ("no array", {"format": 1}),
    ],
)
def test_record_with_a_field_that_is_not_one_is_refused(name: str, fields: object) -> None:
    with pytest.raises(DocumentError):
        decode_record(cbor2.dumps(fields))


@pytest.mark.parametrize("lane", [1, 255, None])
def test_record_with_the_outermost_lanes_is_read(lane: int | None) -> None:
    assert decode_record(cbor2.dumps([1, 0, 0, "good", "start", lane, {}, None])).lane == lane


def test_record_in_any_other_encoding_is_refused() -> None:
    for other in (RECORD.encode() + b"\0", RECORD.encode()[:-1], b"", cbor2.dumps([1, 0, 0, "good", "start", None,
                  {"b": 1, "a": 2}, None])):  # fmt: skip
        with pytest.raises(DocumentError):
            decode_record(other)


def test_largest_record_is_written_and_one_byte_more_is_not() -> None:
    room = MAX_RECORD_BYTES - len(replace(RECORD, public={"x": "a" * 300}).encode()) + 300
    largest = replace(RECORD, public={"x": "a" * room})
    assert len(largest.encode()) == MAX_RECORD_BYTES
    assert decode_record(largest.encode()) == largest
    with pytest.raises(ValueError, match="longer than"):
        replace(RECORD, public={"x": "a" * (room + 1)}).encode()


def test_changed_sealed_part_no_longer_belongs_to_its_record() -> None:
    sealed = b"sealed bytes"
    record = replace(RECORD, sealed_sha256=hashlib.sha256(sealed).digest())
    assert record.belongs_to(sealed)
    assert not record.belongs_to(b"sealed byteS")
    assert not record.belongs_to(None)
    assert not RECORD.belongs_to(sealed)
    assert RECORD.belongs_to(None)


@pytest.mark.parametrize(("name", "may"), [("gate-1", True), ("a" * 32, True), ("a" * 33, False), ("", False),
                                           ("Gate", False), ("gate_1", False), ("gate\n", False)])  # fmt: skip
def test_terminal_names(name: str, may: bool) -> None:
    assert is_terminal_name(name) is may


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**63 - 1), st.dictionaries(st.text(max_size=30), _values, max_size=6), st.sampled_from(Kind))
def test_whatever_may_stand_in_a_record_is_read_back(sequence: int, public: dict[str, Any], kind: Kind) -> None:
    record = replace(RECORD, sequence=sequence, public=public, kind=kind)
    assert decode_record(record.encode()) == record


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(DocumentError):
        decode_record(data)
