"""Headquarters' database is lost, and an older copy of it brought back: the terminals still have what it had."""

import sqlite3
from contextlib import closing
from pathlib import Path

from headquarters.database import Database
from headquarters.journal.collecting import Collected, Collector
from headquarters.journal.cosigner import acknowledgement_keys, load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.journal.verifying import verify
from terminal.core.acknowledgement import Acknowledged, Ignored
from terminal.core.checkpoint import checkpoint_of
from terminal.core.signed_note import parse_note
from terminal.storage.view_reader import Look, ViewReader
from tests.headquarters.box import SITE, Box
from tests.headquarters.conftest import Office
from tests.storage.support import SIGNING_KEY, TERMINAL
from tests.storage.test_view import WAIT_S, Shown

NOW = 1_790_000_500


def looked(shown: Shown, size: int) -> tuple[ViewReader, Look]:
    seen = ViewReader(shown.path, TERMINAL)
    while (look := seen.look()).size < size:
        shown.turn()
    return seen, look


def sent(shown: Shown, collector: Collector, first: int, end: int, office: Office) -> list[object]:
    """Send the entries `first` to `end` - 1, and hand over each acknowledgement; what the gate says to them."""
    seen, look = looked(shown, end)
    said: list[object] = []
    while first < end:
        batch = seen.batch(look.run, first, end)
        assert batch is not None, f"nothing begins at {first}"
        outcome = collector.collect(TERMINAL, batch.encode(), NOW)
        assert isinstance(outcome, Collected)
        assert outcome.acknowledgement is not None
        judged = shown.gate.journal.checkpoints.acknowledge(outcome.acknowledgement, acknowledgement_keys(office.keys))
        said.append(judged.result(WAIT_S))
        first += len(batch.entries)
    return said


def backup(database: Path, copy: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def test_older_copy_is_filled_again_from_the_terminal(office: Office, tmp_path: Path) -> None:
    office.site(SITE)
    Terminals(office.database).add(TERMINAL, SITE, SIGNING_KEY.public_key().public_bytes_raw(), office.change)
    shown = Shown(tmp_path)
    cosigner = load_cosigner(office.keys)
    collector = Collector(office.database, cosigner)
    shown.write(600)
    assert sent(shown, collector, 0, 600, office)
    backup(office.keys.path / "register.db", tmp_path / "older.db")
    begun = 600
    for count in (1, 300, 5, 450, 144):
        shown.write(count)
        assert all(isinstance(each, Acknowledged) for each in sent(shown, collector, begun, begun + count, office))
        begun += count

    with closing(Database(tmp_path / "older.db")) as older:
        collector = Collector(older, cosigner)
        _, look = looked(shown, 1500)
        assert look.checkpoint is not None
        assert checkpoint_of(parse_note(look.checkpoint)).size == 1500
        head = Box(name=TERMINAL).head(checkpoint=look.checkpoint)
        collector.note_head(TERMINAL, head, NOW)
        ((_, replay),) = collector.replays(NOW + 30)
        assert (replay.first, replay.last) == (600, 1499)
        assert set(sent(shown, collector, replay.first, replay.last + 1, office)) == {Ignored("old")}
        (report,) = verify(older, acknowledgement_keys(office.keys))
        assert (report.proven, report.beyond, report.lost, report.mistakes) == (1500, 0, [], [])
    shown.close()
