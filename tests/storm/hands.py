"""Somebody lays hands on a copy of headquarters' database (SQLite), so that the checker is seen to find it."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from headquarters.database import Database
from headquarters.journal.epochs import tree_from
from terminal.core.journal import BY_ORDER, INTENT, EntryKey, Kind, Record
from terminal.core.merkle import leaf_hash
from terminal.core.sealing import seal
from terminal.trust.documents import ISSUERS
from tests.storm.findings import Found
from tests.storm.storm import Outcome

Tamper = Callable[[sqlite3.Connection], None]
NOBODY = bytes(8)


class Hands:
    """Of somebody who has headquarters' public keys, and writes what he likes about one admitted tap."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._sealing = ISSUERS.parse(outcome.ground.office.keys.issuers.read_bytes()).sealing[0]
        untouched = {each.name for each in outcome.ground.terminals if not each.past_epochs}
        entries = [each for each in outcome.found.entries if each.key.terminal in untouched]
        self._passage = next(
            each for each in entries if each.record.kind is Kind.PASSAGE and INTENT in each.record.public
        )
        (self._intent,) = (each for each in entries if each.key == _named_by(self._passage))
        self._outcome_of = next(
            each
            for each in entries
            if each.record.kind is Kind.TAP_OUTCOME
            and INTENT in each.record.public
            and _named_by(each) == self._intent.key
        )

    @contextmanager
    def on_a_copy(self, tamper: Tamper, to: Path) -> Iterator[Database]:
        """The database after that; `to` is a new file."""
        with (
            closing(sqlite3.connect(self._outcome.ground.address)) as genuine,
            closing(sqlite3.connect(to)) as copy,
        ):
            genuine.backup(copy)
            with copy:
                tamper(copy)
        database = Database(to)
        try:
            yield database
        finally:
            database.close()

    def delete_an_intent(self, copy: sqlite3.Connection) -> None:
        self._delete(copy, self._intent)

    def delete_an_outcome(self, copy: sqlite3.Connection) -> None:
        self._delete(copy, self._outcome_of)

    def delete_the_end_of_a_passage(self, copy: sqlite3.Connection) -> None:
        self._delete(copy, self._passage)

    def double_an_intent(self, copy: sqlite3.Connection) -> None:
        assert self._intent.mark is not None
        self._add(copy, self._intent.record, {"card": bytes.fromhex(self._intent.mark)})

    def double_a_passage(self, copy: sqlite3.Connection) -> None:
        self._add(copy, self._passage.record, None)

    def move_an_intent_to_another_lane(self, copy: sqlite3.Connection) -> None:
        lane = self._intent.record.lane
        assert lane is not None
        self._rewrite(copy, self._intent, replace(self._intent.record, lane=lane % 4 + 1))

    def add_a_tap_of_nobody(self, copy: sqlite3.Connection) -> None:
        self._add(copy, self._intent.record, {"card": NOBODY})

    def add_a_passage_of_nothing(self, copy: sqlite3.Connection) -> None:
        public = {key: item for key, item in self._passage.record.public.items() if key not in {INTENT, BY_ORDER}}
        self._add(copy, replace(self._passage.record, public={**public, INTENT: 1_000_000}), None)

    def alter_a_time(self, copy: sqlite3.Connection) -> None:
        time = self._passage.record.time
        self._rewrite(copy, self._passage, replace(self._passage.record, time=replace(time, ms=time.ms + 1)))

    def _delete(self, copy: sqlite3.Connection, entry: Found) -> None:
        epoch_id = self._epoch_id(copy)
        copy.execute("DELETE FROM entries WHERE epoch_id = ? AND sequence = ?", (epoch_id, entry.key.sequence))

    def _rewrite(self, copy: sqlite3.Connection, entry: Found, record: Record) -> None:
        """With a leaf hash and columns that fit, as somebody would who knows the tables."""
        data = record.encode()
        values = (data, leaf_hash(data), record.time.ms, record.lane, self._epoch_id(copy), entry.key.sequence)
        copy.execute(
            "UPDATE entries SET record = ?, leaf_hash = ?, time_ms = ?, lane = ? WHERE epoch_id = ? AND sequence = ?",
            values,
        )

    def _add(self, copy: sqlite3.Connection, like: Record, sealed: Mapping[str, Any] | None) -> None:
        epoch_id = self._epoch_id(copy)
        ((sequence,),) = copy.execute("SELECT max(sequence) + 1 FROM entries WHERE epoch_id = ?", (epoch_id,))
        key = replace(self._passage.key, sequence=sequence)
        part = None if sealed is None else seal(sealed, key, self._sealing)
        record = replace(like, sequence=sequence, sealed_sha256=None if part is None else sha256(part).digest())
        data = record.encode()
        row = (epoch_id, sequence, data, part, leaf_hash(data), 0, record.time.ms, str(record.kind), record.lane)
        ((size, hashes),) = copy.execute("SELECT size, hashes FROM epochs WHERE epoch_id = ?", (epoch_id,))
        tree = tree_from(size, hashes).append(leaf_hash(data))  # as if it were proven
        grown = (tree.size, b"".join(tree.hashes), epoch_id)
        copy.execute("UPDATE epochs SET size = ?, hashes = ? WHERE epoch_id = ?", grown)
        copy.execute(f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608

    def _epoch_id(self, copy: sqlite3.Connection) -> int:
        which = (self._passage.key.terminal, self._passage.key.epoch)
        ((epoch_id,),) = copy.execute("SELECT epoch_id FROM epochs WHERE terminal = ? AND epoch = ?", which)
        return int(epoch_id)


def _named_by(entry: Found) -> EntryKey:
    number = entry.record.public[INTENT]
    assert isinstance(number, int)
    return replace(entry.key, sequence=number)


COLUMNS = "epoch_id, sequence, record, sealed, leaf_hash, received_at, time_ms, kind, lane"
