"""What an epoch that has ended still owes to headquarters, for others to read."""

from pathlib import Path

from terminal.core.acknowledgement import Acknowledged
from terminal.core.checkpoint import checkpoint_of
from terminal.core.signed_note import parse_note
from terminal.storage.view import PAGE
from terminal.storage.view_old import OldInView
from tests.storage.past import acknowledge, by_office, checkpoint, run, told_of_another_past, write
from tests.storage.support import Gate, start
from tests.storage.test_view import Shown


def test_view_shows_the_present_epoch_and_what_the_old_one_owes(tmp_path: Path) -> None:
    old = told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
        present = [entry.record_bytes for entry in gate.entries()]
    shown = Shown(tmp_path)
    shown.close()
    assert shown.read("SELECT * FROM identity") == [("gate-1", shown.gate.journal.epoch)]
    assert [record for (record,) in shown.read("SELECT record FROM entries ORDER BY sequence")] == present
    assert shown.read("SELECT * FROM old_epochs") == [(old, 4, 2)]
    assert shown.read("SELECT epoch, sequence FROM old_entries ORDER BY sequence") == [
        (old, number) for number in range(4)
    ]
    assert shown.read("SELECT epoch, size FROM old_checkpoints ORDER BY size") == [(old, size) for size in (2, 3, 4)]


def test_view_of_a_journal_without_another_past_has_no_old_epochs(tmp_path: Path) -> None:
    shown = Shown(tmp_path)
    shown.write(3)
    shown.close()
    for table in ("old_epochs", "old_entries", "old_checkpoints"):
        assert shown.read(f"SELECT * FROM {table}") == []  # noqa: S608  one of these words


def test_long_old_epoch_is_copied_page_by_page(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        write(gate, 1)
        acknowledge(gate, by_office(checkpoint(gate, 5 * PAGE, bytes(32))))
        for future in [gate.journal.append(start(number)) for number in range(2 * PAGE)]:
            future.result(60)
        run(gate)
        with gate.store._database.reading() as journal:
            page = OldInView().read(journal, PAGE)
    assert (len(page.entries), page.more) == (PAGE, True)
    assert max(size for _, size, _ in page.checkpoints) <= PAGE
    shown = Shown(tmp_path)
    shown.close()
    assert shown.read("SELECT count(*), max(sequence) FROM old_entries") == [(2 * PAGE + 2, 2 * PAGE + 1)]
    ((size,),) = shown.read("SELECT max(size) FROM old_checkpoints")
    assert size == 2 * PAGE + 2


def test_old_epoch_leaves_the_view_when_it_is_acknowledged_to_its_end(tmp_path: Path) -> None:
    told_of_another_past(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        run(gate)
    shown = Shown(tmp_path)
    try:
        shown.turn()
        found = [note for (note,) in shown.read("SELECT note FROM old_checkpoints")]
        notes = [parse_note(note) for note in found if isinstance(note, bytes)]
        by_size = {checkpoint_of(note).size: by_office(note) for note in notes}
        assert isinstance(acknowledge(shown.gate, by_size[3]), Acknowledged)
        shown.turn()
        assert shown.read("SELECT acknowledged FROM old_epochs") == [(3,)]
        assert shown.read("SELECT count(*) FROM old_entries") == [(4,)]
        assert shown.read("SELECT count(*) FROM old_checkpoints") == [(3,)]
        assert isinstance(acknowledge(shown.gate, by_size[4]), Acknowledged)
        while shown.gate.store._epochs.old:
            shown.gate.beats.wait_for()
        shown.turn()
        for table in ("old_epochs", "old_entries", "old_checkpoints"):
            assert shown.read(f"SELECT * FROM {table}") == []  # noqa: S608  one of these words
        assert shown.trouble == []
    finally:
        shown.close()
