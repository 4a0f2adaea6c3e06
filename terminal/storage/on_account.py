"""What was charged since headquarters was last heard of: the risk that a payer and a card are while off line.

A charge counts until headquarters has acknowledged its entry. A row is sealed as the stays are.
"""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal.core.cbor import encode
from terminal.core.journal import Entry, Kind
from terminal.core.situation import OnAccount
from terminal.errors import StorageError
from terminal.storage.stay_rows import StayRows


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge that headquarters has not acknowledged, as far as this terminal knows. Names are HMACs."""

    sequence: int
    card: bytes
    company: bytes
    cents: int


class Accounts:
    """`terminal.ports.Accounts`, and what the journal needs to keep it. Thread-safe."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes], path: Path) -> None:
        """`key`: as for the stays."""
        self._rows = StayRows(key, random_bytes, path)
        self._path = path
        self._charged: dict[int, Charged] = {}
        self._cents: Counter[bytes] = Counter()
        """By card and by company."""
        self._charges: Counter[bytes] = Counter()
        """By company."""
        self._turn = threading.Lock()

    def used(self, card_number: bytes, payer: int) -> OnAccount:
        """What was charged to this payer and this card since headquarters was last heard of. In memory."""
        card, company = self._rows.holder(card_number), self._rows.company(payer)
        with self._turn:
            return OnAccount(
                payer_cents=self._cents[company],
                payer_charges=self._charges[company],
                card_cents=self._cents[card],
            )

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def store(self, connection: sqlite3.Connection, entry: Entry, sequence: int) -> Charged | None:
        """Keep what `entry`, stored as `sequence`, charges; returns what `learn` is to be told once it is durable."""
        if entry.kind is not Kind.CHARGE or entry.sealed is None or not entry.public["amount_cents"]:
            return None
        charged = self._of(entry.public, entry.sealed, sequence)
        plain = encode([charged.card, charged.company, charged.cents])
        row = (sequence, self._rows.seal(plain, sequence.to_bytes(8)))
        connection.execute("INSERT INTO on_account (sequence, sealed) VALUES (?, ?)", row)
        return charged

    def learn(self, charged: Charged | None) -> None:
        """What `store` returned has become durable."""
        if charged is not None:
            with self._turn:
                self._put(charged)

    def forget(self, connection: sqlite3.Connection, below: int) -> None:
        """Headquarters has every entry below: these charges are no risk of ours any more."""
        connection.execute("DELETE FROM on_account WHERE sequence < ?", (below,))

    def forgotten(self, below: int) -> None:
        """That has become durable."""
        with self._turn:
            for sequence in [each for each in self._charged if each < below]:
                gone = self._charged.pop(sequence)
                self._count(gone, -1)

    def load(self, connection: sqlite3.Connection) -> None:
        """What stands in the database.

        Raises:
            StorageError: a row does not open with this key.
        """
        found = connection.execute("SELECT sequence, sealed FROM on_account").fetchall()
        charged = [self._opened(sequence, sealed) for sequence, sealed in found]
        with self._turn:
            self._charged.clear()
            self._cents.clear()
            self._charges.clear()
            for each in charged:
                self._put(each)

    def _put(self, charged: Charged) -> None:
        self._charged[charged.sequence] = charged
        self._count(charged, 1)

    def _count(self, charged: Charged, times: int) -> None:
        self._cents[charged.card] += times * charged.cents
        self._cents[charged.company] += times * charged.cents
        self._charges[charged.company] += times

    def _of(self, public: Mapping[str, Any], sealed: Mapping[str, Any], sequence: int) -> Charged:
        card, company = self._rows.holder(sealed["card"]), self._rows.company(sealed["ean"])
        return Charged(sequence, card, company, public["amount_cents"])

    def _opened(self, sequence: int, sealed: bytes) -> Charged:
        match self._rows.open(sealed, sequence.to_bytes(8)):
            case [bytes(card), bytes(company), int(cents)]:
                return Charged(sequence, card, company, cents)
            case _:
                raise StorageError(
                    f"what was charged cannot be read from {self._path}: a row does not open with this terminal's key;"
                    " put the key back that it was written with"
                )
