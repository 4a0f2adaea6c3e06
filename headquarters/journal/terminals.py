"""The terminals that headquarters knows, and how each is.

A terminal is registered once, by name and public journal key. A name is not given twice: the journals under it are
verified with its key for as long as they are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from headquarters.database import Change, Database, note, sites
from headquarters.journal.epochs import Journal, ended, journal_of
from headquarters.tables.journal import alarms, epochs, terminals
from terminal.core.journal import is_terminal_name
from terminal.core.messages import Head, decode_head
from terminal.errors import ConfigurationError

JOURNAL_KEY_BYTES = 32
OWN_NAME = "headquarters"
"""The terminal in the ids of what headquarters charges and credits itself; no gate may have this name."""


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
        if terminal == OWN_NAME:
            raise ConfigurationError(f"{terminal}: the corrections of headquarters itself have this name")
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
            found = {row.terminal: _Found() for row in rows}
            for row in connection.execute(sa.select(epochs).order_by(epochs.c.epoch_id)):
                found[row.terminal].journals.append(journal_of(row))
                found[row.terminal].heard.append(row.last_seen)
            standing = sa.select(alarms.c.terminal, alarms.c.alarm).where(alarms.c.cleared_at.is_(None))
            for terminal, alarm in connection.execute(standing.order_by(alarms.c.id)):
                found[terminal].alarms.append(alarm)
        return tuple(_state(row, found[row.terminal]) for row in rows)


@dataclass(slots=True)
class _Found:
    """What is here of a terminal: its journals as they were first seen, when each was heard, alarms as they came."""

    journals: list[Journal] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


def journal_keys(connection: sa.Connection) -> dict[str, bytes]:
    """The public journal key of each terminal, retired ones too."""
    rows = connection.execute(sa.select(terminals.c.terminal, terminals.c.journal_key))
    return {terminal: key for terminal, key in rows}  # noqa: C416  rows are no pairs to the type checker


def _state(row: "sa.Row[*tuple[object, ...]]", found: _Found) -> TerminalState:
    over = [journal.epoch for journal, _ in ended(found.journals)]
    now = next((journal for journal in found.journals if journal.epoch not in over), None)
    heard = [*found.heard, *([] if row.presence_at is None else [row.presence_at])]
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
        alarms=tuple(found.alarms),
    )


def _seconds(change: Change) -> int:
    return int(change.at.timestamp())
