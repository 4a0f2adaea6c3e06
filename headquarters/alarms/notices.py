"""The outbox: what is to be told about alarms, made once for each and channel, kept until it is sent.

A notice holds no personal data: which alarm, where, when, how often; of a terminal's own alarm none of its facts. It is
made in the transaction that notes that it was, so a crash neither loses nor doubles one. Whoever sends it first moves
ahead when it is due, so that of several who watch only one does; one that is sent twice all the same (killed in
between) has the same id.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from headquarters.alarms.listing import RaisedAlarm, raised_alarm, raised_alarms
from headquarters.alarms.settings import AlarmSettings
from headquarters.database import Database
from headquarters.tables.journal import alarms, notices

FORMAT = "xs-alarm-1"
NOTICE_BYTES = 16
DAY_S = 24 * 3600
TELL_WITHIN_S = 7 * DAY_S
"""An alarm that was over before headquarters heard of it, and is older, is told to nobody."""
GIVE_UP_AFTER_S = 7 * DAY_S
MAX_WAITING = 10_000
"""So many notices wait for a channel; further alarms wait in their own table until there is room."""
AT_ONCE = 500
CLAIM_S = 120
"""How long whoever took a notice has, before another tries."""
NOTICES_KEPT_S = 30 * DAY_S
ALARMS_KEPT_S = 180 * DAY_S


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told. `attempts` counts this one."""

    id: int
    notice: str
    site: int
    body: str
    attempts: int


def make_notices(
    database: Database,
    settings: AlarmSettings,
    now_s: int,
    random_bytes: Callable[[int], bytes],
    *,
    max_waiting: int = MAX_WAITING,
) -> int:
    """Put into the outbox what nobody was told of yet; tells how many notices. Durable when it returns.

    Raises:
        StorageError: the database is at fault.
    """
    with database.transaction(read_only=True) as connection:
        if connection.execute(_untold().limit(1)).first() is None:
            return 0
    channels = settings.channels
    made = 0
    with database.transaction() as connection:
        waiting = Counter(_waiting_by_channel(connection))
        for row in connection.execute(_untold().order_by(alarms.c.id).limit(AT_ONCE)).all():
            alarm = raised_alarm(row)
            to = [each.channel for each in channels if not each.sites or alarm.site in each.sites]
            events = _events(row, alarm, now_s)
            if any(waiting[channel] + len(events) > max_waiting for channel in to):
                break
            for event in events:
                for channel in to:
                    notice = random_bytes(NOTICE_BYTES).hex()
                    body = {"format": FORMAT, "id": notice, "event": event, "alarm": _told(alarm)}
                    values = {"notice": notice, "channel": channel, "site": alarm.site, "alarm": alarm.id}
                    values |= {"body": json.dumps(body), "made_at": now_s, "due_at": now_s, "attempts": 0}
                    connection.execute(notices.insert().values(values))
                    waiting[channel] += 1
                    made += 1
            told = {"raised_told_at": row.raised_told_at or now_s}
            told |= {"cleared_told_at": now_s} if alarm.cleared_at is not None else {}
            connection.execute(alarms.update().where(alarms.c.id == alarm.id).values(told))
    return made


def claim(database: Database, channel: str, now_s: int, *, site: int | None = None, limit: int = 1) -> Sequence[Notice]:
    """Take the oldest that are due for a channel, of one site where that is said; nobody else will for a while."""
    due = _waits() & (notices.c.channel == channel) & (notices.c.due_at <= now_s)
    due = due if site is None else due & (notices.c.site == site)
    query = sa.select(notices).where(due).order_by(notices.c.id).limit(limit)
    with database.transaction() as connection:
        rows = connection.execute(query).all()
        taken = {"due_at": now_s + CLAIM_S, "tried_at": now_s, "attempts": notices.c.attempts + 1}
        for row in rows:
            connection.execute(notices.update().where(notices.c.id == row.id).values(taken))
    return [Notice(row.id, row.notice, row.site, row.body, row.attempts + 1) for row in rows]


def sites_due(database: Database, channel: str, now_s: int, *, not_tried_since_s: int) -> Sequence[int]:
    """The sites of which something is due for a channel, and to which nothing was tried since that instant."""
    due = _waits() & (notices.c.channel == channel) & (notices.c.due_at <= now_s)
    tried = sa.select(notices.c.site).where(notices.c.channel == channel, notices.c.tried_at > not_tried_since_s)
    with database.transaction(read_only=True) as connection:
        query = sa.select(notices.c.site).where(due & notices.c.site.not_in(tried)).distinct()
        return connection.scalars(query.order_by(notices.c.site)).all()


def sent(database: Database, told: Sequence[Notice], now_s: int) -> None:
    """Note that these arrived."""
    _set(database, told, sent_at=now_s, error=None)


def failed(database: Database, told: Sequence[Notice], why: str, *, due_at: int | None, now_s: int) -> None:
    """Note that these did not; `due_at` None: they are given up."""
    if due_at is None:
        _set(database, told, given_up_at=now_s, error=why)
    else:
        _set(database, told, due_at=due_at, error=why)


def give_up_old(database: Database, settings: AlarmSettings, now_s: int) -> int:
    """Give up what waited for a week, or for a channel that there is not any more; tells how many."""
    channels = [each.channel for each in settings.channels]
    hopeless = _waits() & ((notices.c.made_at <= now_s - GIVE_UP_AFTER_S) | notices.c.channel.not_in(channels))
    with database.transaction(read_only=True) as connection:
        if connection.execute(sa.select(notices.c.id).where(hopeless).limit(1)).first() is None:
            return 0
    with database.transaction() as connection:
        return connection.execute(notices.update().where(hopeless).values(given_up_at=now_s)).rowcount


def forget(database: Database, now_s: int) -> None:
    """Delete notices a month after they were made, unless they wait; and alarms half a year after they were over."""
    with database.transaction() as connection:
        connection.execute(notices.delete().where(~_waits() & (notices.c.made_at <= now_s - NOTICES_KEPT_S)))
        named = sa.select(notices.c.alarm)
        connection.execute(
            alarms.delete().where((alarms.c.cleared_at <= now_s - ALARMS_KEPT_S) & alarms.c.id.not_in(named))
        )


def _untold() -> "sa.Select[*tuple[Any, ...]]":
    over = alarms.c.cleared_at.is_not(None) | alarms.c.raised_told_at.is_(None)
    return raised_alarms().where(alarms.c.cleared_told_at.is_(None) & over)


def _events(row: "sa.Row[Any]", alarm: RaisedAlarm, now_s: int) -> list[str]:
    if alarm.cleared_at is not None and row.raised_told_at is None and alarm.raised_at <= now_s - TELL_WITHIN_S:
        return []
    events = ["raised"] if row.raised_told_at is None else []
    return events if alarm.cleared_at is None else [*events, "cleared"]


def _told(alarm: RaisedAlarm) -> dict[str, object]:
    return {
        "id": alarm.id,
        "name": alarm.alarm,
        "site": alarm.site,
        "terminal": alarm.terminal,
        "lane": alarm.lane,
        "about": alarm.about,
        "times": alarm.times,
        "raised_at": _instant(alarm.raised_at),
        "cleared_at": None if alarm.cleared_at is None else _instant(alarm.cleared_at),
        "say": alarm.facts if alarm.entry is None else None,
    }


def _instant(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a terminal's clock that no calendar has
        return None


def _waits() -> sa.ColumnElement[bool]:
    return notices.c.sent_at.is_(None) & notices.c.given_up_at.is_(None)


def _waiting_by_channel(connection: sa.Connection) -> dict[str, int]:
    query = sa.select(notices.c.channel, sa.func.count()).where(_waits()).group_by(notices.c.channel)
    return {channel: many for channel, many in connection.execute(query)}  # noqa: C416  rows are no pairs


def _set(database: Database, told: Sequence[Notice], **values: Any) -> None:
    with database.transaction() as connection:
        for each in told:
            connection.execute(notices.update().where(notices.c.id == each.id).values(values))
