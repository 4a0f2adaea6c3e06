"""Bodies of messages: what is written is read back, and nothing else is taken for it."""

from typing import Any

import pytest

from terminal.core.cbor import encode
from terminal.core.instant import ClockQuality
from terminal.core.journal import MAX_RECORD_BYTES
from terminal.core.messages import (
    MAX_BATCH_BYTES,
    MAX_BATCH_ENTRIES,
    MAX_BATCH_OVERHEAD,
    MAX_ENTRY_OVERHEAD,
    Batch,
    Head,
    MessageRefused,
    Presence,
    Replay,
    decode_batch,
    decode_head,
    decode_presence,
    decode_replay,
)
from terminal.core.sealing import MAX_SEALED_BYTES

EPOCH = bytes(range(16))
BATCH = Batch(EPOCH, 7, ((b"record", b"sealed"), (b"another", None)), b"note")
HEAD = Head(
    checkpoint=b"note",
    time_ms=1_790_000_000_000,
    quality=ClockQuality.GOOD,
    acknowledged=5,
    list_number=None,
    list_age_s=None,
    free_bytes=10**9,
    software="1.0",
)


def test_messages_are_read_back_as_they_were_written() -> None:
    assert decode_batch(BATCH.encode()) == BATCH
    assert decode_head(HEAD.encode()) == HEAD
    assert [decode_presence(each.encode()) for each in Presence] == list(Presence)
    assert decode_replay(Replay(EPOCH, 3, 3).encode()) == Replay(EPOCH, 3, 3)


def test_what_an_entry_takes_in_a_batch_is_bounded_by_the_names_that_say_so() -> None:
    largest = (bytes(MAX_RECORD_BYTES), bytes(MAX_SEALED_BYTES))
    one, two = (len(Batch(EPOCH, 2**62, (largest,) * number, bytes(900)).encode()) for number in (1, 2))
    assert two - one == sum(map(len, largest)) + MAX_ENTRY_OVERHEAD
    assert one - (two - one) <= MAX_BATCH_OVERHEAD


def test_batch_that_is_too_large_is_not_written() -> None:
    for entries in ((), ((b"x", None),) * (MAX_BATCH_ENTRIES + 1), ((bytes(16_000), None),) * 9):
        with pytest.raises(ValueError, match="no batch"):
            Batch(EPOCH, 0, entries, b"note").encode()
    most = Batch(EPOCH, 0, ((b"x", None),) * MAX_BATCH_ENTRIES, b"note")
    assert decode_batch(most.encode()) == most


@pytest.mark.parametrize(
    "body",
    [
        {1: EPOCH, 2: 7, 3: [[b"record", None]]},
        {1: EPOCH, 2: 7, 3: [[b"record", None]], 4: b"note", 5: 1},
        {1: EPOCH[:15], 2: 7, 3: [[b"record", None]], 4: b"note"},
        {1: EPOCH, 2: -1, 3: [[b"record", None]], 4: b"note"},
        {1: EPOCH, 2: True, 3: [[b"record", None]], 4: b"note"},
        {1: EPOCH, 2: 2**63 - 1, 3: [[b"record", None]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[b"r", None]] * (MAX_BATCH_ENTRIES + 1), 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[b"record"]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [["record", None]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[b"record", 1]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[bytes(MAX_RECORD_BYTES + 1), None]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[b"record", bytes(MAX_SEALED_BYTES + 1)]], 4: b"note"},
        {1: EPOCH, 2: 7, 3: [[b"record", None]], 4: bytes(16 * 1024 + 1)},
        [],
        None,
    ],
)
def test_what_is_no_batch_is_refused(body: Any) -> None:
    with pytest.raises(MessageRefused, match="not a batch"):
        decode_batch(encode(body))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", BATCH.encode() + b"\0", BATCH.encode()[:-1], bytes(MAX_BATCH_BYTES + 1)]
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    for decode in (decode_batch, decode_head, decode_presence, decode_replay):
        with pytest.raises(MessageRefused, match="not a"):
            decode(data)


HEAD_BODY: dict[int | str | bytes, Any] = {
    1: b"note", 2: 1, 3: "good", 4: 0, 5: 1, 6: 1, 7: 1, 8: "1.0",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{1: "note"}, {2: -1}, {3: "fair"}, {4: None}, {5: -1}, {6: True}, {7: 1 << 63}, {8: 1}, {9: 1}],
)
def test_what_is_no_head_is_refused(change: dict[int | str | bytes, Any]) -> None:
    assert decode_head(encode(HEAD_BODY)).free_bytes == 1
    with pytest.raises(MessageRefused, match="not a head"):
        decode_head(encode(HEAD_BODY | change))


@pytest.mark.parametrize("body", [{1: "away"}, {1: True}, {}, {1: "online", 2: 1}])
def test_what_is_no_presence_is_refused(body: Any) -> None:
    with pytest.raises(MessageRefused, match="not a presence"):
        decode_presence(encode(body))


@pytest.mark.parametrize(
    "body", [{1: EPOCH, 2: 3, 3: 2}, {1: EPOCH, 2: -1, 3: 2}, {1: EPOCH, 2: 0}, {1: b"", 2: 0, 3: 0}]
)
def test_what_is_no_replay_is_refused(body: Any) -> None:
    with pytest.raises(MessageRefused, match="not a replay"):
        decode_replay(encode(body))
