"""An old image of a terminal's database is brought back: a new epoch or a fork that is told, never a silent loss.

Real journals on disk, real views of them, real collectors; `Line` is the one between them, and does what `sync` does.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from headquarters.journal.collecting import Collected, Collector, Forked, Outcome
from headquarters.journal.cosigner import acknowledgement_keys, load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.tables.journal import entries, epochs, quarantine
from terminal.core.acknowledgement import Acknowledged, Ignored, Judgement, OtherPast
from terminal.core.instant import ClockQuality
from terminal.core.journal import Kind, decode_record
from terminal.core.messages import Batch, Head, decode_batch
from tests.headquarters.box import SITE, put_aside, standing_alarms
from tests.headquarters.conftest import Office
from tests.storage.past import run, write
from tests.storage.support import SIGNING_KEY, TERMINAL, Gate

NOW = 1_790_000_500
WAIT_S = 60.0


@dataclass
class Line:
    """Between a terminal's folder and headquarters. `written`: every record that the view ever offered, by epoch."""

    office: Office
    folder: Path
    collector: Collector = field(init=False)
    written: set[tuple[bytes, bytes]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.office.site(SITE)
        public = SIGNING_KEY.public_key().public_bytes_raw()
        Terminals(self.office.database).add(TERMINAL, SITE, public, self.office.change)
        self.collector = Collector(self.office.database, load_cosigner(self.office.keys))

    # ---------------------------------------------------------------------------------------------- the terminal's end

    def life(self, count: int, *, what: int = 0) -> bytes:
        """A run of the gate that writes so many entries after its start; the epoch that it was."""
        with Gate(self.folder / "journal") as gate:
            run(gate)
            write(gate, count, first=what)
            view = gate.store.view(self.folder / "view.db", facts=dict, trouble=lambda _: None)
            view.start()
            assert view.stop(WAIT_S)
            self.written |= set(self._records())
            return gate.journal.epoch

    def hand_over(self, note: bytes) -> Judgement:
        """What the gate says to an acknowledgement."""
        with Gate(self.folder / "journal") as gate:
            return gate.journal.checkpoints.acknowledge(note, acknowledgement_keys(self.office.keys)).result(WAIT_S)

    def image(self) -> Path:
        copy = self.folder / "image"
        shutil.copytree(self.folder / "journal", copy)
        return copy

    def bring_back(self, image: Path) -> None:
        shutil.rmtree(self.folder / "journal")
        shutil.copytree(image, self.folder / "journal")

    def batches(self) -> list[bytes]:
        """Everything that the view offers, from checkpoint to checkpoint: old epochs first."""
        with closing(sqlite3.connect(self.folder / "view.db")) as view:
            ((_, present),) = view.execute("SELECT * FROM identity").fetchall()
            ((acknowledged,),) = view.execute("SELECT value FROM facts WHERE name = 'acknowledged'").fetchall()
            found: list[bytes] = []
            for epoch, begun in view.execute("SELECT epoch, acknowledged FROM old_epochs").fetchall():
                rows = view.execute("SELECT sequence, record, sealed FROM old_entries WHERE epoch = ?", (epoch,))
                notes = view.execute("SELECT size, note FROM old_checkpoints WHERE epoch = ? ORDER BY size", (epoch,))
                found += _batches(epoch, begun, rows.fetchall(), notes.fetchall())
            rows = view.execute("SELECT sequence, record, sealed FROM entries")
            notes = view.execute("SELECT size, note FROM checkpoints ORDER BY size")
            return found + _batches(present, acknowledged, rows.fetchall(), notes.fetchall())

    def head(self) -> bytes:
        """The newest checkpoint, as it stands retained at the broker."""
        with closing(sqlite3.connect(self.folder / "view.db")) as view:
            note: bytes = view.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()[0]
        return note

    def _records(self) -> Iterator[tuple[bytes, bytes]]:
        for body in self.batches():
            batch = decode_batch(body)
            yield from ((batch.epoch, record) for record, _ in batch.entries)

    # ------------------------------------------------------------------------------------------------ headquarters' end

    def collect(self) -> list[Outcome]:
        return [self.collector.collect(TERMINAL, body, NOW) for body in self.batches()]

    def acknowledgements(self) -> list[bytes]:
        return [note for _, note in self.collector.acknowledgements(NOW)]

    def sizes(self) -> dict[bytes, int]:
        """How much is proven of each epoch."""
        with self.office.database.transaction(read_only=True) as connection:
            return {row.epoch: row.size for row in connection.execute(sa.select(epochs))}

    def stored(self) -> set[tuple[bytes, bytes]]:
        with self.office.database.transaction(read_only=True) as connection:
            query = sa.select(epochs.c.epoch, entries.c.record).join(epochs)
            return {(row.epoch, row.record) for row in connection.execute(query)}

    def quarantined(self) -> set[tuple[bytes, bytes]]:
        with self.office.database.transaction(read_only=True) as connection:
            bodies = connection.scalars(sa.select(quarantine.c.body).where(quarantine.c.what == "batch")).all()
        batches = [decode_batch(body) for body in bodies]
        return {(batch.epoch, record) for batch in batches for record, _ in batch.entries}

    def first_of(self, epoch: bytes) -> object:
        (first,) = [decode_record(record) for of, record in self.stored() if of == epoch and not _number(record)]
        assert first.kind is Kind.EPOCH
        return first.public


def _number(record: bytes) -> int:
    return decode_record(record).sequence


def _batches(
    epoch: bytes, begin: int, rows: list[tuple[int, bytes, bytes | None]], notes: list[tuple[int, bytes]]
) -> list[bytes]:
    by_number = {sequence: (record, sealed) for sequence, record, sealed in rows}
    by_size = dict(notes)
    ends = [begin, *(size for size in by_size if size > begin)]
    return [
        Batch(epoch, first, tuple(by_number[each] for each in range(first, end)), by_size[end]).encode()
        for first, end in pairwise(ends)
    ]


@pytest.fixture
def line(office: Office, tmp_path: Path) -> Line:
    return Line(office, tmp_path / "box")


def test_acknowledgement_reaches_the_restored_gate_first(line: Line) -> None:
    first = line.life(5)
    image = line.image()
    line.life(4)
    assert all(isinstance(each, Collected) for each in line.collect())
    (note,) = line.acknowledgements()
    line.bring_back(image)
    assert isinstance(line.hand_over(note), OtherPast)
    second = line.life(3, what=100)
    assert second != first
    line.collect()
    assert line.sizes() == {first: 11, second: 6}
    assert line.first_of(second) == {"epoch": first, "size": 11}
    assert "entries-missing" not in standing_alarms(line.office)
    assert line.written <= line.stored() | line.quarantined()


def test_nothing_of_the_new_epoch_is_lost_or_comes_twice_and_it_is_acknowledged(line: Line) -> None:
    line.life(5)
    image = line.image()
    line.life(4)
    line.collect()
    (note,) = line.acknowledgements()
    line.bring_back(image)
    line.hand_over(note)
    second = line.life(3, what=100)
    line.collect()
    *_, of_now = line.acknowledgements()
    judged = line.hand_over(of_now)
    assert isinstance(judged, Acknowledged)
    assert (judged.checkpoint.epoch, judged.checkpoint.size) == (second, 6)
    assert line.hand_over(note) == Ignored("ended")


def test_restored_gate_writes_before_it_hears_of_its_past(line: Line) -> None:
    first = line.life(5)
    image = line.image()
    line.life(4)
    line.collect()
    (note,) = line.acknowledgements()
    line.bring_back(image)
    assert line.life(7, what=100) == first
    outcomes = line.collect()
    assert any(isinstance(each, Forked) for each in outcomes)
    assert "fork" in standing_alarms(line.office)
    assert {what for what, _, _ in put_aside(line.office)} == {"batch"}
    assert line.sizes() == {first: 11}
    assert isinstance(line.hand_over(note), OtherPast)
    second = line.life(2, what=200)
    assert second != first
    line.collect()
    assert line.sizes() == {first: 11, second: 5}
    assert line.written <= line.stored() | line.quarantined()
    assert line.quarantined() - line.stored()


def test_restored_gate_whose_entries_reach_further_than_those_that_are_known(line: Line) -> None:
    first = line.life(2)
    image = line.image()
    line.life(1)
    line.collect()
    (note,) = line.acknowledgements()
    line.bring_back(image)
    line.life(9, what=100)
    line.collect()
    assert "fork" in standing_alarms(line.office)
    assert isinstance(line.hand_over(note), OtherPast)
    second = line.life(1, what=200)
    line.collect()
    assert line.sizes() == {first: 5, second: 4}
    assert line.written <= line.stored() | line.quarantined()


def test_own_head_is_all_that_tells_and_what_never_arrived_is_reported(line: Line) -> None:
    """The first life wrote more than ever reached headquarters; its head stands retained at the broker."""
    first = line.life(5)
    line.collect()
    image = line.image()
    line.life(4)
    head = line.head()
    line.bring_back(image)
    assert isinstance(line.hand_over(head), OtherPast)
    line.written.clear()
    second = line.life(3, what=100)
    line.collect()
    assert line.first_of(second) == {"epoch": first, "size": 11}
    assert "entries-missing" in standing_alarms(line.office)
    assert line.sizes()[second] == 6
    assert line.written <= line.stored() | line.quarantined()


def test_head_reaches_headquarters_and_the_gate_is_told_nothing(line: Line) -> None:
    """No word comes back: the numbers run on, and the fork is noticed where they part."""
    first = line.life(5)
    line.collect()
    image = line.image()
    line.life(4)
    head = Head(
        checkpoint=line.head(), time_ms=NOW * 1000, quality=ClockQuality.GOOD, acknowledged=0, list_number=None,
        list_age_s=None, free_bytes=0, software="1.0",
    )  # fmt: skip
    assert isinstance(line.collector.note_head(TERMINAL, head.encode(), NOW), Collected)
    line.bring_back(image)
    line.life(9, what=100)
    line.collect()
    assert "fork" in standing_alarms(line.office)
    assert line.sizes() == {first: 16}
    assert [what for what, _, _ in put_aside(line.office)] == ["checkpoint"]
    line.written = set(line._records())
    assert line.written <= line.stored() | line.quarantined()


def test_image_that_is_brought_back_before_anything_was_added_goes_on(line: Line) -> None:
    first = line.life(5)
    image = line.image()
    line.collect()
    (note,) = line.acknowledgements()
    line.bring_back(image)
    assert isinstance(line.hand_over(note), Acknowledged)
    assert line.life(2) == first
    line.collect()
    assert line.sizes() == {first: 9}
    assert standing_alarms(line.office) == []
