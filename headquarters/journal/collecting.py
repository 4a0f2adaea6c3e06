"""Collecting journals: a batch or a head that arrived becomes rows, proof and an acknowledgement (design 7, 'MQTT 5').

Each call is one transaction that holds the terminal's row, so any number of collectors may work side by side, and
batches may come in any order, twice, and overlapping. What is to be published is returned after the commit, and again
for what comes again: a collector that is killed in between loses nothing.

What contradicts what is stored (a fork) is put aside, told by an alarm, and never acknowledged.
"""

from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import sqlalchemy as sa

from headquarters.database import Database, Unstorable
from headquarters.journal.arriving import Claim, Refusal, head_order, read_batch, read_head
from headquarters.journal.commands import to_publish
from headquarters.journal.contradictions import Alarm, Evidence, clear_alarm, put_aside, raise_alarm
from headquarters.journal.cosigner import Cosigner
from headquarters.journal.epochs import Journal, begin, ended, journal_of, journals_of
from headquarters.journal.storing import StoringBatch, believe, contradiction_of
from headquarters.tables.journal import entries, epochs, terminals
from terminal.core.messages import Presence, Replay

MAX_EPOCHS = 256
"""Of one terminal; all of them are looked at for each of its messages, while others wait."""
REPLAY_AFTER_S = 30
"""How long the cursor stands still, with something beyond it known, before entries are asked for again."""
REPLAY_OF_ENDED_AFTER_S = 3600
"""The same for an epoch that has ended: what it has lost may never come."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Taken. `acknowledgement` is to be published, also when nothing was `new`; None: nothing is proven yet.

    Of an epoch that has `ended` it is not to be retained: it would lie where that of the present one belongs.
    """

    new: int
    acknowledgement: bytes | None
    replay: Replay | None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Forked:
    """It contradicts what is stored; put aside, told by an alarm, and not acknowledged."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was stored. `word` stays the same for ever, for counting; `why` is for a person."""

    word: str
    why: str


Outcome: TypeAlias = Collected | Forked | Refused


class Collector:
    """Stores what terminals send. Every method may block; all raise StorageError where the database is at fault."""

    def __init__(self, database: Database, cosigner: Cosigner) -> None:
        self._database = database
        self._cosigner = cosigner

    def collect(self, terminal: str, body: bytes, now_s: int) -> Outcome:
        """Take a batch that arrived on this terminal's topic. Durable when it returns."""
        try:
            batch = read_batch(terminal, body)
            with self._database.transaction(alone=False) as connection:
                journals, journal = _known(connection, batch.claim, now_s)
                done = StoringBatch(connection, journal, batch, now_s).store()
                return self._finished(connection, journals, journal, done, now_s)
        except Refusal as refusal:
            return Refused(refusal.word, str(refusal))

    def note_head(self, terminal: str, body: bytes, now_s: int) -> Outcome:
        """Take a head that arrived on this terminal's topic. Durable when it returns."""
        try:
            claim = read_head(terminal, body)
            with self._database.transaction(alone=False) as connection:
                journals, journal = _known(connection, claim, now_s)
                if body == journal.head:  # retained by the broker; it does not say that the terminal is there
                    return Collected(0, journal.acknowledgement, None, _is_over(journals, journal))
                if why := contradiction_of(connection, journal, claim):
                    journal.forked_at = journal.forked_at or now_s
                    put_aside(connection, journal.key, Evidence.HEAD, body, why=why, now_s=now_s)
                    return self._finished(connection, journals, journal, why, now_s)
                believe(connection, journal, claim)
                if journal.head is None or head_order(body) > head_order(journal.head):
                    journal.head, journal.head_at = body, now_s
                return self._finished(connection, journals, journal, 0, now_s)
        except Refusal as refusal:
            return Refused(refusal.word, str(refusal))

    def note_presence(self, terminal: str, presence: Presence, now_s: int) -> None:
        """Remember whether a terminal is connected, and since when; of one that is not registered, nothing."""
        changed = (terminals.c.terminal == terminal) & terminals.c.presence.is_distinct_from(presence.value)
        with self._database.transaction(alone=False) as connection:
            row = {"presence": presence.value, "presence_at": now_s}
            connection.execute(terminals.update().where(changed).values(row))

    def acknowledgements(self, now_s: int) -> list[tuple[str, bytes]]:
        """All that is to be published anew at a connect: terminal and acknowledgement, of its epoch of now last.

        Of a retired terminal nothing, which is an empty acknowledgement, once.
        """
        with self._database.transaction(read_only=True) as connection:
            rows = connection.execute(sa.select(epochs).order_by(epochs.c.terminal, epochs.c.epoch_id))
            journals: list[Journal] = []
            for row in rows:
                with suppress(Unstorable):  # damaged: it holds up itself, and no other
                    journals.append(journal_of(row))
            gone = set(connection.scalars(sa.select(terminals.c.terminal).where(terminals.c.retired_at.is_not(None))))
        return [(terminal, b"") for terminal in sorted(gone)] + [
            (terminal, self._cosigner.cosign(journal.acknowledgement, now_s))
            for terminal, its in groupby(journals, key=lambda journal: journal.terminal)
            for journal in _now_last(list(its))
            if journal.acknowledgement is not None and terminal not in gone
        ]

    def commands(self, now_s: int) -> list[tuple[str, bytes]]:
        """The open command of each terminal that ever had one, signed; empty: none is open."""
        with self._database.transaction(read_only=True) as connection:
            return to_publish(connection, now_s)

    def replays(self, now_s: int) -> list[tuple[str, Replay]]:
        """What is to be asked for again now, of terminals that have gone quiet; asked by one collector at a time."""
        due: list[tuple[str, Replay]] = []
        with self._database.transaction(alone=False) as connection:
            late = (epochs.c.behind_since <= now_s - REPLAY_AFTER_S) | (epochs.c.behind_since > now_s)
            query = sa.select(epochs.c.terminal).join(terminals).where(late & terminals.c.retired_at.is_(None))
            for terminal in connection.scalars(query.distinct().order_by(epochs.c.terminal)).all():
                _lock(connection, terminal)
                try:
                    journals = journals_of(connection, terminal)
                except Unstorable:  # as above
                    continue
                for journal in journals.values():
                    if replay := _replay(connection, journals, journal, now_s):
                        asked = epochs.update().where(epochs.c.epoch_id == journal.epoch_id)
                        connection.execute(asked.values(behind_since=journal.behind_since))
                        due.append((terminal, replay))
        return due

    def _finished(
        self, connection: sa.Connection, journals: dict[bytes, Journal], journal: Journal, done: int | str, now_s: int
    ) -> Outcome:
        """Cosign and store the journal; `done` is how many entries are new, or in what they contradict it."""
        behind = journal.largest_size > journal.size
        journal.behind_since = (journal.behind_since or now_s) if behind else None
        replay = _replay(connection, journals, journal, now_s)
        if journal.acknowledgement is not None:
            journal.acknowledgement = self._cosigner.cosign(journal.acknowledgement, now_s)
        journal.save(connection, now_s)
        over = ended(journals.values())
        _watch_ended(connection, over, journal, now_s)
        if isinstance(done, str):
            return Forked(done)
        return Collected(done, journal.acknowledgement, replay, _is_over(journals, journal))


def _lock(connection: sa.Connection, terminal: str) -> tuple[bytes, int | None] | None:
    """Hold the terminal's row until the transaction ends; on SQLite the transaction holds the whole file anyway."""
    query = sa.select(terminals.c.journal_key, terminals.c.retired_at).where(terminals.c.terminal == terminal)
    row = connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else (row.journal_key, row.retired_at)


def _known(connection: sa.Connection, claim: Claim, now_s: int) -> tuple[dict[bytes, Journal], Journal]:
    """The journals of a terminal and the one among them that the checkpoint is of, begun where it is new.

    Raises:
        Refusal: the terminal is not registered, or did not sign this.
    """
    terminal = claim.checkpoint.terminal
    found = _lock(connection, terminal)
    if found is None:
        raise Refusal("unknown-terminal", f"terminal {terminal} is not registered; add it first (terminal add)")
    journal_key, retired_at = found
    if retired_at is not None:
        raise Refusal("retired", f"terminal {terminal} is retired; nothing of it is taken any more")
    if not claim.is_signed_by(journal_key):
        raise Refusal("not-signed", f"not signed by the journal key that is registered for {terminal}")
    journals = journals_of(connection, terminal)
    if (journal := journals.get(claim.checkpoint.epoch)) is None:
        if len(journals) >= MAX_EPOCHS:
            why = f"terminal {terminal} has begun {MAX_EPOCHS} epochs; replace the box, and give the next another name"
            raise Refusal("too-many-epochs", why)
        journal = begin(connection, claim.checkpoint, claim.note.encode(), now_s)
        journals[claim.checkpoint.epoch] = journal
    return journals, journal


def _now_last(journals: list[Journal]) -> list[Journal]:
    over = [journal for journal, _ in ended(journals)]
    return [*over, *(journal for journal in journals if not any(journal is each for each in over))]


def _is_over(journals: dict[bytes, Journal], journal: Journal) -> bool:
    return any(journal is each for each, _ in ended(journals.values()))


def _watch_ended(connection: sa.Connection, over: list[tuple[Journal, int]], journal: Journal, now_s: int) -> None:
    for each, had in over:
        if each.size < had:
            facts = f"entry {each.size} and more of {had} have not come, and the epoch has ended"
            raise_alarm(connection, Alarm.ENTRIES_MISSING, each.key, facts=facts, now_s=now_s)
        elif each is journal:
            clear_alarm(connection, Alarm.ENTRIES_MISSING, each.key, now_s=now_s)


def _replay(connection: sa.Connection, journals: dict[bytes, Journal], journal: Journal, now_s: int) -> Replay | None:
    """What to ask for again, when it is due; it is due again after as long."""
    if journal.behind_since is None or journal.forked_at is not None:
        return None
    after_s = REPLAY_OF_ENDED_AFTER_S if _is_over(journals, journal) else REPLAY_AFTER_S
    if 0 <= now_s - journal.behind_since < after_s:  # a clock that was set back must not put it off
        return None
    journal.behind_since = now_s
    beyond = (entries.c.epoch_id == journal.epoch_id) & (entries.c.sequence > journal.size)
    next_stored: int | None = connection.scalar(sa.select(sa.func.min(entries.c.sequence)).where(beyond))
    return Replay(journal.epoch, journal.size, (next_stored or journal.largest_size) - 1)
