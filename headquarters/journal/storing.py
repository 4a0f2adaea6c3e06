"""Storing a batch: insert or compare, prove, move the cursor (design 7, 'MQTT 5', 2).

A batch that reaches the cursor must lead to the root of its own checkpoint before anything of it is stored; one that
lies beyond waits, with its checkpoint, for the entries between. An entry that is stored is never changed: a late copy
does not bring back a sealed part that was erased.
"""

import sqlalchemy as sa

from headquarters.journal.arriving import ArrivedBatch, Claim, old_epoch
from headquarters.journal.contradictions import Alarm, Evidence, put_aside, raise_alarm
from headquarters.journal.epochs import Growth, Journal, known_root, let_wait, stored_leaves, waiting_checkpoints
from headquarters.tables.journal import ALARM_KINDS, alarm_entries, entries
from terminal.core.merkle import MAX_SIZE


class StoringBatch:
    """A batch on its way into its journal."""

    def __init__(self, connection: sa.Connection, journal: Journal, batch: ArrivedBatch, now_s: int) -> None:
        self._connection = connection
        self._journal = journal
        self._batch = batch
        self._now_s = now_s
        self._stored = stored_leaves(connection, journal.epoch_id, batch.first, batch.end)

    def store(self) -> int | str:
        """Store what is new, and tell how much; or put the batch aside, and tell why."""
        journal, batch = self._journal, self._batch
        reaches = batch.first <= journal.size < batch.end
        growth = Growth(journal.tree, waiting_checkpoints(self._connection, journal.epoch_id) if reaches else {})
        if why := self._contradiction(growth, reaches=reaches):
            journal.forked_at = journal.forked_at or self._now_s
            put_aside(self._connection, journal.key, Evidence.BATCH, batch.body, why=why, now_s=self._now_s)
            return why
        new = self._insert()
        if reaches:
            self._advance(growth)
        believe(self._connection, journal, batch.claim)
        return new

    def _contradiction(self, growth: Growth, *, reaches: bool) -> str | None:
        journal, batch = self._journal, self._batch
        for entry in batch.entries:
            if self._stored.get(entry.record.sequence, entry.leaf) != entry.leaf:
                return f"entry {entry.record.sequence} is another than the one that is stored"
        if not reaches:
            return contradiction_of(self._connection, journal, batch.claim)
        growth.over(entry.leaf for entry in batch.entries[journal.size - batch.first :])
        if growth.tree.root() != batch.claim.checkpoint.root:
            return f"a checkpoint at {batch.end} whose root is not that of the entries"
        growth.proven = growth.tree
        return None

    def _insert(self) -> int:
        new = [entry for entry in self._batch.entries if entry.record.sequence not in self._stored]
        if not new:
            return 0
        rows = [
            {
                "epoch_id": self._journal.epoch_id,
                "sequence": entry.record.sequence,
                "record": entry.data,
                "sealed": entry.sealed,
                "leaf_hash": entry.leaf,
                "received_at": self._now_s,
                "time_ms": min(entry.record.time.ms, MAX_SIZE - 1),
                "kind": str(entry.record.kind),
                "lane": entry.record.lane,
            }
            for entry in new
        ]
        self._connection.execute(entries.insert(), rows)
        if any(entry.record.kind in ALARM_KINDS for entry in new):
            told = [
                {"epoch_id": row["epoch_id"], "sequence": row["sequence"]} for row in rows if row["kind"] in ALARM_KINDS
            ]
            self._connection.execute(alarm_entries.insert(), told)
        if new[0].record.sequence == 0 and (named := old_epoch(new[0].record)):
            self._journal.follows, self._journal.follows_size = named
        if bare := [str(entry.record.sequence) for entry in new if entry.lacks_sealed]:
            facts = f"without the sealed part: {', '.join(bare)}"
            raise_alarm(self._connection, Alarm.SEALED_MISSING, self._journal.key, facts=facts, now_s=self._now_s)
        return len(new)

    def _advance(self, growth: Growth) -> None:
        journal = self._journal
        growth.over_stored(self._connection, journal.epoch_id)
        growth.keep(self._connection, journal)
        for size in growth.wrong:
            note = growth.checkpoints[size][1]
            why = f"a checkpoint at {size} whose root is not that of the entries"
            put_aside(self._connection, journal.key, Evidence.CHECKPOINT, note, why=why, now_s=self._now_s)
            journal.forked_at = journal.forked_at or self._now_s
        ours = journal.size == self._batch.end
        journal.acknowledgement = self._batch.claim.note.encode() if ours else growth.checkpoints[journal.size][1]
        journal.behind_since = None


def contradiction_of(connection: sa.Connection, journal: Journal, claim: Claim) -> str | None:
    """In what a checkpoint contradicts what is stored, or another checkpoint at its size."""
    size = claim.checkpoint.size
    if known_root(connection, journal, size) in (None, claim.checkpoint.root):
        return None
    return f"a checkpoint at {size} with another root than is known there"


def believe(connection: sa.Connection, journal: Journal, claim: Claim) -> None:
    """Keep a checkpoint that contradicts nothing: as a claim where it lies beyond the cursor."""
    checkpoint, note = claim.checkpoint, claim.note.encode()
    if checkpoint.size > journal.size and known_root(connection, journal, checkpoint.size) is None:
        let_wait(connection, journal, checkpoint, note)
    if checkpoint.size > journal.largest_size:
        journal.largest_size, journal.largest_note = checkpoint.size, note
