import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from terminal.core.journal import Entry, Kind
from terminal.core.stay import Stay, StayOpened
from terminal.errors import StorageError
from terminal.storage.database import Database
from terminal.storage.writer import Writer
from tests.storage.support import EAN, NOON_MS, ROOT, Beats, Gate, Held, intent, start


def check_nothing_is_lost(report: dict[str, Any]) -> None:
    """Every number that was confirmed is stored once; what was not confirmed may be there too; no gap."""
    assert report["sequences"] == list(range(len(report["sequences"])))
    asked = [number for number in report["stored"] if number is not None]
    assert sorted(asked) == sorted(set(asked))
    assert set(report["durable"]) <= set(asked)
    assert len(report["durable"]) > 20


def test_limit_on_the_size_of_files_is_an_error_and_writing_goes_on_when_it_is_lifted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.storage.children", "fill", str(tmp_path / "journal"), str(300_000)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    check_nothing_is_lost(report)
    assert all("the disk that holds" in error for error in report["errors"])
    assert report["trouble"] == report["errors"][-1]
    assert report["trouble_after"] is None


def test_full_disk_is_an_error_and_writing_goes_on_when_there_is_room_again(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=1200k,mode=0700 none {disk} && exec "$@"'
    in_namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*in_namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a namespace of his own")
    command = [*in_namespace, sys.executable, "-m", "tests.storage.children", "fill-disk", str(disk / "journal")]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    check_nothing_is_lost(report)
    assert all("is full; nothing can be written down until space is freed" in error for error in report["errors"])
    assert report["trouble_after"] is None


class Impatient(Database):
    busy_s = 0.1


def test_database_locked_by_another_program_is_an_error_until_it_lets_go(tmp_path: Path) -> None:
    with (
        Gate(tmp_path / "journal", database=Impatient) as gate,
        closing(sqlite3.connect(tmp_path / "journal" / "journal.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked by another program; only the gate may open it"):
            gate.journal.append(start()).result()
        assert "locked by another program" in (gate.store.trouble or "")
        other.execute("ROLLBACK")
        assert gate.journal.append(start()).result().sequence == 0
        assert gate.store.trouble is None


def test_database_locked_at_start_is_an_error(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal"):
        pass
    with closing(sqlite3.connect(tmp_path / "journal" / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="only the gate may open it"):
            Gate(tmp_path / "journal", database=Impatient)


# ------------------------------------------------------------------------ a disk that fails after it has written


class FailingDisk(sqlite3.Connection):
    """A real connection whose next commits reach the file and are then reported as failed, as a bad fsync is."""

    failures = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *values)
        if sql == "COMMIT" and FailingDisk.failures:
            FailingDisk.failures -= 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return cursor


class OnFailingDisk(Database):
    connection_class = FailingDisk


def test_intent_reported_as_failed_that_the_disk_has_all_the_same_is_settled(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal", database=OnFailingDisk) as gate:
        gate.journal.append(start()).result()
        FailingDisk.failures = 1
        with pytest.raises(StorageError, match=r"failed \(SQLITE_IOERR_FSYNC\); check the disk"):
            gate.journal.append(intent()).result()
        assert gate.journal.append(start()).result().sequence == 2
        gate.beats.wait_for()
        told = [(entry.record.kind, entry.record.public.get("intent"), entry.record.public.get("result")) for entry in
                gate.entries()]  # fmt: skip
        assert gate.journal.open_intents() == ()
    assert told == [
        (Kind.START, None, None),
        (Kind.TAP_INTENT, None, None),
        (Kind.START, None, None),
        (Kind.TAP_OUTCOME, 1, "storage"),
    ]


def test_order_reported_as_failed_that_the_disk_has_all_the_same_is_settled(tmp_path: Path) -> None:
    lock = Entry(kind=Kind.ORDER, lane=1, public={"order": "lock", "by": "root"}, sealed={"reason": "storm"})
    with Gate(tmp_path / "journal", database=OnFailingDisk) as gate:
        FailingDisk.failures = 1
        with pytest.raises(StorageError, match=r"failed \(SQLITE_IOERR_FSYNC\); check the disk"):
            gate.journal.append(lock).result()
        gate.journal.append(start()).result()
        gate.beats.wait_for()
        assert gate.journal.open_orders() == ()
        told = [(entry.record.kind, entry.record.public) for entry in gate.entries()]
    assert told[2:] == [(Kind.ORDER, {"order": "lock", "settles": 0, "result": "refused", "why": "storage"})]


def test_log_is_brought_into_the_file_after_an_error_before_anything_more_is_promised(tmp_path: Path) -> None:
    log = tmp_path / "journal" / "journal.db-wal"
    sizes: list[int] = []
    with (
        Gate(
            tmp_path / "journal", database=OnFailingDisk, before_commit=lambda: sizes.append(log.stat().st_size)
        ) as gate,
        closing(sqlite3.connect(tmp_path / "journal" / "journal.db")) as reader,
    ):
        gate.journal.append(start()).result()
        reader.execute("SELECT count(*) FROM entries").fetchall()  # so that closing alone does not empty the log
        FailingDisk.failures = 1
        assert isinstance(gate.journal.append(start()).exception(), StorageError)
        gate.journal.append(start()).result()
    assert sizes[-2] > 0
    assert sizes[-1] == 0


def test_disk_that_fills_up_within_a_transaction_fails_all_of_it_and_the_next_one_is_whole(tmp_path: Path) -> None:
    held = Held()
    held.hold()
    database = Database(tmp_path / "journal")
    writer = Writer(database, Beats(), before_commit=held)

    def keep(name: str) -> Callable[[sqlite3.Connection], list[tuple[str]]]:
        def write(connection: sqlite3.Connection) -> list[tuple[str]]:
            connection.execute("INSERT INTO kept VALUES (?, x'00')", (name,))
            return connection.execute("SELECT name FROM kept ORDER BY name").fetchall()

        return write

    def fills_up(connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    first = writer.submit(keep("a"))
    assert held.reached.wait(60)
    together = [writer.submit(write) for write in (keep("b"), fills_up)]
    held.go_on.set()
    assert first.result() == [("a",)]
    for future in together:
        with pytest.raises(StorageError, match="is full"):
            future.result()
    assert writer.submit(keep("c")).result() == [("a",), ("c",)]
    writer.close()
    database.close()


def test_memory_follows_what_the_disk_has_after_an_error(tmp_path: Path) -> None:
    stay = Stay(zone=1, lane=1, entered_ms=NOON_MS)
    with Gate(tmp_path / "journal", database=OnFailingDisk) as gate:
        FailingDisk.failures = 1
        refused = gate.journal.append(start(), StayOpened(bytes(8), EAN, stay))
        assert isinstance(refused.exception(), StorageError)
        FailingDisk.failures = 1
        assert isinstance(gate.store.kept.put("floor", b"7").exception(), StorageError)
        gate.journal.append(start()).result()
        assert gate.stays.inside(bytes(8)) == stay
        assert gate.store.kept.get("floor") == b"7"


def test_disk_that_lost_confirmed_entries_gets_no_more_so_that_no_number_is_given_twice(tmp_path: Path) -> None:
    folder, older = tmp_path / "journal", tmp_path / "older"

    class Forgetful(OnFailingDisk):
        def connect(self) -> sqlite3.Connection:
            if older.exists():
                for path in folder.glob("journal.db*"):
                    path.unlink()
                shutil.copy(older / "journal.db", folder / "journal.db")
            return super().connect()

    with Gate(folder) as gate:
        gate.journal.append(start()).result()
    with Gate(folder, database=Forgetful) as gate:
        shutil.copytree(folder, older)
        gate.journal.append(start()).result()
        gate.journal.append(start()).result()
        FailingDisk.failures = 1
        assert isinstance(gate.journal.append(start()).exception(), StorageError)
        for _ in range(2):
            with pytest.raises(StorageError, match="has lost entries 1 to 2, which the disk had confirmed"):
                gate.journal.append(start()).result()
