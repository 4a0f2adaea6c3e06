"""Status lists and their changes: the published numbers, both sides of every bound, and files made to harm."""

import json
import zlib
from hashlib import sha256
from pathlib import Path

import pytest

from terminal.core import cbor
from terminal.core.document import END_S, FIRST_S
from terminal.trust.status_list import (
    MAX_BITMAP_BYTES,
    MAX_CHANGES,
    MAX_CHANGES_BYTES,
    MAX_LIST_BYTES,
    Bitmap,
    Changes,
    ListRefused,
    MappedStatusList,
    encode_list,
    inflated,
    packed,
)

CASES = json.loads((Path(__file__).parents[1] / "vectors/lists.json").read_text())["status_list"]["cases"]
TWO_BITS = next(case for case in CASES if case["bits"] == 2)
ONE_BIT = next(case for case in CASES if case["bits"] == 1)


def bitmap_of(data: bytes) -> bytes:
    return b"".join(inflated(data))


def listed(folder: Path, statuses: list[int], *changes: tuple[int, int]) -> MappedStatusList:
    data = encode_list(packed(statuses))
    return Bitmap(folder, data).merged(changes_of(data, *changes))


def changes_of(data: bytes, *changes: tuple[int, int]) -> Changes:
    return Changes(of=sha256(data).digest(), issued_at_s=1_700_000_000, number=7, changes=changes)


def test_published_list_is_read(tmp_path: Path) -> None:
    data = bytes.fromhex(TWO_BITS["cbor"])
    entries = Bitmap(tmp_path, data).merged(changes_of(data))
    assert [entries.status(index) for index in range(len(entries))] == TWO_BITS["statuses"]
    assert bitmap_of(data).hex().upper() == TWO_BITS["bytes"]


def test_published_bitmap_is_written() -> None:
    bitmap = packed(TWO_BITS["statuses"])
    assert bitmap.hex().upper() == TWO_BITS["bytes"]
    assert bitmap_of(encode_list(bitmap)) == bitmap
    assert encode_list(bitmap).startswith(bytes.fromhex(TWO_BITS["cbor"])[:11])


def test_list_with_the_map_in_deterministic_order_is_read() -> None:
    bitmap = bytes.fromhex(TWO_BITS["bytes"])
    assert bitmap_of(cbor.encode({"bits": 2, "lst": zlib.compress(bitmap)})) == bitmap


LST = zlib.compress(b"\xff" * 100)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes.fromhex(ONE_BIT["cbor"]), id="one bit an entry"),
        pytest.param(cbor.encode({"bits": 2, "lst": LST, "x": 0}), id="a third key"),
        pytest.param(cbor.encode({"bits": 2}), id="no lst"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode("text"), id="lst a text"),
        pytest.param(b"\xa2\x64bits\x02\x63lst\x5f\x41\x00\xff", id="indefinite length"),
        pytest.param(b"\xa2\x64bits\x02\x63lst\x59\x00" + bytes([len(LST)]) + LST, id="length not in shortest form"),
        pytest.param(b"\xa2\x64bits\x02\x63lst\x5b\x7f" + b"\xff" * 7 + LST, id="length past the end of the file"),
        pytest.param(encode_list(b"\xff") + b"\x00", id="bytes after the map"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode(b"no zlib"), id="no zlib"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode(LST[:-1]), id="zlib stream cut short"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode(LST[:-1] + b"\x00"), id="zlib checksum wrong"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode(LST + b"\x00"), id="bytes after the zlib stream"),
        pytest.param(b"\xa2\x64bits\x02\x63lst" + cbor.encode(b""), id="no stream at all"),
    ],
)
def test_malformed_list_is_refused(data: bytes) -> None:
    with pytest.raises(ListRefused):
        bitmap_of(data)


def test_list_at_the_bound_is_inflated_and_one_byte_more_is_not() -> None:
    def size_of(length: int) -> int:
        lst = zlib.compress(bytes(length), 1)
        return sum(len(piece) for piece in inflated(b"\xa2\x64bits\x02\x63lst" + _byte_string(lst)))

    assert size_of(MAX_BITMAP_BYTES) == MAX_BITMAP_BYTES
    with pytest.raises(ListRefused, match="inflates to more"):
        size_of(MAX_BITMAP_BYTES + 1)


def test_zip_bomb_stops_at_the_bound() -> None:
    bomb = zlib.compressobj(9)
    lst = b"".join([bomb.compress(bytes(1 << 24)) for _ in range(8)]) + bomb.flush()  # 128 MiB in 130 KB
    pieces: list[int] = []
    with pytest.raises(ListRefused, match="inflates to more"):
        pieces.extend(len(piece) for piece in inflated(b"\xa2\x64bits\x02\x63lst" + _byte_string(lst)))
    assert sum(pieces) <= MAX_BITMAP_BYTES


def test_oversized_list_file_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(ListRefused, match=f"at most {MAX_LIST_BYTES}"):
        bitmap_of(bytes(MAX_LIST_BYTES + 1))


def test_bitmap_that_does_not_compress_fits_the_file_bound() -> None:
    noise = b"".join(sha256(number.to_bytes(4)).digest() for number in range(MAX_BITMAP_BYTES // 32))
    data = encode_list(noise)
    assert len(data) <= MAX_LIST_BYTES
    assert sha256(bitmap_of(data)).digest() == sha256(noise).digest()
    with pytest.raises(ListRefused):
        encode_list(bytes(MAX_BITMAP_BYTES + 1))


def test_changes_are_merged_and_the_list_grows_with_nobodys_entries(tmp_path: Path) -> None:
    entries = listed(tmp_path, [0, 1, 2, 3, 0], (1, 0), (2, 3), (13, 2))
    assert [entries.status(index) for index in range(17)] == [0, 0, 3, 3, 0, *[3] * 8, 2, 3, 3, None]
    assert len(entries) == 16


def test_last_entry_and_the_one_past_it(tmp_path: Path) -> None:
    entries = listed(tmp_path, [0, 0, 0, 1])
    assert (entries.status(3), entries.status(4), len(entries)) == (1, None, 4)


def test_list_of_nobody_knows_nobody(tmp_path: Path) -> None:
    entries = listed(tmp_path, [])
    assert (len(entries), entries.status(0)) == (0, None)
    assert listed(tmp_path, [], (0, 0)).status(0) == 0


def test_older_mapping_does_not_see_newer_changes(tmp_path: Path) -> None:
    data = encode_list(packed([0, 0, 0, 0]))
    bitmap = Bitmap(tmp_path, data)
    before, after = bitmap.merged(changes_of(data)), bitmap.merged(changes_of(data, (0, 1), (9, 2)))
    again = bitmap.merged(changes_of(data))
    assert [(entries.status(0), entries.status(9)) for entries in (before, after, again)] == [
        (0, None),
        (1, 2),
        (0, None),
    ]


def test_mapping_outlives_its_bitmap_and_leaves_no_file(tmp_path: Path) -> None:
    entries = listed(tmp_path, [0, 1, 2])
    assert list(tmp_path.iterdir()) == []
    assert entries.status(1) == 1


def test_list_of_ten_million_cards(tmp_path: Path) -> None:
    pattern = packed([0, 1, 2, 3, 0, 0, 0, 2])
    data = encode_list(pattern * 1_250_000)
    entries = Bitmap(tmp_path, data).merged(changes_of(data, (9_999_999, 1)))
    assert len(entries) == 10_000_000
    assert len(bitmap_of(data)) == 2_500_000
    assert [entries.status(index) for index in (0, 1, 9_999_998, 9_999_999, 10_000_000)] == [0, 1, 0, 1, None]


def test_changes_of_another_list_are_refused(tmp_path: Path) -> None:
    one, other = encode_list(packed([0])), encode_list(packed([1]))
    with pytest.raises(ListRefused, match="another list"):
        Bitmap(tmp_path, one).merged(changes_of(other))


def test_changes_are_read_as_they_were_written() -> None:
    changes = changes_of(b"x", (0, 3), (5, 0), (PAST_THE_END - 1, 1))
    assert Changes.decode(changes.encode()) == changes


PAST_THE_END = 4 * MAX_BITMAP_BYTES
OF = bytes(32)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([OF, FIRST_S, 0, [[5, 1], [4, 1]]], id="unsorted"),
        pytest.param([OF, FIRST_S, 0, [[4, 1], [4, 2]]], id="one entry twice"),
        pytest.param([OF, FIRST_S, 0, [[4, 4]]], id="status of three bits"),
        pytest.param([OF, FIRST_S, 0, [[4, -1]]], id="negative status"),
        pytest.param([OF, FIRST_S, 0, [[-1, 1]]], id="negative index"),
        pytest.param([OF, FIRST_S, 0, [[PAST_THE_END, 1]]], id="index past the largest list"),
        pytest.param([OF, FIRST_S, 0, [[True, 1]]], id="index a boolean"),
        pytest.param([OF, FIRST_S, 0, [[4, 1, 1]]], id="change of three"),
        pytest.param([OF, FIRST_S, 0, [4]], id="change no pair"),
        pytest.param([OF[1:], FIRST_S, 0, []], id="hash too short"),
        pytest.param([OF, -1, 0, []], id="issued before time began"),
        pytest.param([OF, 1 << 60, 0, []], id="issued when the sun is gone"),
        pytest.param([OF, FIRST_S, -1, []], id="negative number"),
        pytest.param([OF, FIRST_S, 0, [], 0], id="a fifth part"),
        pytest.param({}, id="a map"),
    ],
)
def test_malformed_changes_are_refused(content: cbor.Value) -> None:
    with pytest.raises(ListRefused):
        Changes.decode(cbor.encode(content))


def test_changes_in_another_encoding_are_refused() -> None:
    data = Changes(of=OF, issued_at_s=FIRST_S, number=0).encode()
    for other in (
        data + b"\x00",
        data[:-1],
        b"\x98\x04" + data[1:],
        data.replace(b"\x00\x80", b"\x18\x00\x80"),
    ):
        assert other != data
        with pytest.raises(ListRefused):
            Changes.decode(other)


@pytest.mark.parametrize("issued_at_s", [FIRST_S, END_S - 1])
def test_lists_are_issued_in_the_years_2000_to_2199(issued_at_s: int) -> None:
    changes = Changes(of=OF, issued_at_s=issued_at_s, number=0)
    assert Changes.decode(changes.encode()) == changes


@pytest.mark.parametrize("issued_at_s", [0, FIRST_S - 1, END_S, 300_000_000_000])
def test_list_whose_publisher_had_no_idea_of_the_time(issued_at_s: int) -> None:
    with pytest.raises(ListRefused, match="years 2000 to 2199"):
        Changes(of=OF, issued_at_s=issued_at_s, number=0).encode()
    with pytest.raises(ListRefused, match="years 2000 to 2199"):
        Changes.decode(cbor.encode([OF, issued_at_s, 0, []]))


def test_publisher_stops_at_256_changes_and_a_gate_takes_what_the_file_bound_allows() -> None:
    def many(count: int) -> tuple[tuple[int, int], ...]:
        return tuple((index, 1) for index in range(count))

    assert len(changes_of(b"", *many(MAX_CHANGES)).encode()) <= 4096
    with pytest.raises(ListRefused, match="a new list is to be written"):
        changes_of(b"", *many(MAX_CHANGES + 1)).encode()
    more: cbor.Value = [OF, FIRST_S, 0, [list(change) for change in many(MAX_CHANGES + 1)]]
    assert len(Changes.decode(cbor.encode(more)).changes) == MAX_CHANGES + 1
    with pytest.raises(ListRefused, match=str(MAX_CHANGES_BYTES)):
        Changes.decode(cbor.encode([OF, FIRST_S, 0, [list(change) for change in many(30_000)]]))


def _byte_string(content: bytes) -> bytes:
    return b"\x5a" + len(content).to_bytes(4) + content if len(content) >= 1 << 16 else cbor.encode(content)
