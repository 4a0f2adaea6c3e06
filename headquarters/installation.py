"""One headquarters: its folder, its database, and who is at work in it."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from headquarters.database import Change, Database
from headquarters.keys import KeyFolder
from headquarters.register import Register
from headquarters.sites import Sites


def utc_now() -> datetime:
    """The time of this command."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Headquarters:
    """What the options before the command said."""

    folder: Path
    where: Path | str
    by: str

    @classmethod
    def of(cls, folder: Path, database: Path | str | None, by: str | None) -> "Headquarters":
        """With the defaults filled in: register.db in the folder, the user at this machine."""
        where = folder / "register.db" if database is None else database
        return cls(folder, where if "://" in str(database) else Path(where), by or _user())

    @property
    def keys(self) -> KeyFolder:
        """The key folder; nothing is read yet."""
        return KeyFolder(self.folder)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The register, open until the block ends."""
        database = Database(self.where)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def register(self) -> Iterator[Register]:
        """Its companies and cards."""
        with self.database() as database:
            yield Register(database)

    @contextmanager
    def sites(self) -> Iterator[Sites]:
        """Its sites and visits."""
        with self.database() as database:
            yield Sites(database)

    def change(self, why: str) -> Change:
        """A change by whoever runs this command, now."""
        return Change(self.by, why, utc_now())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as some services have
        return f"uid {os.getuid()}"
