"""How a sale that went on is written down when it ends: once, and tried again for as long as the disk refuses it."""

from concurrent.futures import Future

from terminal.alarms import Alarms
from terminal.core.charge import Charge
from terminal.core.journal import INTENT, Entry, EntryKey, Kind, SaleEnd
from terminal.core.purchase import Purchase, PurchaseEnded
from terminal.ports import JournalForTap


class SaleEnds:
    """The ends of one service point's sales. Belongs to its thread; `again` is called there from time to time."""

    def __init__(self, number: int, journal: JournalForTap, alarms: Alarms, epoch: bytes) -> None:
        self._number = number
        self._journal = journal
        self._alarms = alarms
        self._epoch = epoch
        self._open: list[tuple[Purchase, SaleEnd, Charge | None, Future[EntryKey]]] = []

    def put(self, purchase: Purchase, why: SaleEnd, charge: Charge | None) -> "Future[EntryKey]":
        """Write that it ended and what it came to, in one transaction with that nothing goes on any more."""
        # A sale that outlived the journal it began in has nothing there to point to.
        intent = purchase.intent if purchase.epoch == self._epoch else None
        public = {"service": purchase.what, "why": str(why), **({} if intent is None else {INTENT: intent})}
        entry = Entry(kind=Kind.SALE_ENDED, lane=self._number, public=public, card_number=purchase.card_number)
        following = None if charge is None else (lambda _: charge.entry(self._number, intent))
        stored = self._journal.append(entry, PurchaseEnded(self._number), followed_by=following)
        stored.add_done_callback(self._alarms.stored)
        self._open.append((purchase, why, charge, stored))
        return stored

    @property
    def waiting(self) -> bool:
        """Tell whether an end is not durable yet: nothing new may go on meanwhile, which its end would forget."""
        self._open = [each for each in self._open if not (each[3].done() and each[3].exception() is None)]
        return bool(self._open)

    def again(self) -> None:
        """Put anew what the disk refused."""
        failed = [each for each in self._open if each[3].done() and each[3].exception() is not None]
        self._open = [each for each in self._open if each not in failed]
        for purchase, why, charge, _ in failed:
            self.put(purchase, why, charge)
