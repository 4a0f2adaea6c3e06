"""Passages that have not ended: a row from the intent on, so that a gate that is killed in between knows of them.

A row names the card, and the stay by account that an entry goes on with, sealed with AES-GCM under this terminal's key.
It goes with the entry that ends the passage.
"""

import hmac
import sqlite3
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.core.barrier_words import GuardOrder
from terminal.core.cbor import decode_strict, encode
from terminal.core.charge import StayId
from terminal.core.journal import BY_ORDER, INTENT, SETTLES, Entry, Kind, OrderResult, PassageEnded, TapResult
from terminal.core.paid_stay import Account
from terminal.core.stay import Holder
from terminal.errors import DocumentError, StorageError

NONCE_BYTES = 12
NOBODY_PASSES = frozenset({TapResult.FAILED, TapResult.STORAGE, TapResult.TORN})
"""Outcomes of an intent after which there is no passage."""


class Passages:
    """The rows of the table; called within a transaction."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """`key` is the terminal's own, as for the stays."""
        self._aead = AESGCM(hmac.digest(key, b"xs/v1/passages/row", "sha256"))
        self._random_bytes = random_bytes

    def follow(self, connection: sqlite3.Connection, entry: Entry, sequence: int) -> None:
        """Begin or end the passage that `entry`, stored as `sequence`, is about.

        Raises:
            PassageEnded: it has ended before.
        """
        intent = entry.public.get(INTENT)
        match entry.kind:
            case Kind.TAP_INTENT:
                row = (sequence, self._sealed(entry, sequence))
                connection.execute("INSERT INTO open_passages (sequence, holder) VALUES (?, ?)", row)
            case Kind.TAP_OUTCOME if intent is not None and entry.public["result"] in NOBODY_PASSES:
                self._end(connection, intent)
            case Kind.ORDER:
                self._follow_order(connection, entry, sequence)
            case Kind.PASSAGE:
                began = entry.public.get(BY_ORDER) if intent is None else intent
                if began is not None and not self._end(connection, began):
                    raise PassageEnded(f"the passage that began with entry {began} has ended already")
            case _:
                pass

    def _follow_order(self, connection: sqlite3.Connection, entry: Entry, sequence: int) -> None:
        """A person lets a vehicle through; a row of its own, until that is refused or its passage ends."""
        settles, opens = entry.public.get(SETTLES), entry.public.get("order") == GuardOrder.OPEN
        if settles is None and opens:
            connection.execute("INSERT INTO open_passages (sequence, holder) VALUES (?, NULL)", (sequence,))
        elif settles is not None and opens and entry.public["result"] == OrderResult.REFUSED:
            self._end(connection, settles)

    def opened(self, sequence: int, sealed: bytes | None) -> tuple[Holder | None, Account | None]:
        """Whose passage it is, of a row as it is stored, and what is known of the stay that he goes on with.

        Raises:
            StorageError: the row does not open with this key.
        """
        if sealed is None:
            return None, None
        try:
            plain = decode_strict(self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], sequence.to_bytes(8)))
        except (InvalidTag, ValueError, DocumentError):
            plain = None
        match plain:
            case [bytes(card_number), int(ean)]:
                return Holder(card_number, ean), None
            case [bytes(card_number), int(ean), [bytes(epoch), int(number)], int(entered_ms)]:
                account = Account(stay=StayId(epoch, number), entered_ms=entered_ms, tariff=None)
                return Holder(card_number, ean), account
            case _:
                raise StorageError(
                    f"whose passage intent {sequence} began cannot be read: put the terminal's key back that it was"
                    " written with"
                )

    def _end(self, connection: sqlite3.Connection, intent: Any) -> bool:
        return connection.execute("DELETE FROM open_passages WHERE sequence = ?", (intent,)).rowcount == 1

    def _sealed(self, entry: Entry, sequence: int) -> bytes | None:
        told = entry.sealed or {}
        ean = told.get("ean")
        if entry.card_number is None or ean is None:
            return None
        goes_on = [told["stay"], told["entered_ms"]] if "stay" in told else []
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, encode([entry.card_number, ean, *goes_on]), sequence.to_bytes(8))
