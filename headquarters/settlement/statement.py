"""A statement: the items of a payer and period, their sums, and what VAT is in them.

VAT is computed once for each rate, from the gross total of that rate, rounded half away from zero to the cent; net is
gross less VAT. The net total of a rate is shared out over its sites by largest remainder, so that the lines add up.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from headquarters.tables.settlement import items, statement_items

PREVIEW = "preview"
"""In the place of a number on what is not issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer, as on the paper."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str | None = None
    registration: str | None = None
    """Of the seller at its chamber of commerce; of the buyer its EAN."""
    email: str | None = None
    electronic_address: str | None = None


@dataclass(frozen=True, slots=True)
class SiteSum:
    """All of one site and rate: a line of the invoice."""

    site: int
    name: str
    vat: str
    charges: int
    credits: int
    gross_cents: int
    net_cents: int


@dataclass(frozen=True, slots=True)
class VatSum:
    """All of one rate."""

    vat: str
    gross_cents: int
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is on a statement above its items; days in ISO 8601. It is kept as it was when it was issued."""

    number: str
    ean: str
    period: str
    first_day: str
    last_day: str
    issued_day: str
    due_day: str
    iban: str
    seller: Party
    buyer: Party
    sites: tuple[SiteSum, ...]
    vats: tuple[VatSum, ...]

    @property
    def gross_cents(self) -> int:
        """What is to be paid; negative: to be paid back."""
        return sum(each.gross_cents for each in self.vats)

    @property
    def vat_cents(self) -> int:
        """VAT in it."""
        return sum(each.vat_cents for each in self.vats)

    @property
    def net_cents(self) -> int:
        """Without VAT."""
        return self.gross_cents - self.vat_cents

    def encode(self) -> bytes:
        """As it is kept."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()

    @classmethod
    def decode(cls, data: bytes) -> "Statement":
        """What `encode` made."""
        kept: dict[str, Any] = json.loads(data)
        kept["seller"], kept["buyer"] = Party(**kept["seller"]), Party(**kept["buyer"])
        kept["sites"] = tuple(SiteSum(**each) for each in kept["sites"])
        kept["vats"] = tuple(VatSum(**each) for each in kept["vats"])
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """An item on a statement. `late_day` is its day where that lies before the period, else None: no time is told."""

    item: int
    kind: str
    site: int
    card: str
    what: str
    vat: str
    amount_cents: int
    corrects: int | None
    late_day: str | None


def vat_in(gross_cents: int, vat: str) -> int:
    """Cents of VAT in a gross amount, rounded half away from zero."""
    rate = Fraction(vat)
    cents = int(abs(gross_cents) * rate / (100 + rate) + Fraction(1, 2))
    return cents if gross_cents >= 0 else -cents


def summed_up(
    lines: Iterable[StatementLine], names: Mapping[int, str]
) -> tuple[tuple[SiteSum, ...], tuple[VatSum, ...]]:
    """The sums of each site and rate, and of each rate; both sorted. `names` are those of the sites."""
    gross: dict[tuple[str, int], int] = {}
    counts: dict[tuple[str, int, str], int] = {}
    for line in lines:
        gross[line.vat, line.site] = gross.get((line.vat, line.site), 0) + line.amount_cents
        counts[line.vat, line.site, line.kind] = counts.get((line.vat, line.site, line.kind), 0) + 1
    sites: list[SiteSum] = []
    vats: list[VatSum] = []
    for vat in sorted({vat for vat, _ in gross}, key=Fraction):
        of_rate = {site: cents for (its, site), cents in sorted(gross.items()) if its == vat}
        total = sum(of_rate.values())
        vat_cents = vat_in(total, vat)
        vats.append(VatSum(vat, total, total - vat_cents, vat_cents))
        for (site, cents), net in zip(of_rate.items(), _shared(total - vat_cents, of_rate.values(), vat), strict=True):
            charged, credited = (counts.get((vat, site, kind), 0) for kind in ("charge", "credit"))
            sites.append(SiteSum(site, names.get(site, str(site)), vat, charged, credited, cents, net))
    return tuple(sorted(sites, key=lambda each: (each.site, Fraction(each.vat)))), tuple(vats)


def lines_of(connection: sa.Connection, statement: int, first_day: str) -> Sequence[StatementLine]:
    """The items of an issued statement, by site, card and number."""
    query = line_rows().join(statement_items, statement_items.c.item == items.c.item)
    rows = connection.execute(query.where(statement_items.c.statement == statement))
    return in_order(line_of(row, first_day) for row in rows)


def line_rows() -> "sa.Select[*tuple[Any, ...]]":
    """The query for what `line_of` takes."""
    names = ("item", "kind", "site", "card", "what", "vat", "amount_cents", "corrects", "day")
    return sa.select(*(items.c[name] for name in names)).select_from(items)


def line_of(row: "sa.Row[Any]", first_day: str) -> StatementLine:
    """An item as a statement from `first_day` on shows it."""
    late_day = row.day if row.day < first_day else None
    described = (row.card.hex(), row.what, row.vat, row.amount_cents, row.corrects)
    return StatementLine(row.item, row.kind, row.site, *described, late_day)


def in_order(lines: Iterable[StatementLine]) -> Sequence[StatementLine]:
    """As they stand on paper."""
    return sorted(lines, key=lambda each: (each.site, each.card, each.item))


def euros(cents: int) -> str:
    """An amount as machines read it: 12.34."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _shared(net_cents: int, gross_cents: Iterable[int], vat: str) -> list[int]:
    exact = [each * Fraction(100) / (100 + Fraction(vat)) for each in gross_cents]
    shares = [each.__floor__() for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_remainder[: net_cents - sum(shares)]:
        shares[at] += 1
    return shares
