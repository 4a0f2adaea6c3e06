"""A terminal that signs whatever comes to its mind: it can fill its own place at headquarters, and no more."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from headquarters.journal import contradictions, epochs
from headquarters.journal.collecting import MAX_EPOCHS, Collected, Collector, Forked, Refused
from headquarters.journal.contradictions import Alarm
from headquarters.tables.journal import waiting
from tests.headquarters.box import Box, acknowledged, put_aside, register, standing_alarms, stored
from tests.headquarters.conftest import Office

NOW = 1_790_000_500


@pytest.fixture
def box() -> Box:
    return Box().write(4)


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def test_epochs_without_end(office: Office, box: Box, collector: Collector) -> None:
    for number in range(MAX_EPOCHS):
        assert isinstance(collector.note_head(box.name, replace(box, epoch=number.to_bytes(16)).head(), NOW), Collected)
    late = replace(box, epoch=MAX_EPOCHS.to_bytes(16))
    for refused in (collector.note_head(box.name, late.head(), NOW), collector.collect(box.name, late.batch(), NOW)):
        assert isinstance(refused, Refused)
        assert refused.word == "too-many-epochs"
    known = replace(box, epoch=(MAX_EPOCHS - 1).to_bytes(16))
    assert acknowledged(office, known, collector.collect(box.name, known.batch(), NOW)) == 4


def test_checkpoints_without_end_hold_up_no_proof(
    office: Office, box: Box, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(epochs, "MAX_WAITING", 2)
    box.write(6)
    for size in (6, 7, 8, 9):
        collector.collect(box.name, box.batch(size - 1, size), NOW)
    with office.database.transaction(read_only=True) as connection:
        assert connection.scalars(sa.select(waiting.c.size).order_by(waiting.c.size)).all() == [6, 7]
    assert acknowledged(office, box, collector.collect(box.name, box.batch(0, 5), NOW)) == 7
    assert acknowledged(office, box, collector.collect(box.name, box.batch(7), NOW)) == 10
    assert len(stored(office, box)) == 10


def test_forks_without_end_are_told_and_not_all_kept(
    office: Office, box: Box, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contradictions, "MAX_PUT_ASIDE", 2)
    collector.collect(box.name, box.batch(), NOW)
    for number in (0, 1, 2, 1):
        outcome = collector.collect(box.name, box.copy(3).write(1, f"1.{number}").batch(), NOW)
        assert isinstance(outcome, Forked)
    assert [times for *_, times in put_aside(office)] == [1, 2]
    assert standing_alarms(office) == [Alarm.FORK]
