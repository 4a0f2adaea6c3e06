"""A terminal's journal of one epoch as headquarters has it: the cursor, the tree there, and what waits beyond.

The cursor moves over entries that are stored without a gap and lead to a root that the terminal signed; so everything
below it is proven, and everything beyond it is a claim. Whoever holds a `Journal` holds its terminal's row locked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from headquarters.database import Unstorable
from headquarters.tables.journal import compact_ranges, entries, epochs, waiting
from terminal.core.checkpoint import Checkpoint
from terminal.core.merkle import EMPTY_ROOT, HASH_BYTES, CompactRange

MAX_WAITING = 10_000
"""Checkpoints beyond the cursor of one journal. All are looked at when a gap closes; past it, later ones do as well."""
RANGE_EVERY = 1024
"""How many entries lie between two sizes at which the tree is kept: a root in between costs fewer hashes than that."""


@dataclass(slots=True)
class Journal:
    """A row of `epochs`, in memory until `save`."""

    epoch_id: int
    terminal: str
    epoch: bytes
    tree: CompactRange
    acknowledgement: bytes | None
    largest_size: int
    largest_note: bytes
    behind_since: int | None
    forked_at: int | None
    follows: bytes | None
    follows_size: int | None
    head: bytes | None
    head_at: int | None

    @property
    def key(self) -> tuple[str, bytes]:
        """Terminal and epoch."""
        return self.terminal, self.epoch

    @property
    def size(self) -> int:
        """The cursor."""
        return self.tree.size

    def save(self, connection: sa.Connection, now_s: int) -> None:
        """Store what changed."""
        values = {name: getattr(self, name) for name in _PLAIN}
        values |= {"size": self.tree.size, "hashes": b"".join(self.tree.hashes), "last_seen": now_s}
        connection.execute(epochs.update().where(epochs.c.epoch_id == self.epoch_id).values(values))


_PLAIN = (
    *("acknowledgement", "largest_size", "largest_note", "behind_since"),
    *("forked_at", "follows", "follows_size", "head", "head_at"),
)


def journals_of(connection: sa.Connection, terminal: str) -> dict[bytes, Journal]:
    """The journals of a terminal by epoch, in the order in which headquarters first saw them."""
    query = sa.select(epochs).where(epochs.c.terminal == terminal).order_by(epochs.c.epoch_id)
    return {row.epoch: journal_of(row) for row in connection.execute(query)}


def journal_of(row: sa.Row[Any]) -> Journal:
    """The journal that stands in a row of `epochs`."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Journal(row.epoch_id, row.terminal, row.epoch, tree_from(row.size, row.hashes), **plain)


def begin(connection: sa.Connection, checkpoint: Checkpoint, note: bytes, now_s: int) -> Journal:
    """The journal of an epoch of which this checkpoint is the first that was seen; nothing is stored of it yet."""
    row = {
        "terminal": checkpoint.terminal,
        "epoch": checkpoint.epoch,
        "size": 0,
        "hashes": b"",
        "largest_size": 0,
        "largest_note": note,
        "first_seen": now_s,
        "last_seen": now_s,
    }
    connection.execute(epochs.insert().values(row))
    return journals_of(connection, checkpoint.terminal)[checkpoint.epoch]


def tree_from(size: int, hashes: bytes) -> CompactRange:
    """The compact range that stands in a row.

    Raises:
        Unstorable: it is none.
    """
    try:
        return CompactRange(size, tuple(hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)))
    except ValueError as error:
        raise Unstorable(f"a journal's tree in the register is damaged: {error}; bring back a copy") from None


def stored_leaves(connection: sa.Connection, epoch_id: int, begin: int, end: int) -> dict[int, bytes]:
    """The leaf hashes of those entries from `begin` to `end` - 1 that are stored, by number."""
    return dict(_leaves(connection, epoch_id, begin, end))


def root_at(connection: sa.Connection, journal: Journal, size: int) -> bytes:
    """The root of the first `size` entries, at or below the cursor."""
    if size > journal.size:
        raise ValueError("there is no root beyond the cursor")
    if size in (0, journal.size):
        return journal.tree.root() if size else EMPTY_ROOT
    near = (compact_ranges.c.epoch_id == journal.epoch_id) & (compact_ranges.c.size <= size)
    row = connection.execute(
        sa.select(compact_ranges).where(near).order_by(compact_ranges.c.size.desc()).limit(1)
    ).one_or_none()
    tree = CompactRange() if row is None else tree_from(row.size, row.hashes)
    for _, leaf in _leaves(connection, journal.epoch_id, tree.size, size):
        tree = tree.append(leaf)
    return tree.root()


def waiting_checkpoints(connection: sa.Connection, epoch_id: int) -> dict[int, tuple[bytes, bytes]]:
    """All checkpoints beyond the cursor: root and note by size."""
    query = sa.select(waiting.c.size, waiting.c.root, waiting.c.note).where(waiting.c.epoch_id == epoch_id)
    return {size: (root, note) for size, root, note in connection.execute(query)}


def known_root(connection: sa.Connection, journal: Journal, size: int) -> bytes | None:
    """The root at `size`: of what is stored up to the cursor, beyond it as a checkpoint says; None where none does."""
    if size <= journal.size:
        return root_at(connection, journal, size)
    there = (waiting.c.epoch_id == journal.epoch_id) & (waiting.c.size == size)
    root: bytes | None = connection.scalar(sa.select(waiting.c.root).where(there))
    return root


def ended(journals: Iterable[Journal]) -> list[tuple[Journal, int]]:
    """Those of a terminal's journals, in the order in which they were seen, that nothing is added to any more.

    All but one: the last that no other names as its predecessor. With each, how many entries it is known to have had.
    """
    seen = list(journals)
    named = {each.follows: each.follows_size or 0 for each in seen if each.follows is not None}
    current = [each.epoch for each in seen if each.epoch not in named][-1:]
    return [(each, max(each.largest_size, named.get(each.epoch, 0))) for each in seen if each.epoch not in current]


def let_wait(connection: sa.Connection, journal: Journal, checkpoint: Checkpoint, note: bytes) -> None:
    """Keep a checkpoint beyond the cursor that is not kept yet, if there are not too many."""
    some = sa.select(waiting.c.size).where(waiting.c.epoch_id == journal.epoch_id).limit(MAX_WAITING)
    if connection.scalar(sa.select(sa.func.count()).select_from(some.subquery())) == MAX_WAITING:
        return
    row = {"epoch_id": journal.epoch_id, "size": checkpoint.size, "root": checkpoint.root, "note": note}
    connection.execute(waiting.insert().values(row))


@dataclass(slots=True)
class Growth:
    """The cursor's tree as it grows over leaves, held to the checkpoints on its way."""

    tree: CompactRange
    checkpoints: Mapping[int, tuple[bytes, bytes]]
    proven: CompactRange = field(init=False)
    """The tree at the last checkpoint that fits."""
    wrong: list[int] = field(init=False, default_factory=list)
    """Sizes of checkpoints that do not."""
    _kept: list[CompactRange] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.proven = self.tree

    def over(self, leaves: Iterable[bytes]) -> None:
        """Grow by these leaves."""
        for leaf in leaves:
            self.tree = self.tree.append(leaf)
            if self.tree.size % RANGE_EVERY == 0:
                self._kept.append(self.tree)
            if self.tree.size in self.checkpoints:
                if self.checkpoints[self.tree.size][0] == self.tree.root():
                    self.proven = self.tree
                else:
                    self.wrong.append(self.tree.size)

    def over_stored(self, connection: sa.Connection, epoch_id: int) -> None:
        """Grow by what is stored from here on, up to the first gap or the last checkpoint."""
        last = max(self.checkpoints, default=0)
        if last <= self.tree.size:
            return

        def gapless() -> Iterator[bytes]:
            expected = self.tree.size
            for sequence, leaf in _leaves(connection, epoch_id, expected, last):
                if sequence != expected:
                    return
                yield leaf
                expected += 1

        self.over(gapless())

    def keep(self, connection: sa.Connection, journal: Journal) -> None:
        """Move the journal's cursor to what is proven; the checkpoints that were compared wait no more."""
        rows = [
            {"epoch_id": journal.epoch_id, "size": tree.size, "hashes": b"".join(tree.hashes)}
            for tree in self._kept
            if tree.size <= self.proven.size
        ]
        if rows:
            connection.execute(compact_ranges.insert(), rows)
        journal.tree = self.proven
        if self.checkpoints:
            compared = (waiting.c.epoch_id == journal.epoch_id) & (waiting.c.size <= self.tree.size)
            connection.execute(waiting.delete().where(compared))


def _leaves(connection: sa.Connection, epoch_id: int, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    which = (entries.c.epoch_id == epoch_id) & (entries.c.sequence >= begin) & (entries.c.sequence < end)
    query = sa.select(entries.c.sequence, entries.c.leaf_hash).where(which).order_by(entries.c.sequence)
    with connection.execute(query.execution_options(yield_per=10_000)) as rows:
        yield from rows
