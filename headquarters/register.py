"""The register of companies and cards: what each is, its place in the status lists and its status there.

Indices are given out next free and never again: no row is ever deleted, a retired card stays blocked. A card is
*allocated* (has number and index), then *issued* (written, read back, found right), then *activated*.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from headquarters.database import Change, Database, cards, companies, note
from terminal.card.credential import CARD_NUMBER_BYTES
from terminal.core.credential import Product
from terminal.core.document import is_ean
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.errors import ConfigurationError


class Statuses(NamedTuple):
    """What a status list is made of: how many entries are given out, and those among them that are not 0."""

    size: int
    not_valid: Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    """A company and its index in the company status list."""

    company_index: int
    ean: str
    name: str
    status: CompanyStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """A card. Instants in seconds since the epoch; `issued_at` is None until the card was read back and found right."""

    card_number: bytes
    card_index: int
    company_index: int
    ean: str
    personal_number: int = field(repr=False)
    product: Product
    uid: bytes
    not_before: int
    expires: int
    language: str
    status: CardStatus
    issued_at: int | None
    retired_at: int | None


class Register:
    """Companies and cards in the database. Every method is one transaction and may block on the disk.

    All raise ConfigurationError for what was asked wrongly and StorageError where the database is at fault.
    """

    def __init__(self, database: Database, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._database = database
        self._random_bytes = random_bytes

    def add_company(self, ean: str, name: str, change: Change) -> CompanyRecord:
        """Register a company, valid from now on; a known EAN is refused."""
        if not is_ean(ean):
            raise ConfigurationError(f"{ean} is no EAN: it wants 13 digits, the last of them the check digit")
        if not 1 <= len(name) <= 200:
            raise ConfigurationError("the name of a company wants 1 to 200 characters")
        with self._database.transaction() as connection:
            if _company(connection, ean) is not None:
                raise ConfigurationError(f"company {ean} is registered already")
            index = _next_free(connection, companies.c.company_index)
            row = {"company_index": index, "ean": ean, "name": name, "status": CompanyStatus.VALID}
            connection.execute(companies.insert().values(row))
            note(connection, change, "company added", ean)
        return CompanyRecord(index, ean, name, CompanyStatus.VALID)

    def company(self, ean: str) -> CompanyRecord | None:
        """The company with this EAN, or None."""
        with self._database.transaction(read_only=True) as connection:
            return _company(connection, ean)

    def set_company_status(self, ean: str, status: CompanyStatus, change: Change) -> None:
        """Give a company its status; takes effect at the gates with the next publish."""
        with self._database.transaction() as connection:
            company = _known_company(connection, ean)
            where = companies.c.company_index == company.company_index
            connection.execute(companies.update().where(where).values(status=status))
            note(connection, change, f"company {status.name.lower()}", ean)

    def allocate(
        self,
        *,
        uid: bytes,
        ean: str,
        product: Product,
        personal_number: int,
        not_before: int,
        expires: int,
        language: str,
        change: Change,
    ) -> CardRecord:
        """Give a chip its card number and index; not activated. Asked again before `issued`, gives the same card.

        When the particulars differ from those of an issue that was broken off, that card is blocked for good and
        the chip gets another.
        """
        with self._database.transaction() as connection:
            company = _known_company(connection, ean)
            wanted = {
                "company_index": company.company_index,
                "product": product,
                "personal_number": personal_number,
                "expires": expires,
                "language": language,
            }
            before = _one(connection, (cards.c.uid == uid) & cards.c.retired_at.is_(None))
            if before is not None and before.issued_at is not None:
                raise ConfigurationError(f"this chip holds card {before.card_number.hex()}; retire that one first")
            if before is not None:
                if {name: getattr(before, name) for name in wanted} == wanted:
                    return before
                _retire(connection, before, change)
            number = self._random_bytes(CARD_NUMBER_BYTES)
            index = _next_free(connection, cards.c.card_index)
            row = {**wanted, "card_index": index, "card_number": number, "uid": uid, "not_before": not_before}
            connection.execute(cards.insert().values(**row, status=CardStatus.NOT_ACTIVATED))
            note(connection, change, "card allocated", number.hex())
            return _known_card(connection, number)

    def issued(self, card_number: bytes, change: Change) -> None:
        """Write down that this card was written, read back and found right."""
        with self._database.transaction() as connection:
            card = _known_card(connection, card_number)
            if card.issued_at is None:
                _update(connection, card, issued_at=_seconds(change.at))
                note(connection, change, "card issued", card_number.hex())

    def retire(self, card_number: bytes, change: Change) -> None:
        """Block a card for good. Twice does no harm."""
        with self._database.transaction() as connection:
            card = _known_card(connection, card_number)
            if card.retired_at is None:
                _retire(connection, card, change)

    def set_card_status(self, card_number: bytes, status: CardStatus, change: Change) -> None:
        """Give a card its status; takes effect at the gates with the next publish."""
        with self._database.transaction() as connection:
            card = _known_card(connection, card_number)
            if card.retired_at is not None:
                raise ConfigurationError(f"card {card_number.hex()} is retired and stays blocked; issue a new one")
            if status is CardStatus.VALID and card.issued_at is None:
                raise ConfigurationError(f"card {card_number.hex()} was never finished; issue it first")
            _update(connection, card, status=status)
            note(connection, change, f"card {status.name.lower().replace('_', ' ')}", card_number.hex())

    def block_cards_of_company(self, ean: str, change: Change) -> int:
        """Block every card of a company that is not blocked yet, all at once; gives how many."""
        with self._database.transaction() as connection:
            company = _known_company(connection, ean)
            others = (cards.c.company_index == company.company_index) & (cards.c.status != CardStatus.BLOCKED)
            count = connection.execute(cards.update().where(others).values(status=CardStatus.BLOCKED)).rowcount
            note(connection, change, "all cards blocked", f"{ean} ({count} cards)")
        return count

    def card(self, card_number: bytes) -> CardRecord | None:
        """The card with this number, or None."""
        with self._database.transaction(read_only=True) as connection:
            return _one(connection, cards.c.card_number == card_number)

    def card_on_chip(self, uid: bytes) -> CardRecord | None:
        """The card that lives on this chip, or None; retired ones do not."""
        with self._database.transaction(read_only=True) as connection:
            return _one(connection, (cards.c.uid == uid) & cards.c.retired_at.is_(None))

    def cards_of_person(self, ean: str, personal_number: int) -> Sequence[CardRecord]:
        """The cards of one person that are not retired."""
        with self._database.transaction(read_only=True) as connection:
            company = _known_company(connection, ean)
            person = (cards.c.company_index == company.company_index) & (cards.c.personal_number == personal_number)
            return tuple(_cards(connection, person & cards.c.retired_at.is_(None)))

    @contextmanager
    def all_cards(self, ean: str | None = None, status: CardStatus | None = None) -> Iterator[Iterator[CardRecord]]:
        """Go through the cards in the order of their indices, one at a time."""
        with self._database.transaction(read_only=True) as connection:
            chosen = sa.true() if status is None else cards.c.status == status
            if ean is not None:
                chosen &= cards.c.company_index == _known_company(connection, ean).company_index
            yield _cards(connection, chosen)

    def all_companies(self) -> Sequence[CompanyRecord]:
        """All companies in the order of their indices."""
        with self._database.transaction(read_only=True) as connection:
            query = sa.select(companies).order_by(companies.c.company_index)
            return tuple(_company_record(row) for row in connection.execute(query))


def card_statuses(connection: sa.Connection) -> Statuses:
    """What `revocation/cards` is made of."""
    return _statuses(connection, cards.c.card_index, cards.c.status)


def company_statuses(connection: sa.Connection) -> Statuses:
    """What `revocation/companies` is made of."""
    return _statuses(connection, companies.c.company_index, companies.c.status)


def _statuses(connection: sa.Connection, index: sa.Column[int], status: sa.Column[int]) -> Statuses:
    # Not a bound 0: that would keep SQLite from using the index over the cards that are not valid.
    zero: sa.ColumnClause[int] = sa.literal_column("0")
    query = sa.select(index, status).where(status != zero)
    return Statuses(_next_free(connection, index), connection.execute(query))


def _next_free(connection: sa.Connection, index: sa.Column[int]) -> int:
    last: int | None = connection.scalar(sa.select(sa.func.max(index)))
    return 0 if last is None else last + 1


def _company(connection: sa.Connection, ean: str) -> CompanyRecord | None:
    row = connection.execute(sa.select(companies).where(companies.c.ean == ean)).one_or_none()
    return None if row is None else _company_record(row)


def _company_record(row: sa.Row[tuple[object, ...]]) -> CompanyRecord:
    return CompanyRecord(row.company_index, row.ean, row.name, CompanyStatus(row.status))


def _known_company(connection: sa.Connection, ean: str) -> CompanyRecord:
    company = _company(connection, ean)
    if company is None:
        raise ConfigurationError(f"company {ean} is not registered; add it first (company add)")
    return company


def _cards(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> Iterator[CardRecord]:
    query = sa.select(cards, companies.c.ean).join(companies).where(chosen).order_by(cards.c.card_index)
    with connection.execute(query.execution_options(yield_per=1000)) as rows:  # closed also when not read to its end
        for row in rows:
            particulars = dict(row._mapping)  # SQLAlchemy's documented name
            particulars |= {"product": Product(row.product), "status": CardStatus(row.status)}
            yield CardRecord(**particulars)


def _one(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> CardRecord | None:
    return next(_cards(connection, chosen), None)


def _known_card(connection: sa.Connection, card_number: bytes) -> CardRecord:
    card = _one(connection, cards.c.card_number == card_number)
    if card is None:
        raise ConfigurationError(f"card {card_number.hex()} is not registered")
    return card


def _retire(connection: sa.Connection, card: CardRecord, change: Change) -> None:
    _update(connection, card, status=CardStatus.BLOCKED, retired_at=_seconds(change.at))
    note(connection, change, "card retired", card.card_number.hex())


def _update(connection: sa.Connection, card: CardRecord, **values: int) -> None:
    connection.execute(cards.update().where(cards.c.card_index == card.card_index).values(**values))


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
