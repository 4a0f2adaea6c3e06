"""Statements: once, numbered without a gap, with what belongs on them and nothing twice."""

import io
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from headquarters.settlement import pdf_paper
from headquarters.settlement.issuing import paper, preview
from headquarters.settlement.periods import month, week
from headquarters.settlement.statement import VatSum, lines_of, vat_in
from headquarters.settlement.verifying import verify_ledger
from terminal.errors import ConfigurationError, StorageError
from tests.settlement.ground import ABROAD, JANSEN, PIETERS, SELLER, Ground, at


@pytest.mark.parametrize(
    ("gross", "vat", "cents"),
    [
        (12100, "21", 2100),
        (100, "21", 17),
        (3, "21", 1),
        (2, "21", 0),
        (-12100, "21", -2100),
        (-100, "21", -17),
        (109, "9", 9),
        (0, "21", 0),
        (500, "0", 0),
        (1, "100", 1),
        (-1, "100", -1),
        (10**12 + 1, "7.7", 71494893222),
    ],
)
def test_vat_in_a_gross_amount_is_rounded_half_away_from_zero(gross: int, vat: str, cents: int) -> None:
    assert vat_in(gross, vat) == cents


def test_statement_sums_by_hand(ground: Ground) -> None:
    ground.payer()
    for cents in (333, 333, 334):
        ground.charge(cents, at(15))
    ground.charge(333, at(15), vat="21.00", gate="gate-2", site=ABROAD)
    ground.charge(218, at(15), vat="9")
    ground.credit(0, 33, at(16))
    ground.settle()
    issued = ground.issue()
    assert issued.content.number == "2026-000001"
    assert issued.content.vats == (VatSum("9", 218, 200, 18), VatSum("21", 1300, 1074, 226))
    assert [
        (each.site, each.vat, each.charges, each.credits, each.gross_cents, each.net_cents)
        for each in issued.content.sites
    ] == [
        (4711, "9", 1, 0, 218, 200),
        (4711, "21", 3, 1, 967, 799),
        (4712, "21", 1, 0, 333, 275),
    ]
    assert (issued.content.gross_cents, issued.content.vat_cents, issued.content.net_cents) == (1518, 244, 1274)
    assert issued.content.due_day == "2026-11-03"


def test_statement_issued_once_stays_as_it_is(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    first = ground.issue()
    before = {form: paper(ground.office.database, first, form) for form in ("csv", "pdf", "ubl")}
    ground.charge(999, at(16))
    ground.settle()
    again = ground.issue()
    assert (again.new, again.content) == (False, first.content)
    assert {form: paper(ground.office.database, again, form) for form in before} == before
    with pytest.raises(StorageError, match="never changed"), ground.office.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE statements SET gross_cents = 1")


def test_papers_are_the_same_bytes_when_made_anew(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    issued = ground.issue()
    with ground.office.database.transaction(read_only=True) as connection:
        lines = lines_of(connection, issued.statement, issued.content.first_day)
    assert pdf_paper.pdf_of(issued.content, lines) == paper(ground.office.database, issued, "pdf")


def test_charge_at_the_end_of_a_month_belongs_to_the_month_of_its_site(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(30, 23, 30))
    ground.charge(200, at(30, 23, 30), gate="gate-2", site=ABROAD)
    ground.settle()
    assert ground.lines(ground.issue()) == [(1, 100, None)]
    late = datetime(2026, 11, 5, tzinfo=UTC)
    assert ground.lines(ground.issue("2026-10", now=late)) == [(2, 200, None)]


def test_late_charge_and_credit_go_on_the_next_with_their_own_date(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    ground.issue()
    charge = ground.charge(250, at(15))
    ground.credit(charge, 50, at(16))
    ground.charge(300, at(2, month=10))
    ground.settle()
    following = ground.issue("2026-10", now=datetime(2026, 11, 5, tzinfo=UTC))
    assert ground.lines(following) == [(2, 250, "2026-09-15"), (3, -50, "2026-09-16"), (4, 300, None)]
    assert following.content.number == "2026-000002"
    assert verify_ledger(ground.office.database).mistakes == []


def test_charge_whose_month_is_not_issued_yet_waits_for_its_own(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.charge(200, at(15, month=10))
    ground.settle()
    late = datetime(2026, 11, 5, tzinfo=UTC)
    assert ground.lines(ground.issue("2026-10", now=late)) == [(2, 200, None)]
    assert ground.lines(ground.issue("2026-09", now=late)) == [(1, 100, None)]


def test_charges_of_another_payer_are_on_his(ground: Ground) -> None:
    ground.payer()
    ground.payer(PIETERS, "weekly", "Pieters")
    ground.charge(100, at(15))
    ground.charge(200, at(15), payer=PIETERS)
    ground.settle()
    assert ground.lines(ground.issue()) == [(1, 100, None)]
    assert ground.lines(ground.issue("2026-W38", PIETERS)) == [(2, 200, None)]


def test_numbers_begin_again_with_each_year(ground: Ground) -> None:
    ground.payer()
    numbers = []
    for charged, name in ((9, "2026-09"), (10, "2026-10"), (11, "2026-11")):
        ground.charge(100, at(1, month=charged))
        ground.settle()
        year = 2027 if charged == 11 else 2026
        numbers.append(ground.issue(name, now=datetime(year, 12, 5, tzinfo=UTC)).content.number)
    assert numbers == ["2026-000001", "2026-000002", "2027-000001"]


@pytest.mark.parametrize(
    ("name", "payer", "why"),
    [
        ("2026-10", JANSEN, "is not over"),
        ("2026-09", PIETERS, "is not registered"),
        ("2026-W38", JANSEN, "has monthly statements"),
        ("2026-08", JANSEN, "nothing is open"),
    ],
)
def test_statement_that_cannot_be_issued(ground: Ground, name: str, payer: str, why: str) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    with pytest.raises(ConfigurationError, match=why):
        ground.issue(name, payer)


def test_month_is_over_when_it_is_over_at_every_site(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    midnight = datetime(2026, 9, 30, 22, tzinfo=UTC)  # in Amsterdam
    with pytest.raises(ConfigurationError, match="not over"):
        ground.issue(now=midnight - timedelta(seconds=1))
    assert ground.issue(now=midnight).new


def test_preview_issues_nothing(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    now = datetime(2026, 9, 20, tzinfo=UTC)
    content, lines = preview(ground.office.database, JANSEN, month("2026-09"), SELLER, now)
    assert (content.gross_cents, len(lines), content.number) == (100, 1, "preview")
    assert verify_ledger(ground.office.database).open == 1
    assert "Preview, no invoice" in _text(pdf_paper.pdf_of(content, lines))
    ground.issue()
    with pytest.raises(ConfigurationError, match="issued already"):
        preview(ground.office.database, JANSEN, month("2026-09"), SELLER, now)


def test_csv_tells_card_and_amount_and_no_time(ground: Ground) -> None:
    ground.payer()
    ground.charge(1150, at(15, 9, 41))
    ground.credit(0, 50, at(15, 9, 42))
    ground.settle()
    assert paper(ground.office.database, ground.issue(), "csv").decode().splitlines() == [
        "statement,payer,site,site_name,card,reference,kind,of_reference,what,late_day,vat_percent,amount_eur",
        f"2026-000001,{JANSEN},4711,Truckpark 4711,434152444e554d31,1,charge,,parking,,21,11.50",
        f"2026-000001,{JANSEN},4711,Truckpark 4711,434152444e554d31,2,credit,1,shower,,21,-0.50",
    ]


def test_pdf_shows_names_of_every_country_and_the_sums(ground: Ground) -> None:
    ground.payer(name="Łódź Țiriac Ødegård Transport")
    for _ in range(80):
        ground.charge(1150, at(15))
    ground.settle()
    text = _text(paper(ground.office.database, ground.issue(), "pdf"))
    for each in (
        "Łódź Țiriac Ødegård Transport",
        "Invoice 2026-000001",
        "€ 920.00",
        "159.67",
        "NL91 ABNA 0417 1643 00",
    ):
        assert each in text
    assert text.count("434152444e554d31") == 80
    assert "2026-09-15" not in text


def test_credit_note_when_more_is_given_back(ground: Ground) -> None:
    ground.payer()
    charge = ground.charge(1000, at(15))
    ground.settle()
    ground.issue()
    ground.credit(charge, 400, at(2, month=10))
    ground.settle()
    issued = ground.issue("2026-10", now=datetime(2026, 11, 5, tzinfo=UTC))
    assert issued.content.vats == (VatSum("21", -400, -331, -69),)
    assert "Credit note 2026-000002" in _text(paper(ground.office.database, issued, "pdf"))


def test_font_that_is_missing_is_told(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.settle()
    issued = ground.issue()
    monkeypatch.setattr(pdf_paper, "FONTS", ground.office.folder)
    with pytest.raises(ConfigurationError, match="fonts-dejavu-core"):
        paper(ground.office.database, issued, "pdf")


def test_periods() -> None:
    assert (month("2028-02").first.isoformat(), month("2028-02").last.isoformat()) == ("2028-02-01", "2028-02-29")
    assert (month("2026-12").last.isoformat(), month("2026-12").kind) == ("2026-12-31", "monthly")
    assert (week("2026-W53").first.isoformat(), week("2026-W53").last.isoformat()) == ("2026-12-28", "2027-01-03")
    assert week("2026-W01").kind == "weekly"


@pytest.mark.parametrize("text", ["2026-13", "2026-9", "2026-00", "0000-01", "٢٠٢٦-09", ""])
def test_no_month(text: str) -> None:
    with pytest.raises(ConfigurationError, match="a month is written"):
        month(text)


@pytest.mark.parametrize("text", ["2025-W53", "2026-W00", "2026-38", "0000-W01", "9999-W52", ""])
def test_no_week(text: str) -> None:
    with pytest.raises(ConfigurationError, match="a week is written"):
        week(text)


def test_ledger_that_was_tampered_with_is_found(ground: Ground) -> None:
    ground.payer()
    ground.charge(100, at(15))
    ground.charge(200, at(15))
    ground.settle()
    ground.issue()
    with ground.office.database.transaction() as connection:
        for table in ("items", "postings", "statements"):
            connection.exec_driver_sql(f"DROP TRIGGER {table}_update")
        connection.exec_driver_sql("UPDATE items SET amount_cents = 101 WHERE item = 1")
        connection.exec_driver_sql("UPDATE postings SET amount_cents = -199 WHERE item = 2 AND account LIKE 'rev%'")
        connection.exec_driver_sql("UPDATE statements SET number = 2")
    mistakes = verify_ledger(ground.office.database).mistakes
    assert any("item 1: it says otherwise" in each for each in mistakes)
    assert any("item 2: a posting" in each for each in mistakes)
    assert any("gap" in each for each in mistakes)
    assert any("its sums are not those of the ledger" in each for each in mistakes)


def _text(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
