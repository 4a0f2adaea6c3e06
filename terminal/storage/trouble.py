"""What went wrong with the disk or the database, in one line that says what to do."""

import sqlite3
from pathlib import Path

from terminal.errors import StorageError

_PRIMARY_CODE = 0xFF
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NOT_OURS = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_passing(error: sqlite3.Error) -> bool:
    """Tell whether the connection is as good as before: a full disk, a lock held by another."""
    return _code(error) in _PASSING


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether there was no room on the disk."""
    return _code(error) == sqlite3.SQLITE_FULL


def in_words(error: sqlite3.Error, path: Path) -> StorageError:
    """The same error as one line for a person."""
    match _code(error):
        case sqlite3.SQLITE_FULL:
            said = f"the disk that holds {path} is full; nothing can be written down until space is freed"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            said = f"{path} is locked by another program; only the gate may open it, stop the other one"
        case code if code in _DAMAGED:
            said = f"{path} is damaged; keep it for headquarters, move it out of its folder and start anew"
        case code if code in _NOT_OURS:
            said = f"{path} cannot be opened for writing; check owner and mode of the file and its folder"
        case _:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            said = f"the disk that holds {path} failed ({name}); check the disk, replace the storage card"
    return StorageError(said)


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY_CODE
