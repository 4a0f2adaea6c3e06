"""A store as a gate opens it, with a clock that the test moves and keys that the test knows."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from terminal.core.checkpoint import checkpoint_of, terminal_key
from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import Entry, Kind
from terminal.core.merkle import leaf_hash, root_of
from terminal.core.signed_note import SignedNote, parse_note
from terminal.storage.journal import JournalWriter
from terminal.storage.stays import Stays
from terminal.storage.store import Store
from terminal.storage.stored import Stored

ROOT = Path(__file__).parents[2]
TERMINAL = "gate-1"
EAN = 8712345000004
STAYS_KEY = bytes(range(32))
SIGNING_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NOON_MS = int(datetime(2026, 9, 15, 10, 0, tzinfo=UTC).timestamp()) * 1000
"""Noon in Amsterdam."""
HOUR_MS = 3_600_000
KEY_ID = bytes.fromhex("0a0b0c0d")
HEADQUARTERS = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
SEALING_KEY = SealingKey(id=KEY_ID.hex(), key=HEADQUARTERS.public_key().public_bytes_raw().hex())
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass
class MovedClock:
    """Stands still until the test moves it."""

    ms: int = NOON_MS
    quality: ClockQuality = ClockQuality.GOOD

    def now(self) -> Now:
        return Now(self.ms, self.quality)

    def monotonic_s(self) -> float:
        return self.ms / 1000

    def raise_floor(self, issued_at_s: int) -> None:
        self.ms = max(self.ms, issued_at_s * 1000)


@dataclass
class Beats:
    """Lets a test wait until the thread has come round."""

    parts: list[str] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def beat(self, part: str) -> None:
        with self.came:
            self.parts.append(part)
            self.came.notify_all()

    def wait_for(self, more: int = 2) -> None:
        """Until the thread has gone round completely since now."""
        with self.came:
            wanted = len(self.parts) + more
            assert self.came.wait_for(lambda: len(self.parts) >= wanted, 60)


class Held:
    """A commit that lasts until the test lets it go, once it said `hold`."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.commits = 0

    def hold(self) -> None:
        self.reached.clear()
        self.go_on.clear()

    def __call__(self) -> None:
        self.commits += 1
        self.reached.set()
        assert self.go_on.wait(60)


class Gate:
    """Store, stays and journal over one folder; closed at the end of the `with`."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.folder = folder
        self.clock = MovedClock()
        self.beats = Beats()
        self.sealing_key: SealingKey | None = SEALING_KEY
        self.time_zone: tzinfo | None = changes.pop("time_zone", AMSTERDAM)
        stays_key: bytes = changes.pop("stays_key", STAYS_KEY)
        wanted: dict[str, Any] = {"terminal": TERMINAL, "heartbeat": self.beats, "random_bytes": os.urandom,
                                  "tick_s": 0.01} | changes  # fmt: skip
        self.store = Store(folder, **wanted)
        try:
            self.stays: Stays = self.store.stays(stays_key)
            self.journal: JournalWriter = self.store.journal(
                clock=self.clock,
                sealing_key=lambda: self.sealing_key,
                time_zone=lambda: self.time_zone,
                stays=self.stays,
                signing_key=SIGNING_KEY,
            )
        except BaseException:
            self.store.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def entries(self) -> list[Stored]:
        return list(self.journal.entries())

    def notes(self) -> list[SignedNote]:
        """The signed checkpoints that are kept, smallest first."""
        with closing(sqlite3.connect(self.folder / "journal.db")) as connection:
            return [parse_note(note) for (note,) in connection.execute("SELECT note FROM checkpoints ORDER BY size")]

    def checked_sizes(self) -> list[int]:
        """The sizes of all checkpoints, each found to have a good signature and the root of the entries below it."""
        key = terminal_key(TERMINAL, self.journal.epoch, SIGNING_KEY.public_key().public_bytes_raw())
        leaves = [leaf_hash(entry.record_bytes) for entry in self.entries()]
        assert all(note.signed_by(key) for note in self.notes())
        checkpoints = [checkpoint_of(note) for note in self.notes()]
        assert [each.root for each in checkpoints] == [root_of(leaves[: each.size]) for each in checkpoints]
        return [each.size for each in checkpoints]


def start(number: int = 0) -> Entry:
    """An entry without a sealed part; `number` tells it from others."""
    return Entry(kind=Kind.START, public={"software": "1.0", "number": number})


DECISION = {
    "reader": "front", "side": "exit", "outcome": "admit", "reason": "ok", "flags": [], "help": "driver", "level": "1",
    "list_number": 7, "list_age_s": 60, "product": "cargocard",
}  # fmt: skip


def intent(card_number: bytes = bytes(range(8))) -> Entry:
    """A card that is admitted."""
    sealed = {"card": card_number, "ean": EAN, "person": 7}
    return Entry(kind=Kind.TAP_INTENT, lane=1, public=DECISION, card_number=card_number, sealed=sealed)


def outcome(of: int, result: str = "opened") -> Entry:
    """What became of the intent `of`."""
    return Entry(kind=Kind.TAP_OUTCOME, lane=1, public={"intent": of, "result": result})


def changed_by_hand(folder: Path, *statements: str) -> None:
    """What somebody with a screwdriver does to the file of a gate that is off."""
    with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def killed_while_writing(folder: Path, after_lines: int, *, first: int = 0, count: int = 100_000) -> dict[int, int]:
    """Number → sequence of every entry that a gate reported as durable before SIGKILL reached it."""
    command = [sys.executable, "-m", "tests.storage.children", "append", str(folder), str(first), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as gate:
        assert gate.stdout is not None
        lines = [gate.stdout.readline() for _ in range(after_lines)]
        gate.kill()
        lines += gate.stdout.readlines()
    told = [line.split() for line in lines if line.endswith(b"\n")]
    return {int(number): int(sequence) for number, sequence in told}
