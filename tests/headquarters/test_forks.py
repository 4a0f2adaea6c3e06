"""Journals that contradict themselves: nothing of it is stored or acknowledged, all of it is kept, somebody is told."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from headquarters.journal.collecting import Collected, Collector, Forked
from headquarters.journal.epochs import RANGE_EVERY
from headquarters.tables.journal import epochs, waiting
from tests.headquarters.box import Box, acknowledged, put_aside, register, standing_alarms, stored
from tests.headquarters.conftest import Office

NOW = 1_790_000_500


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def acknowledged_so_far(office: Office, box: Box, collector: Collector) -> int:
    """What the cosigned checkpoint that would be published now says."""
    ((_, note),) = collector.acknowledgements(NOW)
    return acknowledged(office, box, Collected(0, note, None))


def test_same_number_with_other_bytes(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(5).batch(), NOW)
    other = box.copy(4).write(1, "9.9.9")
    outcome = collector.collect(box.name, other.batch(), NOW)
    assert outcome == Forked("entry 4 is another than the one that is stored")
    assert put_aside(office) == [("batch", "entry 4 is another than the one that is stored", 1)]
    assert standing_alarms(office) == ["fork"]
    assert stored(office, box) == dict(enumerate(box.entries))
    assert acknowledged_so_far(office, box, collector) == 5


def test_restored_image_that_went_on(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(5).batch(), NOW)
    restored = box.copy(3).write(6, "restored")
    for first, end in ((3, 4), (4, 6), (3, 9)):
        assert isinstance(collector.collect(box.name, restored.batch(first, end), NOW), Forked)
    assert stored(office, box) == dict(enumerate(box.entries))
    assert [(what, times) for what, _, times in put_aside(office)] == [("batch", 1)] * 3
    assert standing_alarms(office) == ["fork"]


def test_restored_image_whose_new_entries_come_first(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(5).batch(), NOW)
    restored = box.copy(3).write(6, "restored")
    ahead = collector.collect(box.name, restored.batch(6, 9), NOW)
    assert acknowledged(office, box, ahead) == 5
    assert isinstance(collector.collect(box.name, restored.batch(3, 6), NOW), Forked)
    assert acknowledged_so_far(office, box, collector) == 5
    collector.collect(box.name, box.write(1).batch(5, 6), NOW)
    assert acknowledged_so_far(office, box, collector) == 6


def test_equal_entries_with_another_checkpoint(office: Office, box: Box, collector: Collector) -> None:
    box.write(5)
    body = box.batch_of(0, box.entries, box.checkpoint(5, root=bytes(32)))
    assert collector.collect(box.name, body, NOW) == Forked("a checkpoint at 5 whose root is not that of the entries")
    assert stored(office, box) == {}
    assert acknowledged(office, box, collector.collect(box.name, box.batch(), NOW)) == 5
    assert isinstance(collector.collect(box.name, body, NOW), Forked)
    assert standing_alarms(office) == ["fork"]


def test_checkpoint_beyond_that_does_not_fit_when_the_gap_is_filled(
    office: Office, box: Box, collector: Collector
) -> None:
    box.write(9)
    liar = box.batch_of(6, box.entries[6:], box.checkpoint(9, root=bytes(32)))
    assert isinstance(collector.collect(box.name, liar, NOW), Collected)
    outcome = collector.collect(box.name, box.batch(0, 6), NOW)
    assert acknowledged(office, box, outcome) == 6
    assert put_aside(office) == [("checkpoint", "a checkpoint at 9 whose root is not that of the entries", 1)]
    assert standing_alarms(office) == ["fork"]
    assert acknowledged(office, box, collector.collect(box.name, box.batch(6, 9), NOW)) == 9


def test_lie_in_a_long_journal_leaves_nothing_behind_in_its_tree(
    office: Office, box: Box, collector: Collector
) -> None:
    long = RANGE_EVERY + 76
    box.write(long)
    liar = box.batch_of(long - 100, box.entries[-100:], box.checkpoint(root=bytes(32)))
    for body in (liar, *(box.batch(first, min(first + 500, long - 100)) for first in range(0, long - 100, 500))):
        assert isinstance(collector.collect(box.name, body, NOW), Collected)
    assert [what for what, _, _ in put_aside(office)] == ["checkpoint"]
    assert acknowledged(office, box, collector.collect(box.name, box.batch(long - 100), NOW)) == long


def test_head_that_lied_of_the_size_at_which_a_batch_ends(office: Office, box: Box, collector: Collector) -> None:
    box.write(5)
    assert isinstance(
        collector.note_head(box.name, box.head(checkpoint=box.checkpoint(root=bytes(32))), NOW), Collected
    )
    assert acknowledged(office, box, collector.collect(box.name, box.batch(), NOW)) == 5
    assert [what for what, _, _ in put_aside(office)] == ["checkpoint"]
    assert standing_alarms(office) == ["fork"]


def test_two_checkpoints_of_one_size_beyond_the_cursor(office: Office, box: Box, collector: Collector) -> None:
    box.write(9)
    collector.collect(box.name, box.batch(6, 9), NOW)
    liar = box.batch_of(6, box.entries[6:], box.checkpoint(9, root=bytes(32)))
    assert collector.collect(box.name, liar, NOW) == Forked("a checkpoint at 9 with another root than is known there")
    assert acknowledged(office, box, collector.collect(box.name, box.batch(0, 6), NOW)) == 9


def test_smaller_checkpoint_of_another_past(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(9).batch(), NOW)
    restored = box.copy(3).write(3, "restored")
    outcome = collector.note_head(box.name, restored.head(), NOW)
    assert outcome == Forked("a checkpoint at 6 with another root than is known there")
    assert [what for what, _, _ in put_aside(office)] == ["head"]
    assert isinstance(collector.note_head(box.name, box.head(6), NOW), Collected)


def test_larger_head_of_another_past(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(5).batch(), NOW)
    restored = box.copy(3).write(4, "restored")
    assert isinstance(collector.note_head(box.name, restored.head(), NOW), Collected)
    assert acknowledged(office, box, collector.collect(box.name, box.write(3).batch(5), NOW)) == 8
    assert [what for what, _, _ in put_aside(office)] == ["checkpoint"]
    assert standing_alarms(office) == ["fork"]


def test_fork_that_is_sent_again_and_again_is_kept_once_and_asks_for_nothing(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.collect(box.name, box.write(5).batch(), NOW)
    fork = box.copy(3).write(6, "restored").batch(3)
    collector.collect(box.name, box.write(4).batch(7), NOW)
    for minute in range(5):
        assert isinstance(collector.collect(box.name, fork, NOW + 60 * minute), Forked)
        assert collector.replays(NOW + 60 * minute + 45) == []
    assert [times for _, _, times in put_aside(office)] == [5]


def test_part_of_a_fork_that_fits_is_not_stored(office: Office, box: Box, collector: Collector) -> None:
    box.write(3)
    collector.collect(box.name, box.batch(), NOW)
    other = box.copy(2).write(5, "other")
    collector.collect(box.name, other.batch(1), NOW)
    assert sorted(stored(office, box)) == [0, 1, 2]
    with office.database.transaction(read_only=True) as connection:
        assert connection.scalar(sa.select(epochs.c.largest_size)) == 3
        assert connection.execute(sa.select(waiting)).all() == []


def test_same_entries_of_two_terminals_are_no_fork(office: Office, box: Box) -> None:
    twin = replace(box, name="gate-2", entries=[])
    collector = register(office, box, twin)
    for each in (box, twin):
        assert acknowledged(office, each, collector.collect(each.name, each.write(2).batch(), NOW)) == 2
    assert standing_alarms(office) == []
