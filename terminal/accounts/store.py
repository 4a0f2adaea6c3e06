"""The file of accounts: SQLite, written by `xs-terminal user` alone, read by the pages at each look.

A change holds at once. Whatever changes an account (password, role, switched off or on) makes it another one
(`changed`), by which its sessions end. Nothing is ever deleted: a name stands in the journal, and means one person.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from terminal.accounts.roles import Role
from terminal.errors import ConfigurationError, StorageError
from terminal.owner import as_owner

APPLICATION_ID = int.from_bytes(b"XSA1")
NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
LONGEST_FULL_NAME = 64
LANGUAGES = ("nl", "en")
BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    hash TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID
"""
_COLUMNS = "name, full_name, role, language, hash, disabled, changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person. Two that are equal are the same account, unchanged."""

    name: str
    full_name: str
    role: Role
    language: str
    hash_: str = field(repr=False)
    disabled: bool = False
    changed: int = 1


class Store:
    """The accounts in one file. Each call opens it anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, account: Account) -> None:
        """Add an account; makes the file where there is none. Durable when it returns.

        Raises:
            ConfigurationError: the name is no name, or there already.
            StorageError: the file cannot be written.
        """
        if NAME.fullmatch(account.name) is None:
            raise ConfigurationError(
                f"{account.name!r} is no name of an account: 2 to 32 of a-z 0-9 . - and _, a letter first"
            )
        if not account.full_name.isprintable() or not 1 <= len(account.full_name.strip()) <= LONGEST_FULL_NAME:
            raise ConfigurationError(f"a full name has 1 to {LONGEST_FULL_NAME} printable letters")
        row = (account.name, account.full_name, account.role, account.language, account.hash_)
        with self._write() as file:
            try:
                file.execute("INSERT INTO accounts (name, full_name, role, language, hash) VALUES (?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                raise ConfigurationError(
                    f"there is an account {account.name} already; names are not used again"
                ) from None

    def change(
        self, name: str, *, hash_: str | None = None, role: Role | None = None, disabled: bool | None = None
    ) -> None:
        """Change what is given; its sessions end. Durable when it returns.

        Raises:
            ConfigurationError: there is no such account.
            StorageError: the file cannot be written.
        """
        given = {"hash": hash_, "role": role, "disabled": disabled if disabled is None else int(disabled)}
        values = {key: value for key, value in given.items() if value is not None}
        sets = "".join(f"{key} = :{key}, " for key in values)
        with self._write() as file:
            done = file.execute(
                f"UPDATE accounts SET {sets}changed = changed + 1 WHERE name = :name",  # noqa: S608 - our own column names
                {**values, "name": name},
            )
            if done.rowcount != 1:
                raise ConfigurationError(f"there is no account {name}; `xs-terminal user list` names all")

    def find(self, name: str) -> Account | None:
        """The account of this name as it is now; None: there is none, or it is switched off.

        Raises:
            StorageError: the file cannot be read.
        """
        if NAME.fullmatch(name) is None or not self._path.exists():
            return None
        with self._read() as file:
            row = file.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name = ? AND NOT disabled", (name,)).fetchone()  # noqa: S608
        return None if row is None else _account(row)

    def all(self) -> tuple[Account, ...]:
        """Every account, by name; those that are switched off too. Raises as `find`."""
        if not self._path.exists():
            return ()
        with self._read() as file:
            return tuple(map(_account, file.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name")))  # noqa: S608

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with as_owner(self._path.parent, 0o027), self._opened("rwc") as file:
            _make(file, self._path)
            with file:
                yield file

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._opened("ro") as file:
            if _application(file) != APPLICATION_ID:
                raise StorageError(f"{self._path} is no file of accounts; `xs-terminal user add` makes one")
            yield file

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as file:
                yield file
        except sqlite3.Error as error:
            did = "read" if mode == "ro" else "written"
            raise StorageError(f"{self._path}: the accounts cannot be {did}: {error}") from error


def _application(file: sqlite3.Connection) -> int:
    return int(file.execute("PRAGMA application_id").fetchone()[0])


def _make(file: sqlite3.Connection, path: Path) -> None:
    """Give a new file its table, in one transaction; one that has it is left as it is."""
    file.execute("PRAGMA synchronous = FULL")
    if _application(file) == APPLICATION_ID:
        return
    if file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StorageError(f"{path} is no file of accounts, and is left alone; move it away")
    file.execute("BEGIN IMMEDIATE")
    file.execute(_SCHEMA)
    file.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    file.execute("COMMIT")


def _account(row: tuple[str, str, str, str, str, int, int]) -> Account:
    name, full_name, role, language, hash_, disabled, changed = row
    return Account(
        name=name,
        full_name=full_name,
        role=Role(role),
        language=language,
        hash_=hash_,
        disabled=bool(disabled),
        changed=changed,
    )
