"""Batches as a terminal sends them, of journals of taps: made beforehand, so that only taking them is measured."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.cbor import Value
from terminal.core.checkpoint import Checkpoint, signed
from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import EntryKey, Kind, Record
from terminal.core.merkle import CompactRange, leaf_hash
from terminal.core.messages import Batch
from terminal.core.sealing import seal

BEGAN_MS = 1_790_000_000_000
DECISION: dict[str, Value] = {
    "reader": "front", "side": "entry", "outcome": "admit", "reason": "ok", "flags": [], "help": "driver", "level": "1",
    "list_number": 7, "list_age_s": 60, "product": "cargocard", "who": bytes(8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terminal:
    """Who sends them."""

    name: str
    key: Ed25519PrivateKey
    epoch: bytes


def new_terminal(name: str) -> Terminal:
    """A terminal with a key of its own, in its first epoch."""
    return Terminal(name, Ed25519PrivateKey.generate(), os.urandom(16))


def batches(terminal: Terminal, sealing: SealingKey, entries: int, a_batch: int) -> Iterator[Batch]:
    """So many entries from the first on, in batches of so many; of three one is sealed, as of an admitted tap."""
    grown = CompactRange(0, ())
    for first in range(0, entries, a_batch):
        rows = [_row(terminal, sealing, number) for number in range(first, min(first + a_batch, entries))]
        for record, _ in rows:
            grown = grown.append(leaf_hash(record))
        checkpoint = Checkpoint(terminal.name, terminal.epoch, grown.size, grown.root())
        yield Batch(terminal.epoch, first, tuple(rows), signed(checkpoint, terminal.key).encode())


def _row(terminal: Terminal, sealing: SealingKey, number: int) -> tuple[bytes, bytes | None]:
    intent = number - number % 3
    told: tuple[tuple[Kind, dict[str, Value]], ...] = (
        (Kind.TAP_INTENT, DECISION),
        (Kind.TAP_OUTCOME, {"intent": intent, "result": "opened"}),
        (Kind.PASSAGE, {"intent": intent, "result": "passed", "who": bytes(8)}),
    )
    kind, public = told[number % 3]
    sealed = None
    if kind is Kind.TAP_INTENT:
        key = EntryKey(terminal.name, terminal.epoch, number)
        sealed = seal({"card": number.to_bytes(8), "ean": 8712345000004, "person": 7}, key, sealing)
    record = Record(
        sequence=number,
        time=Now(BEGAN_MS + 1000 * number, ClockQuality.GOOD),
        kind=kind,
        lane=1,
        public=public,
        sealed_sha256=None if sealed is None else sha256(sealed).digest(),
    )
    return record.encode(), sealed
