"""The electronic invoice, held to rules that a second reader states."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headquarters.settlement.issuing import paper
from headquarters.settlement.statement import Party, Statement, StatementLine, summed_up
from headquarters.settlement.ubl_paper import ubl_of
from tests.settlement.ground import ABROAD, Ground, at
from tests.settlement.ubl_rules import RULES, Document, broken

PARTY = Party(name="A & B <Transport>", street="S 1", postal_code="1", city="Łódź", country="PL", vat_id="PL5260250274")


def statement_of(lines: list[StatementLine]) -> Statement:
    sites, vats = summed_up(lines, {1: "North & South", 2: "East"})
    return Statement(
        number="2026-000001",
        ean="8712345678906",
        period="2026-09",
        first_day="2026-09-01",
        last_day="2026-09-30",
        issued_day="2026-10-03",
        due_day="2026-10-17",
        iban="NL91ABNA0417164300",
        seller=PARTY,
        buyer=PARTY,
        sites=sites,
        vats=vats,
    )


def line(item: int, cents: int, vat: str = "21", site: int = 1) -> StatementLine:
    return StatementLine(item, "charge" if cents >= 0 else "credit", site, "ab" * 8, "parking", vat, cents, None, None)


def test_invoice_keeps_the_rules_and_holds_its_annex(ground: Ground) -> None:
    ground.payer()
    for cents in (1150, 333):
        ground.charge(cents, at(15))
    ground.charge(218, at(15), vat="9", gate="gate-2", site=ABROAD)
    ground.charge(100, at(15), vat="0")
    ground.settle()
    issued = ground.issue()
    data = paper(ground.office.database, issued, "ubl")
    assert broken(data) == []
    document = Document(data)
    (annex,) = document.texts("//cbc:EmbeddedDocumentBinaryObject")
    assert base64.b64decode(annex) == paper(ground.office.database, issued, "csv")
    assert document.texts("cac:LegalMonetaryTotal/cbc:PayableAmount") == ["18.01"]
    assert document.texts("cac:InvoiceLine/cac:Item/cac:ClassifiedTaxCategory/cbc:ID") == ["Z", "S", "S"]


def test_credit_note_keeps_the_rules_and_its_amounts_are_positive(ground: Ground) -> None:
    ground.payer()
    charge = ground.charge(1000, at(15))
    ground.settle()
    ground.issue()
    ground.credit(charge, 400, at(2, month=10))
    ground.settle()
    data = paper(ground.office.database, ground.issue("2026-10", now=datetime(2026, 11, 5, tzinfo=UTC)), "ubl")
    assert broken(data) == []
    assert Document(data).name == "CreditNote"
    assert Document(data).texts("cac:LegalMonetaryTotal/cbc:PayableAmount") == ["4.00"]


amounts = st.integers(-50_000, 50_000) | st.integers(-3, 3)
rates = st.sampled_from(("0", "5.5", "9", "21", "100"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(amounts, rates, st.integers(1, 2)), min_size=1, max_size=12))
def test_any_statement_keeps_the_rules(drawn: list[tuple[int, str, int]]) -> None:
    lines = [line(number, *each) for number, each in enumerate(drawn, 1)]
    statement = statement_of(lines)
    assert broken(ubl_of(statement, lines)) == []
    assert Statement.decode(statement.encode()) == statement
    assert statement.gross_cents == sum(cents for cents, _, _ in drawn)


MISTAKES = {
    "schema order": ("<cbc:IssueDate>2026-10-03</cbc:IssueDate>\n  <cbc:DueDate>2026-10-17</cbc:DueDate>",
                     "<cbc:DueDate>2026-10-17</cbc:DueDate><cbc:IssueDate>2026-10-03</cbc:IssueDate>"),
    "BR-01": ("urn:cen.eu:en16931:2017", "urn:other"),
    "BR-03": ("2026-10-03", " "),
    "BR-27": ('<cbc:PriceAmount currencyID="EUR">', '<cbc:PriceAmount currencyID="EUR">-'),
    "BR-CO-10": ('<cbc:LineExtensionAmount currencyID="EUR">8.26', '<cbc:LineExtensionAmount currencyID="EUR">8.25'),
    "BR-CO-14": ('<cbc:TaxAmount currencyID="EUR">1.74', '<cbc:TaxAmount currencyID="EUR">1.75'),
    "BR-CO-16": ('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="EUR">1'),
    "BR-CO-17": ("<cbc:Percent>21", "<cbc:Percent>19"),
    "BR-CO-25": ("<cbc:DueDate>2026-10-17</cbc:DueDate>", ""),
    "BR-61": ("NL91ABNA0417164300", ""),
    "BR-S-05": ("<cbc:Percent>21", "<cbc:Percent>0"),
    "BR-DEC": (">8.26<", ">8.260<"),
}  # fmt: skip


@pytest.mark.parametrize("rule", MISTAKES)
def test_second_reader_sees_a_broken_rule(rule: str) -> None:
    lines = [line(1, 1000)]
    written = ubl_of(statement_of(lines), lines).decode()
    right, wrong = MISTAKES[rule]
    assert right in written
    assert rule in RULES
    assert rule in broken(written.replace(right, wrong, 1).encode())
