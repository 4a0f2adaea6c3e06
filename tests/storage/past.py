"""Journals that are brought back, words that tell of it, and what is left to see of it afterwards."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.acknowledgement import Judgement
from terminal.core.checkpoint import Checkpoint, cosigned, signed
from terminal.core.issuers import HeadquartersKey
from terminal.core.merkle import leaf_hash, root_of
from terminal.core.signed_note import SignedNote
from terminal.recovery import settle
from terminal.storage.database import Database
from tests.storage.support import SIGNING_KEY, TERMINAL, Gate, start

OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32))
COSIGNER = HeadquartersKey(name="office", key=OFFICE.public_key().public_bytes_raw().hex())
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))


def by_office(note: SignedNote, key: Ed25519PrivateKey = OFFICE) -> bytes:
    """The note with headquarters' cosignature."""
    return cosigned(note, "office", key, 1_790_000_000).encode()


def checkpoint(gate: Gate, size: int, root: bytes | None = None, epoch: bytes | None = None) -> SignedNote:
    """The checkpoint of the journal as it is, or of a past that it never had."""
    leaves = [leaf_hash(entry.record_bytes) for entry in gate.entries()]
    return signed(Checkpoint(TERMINAL, epoch or gate.journal.epoch, size, root or root_of(leaves[:size])), SIGNING_KEY)


def acknowledge(gate: Gate, note: bytes) -> Judgement:
    return gate.journal.checkpoints.acknowledge(note, [COSIGNER]).result(60)


def write(gate: Gate, count: int, first: int = 0) -> None:
    """Entries with a checkpoint each."""
    for number in range(first, first + count):
        gate.journal.append(start(number)).result(60)


def run(gate: Gate) -> None:
    """What a gate does at its start."""
    settle(gate.journal, software="1.0", stay_after=lambda _: None)
    if gate.store.begin_epoch(gate.journal):
        settle(gate.journal, software="1.0", stay_after=lambda _: None)


def told_of_another_past(folder: Path) -> bytes:
    """A journal of three entries that hears of seven; the epoch that must end."""
    with Gate(folder) as gate:
        write(gate, 3)
        acknowledge(gate, by_office(checkpoint(gate, 2)))
        acknowledge(gate, by_office(checkpoint(gate, 7, bytes(32))))
        return gate.journal.epoch


def rows(folder: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        return connection.execute(statement).fetchall()


def snapshots(into: Path) -> Callable[[Path], Database]:
    """A database of whose files a copy is taken before each statement: what is there when a power cut comes then.

    Its cache is so small that changes reach the log before their commit. Copies that are the same are taken once.
    """
    into.mkdir()
    taken: set[tuple[bytes, ...]] = set()

    def database(folder: Path) -> Database:
        class Copying(sqlite3.Connection):
            def __init__(self, *arguments: Any, **more: Any) -> None:
                super().__init__(*arguments, **more)
                super().execute("PRAGMA cache_size = 1")

            def execute(self, *statement: Any) -> sqlite3.Cursor:
                files = tuple((folder / name).read_bytes() for name in ("journal.db", "journal.db-wal"))
                if files not in taken:
                    shutil.copytree(folder, into / f"{len(taken):04}")
                    taken.add(files)
                return super().execute(*statement)

        made = Database(folder)
        made.connection_class = Copying
        return made

    return database
