"""A receipt in one language: what, when, why that much; VAT for information; where the invoice goes (design 6).

It names no person and no employer, and of the card its last four digits: enough for the driver to know his own, too few
to name the card to anybody else. Whoever holds the code was shown it, or got the receipt from him.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from headquarters.receipts.finding import Charged, Place, Receipt
from terminal.core.charge import PARKING, Charge
from terminal.core.tariff.explanation import What
from terminal.words.catalogues import Words
from terminal.words.explaining import explained, remark
from terminal.words.services import service

CARD_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A line with an amount; `when` may be empty."""

    when: str
    what: str
    amount: str


@dataclass(frozen=True, slots=True)
class Part:
    """One charge: facts by name, why that much, what it comes to, credits, and what else is to be known."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    sums: tuple[tuple[str, str], ...]
    credits: tuple[Row, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A receipt as it is shown; nothing in it is markup."""

    language: str
    title: str
    no_invoice: str
    why: str
    credited: str
    parts: tuple[Part, ...]
    remains: tuple[str, str] | None
    """What is due after all corrections; None where there were none."""


def paper(receipt: Receipt, words: Words) -> Paper:
    """The receipt in these words."""
    currency = receipt.place.tariffs.currency
    left = sum(each.charge.amount_cents + sum(one.amount_cents for one in each.credits) for each in receipt.charges)
    corrected = len(receipt.charges) > 1 or any(each.credits for each in receipt.charges)
    return Paper(
        language=words.language,
        title=words.gettext("Receipt"),
        no_invoice=words.gettext("This is no invoice. The invoice goes to your employer; you pay nothing here."),
        why=words.gettext("Why this amount"),
        credited=words.gettext("Credited"),
        parts=tuple(_part(each, receipt.place, words, later=number > 0) for number, each in enumerate(receipt.charges)),
        remains=(words.gettext("Due after all corrections"), words.cents(left, currency)) if corrected else None,
    )


def vat_cents(gross_cents: int, vat: str) -> int:
    """The VAT in an amount that includes it, rounded half up to cents; for information, of this one charge."""
    rate = Fraction(vat)
    return int(gross_cents * rate / (100 + rate) + Fraction(1, 2))


def _part(charged: Charged, place: Place, words: Words, *, later: bool) -> Part:
    charge, currency = charged.charge, place.tariffs.currency
    what = service(words, charge.what)
    return Part(
        heading=words.gettext("{service}: new charge", service=what) if later else what,
        facts=tuple(_facts(charge, place, words)),
        rows=tuple(_rows(charge, place, words)),
        sums=tuple(_sums(charge, words, currency)),
        credits=tuple(
            Row(_time(credit.ended_ms, place, words), credit.credit().why, words.cents(credit.amount_cents, currency))
            for credit in charged.credits
        ),
        remarks=tuple(filter(None, (remark(words, flag) for flag in charge.flags))),
    )


def _facts(charge: Charge, place: Place, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Site"), f"{place.name} ({place.number})"
    if charge.what == PARKING:
        entered = words.gettext("not known") if charge.entered_ms is None else _time(charge.entered_ms, place, words)
        yield words.gettext("Entered"), entered
        yield words.gettext("Left"), _time(charge.ended_ms, place, words)
        if charge.entered_ms is not None:
            yield words.gettext("Length of stay"), words.duration((charge.ended_ms - charge.entered_ms) // 1000)
    else:
        yield words.gettext("Time"), _time(charge.ended_ms, place, words)
    yield words.gettext("Card"), f"…{charge.card_number.hex()[-CARD_DIGITS:]}"
    if charge.tariff is not None:
        yield words.gettext("Tariff"), str(charge.tariff)


def _rows(charge: Charge, place: Place, words: Words) -> Iterator[Row]:
    periods, currency = place.periods(charge.tariff), place.tariffs.currency
    for line in charge.lines:
        if line.what is What.ROUNDING and line.amount_micro == 0:
            continue
        each_s = None if line.line is None else periods.get(line.line)
        text = explained(words, line, currency, each_s, charge.unit)
        yield Row(_time(line.at_s * 1000, place, words), text, words.amount(line.amount_micro, currency))


def _sums(charge: Charge, words: Words, currency: str) -> Iterator[tuple[str, str]]:
    if charge.earlier_cents:
        yield words.gettext("The whole stay"), words.cents(charge.total_cents, currency)
        yield words.gettext("Charged before"), words.cents(-charge.earlier_cents, currency)
    yield words.gettext("Amount, VAT included"), words.cents(charge.amount_cents, currency)
    rate = f"{words.number(Decimal(charge.vat))} %"
    vat = words.cents(vat_cents(charge.amount_cents, charge.vat), currency)
    yield words.gettext("VAT of {rate} in it, for information", rate=rate), vat


def _time(ms: int, place: Place, words: Words) -> str:
    return words.instant(ms // 1000, place.zone)
