"""The alarms as a person sees them: what stands, since when, who has seen to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headquarters.alarms.entries import take_in
from headquarters.database import Change, Database, note
from headquarters.journal.reading import MAX_WHY, MIN_WHY, shown_key
from headquarters.tables.journal import alarms, terminals
from terminal.core.journal import EntryKey
from terminal.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlarm:
    """An alarm and what became of it. Instants in seconds; of a terminal's own alarm by that terminal's clock.

    `entry`: the journal entry that raised it first; None for one of headquarters' own. `times`: how often it was raised
    while it stood. `by_person`: nothing clears it but being acknowledged.
    """

    id: int
    alarm: str
    terminal: str
    site: int
    lane: int | None
    about: str | None
    facts: str
    times: int
    raised_at: int
    cleared_at: int | None
    acknowledged_at: int | None
    acknowledged_by: str | None
    acknowledged_why: str | None
    entry: str | None
    by_person: bool

    @property
    def state(self) -> str:
        """Where it is on its way: raised, acknowledged, cleared."""
        if self.cleared_at is not None:
            return "cleared"
        return "raised" if self.acknowledged_at is None else "acknowledged"


class Alarms:
    """The alarms in the database. Every method may block; StorageError where the database is at fault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, *, cleared: bool = False, terminal: str | None = None, limit: int = 1000) -> Sequence[RaisedAlarm]:
        """Those that are not over, or with `cleared` all: at most `limit`, the latest first."""
        take_in(self._database)
        query = raised_alarms().order_by(alarms.c.raised_at.desc(), alarms.c.id.desc()).limit(limit)
        if not cleared:
            query = query.where(alarms.c.cleared_at.is_(None))
        if terminal is not None:
            query = query.where(alarms.c.terminal == terminal)
        with self._database.transaction(read_only=True) as connection:
            return tuple(raised_alarm(row) for row in connection.execute(query))

    def acknowledge(self, alarm_id: int, change: Change) -> RaisedAlarm:
        """Write down that somebody has seen to it; what nothing else clears is over with that.

        Raises:
            ConfigurationError: there is no such alarm, it was acknowledged before, or no reason was given.
        """
        if not MIN_WHY <= len(change.why.strip()) <= MAX_WHY:
            raise ConfigurationError(f"an alarm is acknowledged with {MIN_WHY} to {MAX_WHY} characters of why (--why)")
        take_in(self._database)
        with self._database.transaction() as connection:
            found = _alarm(connection, alarm_id)
            if found.acknowledged_at is not None:
                raise ConfigurationError(f"alarm {alarm_id} was acknowledged by {found.acknowledged_by} already")
            now_s = int(change.at.timestamp())
            values = {"acknowledged_at": now_s, "acknowledged_by": change.who, "acknowledged_why": change.why}
            if found.by_person and found.cleared_at is None:
                values["cleared_at"] = now_s
            connection.execute(alarms.update().where(alarms.c.id == alarm_id).values(values))
            note(connection, change, "alarm acknowledged", f"{alarm_id} {found.terminal} {found.alarm}")
            return _alarm(connection, alarm_id)


def raised_alarms() -> "sa.Select[*tuple[Any, ...]]":
    """The query for rows that `raised_alarm` reads."""
    known = sa.or_(alarms.c.entry.is_(None), alarms.c.entry >= 0)
    return sa.select(alarms, terminals.c.site).join_from(alarms, terminals).where(known)


def raised_alarm(row: "sa.Row[Any]") -> RaisedAlarm:
    """The alarm that stands in a row of `raised_alarms`."""
    return RaisedAlarm(
        id=row.id,
        alarm=row.alarm,
        terminal=row.terminal,
        site=row.site,
        lane=row.lane,
        about=row.about,
        facts=row.facts,
        times=row.times,
        raised_at=row.raised_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_why=row.acknowledged_why,
        entry=None if row.entry is None else shown_key(EntryKey(row.terminal, row.epoch, row.entry)),
        by_person=bool(row.by_person),
    )


def _alarm(connection: sa.Connection, alarm_id: int) -> RaisedAlarm:
    row = connection.execute(raised_alarms().where(alarms.c.id == alarm_id)).one_or_none()
    if row is None:
        raise ConfigurationError(f"there is no alarm {alarm_id}; alarms list shows them")
    return raised_alarm(row)
