"""Charges that somebody asks about, or that wait for a person to price them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from headquarters.database import Change, Database, note
from headquarters.journal.reading import MAX_WHY, MIN_WHY, entry_key, shown_key
from headquarters.receipts.finding import Receipt, charge_with, place_of, receipt_of
from headquarters.settlement.account import Item, item_with
from headquarters.tables.settlement import items
from terminal.core.charge import Charge, Flag
from terminal.core.journal import Kind
from terminal.core.receipt_code import read_code
from terminal.core.tariff.explanation import MICRO_A_CENT, Line, What
from terminal.core.tariff.pricing import in_force, numbered, price
from terminal.errors import ConfigurationError

OPEN = frozenset({Flag.ENTRY_UNKNOWN, Flag.NOT_CERTAIN, Flag.NO_TARIFF, Flag.PAYER_UNKNOWN, Flag.CLOCK_DOUBTFUL})
"""Flags that ask for a person."""
CHARGED_TWICE = "charged-twice"
"""Two terminals that could not tell each other charged the same part of a stay: one of them is to be credited."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A charge that nobody has corrected yet, and why a person should look at it."""

    item: Item
    why: tuple[str, ...]
    """Flags of the charge, and `charged-twice`."""


@dataclass(frozen=True, slots=True)
class Repriced:
    """What a person says it really was; instants in seconds. With `amount_cents` no tariff is asked."""

    entered_s: int | None = None
    left_s: int | None = None
    tariff: int | None = None
    amount_cents: int | None = None


def item_of(connection: sa.Connection, text: str) -> Item:
    """The charge with this id (TERMINAL/EPOCH/SEQUENCE) or on the receipt with this code.

    Raises:
        ConfigurationError: there is none.
    """
    if "/" not in text:
        code = read_code(text)
        if code is None:
            raise ConfigurationError(f"{text[:40]}: wants TERMINAL/EPOCH/SEQUENCE, or the code of a receipt")
        item = charge_with(connection, code)
    else:
        item = item_with(connection, entry_key(text))
    if item is None or item.kind is not Kind.CHARGE:
        raise ConfigurationError(f"there is no charge {text[:100]} that is settled")
    return item


def opened_charge(database: Database, text: str, change: Change) -> Receipt:
    """A charge with all that corrected it; who looks and why is durable before anything is given.

    Raises:
        ConfigurationError: there is none, or no reason was given.
    """
    if not MIN_WHY <= len(change.why.strip()) <= MAX_WHY:
        raise ConfigurationError(f"a charge is shown for a reason of {MIN_WHY} to {MAX_WHY} characters (--why)")
    with database.transaction() as connection:
        item = item_of(connection, text)
        note(connection, change, "charge shown", shown_key(item.key))
        return receipt_of(connection, item)


def open_questions(connection: sa.Connection) -> Iterator[OpenQuestion]:
    """Charges that wait for a person, those that were settled first first; one that was corrected waits no more."""
    corrections = sa.select(items.c.corrects).where(items.c.corrects.is_not(None))
    waiting = (items.c.kind == Kind.CHARGE) & items.c.corrects.is_(None) & items.c.item.not_in(corrections)
    rows = connection.execute(sa.select(items).where(waiting).order_by(items.c.item))
    charges = [(item, item.charge()) for item in map(Item.of, rows)]
    twice = _charged_twice(charges)
    for item, charge in charges:
        why = tuple(str(flag) for flag in charge.flags if flag in OPEN)
        if item.item in twice:
            why += (CHARGED_TWICE,)
        if why:
            yield OpenQuestion(item, why)


def _charged_twice(charges: Iterable[tuple[Item, Charge]]) -> set[int]:
    """The items that charge a part of a stay's price which another one charges as well.

    Each says from what on and up to what of the whole price it charges; in whatever order they come, these join on.
    """
    of_stay: defaultdict[tuple[int, bytes, bytes, int], list[tuple[int, int, int]]] = defaultdict(list)
    for item, charge in charges:
        if charge.stay is not None and charge.amount_cents:
            stay = (item.site, item.card, charge.stay.epoch, charge.stay.sequence)
            of_stay[stay].append((charge.earlier_cents, charge.total_cents, item.item))
    found: set[int] = set()
    for parts in of_stay.values():
        charged_to, by = 0, 0
        for earlier, total, number in sorted(parts):
            if earlier < charged_to:
                found |= {by, number}
            if total > charged_to:
                charged_to, by = total, number
    return found


def priced_anew(connection: sa.Connection, item: Item, now: Repriced, receipt: bytes) -> Charge:
    """The charge that takes the place of this one: by the tariff of its site, or by an amount that a person says.

    What charges before it of the same stay came to is taken off, as it was of this one.

    Raises:
        ConfigurationError: what was said does not do, or no tariff of the site fits it.
    """
    before = item.charge()
    same = replace(before, receipt=receipt, earlier_cents=0, flags=(), sources={})
    if now.amount_cents is not None:
        if (now.entered_s, now.left_s, now.tariff) != (None, None, None):
            raise ConfigurationError("say an amount, or times for the tariff, not both")
        line = Line(before.ended_ms // 1000, What.FLAT, None, 1, now.amount_cents * MICRO_A_CENT)
        return replace(same, total_cents=now.amount_cents, lines=(line,))
    entered_s = _seconds(before.entered_ms) if now.entered_s is None else now.entered_s
    left_s = before.ended_ms // 1000 if now.left_s is None else now.left_s
    if entered_s is None or left_s < entered_s:
        raise ConfigurationError("say since when he was here (--entered), before he left")
    tariffs = place_of(connection, item.site).tariffs
    tariff = in_force(tariffs, entered_s) if now.tariff is None else numbered(tariffs, now.tariff)
    if tariff is None:
        raise ConfigurationError(f"site {item.site} has no such tariff, or none was in force then; say --tariff")
    found = price(tariff, tariffs.tz, entered_s, left_s)
    if found.amount_cents < before.earlier_cents:
        raise ConfigurationError("more than that was charged before for this stay: correct the charges before it first")
    return replace(
        same,
        tariff=tariff.number,
        vat=(in_force(tariffs, left_s) or tariff).vat,
        earlier_cents=before.earlier_cents,
        entered_ms=entered_s * 1000,
        ended_ms=left_s * 1000,
        total_cents=found.amount_cents,
        lines=found.lines,
        flags=(Flag.OVERSTAY,) if found.overstay else (),
    )


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000
