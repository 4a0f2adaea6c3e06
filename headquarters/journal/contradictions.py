"""What contradicts a journal is kept, and told: the quarantine and the alarms of headquarters.

All of it happens in the transaction of whoever finds out, which holds the terminal's row.
"""

from enum import StrEnum
from hashlib import sha256

import sqlalchemy as sa

from headquarters.tables.journal import alarms, quarantine


class Alarm(StrEnum):
    """What somebody must look after; each is of one terminal and epoch, and raised once while it stands."""

    FORK = "fork"
    """Signed by the terminal, and contradicting what is stored: a copied or tampered journal. A person clears it."""
    ENTRIES_MISSING = "entries-missing"
    """An epoch has ended, and entries that it is known to have had are not here. Clears when they come."""
    SEALED_MISSING = "sealed-missing"
    """An entry came without the sealed part that its record names. A person clears it."""
    NOT_SETTLED = "not-settled"
    """A charge or a credit that cannot be posted. Clears when all of its journal are."""


class Evidence(StrEnum):
    """What stands in the quarantine."""

    BATCH = "batch"
    HEAD = "head"
    CHECKPOINT = "checkpoint"


MAX_PUT_ASIDE = 1000
"""Of one terminal: more would tell a person nothing new, and fill the disk for all."""


def put_aside(
    connection: sa.Connection, journal: tuple[str, bytes], what: Evidence, body: bytes, *, why: str, now_s: int
) -> None:
    """Keep `body`, which contradicts the journal of this terminal and epoch, within bounds, and raise the alarm."""
    terminal, epoch = journal
    digest = sha256(body).digest()
    same = (quarantine.c.terminal == terminal) & (quarantine.c.sha256 == digest)
    again = connection.execute(quarantine.update().where(same).values(times=quarantine.c.times + 1, last_at=now_s))
    of_it = sa.select(sa.func.count()).select_from(quarantine).where(quarantine.c.terminal == terminal)
    if again.rowcount == 0 and (connection.scalar(of_it) or 0) < MAX_PUT_ASIDE:
        row = {"terminal": terminal, "epoch": epoch, "what": what, "why": why, "body": body, "sha256": digest}
        connection.execute(quarantine.insert().values(**row, times=1, first_at=now_s, last_at=now_s))
    raise_alarm(connection, Alarm.FORK, journal, facts=why, now_s=now_s)


BY_PERSON = frozenset({Alarm.FORK, Alarm.SEALED_MISSING})
"""Those that a person clears, by acknowledging them."""


def raise_alarm(connection: sa.Connection, alarm: str, journal: tuple[str, bytes], *, facts: str, now_s: int) -> None:
    """Raise an alarm of headquarters' own, unless it stands already."""
    if connection.execute(sa.select(alarms.c.id).where(_standing(alarm, journal))).first() is None:
        terminal, epoch = journal
        row = {"alarm": alarm, "terminal": terminal, "epoch": epoch, "facts": facts, "raised_at": now_s}
        row |= {"times": 1, "by_person": int(alarm in BY_PERSON)}
        connection.execute(alarms.insert().values(row))


def clear_alarm(connection: sa.Connection, alarm: str, journal: tuple[str, bytes], *, now_s: int) -> None:
    """Clear an alarm where it stands."""
    connection.execute(alarms.update().where(_standing(alarm, journal)).values(cleared_at=now_s))


def _standing(alarm: str, journal: tuple[str, bytes]) -> sa.ColumnElement[bool]:
    terminal, epoch = journal
    which = (alarms.c.alarm == alarm) & (alarms.c.terminal == terminal) & (alarms.c.epoch == epoch)
    return which & alarms.c.entry.is_(None) & alarms.c.cleared_at.is_(None)
