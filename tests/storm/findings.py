"""What is there when all has settled: headquarters' database, what it put aside, and what terminals still hold."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from headquarters.database import Database
from headquarters.journal.cosigner import acknowledgement_keys
from headquarters.journal.verifying import JournalReport, verify
from headquarters.keys import KeyFolder, load_sealing_key
from headquarters.tables.journal import entries, epochs, quarantine
from terminal.core.cbor import CborRefused
from terminal.core.journal import EntryKey, Record, decode_record
from terminal.core.messages import MessageRefused, decode_batch
from terminal.core.sealing import open_sealed
from terminal.errors import DocumentError
from terminal.storage.epochs import old_epochs

Stored = tuple[str, bytes, int, bytes, bytes | None]
"""Terminal, epoch, number, record, sealed part."""


@dataclass(frozen=True)
class Found:
    """An entry; `mark` is what its sealed part says of who caused it: a card's number, or an order's reason."""

    key: EntryKey
    record: Record
    mark: str | None


@dataclass(frozen=True)
class Findings:
    """Everything that the checker compares with the truth."""

    entries: tuple[Found, ...]
    """In headquarters' database, and proven: they lead to a root that the terminal signed."""
    aside: tuple[Found, ...]
    """In headquarters' quarantine, or stored and never proven, or in an epoch that a terminal has ended and keeps."""
    different: tuple[str, ...]
    """What a terminal's present journal holds and headquarters does not, or not so."""
    reports: tuple[JournalReport, ...]

    def reported_lost(self, terminal: str, epoch: str, sequence: int) -> bool:
        """Whether headquarters itself says that this entry never came."""
        return any(
            report.terminal == terminal
            and report.epoch.hex() == epoch
            and any(sequence in gone for gone in report.lost)
            for report in self.reports
        )


def find(database: Database, keys: KeyFolder, journals: Mapping[str, Path]) -> Findings:
    """Read all of it; `journals` are the terminals' own databases, whose gates are down."""
    sealing = load_sealing_key(keys.sealing)
    private = {sealing.id: X25519PrivateKey.from_private_bytes(sealing.seed)}
    with database.transaction(read_only=True) as connection:
        query = sa.select(
            *(epochs.c.terminal, epochs.c.epoch, entries.c.sequence, entries.c.record, entries.c.sealed, epochs.c.size)
        ).join_from(entries, epochs)
        here: list[Stored] = []
        unproven: list[Stored] = []
        for *stored, size in connection.execute(query):
            (here if stored[2] < size else unproven).append(tuple(stored))
        bodies = connection.execute(sa.select(quarantine.c.terminal, quarantine.c.body)).all()
    quarantined = [each for terminal, body in bodies for each in _of_batch(terminal, body)]
    present: list[Stored] = []
    ended: list[Stored] = []
    for terminal, path in journals.items():
        with closing(sqlite3.connect(path)) as journal:
            ((epoch,),) = journal.execute("SELECT epoch FROM identity")
            present += _of_table(journal, terminal, epoch, "entries")
            for old in old_epochs(journal):
                ended += _of_table(journal, terminal, old.epoch, old.entries)
    in_database = {stored[:3]: stored[3:] for stored in here}
    return Findings(
        entries=tuple(_found(here, private)),
        aside=tuple(_found({*quarantined, *unproven, *ended} - set(here), private)),
        different=tuple(
            f"{each[0]}/{each[1].hex()}/{each[2]}" for each in present if in_database.get(each[:3]) != each[3:]
        ),
        reports=tuple(verify(database, acknowledgement_keys(keys))),
    )


def _of_table(journal: sqlite3.Connection, terminal: str, epoch: bytes, table: str) -> Iterator[Stored]:
    for sequence, record, sealed in journal.execute(f"SELECT sequence, record, sealed FROM {table}"):  # noqa: S608
        yield terminal, epoch, sequence, record, sealed


def _of_batch(terminal: str, body: bytes) -> Iterator[Stored]:
    try:
        batch = decode_batch(body)
    except MessageRefused:  # a head, or a checkpoint
        return
    for number, (record, sealed) in enumerate(batch.entries, start=batch.first):
        yield terminal, batch.epoch, number, record, sealed


def _found(stored: Iterable[Stored], private: Mapping[bytes, X25519PrivateKey]) -> Iterator[Found]:
    for terminal, epoch, sequence, record, sealed in stored:
        key = EntryKey(terminal, epoch, sequence)
        try:
            read = decode_record(record)
        except (CborRefused, DocumentError):  # verification tells
            continue
        yield Found(key, read, None if sealed is None else _mark(sealed, key, private))


def _mark(sealed: bytes, key: EntryKey, private: Mapping[bytes, X25519PrivateKey]) -> str:
    try:
        plain = open_sealed(sealed, key, private)
    except DocumentError as error:
        return f"not to be opened: {error}"
    card = plain.get("card")
    return card.hex() if isinstance(card, bytes) else str(plain.get("reason"))
