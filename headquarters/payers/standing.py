"""How a payer stands, and what of a site's list of payers is therefore published (design 6; ADR 39)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from headquarters.tables.settlement import payers
from headquarters.tables.standings import standings
from terminal.core.policy import Payer

MAX_LIMIT_CENTS = 1_000_000
"""Ten thousand euro; as much as a policy can say."""
MAX_ARREARS_CENTS = 10**12
MAX_TEXT = 200
_ASKED_AT_ONCE = 1000


class Credit(StrEnum):
    """What a credit check came to."""

    PASSED = "passed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CreditCheck:
    """A credit check; `until` is the last day on which it holds."""

    result: Credit
    limit_cents: int | None = None
    until: date | None = None
    reference: str | None = None

    def mistakes(self) -> Iterator[str]:
        """Everything that is wrong with it, a line each."""
        if self.result is Credit.PASSED and (self.limit_cents is None or self.until is None):
            yield "a credit check that passed wants a limit and the last day on which it holds"
        if self.result is Credit.REFUSED and self.limit_cents is not None:
            yield "a credit check that was refused has no limit"
        if self.limit_cents is not None and not 0 <= self.limit_cents <= MAX_LIMIT_CENTS:
            yield f"the limit lies between 0 and {MAX_LIMIT_CENTS // 100} euro"
        if self.reference is not None and not is_text(self.reference):
            yield f"the reference wants 1 to {MAX_TEXT} printable characters"


@dataclass(frozen=True, slots=True)
class Arrears:
    """What a payer is behind with, and since when."""

    amount_cents: int
    since: date

    def mistakes(self) -> Iterator[str]:
        """Everything that is wrong with it, a line each."""
        if not 0 < self.amount_cents <= MAX_ARREARS_CENTS:
            yield f"arrears are more than 0, and at most {MAX_ARREARS_CENTS // 100} euro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a payer's credit; days are whole days in UTC.

    `terms_ended` is the first day on which the terms hold no more.
    """

    terms_ended: date | None = None
    check: CreditCheck | None = None
    arrears: Arrears | None = None

    @classmethod
    def of(cls, row: "sa.Row[Any]") -> "Standing":
        """The standing in a row of payers with their standings, where there may be none."""
        check = None
        if row.credit is not None:
            check = CreditCheck(Credit(row.credit), row.limit_cents, _day(row.credit_until), row.credit_reference)
        since = _day(row.arrears_since)
        arrears = None if since is None else Arrears(row.arrears_cents, since)
        return cls(terms_ended=_day(row.terms_ended), check=check, arrears=arrears)

    def row(self) -> dict[str, object]:
        """As `standings` holds it."""
        check, arrears = self.check, self.arrears
        return {
            "terms_ended": _text(self.terms_ended),
            "credit": None if check is None else str(check.result),
            "limit_cents": None if check is None else check.limit_cents,
            "credit_until": None if check is None else _text(check.until),
            "credit_reference": None if check is None else check.reference,
            "arrears_cents": None if arrears is None else arrears.amount_cents,
            "arrears_since": None if arrears is None else _text(arrears.since),
        }

    def against(self, today: date) -> tuple[str, ...]:
        """Everything that stands against letting him pay on account on this day, in words; nothing: he may."""
        found = []
        if self.terms_ended is not None and self.terms_ended <= today:
            found.append(f"terms ended on {self.terms_ended}")
        if self.check is None:
            found.append("no credit check yet")
        elif self.check.result is Credit.REFUSED:
            found.append("credit refused")
        elif self.check.until is None or self.check.until < today:
            found.append(f"credit check ran out after {self.check.until}")
        if self.arrears is not None:
            found.append(f"in arrears since {self.arrears.since}")
        return tuple(found)

    def limits(self, allowed: Payer) -> Payer:
        """The same payer, with the lower of what the site and the credit check allow."""
        if self.check is None or self.check.limit_cents is None:
            return allowed
        limit = self.check.limit_cents
        return replace(
            allowed, offline_cents=min(allowed.offline_cents, limit), card_cents=min(allowed.card_cents, limit)
        )


def published_payers(allowed: Iterable[Payer], known: Mapping[str, Standing], today: date) -> Iterator[Payer]:
    """Those of a site's payers that the gates are told of: known, with nothing against them."""
    for payer in allowed:
        standing = known.get(payer.ean)
        if standing is not None and not standing.against(today):
            yield standing.limits(payer)


def known_standings(connection: sa.Connection, eans: Sequence[str]) -> Mapping[str, Standing]:
    """How these payers stand, by EAN; who is no payer is not in it."""
    found: dict[str, Standing] = {}
    for first in range(0, len(eans), _ASKED_AT_ONCE):
        query = payer_rows().where(payers.c.ean.in_(eans[first : first + _ASKED_AT_ONCE]))
        found.update((row.ean, Standing.of(row)) for row in connection.execute(query))
    return found


def payer_rows() -> "sa.Select[*tuple[Any, ...]]":
    """Every payer with his standing, by EAN; `Standing.of` reads the rows."""
    others = [column for column in standings.columns if column.name != "ean"]
    joined = payers.outerjoin(standings, standings.c.ean == payers.c.ean)
    return sa.select(*payers.columns, *others).select_from(joined).order_by(payers.c.ean)


def is_text(text: str) -> bool:
    """Tell whether a person can read it: 1 to `MAX_TEXT` printable characters, not all of them blank."""
    return 1 <= len(text) <= MAX_TEXT and text.isprintable() and bool(text.strip())


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
