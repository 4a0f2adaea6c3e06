"""The Merkle tree over the journal and its signed checkpoints, in the transaction of every commit (design 7, 'Proof').

Leaves are taken from the table itself when a transaction is about to commit, so that a write which was undone leaves
nothing behind. A transaction gets a checkpoint at its end, and more when it is larger than a batch to headquarters may
be: between two neighbouring checkpoints lies never more than one batch.
"""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.acknowledgement import Acknowledged, Authentic, Ignored, Judgement, OtherPast, authentic, weigh
from terminal.core.checkpoint import Checkpoint, checkpoint_of, signed, terminal_key
from terminal.core.instant import Now
from terminal.core.issuers import HeadquartersKey
from terminal.core.merkle import HASH_BYTES, CompactRange, leaf_hash
from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_BATCH_OVERHEAD, MAX_ENTRY_OVERHEAD
from terminal.core.signed_note import parse_note
from terminal.core.uplink import fits
from terminal.errors import StorageError
from terminal.storage.epochs import Changed, Epochs, acknowledge_old, mark, old_epochs, present_in, root_of_old
from terminal.storage.on_account import Accounts
from terminal.storage.writer import Writer

THINNED_AT_ONCE = 8
"""Batches that are looked at for one acknowledgement, while a tap may wait; what is left over is the next one's."""


class Checkpoints:
    """Grows the tree, signs it, and keeps what headquarters has acknowledged of it."""

    def __init__(
        self, writer: Writer, epochs: Epochs, key: Ed25519PrivateKey, now: Callable[[], Now], accounts: Accounts
    ) -> None:
        """`accounts` hears what is acknowledged. What the journal holds already is taken into the tree. Blocks.

        Raises:
            StorageError: the disk failed, or tree and entries do not fit each other.
        """
        self._epochs = epochs
        self._key = key
        self._now = now
        self._accounts = accounts
        self._writer = writer
        self._thinned = 0
        writer.before_each_commit(self.grow)
        writer.submit(lambda _connection: None).result()

    def acknowledge(self, data: bytes, cosigners: Sequence[HeadquartersKey]) -> "Future[Judgement]":
        """Judge the bytes of an acknowledgement and, when it is one, keep it; never waits for the disk.

        It may be of an epoch that has ended, too. The future gives the judgement, once that is durable: of the
        checkpoints below an acknowledged one most are dropped, entries are not; of another past the present epoch is
        marked. Raises StorageError when the disk failed. Signatures are verified here, so that no tap waits for that.
        """
        public_key = self._key.public_key().public_bytes_raw()
        epochs = (self._epochs.present, *(each.epoch for each in self._epochs.old))
        own = {key.name: key for key in (terminal_key(self._epochs.terminal, epoch, public_key) for epoch in epochs)}
        said = authentic(data, own=own, cosigners=cosigners)
        if isinstance(said, Ignored):
            judgement: Future[Judgement] = Future()
            judgement.set_result(said)
            return judgement
        changes: list[Changed] = []

        def judged(connection: sqlite3.Connection) -> Judgement:
            judgement = self._judged(connection, said, data)
            changes[:] = [self._epochs.changed(connection)]
            return judgement

        def durable(judgement: Judgement) -> None:
            self._epochs.learn(*changes)
            if isinstance(judgement, Acknowledged) and judgement.checkpoint.epoch == self._epochs.present:
                self._accounts.forgotten(judgement.checkpoint.size)

        return self._writer.submit(judged, durable)

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def _judged(self, connection: sqlite3.Connection, said: Authentic, data: bytes) -> Judgement:
        if said.checkpoint.epoch != present_in(connection):
            return self._judged_old(connection, said, data)
        judgement = weigh(said, acknowledged=_acknowledged(connection), root_at=lambda size: _root_at(connection, size))
        match judgement:
            case Acknowledged(Checkpoint(size=size)):
                connection.execute(_KEEP_ACKNOWLEDGED, (size, data))
                self._accounts.forget(connection, size)
                self._thin(connection, size)
            case OtherPast(checkpoint):
                mark(connection, checkpoint, data, self._now().ms)
            case _:
                pass
        return judgement

    def _thin(self, connection: sqlite3.Connection, acknowledged: int) -> None:
        """Drop checkpoints below an acknowledged one, but leave a batch between two of them, or less.

        Headquarters may have had to bring back an older copy of its database, and asks again for what it had.
        """
        (oldest,) = connection.execute("SELECT coalesce(min(sequence), 0) FROM entries").fetchone()
        first = max(self._thinned, oldest)
        for _ in range(THINNED_AT_ONCE):
            until = min(first + MAX_BATCH_ENTRIES, acknowledged)
            weights = [weight for (weight,) in connection.execute(_WEIGHTS, (first, until))]
            sizes = [size for (size,) in connection.execute(_SIZES, (first, acknowledged, MAX_BATCH_ENTRIES))]
            end = fits(first, weights, sizes, acknowledged) or min(sizes, default=acknowledged)
            connection.execute("DELETE FROM checkpoints WHERE size > ? AND size < ?", (first, end))
            if end >= acknowledged:  # it may yet go in favour of a later one
                break
            self._thinned = first = end

    def _judged_old(self, connection: sqlite3.Connection, said: Authentic, data: bytes) -> Judgement:
        old = next((each for each in old_epochs(connection) if each.epoch == said.checkpoint.epoch), None)
        if old is None:
            return Ignored("other-journal")
        judgement = weigh(said, acknowledged=old.acknowledged, root_at=lambda size: root_of_old(connection, old, size))
        match judgement:
            case Acknowledged(Checkpoint(size=size)):
                acknowledge_old(connection, old, size, data)
            case OtherPast():  # that is why it has ended
                return Ignored("ended")
            case _:
                pass
        return judgement

    def grow(self, connection: sqlite3.Connection) -> None:
        """Take the entries of the transaction into the tree, and sign it; done before every commit.

        Raises:
            StorageError: tree and entries do not fit each other.
        """
        grown = read_range(connection)
        begun, signed_at, weight = grown.size, grown.size, 0
        for sequence, record, sealed_bytes in connection.execute(_NEW_LEAVES, (grown.size,)).fetchall():
            if sequence != grown.size:
                break
            weighs = len(record) + sealed_bytes + MAX_ENTRY_OVERHEAD
            if grown.size - signed_at == MAX_BATCH_ENTRIES or weight + weighs > MAX_BATCH_BYTES - MAX_BATCH_OVERHEAD:
                self._sign(connection, grown)
                signed_at, weight = grown.size, 0
            grown, weight = grown.append(leaf_hash(record)), weight + weighs
        if grown.size != (entries := connection.execute(_HOW_MANY).fetchone()[0]):
            raise StorageError(
                f"the journal's tree has {grown.size} leaves for {entries} entries; keep the file for headquarters"
            )
        if grown.size > signed_at:
            self._sign(connection, grown)
        if grown.size > begun:
            connection.execute("UPDATE tree SET size = ?, hashes = ?", (grown.size, b"".join(grown.hashes)))

    def _sign(self, connection: sqlite3.Connection, grown: CompactRange) -> None:
        note = signed(Checkpoint(self._epochs.terminal, present_in(connection), grown.size, grown.root()), self._key)
        connection.execute("INSERT INTO checkpoints (size, note) VALUES (?, ?)", (grown.size, note.encode()))


def read_range(connection: sqlite3.Connection) -> CompactRange:
    """The tree as it is in the database.

    Raises:
        StorageError: it is no tree.
    """
    size, hashes = connection.execute("SELECT size, hashes FROM tree").fetchone()
    try:
        return CompactRange(size, tuple(hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)))
    except ValueError as error:
        raise StorageError(f"the journal's tree is damaged: {error}; keep the file for headquarters") from None


def _root_at(connection: sqlite3.Connection, size: int) -> bytes | None:
    row = connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
    return checkpoint_of(parse_note(row[0])).root if row else None


def _acknowledged(connection: sqlite3.Connection) -> int:
    size: int = connection.execute("SELECT coalesce(max(size), 0) FROM acknowledged").fetchone()[0]
    return size


_KEEP_ACKNOWLEDGED = (
    "INSERT INTO acknowledged (one, size, note) VALUES (1, ?, ?)"
    " ON CONFLICT (one) DO UPDATE SET size = excluded.size, note = excluded.note"
)
_WEIGHTS = """SELECT length(record) + coalesce(length(sealed), 0) FROM entries
  WHERE sequence >= ? AND sequence < ? ORDER BY sequence"""
_SIZES = "SELECT size FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size LIMIT ?"
_HOW_MANY = "SELECT coalesce(max(sequence) + 1, 0) FROM entries"
_NEW_LEAVES = "SELECT sequence, record, coalesce(length(sealed), 0) FROM entries WHERE sequence >= ? ORDER BY sequence"
