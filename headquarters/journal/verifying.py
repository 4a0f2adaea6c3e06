"""Verifying the whole database: every leaf, root and signature recomputed from what is stored (design 7, 'Proof').

Reads one moment of the database and changes nothing. An erased sealed part is no mistake: its hash is in the record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.journal.epochs import Journal, ended, journals_of, waiting_checkpoints
from headquarters.journal.terminals import journal_keys
from headquarters.tables.journal import compact_ranges, entries, quarantine
from terminal.core.checkpoint import checkpoint_of, headquarters_key, terminal_key
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import Record, decode_record
from terminal.core.merkle import MAX_SIZE, CompactRange, leaf_hash
from terminal.core.signed_note import NoteRefused, SignedNote, parse_note
from terminal.errors import DocumentError

MAX_MISTAKES = 20
"""So many mistakes of a journal are told one by one; the others are counted."""


@dataclass(slots=True)
class JournalReport:
    """What there is of a terminal's epoch, and what is wrong with it.

    `proven` entries lead to a root that terminal and headquarters signed; `beyond` are stored and wait for others.
    `lost` are the numbers, as ranges, that an ended epoch is known to have had and that never came. `erased` counts
    sealed parts; `put_aside` what contradicted the journal and lies in quarantine.
    """

    terminal: str
    epoch: bytes
    proven: int
    beyond: int = 0
    erased: int = 0
    put_aside: int = 0
    lost: list[range] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    more_mistakes: int = 0

    def wrong(self, mistake: str) -> None:
        """Add a mistake."""
        if len(self.mistakes) < MAX_MISTAKES:
            self.mistakes.append(mistake)
        else:
            self.more_mistakes += 1


def verify(database: Database, cosigners: Sequence[HeadquartersKey]) -> Iterator[JournalReport]:
    """Verify each journal in turn, against the registered journal keys and headquarters' own.

    Raises:
        StorageError: the database cannot be read.
    """
    with database.transaction(read_only=True) as connection:
        for terminal, key in sorted(journal_keys(connection).items()):
            journals = list(journals_of(connection, terminal).values())
            had = {journal.epoch: expected for journal, expected in ended(journals)}
            for journal in journals:
                yield _Verification(connection, journal, key).run(cosigners, had.get(journal.epoch, 0))


class _Verification:
    def __init__(self, connection: sa.Connection, journal: Journal, journal_key: bytes) -> None:
        self._connection = connection
        self._journal = journal
        self._key = terminal_key(journal.terminal, journal.epoch, journal_key)
        self._report = JournalReport(journal.terminal, journal.epoch, journal.size)
        self._waiting = waiting_checkpoints(connection, journal.epoch_id)
        of_it = compact_ranges.c.epoch_id == journal.epoch_id
        rows = connection.execute(sa.select(compact_ranges.c.size, compact_ranges.c.hashes).where(of_it))
        self._ranges: dict[int, bytes] = {row.size: row.hashes for row in rows}

    def run(self, cosigners: Sequence[HeadquartersKey], had: int) -> JournalReport:
        """All of it; `had` is how many entries an epoch that has ended is known to have had."""
        self._entries(had)
        self._signatures(cosigners)
        self._report.put_aside = self._quarantined()
        return self._report

    def _entries(self, had: int) -> None:
        report, tree, expected = self._report, CompactRange(), 0
        which = entries.c.epoch_id == self._journal.epoch_id
        query = sa.select(entries).where(which).order_by(entries.c.sequence)
        for row in self._connection.execute(query.execution_options(yield_per=1000)):
            if row.sequence != expected:
                self._missing(expected, row.sequence, had)
            elif tree.size == expected:
                tree = tree.append(leaf_hash(row.record))
                self._tree(tree)
            if row.sequence >= self._journal.size:
                report.beyond += 1
            self._entry(row)
            expected = row.sequence + 1
        self._missing(expected, max(had, self._journal.size), had)
        for size in sorted(self._ranges):
            report.wrong(f"the tree kept at {size} has no entries below it")

    def _entry(self, row: Any) -> None:
        if leaf_hash(row.record) != row.leaf_hash:
            self._report.wrong(f"entry {row.sequence}: its leaf hash is not its record's")
        try:
            record = decode_record(row.record)
        except DocumentError as error:
            self._report.wrong(f"entry {row.sequence}: {error}")
            return
        if _columns(record) != (row.sequence, row.time_ms, row.kind, row.lane):
            self._report.wrong(f"entry {row.sequence}: its columns do not say what its record says")
        if row.sealed is None:
            self._report.erased += record.sealed_sha256 is not None
        elif not record.belongs_to(row.sealed):
            self._report.wrong(f"entry {row.sequence}: its sealed part is not the one that its record names")

    def _missing(self, begin: int, end: int, had: int) -> None:
        gone = range(begin, min(end, self._journal.size))
        for number in gone[:MAX_MISTAKES]:
            self._report.wrong(f"entry {number}: was acknowledged, and is not here")
        self._report.more_mistakes += len(gone[MAX_MISTAKES:])
        lost = range(max(begin, self._journal.size), min(end, had))
        if lost:
            self._report.lost.append(lost)

    def _tree(self, tree: CompactRange) -> None:
        hashes = b"".join(tree.hashes)
        if tree.size == self._journal.size and tree != self._journal.tree:
            self._report.wrong(f"the tree at {tree.size} is not that of the entries")
        if self._ranges.pop(tree.size, hashes) != hashes:
            self._report.wrong(f"the tree kept at {tree.size} is not that of the entries")
        if tree.size in self._waiting and self._waiting[tree.size][0] != tree.root():
            self._report.wrong(f"the checkpoint at {tree.size} has not the root of the entries")

    def _signatures(self, cosigners: Sequence[HeadquartersKey]) -> None:
        journal = self._journal
        if journal.size:
            note = self._note("the acknowledgement", journal.acknowledgement or b"", journal.size, journal.tree.root())
            keys = [headquarters_key(each.name, bytes.fromhex(each.key)) for each in cosigners]
            if note is not None and not any(note.cosigned_at(key) for key in keys):
                self._report.wrong("the acknowledgement bears no cosignature by a key that issuers.json names")
        for size, (root, data) in sorted(self._waiting.items()):
            self._note(f"the checkpoint at {size}", data, size, root)
        if journal.largest_size:
            self._note("the largest checkpoint", journal.largest_note, journal.largest_size)

    def _note(self, what: str, data: bytes, size: int, root: bytes | None = None) -> SignedNote | None:
        try:
            note = parse_note(data)
            checkpoint = checkpoint_of(note)
        except NoteRefused as error:
            self._report.wrong(f"{what}: {error}")
            return None
        if checkpoint.size != size or root not in (None, checkpoint.root):
            self._report.wrong(f"{what} has another size or root")
        if not note.signed_by(self._key):
            self._report.wrong(f"{what} is not signed by the terminal")
        return note

    def _quarantined(self) -> int:
        of_it = (quarantine.c.terminal == self._journal.terminal) & (quarantine.c.epoch == self._journal.epoch)
        return self._connection.scalar(sa.select(sa.func.count()).select_from(quarantine).where(of_it)) or 0


def _columns(record: Record) -> tuple[int, int, str, int | None]:
    return record.sequence, min(record.time.ms, MAX_SIZE - 1), str(record.kind), record.lane
