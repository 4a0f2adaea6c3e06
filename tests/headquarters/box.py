"""A terminal as headquarters sees it: a journal that grows, and the messages that it makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.journal.collecting import Collected, Collector, Outcome
from headquarters.journal.cosigner import acknowledgement_keys, load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.keys import load_sealing_key
from headquarters.tables.journal import alarms, entries, epochs, quarantine
from terminal.core.acknowledgement import Acknowledged, judge
from terminal.core.checkpoint import Checkpoint, signed, terminal_key
from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import EntryKey, Kind, Record
from terminal.core.merkle import leaf_hash, root_of
from terminal.core.messages import Batch, Head
from terminal.core.sealing import seal
from tests.headquarters.conftest import Office

NAME = "gate-1"
EPOCH = bytes(range(16))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
T0_MS = 1_790_000_000_000
SITE = 4711


@dataclass
class Box:
    """Entries as (record, sealed part); `copy` makes the image that is brought back later."""

    name: str = NAME
    epoch: bytes = EPOCH
    key: Ed25519PrivateKey = KEY
    sealing: SealingKey | None = None
    entries: list[tuple[bytes, bytes | None]] = field(default_factory=list)

    def write(self, count: int, what: str = "0.1.0") -> "Box":
        for _ in range(count):
            self.tell(Kind.START, {"software": what})
        return self

    def tell(
        self,
        kind: Kind,
        public: dict[str, Any],
        plain: dict[str, Any] | None = None,
        *,
        lane: int = 1,
        time_ms: int | None = None,
        quality: ClockQuality = ClockQuality.GOOD,
    ) -> int:
        """Write one entry; with `plain`, a sealed part. Without `time_ms`, a second after the one before."""
        number = len(self.entries)
        sealed = None
        if plain is not None:
            assert self.sealing is not None
            sealed = seal(plain, EntryKey(self.name, self.epoch, number), self.sealing)
        record = Record(
            sequence=number,
            time=Now(T0_MS + 1000 * number if time_ms is None else time_ms, quality),
            kind=kind,
            lane=None if kind is Kind.START else lane,
            public=public,
            sealed_sha256=None if sealed is None else sha256(sealed).digest(),
        )
        self.entries.append((record.encode(), sealed))
        return number

    def copy(self, size: int | None = None) -> "Box":
        return replace(self, entries=self.entries[:size])

    def root(self, size: int | None = None) -> bytes:
        return root_of([leaf_hash(record) for record, _ in self.entries[:size]])

    def checkpoint(self, size: int | None = None, root: bytes | None = None) -> bytes:
        size = len(self.entries) if size is None else size
        return signed(Checkpoint(self.name, self.epoch, size, root or self.root(size)), self.key).encode()

    def batch(self, first: int = 0, end: int | None = None) -> bytes:
        end = len(self.entries) if end is None else end
        return Batch(self.epoch, first, tuple(self.entries[first:end]), self.checkpoint(end)).encode()

    def batch_of(self, first: int, entries: Sequence[tuple[bytes, bytes | None]], checkpoint: bytes) -> bytes:
        return Batch(self.epoch, first, tuple(entries), checkpoint).encode()

    def head(
        self,
        size: int | None = None,
        *,
        time_ms: int = T0_MS,
        checkpoint: bytes | None = None,
        software: str = "0.1.0",
    ) -> bytes:
        return Head(
            checkpoint=checkpoint or self.checkpoint(size),
            time_ms=time_ms,
            quality=ClockQuality.GOOD,
            acknowledged=0,
            list_number=7,
            list_age_s=90,
            free_bytes=1 << 30,
            software=software,
        ).encode()


def sealing_key(office: Office) -> SealingKey:
    """The key to which the gates seal."""
    key = load_sealing_key(office.keys.sealing)
    return SealingKey(id=key.id.hex(), key=key.public.hex())


def register(office: Office, *boxes: Box) -> Collector:
    """A collector of this office that knows these terminals."""
    office.site(SITE)
    for box in boxes:
        Terminals(office.database).add(box.name, SITE, box.key.public_key().public_bytes_raw(), office.change)
    return Collector(office.database, load_cosigner(office.keys))


def acknowledged(office: Office, box: Box, outcome: Outcome) -> int:
    """How much the acknowledgement in this outcome says to the gate that it is for; 0: there is none."""
    assert isinstance(outcome, Collected)
    if outcome.acknowledgement is None:
        return 0
    judgement = judge(
        outcome.acknowledgement,
        own=terminal_key(box.name, box.epoch, box.key.public_key().public_bytes_raw()),
        cosigners=acknowledgement_keys(office.keys),
        acknowledged=0,
        root_at=box.root,
    )
    assert isinstance(judgement, Acknowledged)
    return judgement.checkpoint.size


def stored(office: Office, box: Box) -> dict[int, tuple[bytes, bytes | None]]:
    """What headquarters has of this journal."""
    with office.database.transaction(read_only=True) as connection:
        which = (epochs.c.terminal == box.name) & (epochs.c.epoch == box.epoch)
        query = sa.select(entries.c.sequence, entries.c.record, entries.c.sealed).join(epochs).where(which)
        return {row.sequence: (row.record, row.sealed) for row in connection.execute(query)}


def put_aside(office: Office) -> list[tuple[str, str, int]]:
    """What is in quarantine: what, why, how often."""
    with office.database.transaction(read_only=True) as connection:
        rows = connection.execute(sa.select(quarantine).order_by(quarantine.c.id))
        return [(row.what, row.why, row.times) for row in rows]


def standing_alarms(office: Office) -> list[str]:
    with office.database.transaction(read_only=True) as connection:
        standing = sa.select(alarms.c.alarm).where(alarms.c.cleared_at.is_(None)).order_by(alarms.c.id)
        return list(connection.scalars(standing))
