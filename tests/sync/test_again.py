"""A replay reaches everything that the terminal still has: below what is acknowledged, and of epochs that ended."""

import shutil

import pytest
import sqlalchemy as sa

from headquarters.tables.journal import entries, epochs, quarantine
from terminal.core import topics
from terminal.core.checkpoint import checkpoint_of
from terminal.core.messages import Replay, decode_batch, decode_head
from terminal.core.past_uplink import AGAIN_S
from terminal.core.signed_note import parse_note
from tests.headquarters.conftest import Office
from tests.storage.past import rows, run
from tests.storage.support import HOUR_MS, TERMINAL, Gate
from tests.sync.test_sync import Both
from tests.sync.test_sync import both as both  # noqa: PLC0414  the fixture


def stored(office: Office) -> list[tuple[bytes, bytes]]:
    with office.database.transaction(read_only=True) as connection:
        query = sa.select(epochs.c.epoch, entries.c.record).join(epochs)
        return [(row.epoch, row.record) for row in connection.execute(query)]


def put_aside(office: Office) -> set[tuple[bytes, bytes]]:
    with office.database.transaction(read_only=True) as connection:
        bodies = connection.scalars(sa.select(quarantine.c.body).where(quarantine.c.what == "batch")).all()
    batches = [decode_batch(body) for body in bodies]
    return {(batch.epoch, record) for batch in batches for record, _ in batch.entries}


class Life:
    """The gate's disk, of which an image is taken and brought back."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.journal = both.side.folder / "journal"
        self.image = both.side.folder / "image"

    def take_image(self) -> None:
        self.both.side.end()
        shutil.copytree(self.journal, self.image)
        self.both.side.begin()

    def bring_back(self) -> None:
        self.both.side.end()
        shutil.rmtree(self.journal)
        shutil.copytree(self.image, self.journal)
        self.both.side.begin()
        assert self.both.side.gate is not None
        self.both.side.gate.clock.ms += HOUR_MS  # else what it writes is what it wrote

    def begin_anew(self) -> tuple[bytes, list[bytes]]:
        """The gate ends and begins another epoch; the one that ended, and what the disk has of it."""
        self.both.side.news.wait(lambda: any(each["result"] == "other-past" for each in self.both.side.asked))
        old = self.both.side.epoch
        self.both.side.end()
        with Gate(self.journal) as gate:
            run(gate)
            (ended,) = gate.store._epochs.old
        its = [row[1] for row in sorted(rows(self.journal, f"SELECT * FROM {ended.entries}"))]  # noqa: S608  its name
        assert ended.epoch == old
        self.both.side.begin()
        assert self.both.side.gate is not None
        self.both.side.write(1)
        return old, its


@pytest.fixture
def life(both: Both) -> Life:
    return Life(both)


def test_headquarters_that_lost_what_it_had_acknowledged_gets_it_again(both: Both) -> None:
    both.sync()
    for _ in range(3):  # an acknowledgement for each
        both.side.write(700)
        both.headquarters.news.wait(lambda: bool(both.headquarters.batches))
    both.side.wait_until_acknowledged(2100)
    before = len(both.headquarters.batches)
    both.headquarters.publish(topics.own(TERMINAL, "replay"), Replay(both.side.epoch, 7, 2050).encode(), retain=False)

    def came() -> list[int]:
        again = both.headquarters.batches[before:]
        return [batch.first + place for batch in again for place in range(len(batch.entries))]

    both.headquarters.news.wait(lambda: 2050 in came())
    assert came()[: 2051 - 7] == list(range(7, 2051))


def test_restored_image_brings_all_that_the_disk_has_of_the_old_epoch(life: Life) -> None:
    both = life.both
    both.side.write(5)
    sync = both.sync()
    both.side.wait_until_acknowledged(5)
    life.take_image()
    both.side.write(4)
    both.side.wait_until_acknowledged(9)
    sync.stop()
    life.bring_back()
    both.side.write(1200)  # before it hears of its past
    both.sync()
    old, its = life.begin_anew()
    both.headquarters.news.wait(
        lambda: {(old, each) for each in its} <= {*stored(both.office), *put_aside(both.office)}
    )
    assert both.headquarters.forks
    found = stored(both.office)
    assert len(found) == len(set(found))


def test_old_epoch_that_only_a_head_told_of_is_brought_acknowledged_and_dropped(life: Life) -> None:
    both = life.both
    both.side.write(5)
    sync = both.sync()
    both.side.wait_until_acknowledged(5)
    life.take_image()
    both.headquarters.deaf = True
    heads = len(both.headquarters.heads)
    both.side.write(4)
    sync.stop()
    sync = both.sync()  # says how far it is
    both.headquarters.news.wait(
        lambda: len(both.headquarters.heads) > heads and _size(both.headquarters.heads[-1]) == 9
    )
    sync.stop()
    life.bring_back()
    both.headquarters.deaf = False
    both.side.write(2)
    both.sync()
    old, its = life.begin_anew()
    gate = both.side.gate
    assert gate is not None
    while gate.store._epochs.old:
        gate.beats.wait_for()
    assert [record for epoch, record in stored(both.office) if epoch == old] == its
    assert put_aside(both.office) == set()


def test_old_epoch_that_nobody_heard_comes_again_within_the_day_and_when_it_is_asked_for(life: Life) -> None:
    both = life.both
    both.side.write(5)
    both.sync()
    both.side.wait_until_acknowledged(5)
    life.take_image()
    both.side.write(4)
    both.side.wait_until_acknowledged(9)
    life.bring_back()
    both.headquarters.deaf = True
    both.side.write(2)
    both.headquarters.publish(topics.own(TERMINAL, "ack"), _acknowledgement(both))
    old, its = life.begin_anew()

    def came(first: int = 0) -> list[int]:
        batches = [each for each in both.headquarters.batches[first:] if each.epoch == old]
        return [batch.first for batch in batches if batch.first + len(batch.entries) == len(its)]

    both.headquarters.news.wait(lambda: bool(came()))
    before = len(both.headquarters.batches)
    both.headquarters.publish(topics.own(TERMINAL, "replay"), Replay(old, 1, 3).encode(), retain=False)
    both.headquarters.news.wait(lambda: came(before)[:1] == [1])
    before = len(both.headquarters.batches)
    both.time.ahead_s += AGAIN_S
    both.headquarters.news.wait(lambda: came(before)[:1] == [5])


def _size(head: bytes) -> int:
    return checkpoint_of(parse_note(decode_head(head).checkpoint)).size


def _acknowledgement(both: Both) -> bytes:
    ((_, note),) = both.headquarters.collector.acknowledgements(0)
    return note
