"""What goes on at the service points: in memory, and in a table that only this terminal's key opens.

A change rides with the entry that tells it, so that no purchase is charged twice and none is forgotten.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from terminal.core.cbor import Decoded, Value, encode
from terminal.core.purchase import Purchase, PurchaseBegun, PurchaseChange
from terminal.errors import StorageError
from terminal.storage.stay_rows import StayRows


class Purchases:
    """The purchases that go on, by service point. Asking never touches the disk."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes], path: Path) -> None:
        """`key`: as for the stays."""
        self._rows = StayRows(key, random_bytes, path)
        self._path = path
        self._going_on: dict[int, Purchase] = {}

    def at(self, service: int) -> Purchase | None:
        """What goes on there, as it was last durable."""
        return self._going_on.get(service)

    # ----------------------------------------------------------------------------------------- on the writer's thread

    def store(self, connection: sqlite3.Connection, change: PurchaseChange) -> PurchaseChange:
        """Write it in the transaction that is open; returns what `learn` is to be told once it is durable."""
        if isinstance(change, PurchaseBegun):
            number = change.purchase.service
            row = (number, self._rows.seal(_plain(change.purchase), _about(number)))
            connection.execute("INSERT OR REPLACE INTO purchases (service, sealed) VALUES (?, ?)", row)
        else:
            connection.execute("DELETE FROM purchases WHERE service = ?", (change.service,))
        return change

    def learn(self, change: PurchaseChange) -> None:
        """What `store` returned has become durable."""
        if isinstance(change, PurchaseBegun):
            self._going_on[change.purchase.service] = change.purchase
        else:
            self._going_on.pop(change.service, None)

    def load(self, connection: sqlite3.Connection) -> None:
        """What stands in the database.

        Raises:
            StorageError: a row does not open with this key.
        """
        rows = connection.execute("SELECT service, sealed FROM purchases").fetchall()
        self._going_on = {number: self._opened(number, sealed) for number, sealed in rows}

    def _opened(self, number: int, sealed: bytes) -> Purchase:
        purchase = _purchase(self._rows.open(sealed, _about(number)))
        if purchase is None or purchase.service != number:
            raise StorageError(
                f"what was bought cannot be read from {self._path}: a row does not open with this terminal's key;"
                " put the key back that it was written with"
            )
        return purchase


def _about(number: int) -> bytes:
    return b"purchase" + number.to_bytes(1)


def _plain(each: Purchase) -> bytes:
    taken: list[Value] = [each.unit, each.pulses_a_unit, each.from_pulses, each.max_units, each.idle_s]
    sold: list[Value] = [each.what, each.vat, each.amount_micro, each.began_ms, each.ends_ms, *taken]
    by: list[Value] = [each.card_number, each.payer, each.person]
    return encode([1, each.service, each.epoch, each.intent, *by, *sold, each.list_number, each.list_age_s])


def _purchase(value: Decoded) -> Purchase | None:
    match value:
        case [
            1, int(service), bytes(epoch), int(intent), bytes(card_number), int(payer), int(person), str(what),
            str(vat), int(amount_micro), int(began_ms), int(ends_ms), str() | None as unit,
            int() | None as pulses_a_unit, int(from_pulses), int(max_units), int() | None as idle_s, int(list_number),
            int(list_age_s),
        ]:  # fmt: skip
            return Purchase(
                service=service,
                epoch=epoch,
                intent=intent,
                card_number=card_number,
                payer=payer,
                person=person,
                what=what,
                vat=vat,
                amount_micro=amount_micro,
                began_ms=began_ms,
                ends_ms=ends_ms,
                unit=unit,
                pulses_a_unit=pulses_a_unit,
                from_pulses=from_pulses,
                max_units=max_units,
                idle_s=idle_s,
                list_number=list_number,
                list_age_s=list_age_s,
            )
        case _:
            return None
