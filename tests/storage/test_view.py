"""The view: what is committed, for others to read; whoever holds it up holds up nobody else."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from terminal.core.acknowledgement import Acknowledged
from terminal.core.checkpoint import checkpoint_of
from terminal.core.signed_note import parse_note
from terminal.storage.view import PAGE, PATIENCE_S, View
from tests.storage.past import acknowledge, by_office
from tests.storage.support import Gate, intent, start

WAIT_S = 60.0


class Shown:
    """A gate and its view; `turn` waits until the view has gone round once more, from its beginning to its end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "view.db"
        self.gate = Gate(folder / "journal")
        self.trouble: list[str | None] = []
        self.now_s = 0.0
        self._turns = 0
        self._news = threading.Condition()
        self.view = View(
            self.path,
            self.gate.store._writer,
            self.gate.store._database,
            (self.gate.store.terminal, self.gate.store.epoch),
            facts=self._facts,
            trouble=self.trouble.append,
            monotonic_s=lambda: self.now_s,
        )
        self.view.start()

    def _facts(self) -> dict[str, int | str | None]:
        with self._news:
            self._turns += 1
            self._news.notify_all()
        return {"software": "1.0", "list_number": None}

    def turn(self) -> None:
        """The one that is under way ends, a whole one follows, and another has begun."""
        for _ in range(3):
            with self._news:
                before = self._turns
                self.view._news.set()
                assert self._news.wait_for(lambda: self._turns > before, WAIT_S)  # noqa: B023  called here and now

    def write(self, count: int) -> None:
        for future in [self.gate.journal.append(start(number)) for number in range(count)]:
            future.result(WAIT_S)

    def close(self) -> None:
        assert self.view.stop(WAIT_S)
        self.gate.store.close()

    def read(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as view:
            return view.execute(statement).fetchall()


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    shown = Shown(tmp_path)
    yield shown
    shown.close()


def test_everything_that_is_committed_is_shown(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.gate.journal.append(intent()).result()
    shown.write(2 * PAGE + 1)
    stored = [(entry.record.sequence, entry.record_bytes, entry.sealed) for entry in shown.gate.entries()]
    notes = [(checkpoint_of(note).size, note.encode()) for note in shown.gate.notes()]
    shown.close()
    assert shown.read("SELECT * FROM entries ORDER BY sequence") == stored
    assert shown.read("SELECT * FROM checkpoints ORDER BY size") == notes
    assert shown.read("SELECT * FROM identity") == [("gate-1", shown.gate.journal.epoch)]
    assert shown.read("SELECT * FROM facts ORDER BY name") == [
        ("acknowledged", 0),
        ("list_number", None),
        ("software", "1.0"),
    ]


def test_whoever_sees_a_checkpoint_sees_the_entries_below_it(shown: Shown) -> None:
    shown.turn()
    for _ in range(20):
        shown.write(3)
        with closing(sqlite3.connect(f"{shown.path.as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as view:
            view.execute("BEGIN")
            (note,) = view.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone() or (None,)
            (entries,) = view.execute("SELECT count(*) FROM entries").fetchone()
        assert note is None or checkpoint_of(parse_note(note)).size <= entries


def test_program_that_locks_the_view_holds_up_no_entry_and_is_told_of(shown: Shown) -> None:
    shown.write(1)
    shown.turn()
    with closing(sqlite3.connect(shown.path, timeout=WAIT_S, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        shown.write(10)
        shown.turn()
        assert shown.trouble == []
        shown.now_s = PATIENCE_S
        shown.turn()
    (told,) = shown.trouble[:1]
    assert "held by another program" in str(told)
    shown.turn()
    shown.turn()
    assert shown.trouble[1:] == [None]
    assert shown.read("SELECT count(*) FROM entries") == [(11,)]


def test_program_that_reads_for_ever_sees_one_moment_and_holds_up_no_entry(shown: Shown) -> None:
    shown.write(1)
    shown.turn()
    with closing(sqlite3.connect(f"{shown.path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM entries").fetchone()
        shown.write(10)
        shown.turn()
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == before
    shown.turn()
    shown.turn()
    assert shown.read("SELECT count(*) FROM entries") == [(11,)]


def test_view_of_an_earlier_run_is_replaced_and_its_readers_are_not_disturbed(tmp_path: Path) -> None:
    first = Shown(tmp_path)
    first.write(3)
    first.close()
    with closing(sqlite3.connect(f"{first.path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (3,)
        second = Shown(tmp_path)
        second.write(1)
        second.close()
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (3,)
    assert second.read("SELECT count(*) FROM entries") == [(4,)]


@pytest.mark.parametrize("left", [b"", b"no database", b"SQLite format 3\0" + bytes(4000)])
def test_what_lies_in_the_place_of_the_view_is_replaced(tmp_path: Path, left: bytes) -> None:
    for name in ("view.db", "view.db-journal", "view.db.new"):
        (tmp_path / name).write_bytes(left)
    shown = Shown(tmp_path)
    shown.write(2)
    shown.close()
    assert shown.read("SELECT count(*) FROM entries") == [(2,)]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["journal", "view.db"]


def test_view_that_somebody_removed_is_made_anew(shown: Shown) -> None:
    shown.write(2)
    shown.turn()
    shown.path.unlink()
    shown.write(1)
    shown.turn()
    shown.turn()
    assert shown.read("SELECT count(*) FROM entries") == [(3,)]


def test_folder_that_is_not_there_is_told_and_the_journal_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    with Gate(tmp_path / "journal") as gate:
        trouble: list[str | None] = []
        turned, times = threading.Event(), iter((0.0, PATIENCE_S))

        def monotonic_s() -> float:
            return next(times, PATIENCE_S)

        def told(why: str | None) -> None:
            trouble.append(why)
            turned.set()

        view = View(
            folder / "view.db",
            gate.store._writer,
            gate.store._database,
            (gate.store.terminal, gate.store.epoch),
            facts=dict,
            trouble=told,
            monotonic_s=monotonic_s,
        )
        view.start()
        gate.journal.append(start()).result(WAIT_S)
        assert turned.wait(WAIT_S)
        assert "later" in str(trouble[0])
        folder.mkdir()
        turned.clear()
        assert turned.wait(WAIT_S)
        assert view.stop(WAIT_S)
    assert trouble[1:] == [None]


def test_group_may_read_the_view_and_others_may_not(shown: Shown) -> None:
    shown.turn()
    assert stat.S_IMODE(shown.path.stat().st_mode) == 0o640


def test_checkpoints_that_the_journal_has_thinned_leave_the_view(shown: Shown) -> None:
    for _ in range(5):
        shown.write(1)
    shown.turn()
    assert isinstance(acknowledge(shown.gate, by_office(shown.gate.notes()[3])), Acknowledged)
    shown.turn()
    assert shown.read("SELECT size FROM checkpoints ORDER BY size") == [(4,), (5,)]
    assert shown.read("SELECT count(*) FROM entries") == [(5,)]
