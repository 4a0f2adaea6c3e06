"""What terminals tell about their alarms, taken from their journals: raised, acknowledged there, cleared.

The collector puts each such entry on a list, in the transaction that stores it; here they are worked into the table of
alarms, later and by whoever looks. Entries come in any order (new ones overtake a backlog), so an alarm stands when
the newest entry that raises it has a higher number than the newest that clears it, whichever came first.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.journal.reading import legible
from headquarters.tables.journal import alarm_entries, alarms, entries, epochs
from terminal.core.journal import Kind, Record, decode_record

MOMENTARY = frozenset(
    {
        *(
            "arm-off",
            "call",
            "contacts-contradict",
            "did-not-open",
            "drive-through",
            "charge-flagged",
            "exit-flagged",
            "fire-boom-down",
            "overstay",
        ),
        *("fire-release", "forced", "hold-forgotten", "open-too-long", "opened-elsewhere", "possible-tailgate"),
        *("tailgate", "vehicle-under-boom"),
    }
)
"""What is over as soon as a terminal tells it: it never clears these, so a person does, by acknowledging them."""
AT_ONCE = 1000
"""How many entries are worked in within a transaction, so that no collector waits for long."""
NOT_COME = -1
"""Stands for the number of a raising entry that has not come, where the clearing one has."""
MAX_FACTS = 2000
MAX_PLAIN = 64
_NAME = re.compile("[a-z][a-z0-9-]{0,63}")
AT_TERMINAL = "at the terminal"


@dataclass(frozen=True, slots=True)
class _Step:
    """One entry about an alarm."""

    terminal: str
    epoch: bytes
    record: Record
    alarm: str
    about: str | None

    @property
    def at_s(self) -> int:
        return self.record.time.ms // 1000

    @property
    def number(self) -> int:
        return self.record.sequence

    @property
    def facts(self) -> str:
        others: Mapping[str, Any] = {
            key: legible(value) for key, value in self.record.public.items() if key not in {"alarm", "about"}
        }
        return json.dumps(others)[:MAX_FACTS] if others else ""


def take_in(database: Database) -> int:
    """Work in all that came; tells how many entries. Durable when it returns; may be killed and called at any time.

    Raises:
        StorageError: the database is at fault.
    """
    taken = 0
    while _is_there_any(database):
        with database.transaction() as connection:
            query = sa.select(entries.c.record, epochs.c.terminal, epochs.c.epoch, alarm_entries)
            query = query.join_from(
                alarm_entries,
                entries,
                (alarm_entries.c.epoch_id == entries.c.epoch_id) & (alarm_entries.c.sequence == entries.c.sequence),
            ).join(epochs, epochs.c.epoch_id == alarm_entries.c.epoch_id)
            query = query.order_by(alarm_entries.c.epoch_id, alarm_entries.c.sequence).limit(AT_ONCE)
            for row in connection.execute(query).all():
                take(connection, row.terminal, row.epoch, decode_record(row.record))
                this = (alarm_entries.c.epoch_id == row.epoch_id) & (alarm_entries.c.sequence == row.sequence)
                connection.execute(alarm_entries.delete().where(this))
                taken += 1
    return taken


def plain(text: str) -> str:
    """A terminal's own word as far as it may stand on a screen or in a mail."""
    return "".join(each for each in text if each.isprintable())[:MAX_PLAIN]


def _is_there_any(database: Database) -> bool:
    with database.transaction(read_only=True) as connection:
        return connection.execute(sa.select(alarm_entries).limit(1)).first() is not None


def take(connection: sa.Connection, terminal: str, epoch: bytes, record: Record) -> None:
    """Work in one entry about an alarm, in the transaction that is open."""
    match record.public:
        case {"alarm": str(alarm), "about": str(about)} if _NAME.fullmatch(alarm):
            step = _Step(terminal, epoch, record, alarm, plain(about))
        case {"alarm": str(alarm)} if _NAME.fullmatch(alarm):
            step = _Step(terminal, epoch, record, alarm, None)
        case _:  # of a version that says it otherwise; it stays legible in the journal
            return
    match record.kind:
        case Kind.ALARM_RAISED:
            _raised(connection, step)
        case Kind.ALARM_CLEARED:
            _cleared(connection, step)
        case _:
            _acknowledged(connection, step)


def _raised(connection: sa.Connection, step: _Step) -> None:
    rows = _rows(connection, step)
    over = [row for row in rows if row.cleared_by_entry is not None and row.cleared_by_entry > step.number]
    row = min(over, key=lambda each: each.cleared_by_entry, default=None) or _open(rows)
    if row is None:
        connection.execute(alarms.insert().values(_row(step, entry=step.number, newest_entry=step.number, times=1)))
    elif row.entry == NOT_COME:
        values = {"entry": step.number, "newest_entry": step.number, "raised_at": step.at_s, "facts": step.facts}
        _update(connection, row.id, **values, raised_told_at=None, cleared_told_at=None)
    else:
        values = {"times": row.times + 1}
        if step.number > row.newest_entry:
            values |= {"newest_entry": step.number, "facts": step.facts}
        elif step.number < row.entry:
            values |= {"entry": step.number, "raised_at": step.at_s}
        _update(connection, row.id, **values)


def _cleared(connection: sa.Connection, step: _Step) -> None:
    rows = _rows(connection, step)
    row = _open(rows)
    if row is not None and row.newest_entry < step.number:
        _update(connection, row.id, cleared_at=step.at_s, cleared_by_entry=step.number)
    elif row is None or step.number < row.entry:
        values = {"cleared_at": step.at_s, "cleared_by_entry": step.number}
        values |= {"raised_told_at": step.at_s, "cleared_told_at": step.at_s}  # nothing to tell until it was raised
        connection.execute(alarms.insert().values(_row(step, entry=NOT_COME, newest_entry=NOT_COME, times=1, **values)))


def _acknowledged(connection: sa.Connection, step: _Step) -> None:
    row = _open(_rows(connection, step))
    if row is not None and row.acknowledged_at is None:
        over = {"cleared_at": step.at_s} if row.by_person else {}
        _update(connection, row.id, acknowledged_at=step.at_s, acknowledged_by=AT_TERMINAL, **over)


def _row(step: _Step, **values: int) -> dict[str, Any]:
    return {
        "alarm": step.alarm,
        "terminal": step.terminal,
        "epoch": step.epoch,
        "lane": step.record.lane,
        "about": step.about,
        "facts": step.facts,
        "raised_at": step.at_s,
        "by_person": int(step.alarm in MOMENTARY),
        **values,
    }


def _rows(connection: sa.Connection, step: _Step) -> "list[sa.Row[Any]]":
    which = (alarms.c.terminal == step.terminal) & (alarms.c.epoch == step.epoch) & (alarms.c.alarm == step.alarm)
    which &= alarms.c.lane.is_not_distinct_from(step.record.lane) & alarms.c.about.is_not_distinct_from(step.about)
    return list(connection.execute(sa.select(alarms).where(which & alarms.c.entry.is_not(None))).all())


def _open(rows: "list[sa.Row[Any]]") -> "sa.Row[Any] | None":
    return next((row for row in rows if row.cleared_at is None), None)


def _update(connection: sa.Connection, alarm_id: int, **values: Any) -> None:
    connection.execute(alarms.update().where(alarms.c.id == alarm_id).values(values))
