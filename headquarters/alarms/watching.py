"""What headquarters finds wrong with terminals by looking at the clock: raised when it begins, cleared when it is over.

Reads in one look at the database and writes only where something changed, so that collectors are not held up. Any
number may watch at once: raising what stands already does nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa

from headquarters.alarms.entries import plain
from headquarters.alarms.settings import Limits
from headquarters.database import Database
from headquarters.journal.contradictions import clear_alarm, raise_alarm
from headquarters.journal.terminals import Terminals, TerminalState
from headquarters.sites import site_records
from headquarters.tables.journal import alarms, epochs
from terminal.core.policy import ListAgeLimits
from terminal.trust.documents import POLICY

MIB = 1 << 20
CLOCK_WRONG_FOR_S = 120
"""A head that waited for a collector makes a clock look slow; the next one, a minute later, puts that right."""
NO_EPOCH = b""
"""The epoch of an alarm that is about the terminal, whatever it writes."""


class Finding(StrEnum):
    """What is looked for; the values are the names of the alarms, and stay the same for ever."""

    SILENT = "silent"
    """Nothing came from it for some minutes."""
    LISTS_OLD = "lists-old"
    """Older than the policy's `warn_s`."""
    LISTS_TOO_OLD = "lists-too-old"
    """Older than the policy's `max_s`, or there are none: the gate does what the policy says for that."""
    CLOCK_WRONG = "clock-wrong"
    BACKLOG = "backlog"
    """Many entries are known and not here, and they do not become fewer."""
    DISK = "disk-nearly-full"
    SOFTWARE = "software-differs"


Verdicts = Mapping[Finding, str | None]
"""What was looked at: the facts of what is wrong, or None where nothing is. What is not in it is not known now."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An alarm that was raised, or cleared: then without facts."""

    terminal: str
    finding: Finding
    facts: str | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A terminal at a look: when it was heard, its site's limits, what most others run, what stands of it."""

    state: TerminalState
    heard_at: int | None
    ages: ListAgeLimits
    usual: str | None
    stands: frozenset[str]


@dataclass(slots=True)
class Watch:
    """Looks at all terminals again and again; remembers from look to look what takes time to judge."""

    database: Database
    limits: Limits
    _backlogs: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Since when a terminal's backlog did not become smaller than that."""
    _clocks: dict[str, int] = field(default_factory=dict)
    """Since when a terminal's clock is seen to be wrong."""
    _policies: dict[bytes, ListAgeLimits] = field(default_factory=dict)

    def look(self, now_s: int) -> Sequence[Changed]:
        """Look once, and raise and clear alarms. May block for long where there are many terminals.

        Raises:
            StorageError: the database is at fault.
        """
        with self.database.transaction(read_only=True) as connection:
            heard = _heard(connection)
            standing = _standing(connection)
            ages = {each.site: self._limits_of(each.policy) for each in site_records(connection)}
            of_epochs = _terminals_own(connection)
        states = [
            state for state in Terminals(self.database).all() if state.site in ages
        ]  # others come with the next look
        now = {state.terminal: state.epoch for state in states}
        obsolete = [alarm for alarm, terminal, epoch in of_epochs if epoch != now.get(terminal, epoch)]
        usual = self.limits.software or _usual_software(states)
        changed: list[Changed] = []
        for state in states:
            stands = standing.get(state.terminal, frozenset())
            seen = _Seen(state, heard.get(state.terminal, state.last_seen), ages[state.site], usual, stands)
            for finding, facts in self._verdicts(seen, now_s).items():
                if (facts is not None) is not (finding in stands):
                    changed.append(Changed(state.terminal, finding, facts))
        if changed or obsolete:
            with self.database.transaction() as connection:
                for each in changed:
                    _write(connection, each, now_s)
                for alarm in obsolete:
                    over = alarms.update().where((alarms.c.id == alarm) & alarms.c.cleared_at.is_(None))
                    connection.execute(over.values(cleared_at=now_s))
        return changed

    def _verdicts(self, seen: _Seen, now_s: int) -> Verdicts:
        state = seen.state
        if state.retired_at is not None:
            return dict.fromkeys(Finding)
        found: dict[Finding, str | None] = {}
        if seen.heard_at is not None:
            found[Finding.SILENT] = self._silent(state, now_s - seen.heard_at)
        found |= self._backlog(state, now_s)
        if state.head is not None:
            found |= _lists(state.list_age_s(now_s), seen.ages)
            if not found.get(Finding.SILENT):  # of a silent one only its past is known
                found |= self._clock(state, now_s)
            limit = self.limits.disk_free_mib * MIB
            free = state.head.free_bytes
            full = free < (limit + limit // 10 if Finding.DISK in seen.stands else limit)
            found[Finding.DISK] = f"{free // MIB} MiB are free" if full else None
            other = seen.usual is not None and state.head.software != seen.usual
            runs = f"runs {plain(state.head.software)}, and not {plain(seen.usual or '')}"
            found[Finding.SOFTWARE] = runs if other else None
        return found

    def _silent(self, state: TerminalState, silent_s: int) -> str | None:
        if silent_s < self.limits.silent_min * 60:
            return None
        return f"nothing came for {silent_s // 60} minutes; the broker says: {state.presence or 'nothing'}"

    def _backlog(self, state: TerminalState, now_s: int) -> Verdicts:
        if state.backlog < self.limits.backlog_entries:
            self._backlogs.pop(state.terminal, None)
            return {Finding.BACKLOG: None}
        since, then = self._backlogs.setdefault(state.terminal, (now_s, state.backlog))
        if state.backlog <= then - self.limits.backlog_entries // 2 - 1:
            self._backlogs[state.terminal] = now_s, state.backlog
            return {Finding.BACKLOG: None}
        if now_s - since < self.limits.backlog_min * 60:
            return {}
        ago = _minutes(now_s - since)
        return {Finding.BACKLOG: f"{state.backlog} entries are known and not here; {then} were {ago} ago"}

    def _clock(self, state: TerminalState, now_s: int) -> Verdicts:
        ahead_s = state.clock_ahead_s() or 0.0
        if abs(ahead_s) <= self.limits.clock_s:
            self._clocks.pop(state.terminal, None)
            return {Finding.CLOCK_WRONG: None}
        if now_s - self._clocks.setdefault(state.terminal, now_s) < CLOCK_WRONG_FOR_S:
            return {}
        return {Finding.CLOCK_WRONG: f"{abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}"}

    def _limits_of(self, document: bytes) -> ListAgeLimits:
        if document not in self._policies:
            policy = POLICY.parse(document)
            self._policies[document] = policy.list_age[policy.level]
        return self._policies[document]


def _lists(old_s: int | None, ages: ListAgeLimits) -> Verdicts:
    if old_s is None:
        return {Finding.LISTS_OLD: None, Finding.LISTS_TOO_OLD: "it has no lists and rules in force"}
    say = f"its lists are {_minutes(old_s)} old, if no newer ones came to it"
    too_old = old_s > ages.max_s
    return {
        Finding.LISTS_OLD: f"{say}; the policy warns past {_minutes(ages.warn_s)}"
        if old_s > ages.warn_s and not too_old
        else None,
        Finding.LISTS_TOO_OLD: f"{say}; past {_minutes(ages.max_s)} the policy says {ages.past_max}"
        if too_old
        else None,
    }


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _usual_software(states: Sequence[TerminalState]) -> str | None:
    """What more than half of the terminals run."""
    versions = Counter(state.head.software for state in states if state.head is not None and state.retired_at is None)
    for version, many in versions.most_common(1):
        if 2 * many > versions.total():
            return version
    return None


def _heard(connection: sa.Connection) -> dict[str, int]:
    """When something that a terminal signed came last; its presence anybody at the broker may speak."""
    rows = connection.execute(sa.select(epochs.c.terminal, sa.func.max(epochs.c.last_seen)).group_by(epochs.c.terminal))
    return {terminal: seen for terminal, seen in rows}  # noqa: C416  rows are no pairs to the type checker


def _standing(connection: sa.Connection) -> dict[str, frozenset[str]]:
    own = (alarms.c.epoch == NO_EPOCH) & alarms.c.entry.is_(None) & alarms.c.cleared_at.is_(None)
    found: dict[str, set[str]] = {}
    for row in connection.execute(sa.select(alarms.c.terminal, alarms.c.alarm).where(own)):
        found.setdefault(row.terminal, set()).add(row.alarm)
    return {terminal: frozenset(names) for terminal, names in found.items()}


def _terminals_own(connection: sa.Connection) -> list[tuple[int, str, bytes]]:
    """Alarms that terminals raised and would clear, with terminal and epoch; once that has ended nobody will."""
    which = alarms.c.cleared_at.is_(None) & (alarms.c.entry >= 0) & (alarms.c.by_person == 0)
    rows = connection.execute(sa.select(alarms.c.id, alarms.c.terminal, alarms.c.epoch).where(which))
    return [(row.id, row.terminal, row.epoch) for row in rows]


def _write(connection: sa.Connection, changed: Changed, now_s: int) -> None:
    journal = changed.terminal, NO_EPOCH
    if changed.facts is None:
        clear_alarm(connection, changed.finding, journal, now_s=now_s)
    else:
        raise_alarm(connection, changed.finding, journal, facts=changed.facts, now_s=now_s)
