import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from terminal.errors import StorageError
from terminal.storage.database import Database
from terminal.storage.migrations import Migrations
from tests.storage.support import Gate, start


def test_second_gate_is_told_which_process_has_the_journal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.storage.children", "hold", str(tmp_path / "journal")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(StorageError, match=rf"in use by another gate \(process {other.pid}\)"):
            Gate(tmp_path / "journal")
    with Gate(tmp_path / "journal") as gate:
        assert gate.journal.append(start()).result().sequence == 0


def test_files_are_the_gates_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Gate(tmp_path / "journal") as gate:
            gate.journal.append(start()).result()
            modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "journal").iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(["journal.db", "journal.db-shm", "journal.db-wal", "journal.lock"], 0o600)
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


def test_folder_or_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal").chmod(0o750)
    with pytest.raises(StorageError, match=r"folder .* is open to other users; .* chmod 700"):
        Gate(tmp_path / "journal")
    (tmp_path / "journal").chmod(0o700)
    (tmp_path / "journal" / "journal.db").touch()
    (tmp_path / "journal" / "journal.db").chmod(0o644)
    with pytest.raises(StorageError, match=r"file .* is open to other users; .* chmod 600"):
        Gate(tmp_path / "journal")


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file/journal cannot be used: Not a directory"):
        Gate(tmp_path / "file" / "journal")


def made(tmp_path: Path) -> Path:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(start()).result()
    return tmp_path / "journal" / "journal.db"


def test_damaged_header_is_refused_in_one_line_and_the_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path)
    damaged = b"\xff" * 100 + path.read_bytes()[100:]
    path.write_bytes(damaged)
    with pytest.raises(StorageError, match=r"journal\.db is damaged; keep it for headquarters"):
        Gate(tmp_path / "journal")
    assert path.read_bytes() == damaged


def test_damaged_page_is_refused_in_one_line(tmp_path: Path) -> None:
    path = made(tmp_path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * len(content[4096:])
    path.write_bytes(bytes(content))
    with pytest.raises(StorageError, match=r"journal\.db is damaged; keep it for headquarters"):
        Gate(tmp_path / "journal")


def test_journal_of_newer_software_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match=r"has format 99, this software knows formats up to \d+; install the newer"):
        Gate(tmp_path / "journal")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (1,)


def test_database_of_some_other_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir(mode=0o700)
    path = tmp_path / "journal" / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    path.chmod(0o600)
    with pytest.raises(StorageError, match="database of some other program"):
        Gate(tmp_path / "journal")


def test_lock_is_given_back_when_opening_failed(tmp_path: Path) -> None:
    path = made(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(b"\xff" * 5000)
    for _ in range(2):
        with pytest.raises(StorageError, match="damaged"):
            Gate(tmp_path / "journal")
    path.write_bytes(whole)
    with Gate(tmp_path / "journal") as gate:
        assert len(gate.entries()) == 1


def test_settings_that_power_cuts_depend_on_are_in_force(tmp_path: Path) -> None:
    database = Database(tmp_path / "journal")
    with closing(database.connect()) as connection:
        settings = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in
                    ("journal_mode", "synchronous", "secure_delete", "wal_autocheckpoint")}  # fmt: skip
    database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "wal_autocheckpoint": 0}


# ------------------------------------------------------------------------------------------------------ migrations


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]


def test_migrations_run_once_each_in_their_order(tmp_path: Path) -> None:
    ran: list[str] = []
    migration = Migrations(0x58534A31)
    migration(lambda _: ran.append("first"))
    migration(lambda _: ran.append("second"))
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as connection:
        migration.apply(connection, tmp_path / "db")
        migration(lambda _: ran.append("third"))
        migration.apply(connection, tmp_path / "db")
        migration.apply(connection, tmp_path / "db")
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    assert ran == ["first", "second", "third"]


def test_migration_that_fails_leaves_neither_its_tables_nor_its_note_and_runs_again(tmp_path: Path) -> None:
    migration = Migrations(0x58534A31)
    power = [False]

    @migration
    def first(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE a (x)")

    @migration
    def second(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE b (x)")
        if not power[0]:
            connection.execute("CREATE TABLE a (x)")  # exists
        connection.execute("CREATE TABLE c (x)")

    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migration.apply(connection, tmp_path / "db")
        assert (tables(connection), connection.execute("PRAGMA user_version").fetchone()) == (["a"], (1,))
        power[0] = True
        migration.apply(connection, tmp_path / "db")
        assert (tables(connection), connection.execute("PRAGMA user_version").fetchone()) == (["a", "b", "c"], (2,))
