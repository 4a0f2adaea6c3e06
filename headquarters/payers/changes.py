"""Changing payers and how they stand. Each change is one transaction, with who made it and why beside it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from headquarters.database import Change, Database, note
from headquarters.payers.standing import MAX_TEXT, Arrears, CreditCheck, Standing, is_text, payer_rows
from headquarters.tables.settlement import payers
from headquarters.tables.standings import standings
from terminal.core.document import is_ean
from terminal.errors import ConfigurationError

PERIODS = ("monthly", "weekly")
_COUNTRY = re.compile(r"[A-Z]{2}")
_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*.]{2,13}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ELECTRONIC = re.compile(r"[0-9]{4}:[!-~]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A payer as his statements name him. `street` has the number too; `country` is ISO 3166-1, two letters.

    `vat_id` begins with its country; `electronic_address` is where an electronic invoice goes, scheme and identifier.
    """

    ean: str
    name: str
    period: str = "monthly"
    vat_id: str | None = None
    street: str
    postal_code: str
    city: str
    country: str = "NL"
    email: str | None = None
    electronic_address: str | None = None

    def mistakes(self) -> Iterator[str]:
        """Everything that is wrong with it, a line each."""
        if not is_ean(self.ean):
            yield f"{self.ean} is no EAN: it wants 13 digits, the last of them the check digit"
        if self.period not in PERIODS:
            yield f"period: {self.period}; allowed are {', '.join(PERIODS)}"
        for what in ("name", "street", "postal_code", "city"):
            if not is_text(getattr(self, what)):
                yield f"{what.replace('_', '-')}: wants 1 to {MAX_TEXT} printable characters"
        for form, value, words in (
            (_COUNTRY, self.country, "country: wants two capital letters, such as NL"),
            (_VAT_ID, self.vat_id, "vat-id: wants the country and the number without spaces, as NL123456789B01"),
            (_EMAIL, self.email, "email: is no address"),
            (
                _ELECTRONIC,
                self.electronic_address,
                "electronic-address: wants SCHEME:IDENTIFIER, as 0088:8712345678906",
            ),
        ):
            if value is not None and form.fullmatch(value) is None:
                yield words


@dataclass(frozen=True, slots=True)
class PayerRecord:
    """A payer with how he stands."""

    profile: Profile
    standing: Standing = field(repr=False)

    @classmethod
    def of(cls, row: "sa.Row[Any]") -> "PayerRecord":
        """Out of a row of `payer_rows`."""
        profile = Profile(
            ean=row.ean,
            name=row.name,
            period=row.period,
            vat_id=row.vat_id,
            street=row.street,
            postal_code=row.postal_code,
            city=row.city,
            country=row.country,
            email=row.email,
            electronic_address=row.electronic_address,
        )
        return cls(profile, Standing.of(row))


class Payers:
    """Payers in the database. Every method is one transaction and may block on the disk.

    All raise ConfigurationError for what was asked wrongly and StorageError where the database is at fault.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, profile: Profile, change: Change) -> None:
        """Register an employer that accepted the terms. He pays on account once his credit check has passed."""
        _refuse(profile.mistakes())
        with self._database.transaction() as connection:
            if _found(connection, profile.ean) is not None:
                raise ConfigurationError(f"payer {profile.ean} is registered already")
            connection.execute(payers.insert().values(_row(profile)))
            note(connection, change, "payer added", profile.ean)

    def replace(self, profile: Profile, change: Change) -> None:
        """Change how a payer's next statements name him, and how often they come."""
        _refuse(profile.mistakes())
        with self._database.transaction() as connection:
            known(connection, profile.ean)
            connection.execute(payers.update().where(payers.c.ean == profile.ean).values(_row(profile)))
            note(connection, change, "payer changed", profile.ean)

    def set_credit(self, ean: str, check: CreditCheck, change: Change) -> None:
        """Write down what a credit check came to; it takes the place of the one before."""
        _refuse(check.mistakes())
        self._change(ean, {"check": check}, change, f"payer's credit {check.result}")

    def set_arrears(self, ean: str, arrears: Arrears | None, change: Change) -> None:
        """Write down what a payer is behind with; None: with nothing any more."""
        _refuse(arrears.mistakes() if arrears else ())
        what = "payer in arrears" if arrears else "payer no longer in arrears"
        self._change(ean, {"arrears": arrears}, change, what)

    def end_terms(self, ean: str, on: date | None, change: Change) -> None:
        """The terms hold no more from this day on; None: they hold again."""
        self._change(ean, {"terms_ended": on}, change, "payer's terms ended" if on else "payer's terms accepted again")

    def one(self, ean: str) -> PayerRecord:
        """The payer with this EAN."""
        with self._database.transaction(read_only=True) as connection:
            return known(connection, ean)

    def all(self) -> tuple[PayerRecord, ...]:
        """All payers, by EAN."""
        with self._database.transaction(read_only=True) as connection:
            return tuple(map(PayerRecord.of, connection.execute(payer_rows())))

    def _change(self, ean: str, values: Mapping[str, Any], change: Change, what: str) -> None:
        with self._database.transaction() as connection:
            store(connection, ean, replace(known(connection, ean).standing, **values))
            note(connection, change, what, ean)


def known(connection: sa.Connection, ean: str) -> PayerRecord:
    """The payer with this EAN.

    Raises:
        ConfigurationError: there is none.
    """
    found = _found(connection, ean)
    if found is None:
        raise ConfigurationError(f"payer {ean} is not registered; add it first (payer add)")
    return found


def store(connection: sa.Connection, ean: str, standing: Standing) -> None:
    """Replace how a payer stands."""
    connection.execute(standings.delete().where(standings.c.ean == ean))
    connection.execute(standings.insert().values(ean=ean, **standing.row()))


def _refuse(mistakes: Iterable[str]) -> None:
    found = tuple(mistakes)
    if found:
        raise ConfigurationError(f"nothing was changed: {found[0]}", found)


def _found(connection: sa.Connection, ean: str) -> PayerRecord | None:
    row = connection.execute(payer_rows().where(payers.c.ean == ean)).one_or_none()
    return None if row is None else PayerRecord.of(row)


def _row(profile: Profile) -> dict[str, object]:
    return {
        "ean": profile.ean,
        "name": profile.name,
        "period": profile.period,
        "vat_id": profile.vat_id,
        "street": profile.street,
        "postal_code": profile.postal_code,
        "city": profile.city,
        "country": profile.country,
        "email": profile.email,
        "electronic_address": profile.electronic_address,
    }
