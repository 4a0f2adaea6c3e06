"""The terminals that headquarters knows, and how each is.

A terminal is registered once, by name and public journal key. A name is not given twice: the journals under it are
verified with its key for as long as they are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from headquarters.database import Change, Database, note, sites
from headquarters.journal.epochs import ended, journals_of
from headquarters.tables.journal import alarms, epochs, terminals
from terminal.core.journal import is_terminal_name
from terminal.core.messages import Head, decode_head
from terminal.errors import ConfigurationError

JOURNAL_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalState:
    """How a terminal is, as far as headquarters has heard. Instants in seconds since the epoch.

    `epoch` is the one that it writes now, None before anything came; `size` is the cursor in it, and `backlog` how many
    entries more it is known to have. `head` is the newest, heard at `head_at`.
    """

    terminal: str
    site: int
    retired_at: int | None
    presence: str | None
    last_seen: int | None
    epoch: bytes | None
    size: int
    backlog: int
    head: Head | None
    head_at: int | None
    alarms: tuple[str, ...]

    def list_age_s(self, now_s: int) -> int | None:
        """How old its lists are now, if it got no newer ones since its newest head."""
        if self.head is None or self.head_at is None or self.head.list_age_s is None:
            return None
        return self.head.list_age_s + max(now_s - self.head_at, 0)

    def clock_ahead_s(self) -> float | None:
        """How much its clock was ahead of ours when its newest head came; the way here makes it less."""
        if self.head is None or self.head_at is None:
            return None
        return self.head.time_ms / 1000 - self.head_at


class Terminals:
    """Terminals in the database. Every method is one transaction and may block on the disk.

    All raise ConfigurationError for what was asked wrongly and StorageError where the database is at fault.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, terminal: str, site: int, journal_key: bytes, change: Change) -> None:
        """Register a terminal of a site by its public journal key, 32 bytes of Ed25519."""
        if not is_terminal_name(terminal):
            raise ConfigurationError(f"{terminal}: a terminal's name has 1 to 32 of a-z, 0-9 and -")
        if len(journal_key) != JOURNAL_KEY_BYTES:
            raise ConfigurationError(f"a journal key has {JOURNAL_KEY_BYTES} bytes, {2 * JOURNAL_KEY_BYTES} digits")
        with self._database.transaction() as connection:
            if connection.scalar(sa.select(sites.c.site).where(sites.c.site == site)) is None:
                raise ConfigurationError(f"site {site} is not registered; add it first (site add)")
            if connection.execute(sa.select(terminals).where(terminals.c.terminal == terminal)).first() is not None:
                raise ConfigurationError(f"terminal {terminal} has been registered; give another box another name")
            row = {"terminal": terminal, "site": site, "journal_key": journal_key, "added_at": _seconds(change)}
            connection.execute(terminals.insert().values(row))
            note(connection, change, "terminal added", f"{terminal} {site} {journal_key.hex()}")

    def retire(self, terminal: str, change: Change) -> None:
        """Take nothing of a terminal any more, such as one that was stolen; what came before stays."""
        with self._database.transaction() as connection:
            which = terminals.c.terminal == terminal
            row = connection.execute(sa.select(terminals).where(which).with_for_update()).one_or_none()
            if row is None:
                raise ConfigurationError(f"terminal {terminal} is not registered")
            if row.retired_at is None:
                connection.execute(terminals.update().where(which).values(retired_at=_seconds(change)))
                note(connection, change, "terminal retired", terminal)

    def all(self) -> Sequence[TerminalState]:
        """All terminals by site and name."""
        with self._database.transaction(read_only=True) as connection:
            rows = connection.execute(sa.select(terminals).order_by(terminals.c.site, terminals.c.terminal)).all()
            return tuple(_state(connection, row) for row in rows)


def journal_keys(connection: sa.Connection) -> dict[str, bytes]:
    """The public journal key of each terminal, retired ones too."""
    rows = connection.execute(sa.select(terminals.c.terminal, terminals.c.journal_key))
    return {terminal: key for terminal, key in rows}  # noqa: C416  rows are no pairs to the type checker


def _state(connection: sa.Connection, row: "sa.Row[*tuple[object, ...]]") -> TerminalState:
    journals = list(journals_of(connection, row.terminal).values())
    over = [journal.epoch for journal, _ in ended(journals)]
    now = next((journal for journal in journals if journal.epoch not in over), None)
    standing = (alarms.c.terminal == row.terminal) & alarms.c.cleared_at.is_(None)
    last_seen = connection.scalar(sa.select(sa.func.max(epochs.c.last_seen)).where(epochs.c.terminal == row.terminal))
    heard = [instant for instant in (last_seen, row.presence_at) if instant is not None]
    return TerminalState(
        terminal=row.terminal,
        site=row.site,
        retired_at=row.retired_at,
        presence=row.presence,
        last_seen=max(heard, default=None),
        epoch=now.epoch if now else None,
        size=now.size if now else 0,
        backlog=now.largest_size - now.size if now else 0,
        head=decode_head(now.head) if now and now.head else None,
        head_at=now.head_at if now else None,
        alarms=tuple(connection.scalars(sa.select(alarms.c.alarm).where(standing).order_by(alarms.c.id))),
    )


def _seconds(change: Change) -> int:
    return int(change.at.timestamp())
