"""Batches on their way into headquarters' database: late, twice, overlapping, killed, refused."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.journal.collecting import Collected, Collector, Refused
from headquarters.journal.epochs import RANGE_EVERY
from headquarters.journal.terminals import Terminals
from headquarters.tables.journal import compact_ranges, entries, epochs, waiting
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import Kind, Record
from terminal.core.messages import MAX_BATCH_ENTRIES
from tests.headquarters.box import (
    Box,
    acknowledged,
    put_aside,
    register,
    sealing_key,
    standing_alarms,
    stored,
)
from tests.headquarters.conftest import Office

NOW = 1_790_000_500
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def box(office: Office) -> Box:
    return Box(sealing=sealing_key(office))


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def test_batch_is_stored_and_acknowledged_up_to_its_end(office: Office, box: Box, collector: Collector) -> None:
    outcome = collector.collect(box.name, box.write(3).batch(), NOW)
    assert isinstance(outcome, Collected)
    assert (outcome.new, outcome.replay) == (3, None)
    assert acknowledged(office, box, outcome) == 3
    assert stored(office, box) == dict(enumerate(box.entries))


def test_columns_of_the_list_are_those_of_the_record(office: Office, box: Box, collector: Collector) -> None:
    box.write(1).tell(Kind.ALARM_RAISED, {"alarm": "fire"})
    collector.collect(box.name, box.batch(), NOW)
    with office.database.transaction(read_only=True) as connection:
        listed = sa.select(entries.c.time_ms, entries.c.kind, entries.c.lane, entries.c.received_at)
        assert [tuple(row) for row in connection.execute(listed.order_by(entries.c.sequence))] == [
            (1_790_000_000_000, "start", None, NOW),
            (1_790_000_001_000, "alarm-raised", 1, NOW),
        ]


def test_collector_killed_between_commit_and_acknowledgement(office: Office, box: Box, collector: Collector) -> None:
    body = box.write(5).batch()
    collector.collect(box.name, body, NOW)
    again = collector.collect(box.name, body, NOW + 60)
    assert isinstance(again, Collected)
    assert again.new == 0
    assert acknowledged(office, box, again) == 5


def test_batch_ahead_of_its_turn_is_acknowledged_when_the_gap_is_filled(
    office: Office, box: Box, collector: Collector
) -> None:
    box.write(9)
    assert acknowledged(office, box, collector.collect(box.name, box.batch(6, 9), NOW)) == 0
    assert acknowledged(office, box, collector.collect(box.name, box.batch(0, 3), NOW)) == 3
    assert acknowledged(office, box, collector.collect(box.name, box.batch(3, 6), NOW)) == 9
    assert stored(office, box) == dict(enumerate(box.entries))
    with office.database.transaction(read_only=True) as connection:
        assert connection.execute(sa.select(waiting)).all() == []


def test_overlapping_batches_store_each_entry_once(office: Office, box: Box, collector: Collector) -> None:
    box.write(10)
    new = [collector.collect(box.name, box.batch(*each), NOW) for each in ((2, 6), (4, 8), (0, 5), (3, 10), (0, 10))]
    assert [each.new for each in new if isinstance(each, Collected)] == [4, 2, 2, 2, 0]
    assert acknowledged(office, box, new[-1]) == 10


def test_late_copy_does_not_bring_back_what_was_erased(office: Office, box: Box, collector: Collector) -> None:
    box.write(1).tell(Kind.TAP_INTENT, {"reader": "r1"}, {"person": 7})
    collector.collect(box.name, box.batch(), NOW)
    with office.database.transaction() as connection:
        connection.execute(entries.update().values(sealed=None))
    late = collector.collect(box.name, box.batch(), NOW + 60)
    assert acknowledged(office, box, late) == 2
    assert stored(office, box)[1] == (box.entries[1][0], None)
    assert acknowledged(office, box, collector.collect(box.name, box.write(1).batch(2), NOW)) == 3


def test_entry_that_comes_without_its_sealed_part_is_taken_and_told(
    office: Office, box: Box, collector: Collector
) -> None:
    box.tell(Kind.TAP_INTENT, {"reader": "r1"}, {"person": 7})
    (record, _), checkpoint = box.entries[0], box.checkpoint()
    outcome = collector.collect(box.name, box.batch_of(0, [(record, None)], checkpoint), NOW)
    assert acknowledged(office, box, outcome) == 1
    assert standing_alarms(office) == ["sealed-missing"]


def test_hours_in_a_journal_that_no_list_can_hold_do_not_stop_it(
    office: Office, box: Box, collector: Collector
) -> None:
    record = Record(
        sequence=0,
        time=Now((1 << 64) - 1, ClockQuality.DOUBTFUL),
        kind=Kind.START,
        lane=None,
        public={},
        sealed_sha256=None,
    )
    box.entries.append((record.encode(), None))
    assert acknowledged(office, box, collector.collect(box.name, box.batch(), NOW)) == 1


def test_old_checkpoint_is_known_again_in_a_long_journal(office: Office, box: Box, collector: Collector) -> None:
    long = 2 * RANGE_EVERY + 100
    box.write(long)
    for first in range(0, long, MAX_BATCH_ENTRIES):
        collector.collect(box.name, box.batch(first, min(first + MAX_BATCH_ENTRIES, long)), NOW)
    with office.database.transaction(read_only=True) as connection:
        sizes = connection.scalars(sa.select(compact_ranges.c.size).order_by(compact_ranges.c.size))
        assert list(sizes) == [RANGE_EVERY, 2 * RANGE_EVERY]
    for size in (1, RANGE_EVERY - 1, RANGE_EVERY, RANGE_EVERY + 1, 2 * RANGE_EVERY, long - 1):
        assert acknowledged(office, box, collector.collect(box.name, box.batch(size - 1, size), NOW)) == long
    assert put_aside(office) == []


# ------------------------------------------------------------------------------------------------------ refused


def refusals(box: Box) -> dict[str, tuple[str, bytes]]:
    """What is refused, by the word that says why: topic's terminal, body."""
    entry, whole = box.entries, box.checkpoint()
    other = replace(box, epoch=bytes(16))
    sealed = box.copy()
    sealed.tell(Kind.TAP_INTENT, {"reader": "r1"}, {"person": 7})
    record, _ = sealed.entries[-1]
    return {
        "not-a-batch": (box.name, b"\xa0"),
        "unknown-terminal": ("gate-2", replace(box, name="gate-2").batch()),
        "other-terminal": ("gate-2", box.batch()),
        "not-signed": (box.name, replace(box, key=OTHER_KEY).batch()),
        "other-checkpoint": (box.name, box.batch_of(0, entry, other.checkpoint())),
        "other-number": (box.name, box.batch_of(0, [*entry[:-1], entry[0]], whole)),
        "other-signatures": (box.name, box.batch_of(0, entry, whole + whole.splitlines(keepends=True)[-1])),
        "other-sealed": (box.name, sealed.batch_of(len(entry), [(record, b"x" * 60)], sealed.checkpoint())),
    }


@pytest.mark.parametrize(
    "word",
    [
        *("not-a-batch", "unknown-terminal", "other-terminal", "not-signed"),
        *("other-checkpoint", "other-number", "other-sealed", "other-signatures"),
    ],
)
def test_what_is_refused_leaves_no_trace(office: Office, box: Box, collector: Collector, word: str) -> None:
    terminal, body = refusals(box.write(3))[word]
    outcome = collector.collect(terminal, body, NOW)
    assert isinstance(outcome, Refused)
    assert outcome.word == word
    with office.database.transaction(read_only=True) as connection:
        assert connection.execute(sa.select(epochs)).all() == []
        assert connection.execute(sa.select(entries)).all() == []
    assert put_aside(office) == []


def test_checkpoint_of_another_size_than_the_batch_is_refused(office: Office, box: Box, collector: Collector) -> None:
    box.write(3)
    outcome = collector.collect(box.name, box.batch_of(0, box.entries[:2], box.checkpoint()), NOW)
    assert isinstance(outcome, Refused)
    assert outcome.word == "other-checkpoint"


def test_body_that_is_no_record_is_refused(box: Box, collector: Collector) -> None:
    outcome = collector.collect(box.name, box.write(1).batch_of(0, [(b"\xf6", None)], box.checkpoint()), NOW)
    assert isinstance(outcome, Refused)
    assert (outcome.word, outcome.why) == ("not-a-batch", "not a journal record: its fields are not those of format 1")


def test_stolen_terminal_that_was_retired_writes_nothing_more(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(3).batch(), NOW)
    Terminals(office.database).retire(box.name, office.change)
    outcome = collector.collect(box.name, box.write(3).batch(3), NOW)
    assert isinstance(outcome, Refused)
    assert outcome.word == "retired"
    assert len(stored(office, box)) == 3
