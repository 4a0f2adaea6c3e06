"""A journal that is damaged at headquarters, and a clock there that was wrong: they hold up nobody else."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from headquarters.database import Unstorable
from headquarters.journal.collecting import Collector
from headquarters.tables.journal import alarm_entries, epochs
from terminal.core.journal import Kind
from tests.headquarters.box import Box, acknowledged, register
from tests.headquarters.conftest import Office

NOW = 1_790_000_500


@pytest.fixture
def boxes() -> tuple[Box, Box]:
    return Box().write(5), Box(name="gate-2").write(5)


@pytest.fixture
def collector(office: Office, boxes: tuple[Box, Box]) -> Collector:
    collector = register(office, *boxes)
    for box in boxes:
        collector.collect(box.name, box.batch(0, 3), NOW)
        collector.note_head(box.name, box.head(), NOW)
    return collector


def test_damaged_tree_of_one_terminal_stops_none_of_the_others(
    office: Office, boxes: tuple[Box, Box], collector: Collector
) -> None:
    damaged, other = boxes
    with office.database.transaction() as connection:
        connection.execute(epochs.update().where(epochs.c.terminal == damaged.name).values(hashes=b"short"))
    for do in (collector.collect, collector.note_head):
        with pytest.raises(Unstorable, match="damaged"):
            do(damaged.name, damaged.batch(3) if do == collector.collect else damaged.head(4), NOW)
    assert [terminal for terminal, _ in collector.replays(NOW + 30)] == [other.name]
    assert [terminal for terminal, _ in collector.acknowledgements(NOW)] == [other.name]
    assert acknowledged(office, other, collector.collect(other.name, other.batch(3), NOW)) == 5


def test_row_that_stands_where_none_should_is_not_waited_for(
    office: Office, boxes: tuple[Box, Box], collector: Collector
) -> None:
    box = replace(boxes[0], entries=boxes[0].entries[:3])
    box.tell(Kind.ALARM_RAISED, {"alarm": "reader"})
    with office.database.transaction() as connection:
        connection.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(alarm_entries.insert().values(epoch_id=1, sequence=3))
    with pytest.raises(Unstorable):
        collector.collect(box.name, box.batch(3), NOW)


def test_clock_that_was_set_back_does_not_put_off_what_is_asked_for(
    boxes: tuple[Box, Box], collector: Collector
) -> None:
    assert len(collector.replays(NOW + 30)) == 2
    assert len(collector.replays(NOW - 86_400)) == 2
    assert collector.replays(NOW - 86_400 + 29) == []
    assert len(collector.replays(NOW - 86_400 + 30)) == 2
