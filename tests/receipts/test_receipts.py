"""What stands on a receipt."""

from dataclasses import replace

import pytest

from headquarters.receipts.finding import find_receipt
from headquarters.receipts.paper import Paper, Row, vat_cents
from headquarters.receipts.text import text
from headquarters.settlement.correcting import credit, recharge
from terminal.core.charge import Flag
from terminal.core.journal import EntryKey
from terminal.core.receipt_code import MAX_TYPED, read_code, shown_code
from terminal.core.service import price_of_units
from terminal.core.tariff.explanation import Line, What
from tests.headquarters.box import EPOCH, NAME
from tests.receipts.parked import CODE, NIGHT, SHOWN, named, read, settled
from tests.settlement.ground import JANSEN, Ground, at


def all_words(paper: Paper) -> str:
    return repr(paper)


def test_night_is_explained_to_the_cent(ground: Ground) -> None:
    named(ground, "Anna & Zn <b>")
    settled(ground, NIGHT)
    assert text(read(ground)) == (
        "Receipt\n"
        "This is no invoice. The invoice goes to your employer; you pay nothing here.\n"
        "\n"
        "Parking\n"
        "  Site            Anna & Zn <b> (4711)\n"
        "  Entered         Tuesday, 15 September 2026, 08:00:00 CEST\n"
        "  Left            Tuesday, 15 September 2026, 09:58:00 CEST\n"
        "  Length of stay  1 hr 58 mins\n"
        "  Card            …cdef\n"
        "  Tariff          3\n"
        "  Why this amount\n"
        "    Tuesday, 15 September 2026, 08:00:00 CEST\n"
        "    2 periods of 1 hr begun, at €1.50 each                         €3.00\n"
        "  Amount, VAT included                                             €3.00\n"
        "  VAT of 21 % in it, for information                               €0.52\n"
    )


@pytest.mark.parametrize(
    ("language", "title", "line"),
    [
        ("nl", "Ontvangstbewijs", "2 begonnen periodes van 1 uur, € 1,50 per periode"),
        ("de", "Beleg", "2 angefangene Zeiträume von 1 Std. zu je 1,50 €"),
    ],
)
def test_receipt_speaks_his_language(ground: Ground, language: str, title: str, line: str) -> None:
    named(ground, "Anna")
    settled(ground, NIGHT)
    shown = read(ground, language=language)
    assert (shown.title, shown.parts[0].rows[0].what.replace("\xa0", " ")) == (title, line)


def test_receipt_names_no_person_no_employer_and_not_the_card(ground: Ground) -> None:
    settled(ground, NIGHT)
    shown = all_words(read(ground))
    assert JANSEN not in shown
    assert NIGHT.card_number.hex()[:-4] not in shown
    assert shown.count("…cdef") == 1


def test_second_charge_of_a_stay_says_what_came_before(ground: Ground) -> None:
    later = replace(NIGHT, receipt=b"later-code", total_cents=450, earlier_cents=300, lines=(_line(450),))
    settled(ground, NIGHT, later)
    assert read(ground, b"later-code").parts[0].sums == (
        ("The whole stay", "€4.50"),
        ("Charged before", "-€3.00"),
        ("Amount, VAT included", "€1.50"),
        ("VAT of 21 % in it, for information", "€0.26"),
    )


def test_credit_and_new_charge_stand_on_the_same_receipt_by_either_code(ground: Ground) -> None:
    (number,) = settled(ground, NIGHT)
    charge_id = EntryKey(NAME, EPOCH, number)
    anew = replace(NIGHT, receipt=b"anew-code!", total_cents=150, lines=(_line(150),))
    with ground.office.database.transaction() as connection:
        credit(connection, ground.office.change, charge_id, 300, "the boom stuck")
        recharge(connection, ground.office.change, charge_id, anew, "the boom stuck")
    shown = read(ground)
    first, second = shown.parts
    assert [(row.what, row.amount) for row in first.credits] == [("the boom stuck", "-€3.00")]
    assert (second.heading, second.sums[0]) == ("Parking: new charge", ("Amount, VAT included", "€1.50"))
    assert shown.remains == ("Due after all corrections", "€1.50")
    assert read(ground, b"anew-code!") == shown


def test_receipt_without_corrections_has_no_second_sum(ground: Ground) -> None:
    settled(ground, NIGHT)
    assert read(ground).remains is None


def test_service_has_one_time_and_its_units(ground: Ground) -> None:
    wash = replace(
        NIGHT,
        what="wash",
        tariff=None,
        stay=None,
        entered_ms=None,
        lines=(Line(at(15, 9) // 1000, What.UNITS, None, 2, 3_000_000),),
    )
    settled(ground, wash)
    (part,) = read(ground).parts
    assert part.heading == "Washing"
    assert [name for name, _ in part.facts] == ["Site", "Time", "Card"]
    assert part.rows == (Row("Tuesday, 15 September 2026, 09:00:00 CEST", "2 units at €1.50 each", "€3.00"),)


def test_power_that_a_meter_counted_is_told_with_its_unit(ground: Ground) -> None:
    cents, lines = price_of_units(at(15, 9) // 1000, 450_000, 12_346, 1000)
    power = replace(
        NIGHT,
        what="reefer-power",
        tariff=None,
        stay=None,
        entered_ms=None,
        unit="kWh",
        total_cents=cents,
        lines=lines,
    )
    settled(ground, power)
    (part,) = read(ground).parts
    assert part.heading == "Power for a refrigerated trailer"
    assert [(row.what, row.amount) for row in part.rows] == [
        ("12.346 kWh, at €0.45 for one", "€5.5557"),
        ("Rounded to whole cents", "€0.0043"),
    ]
    assert part.sums[0] == ("Amount, VAT included", "€5.56")


def test_entry_that_nobody_knows_is_said_and_costs_nothing(ground: Ground) -> None:
    settled(ground, replace(NIGHT, entered_ms=None, total_cents=0, lines=(), flags=(Flag.ENTRY_UNKNOWN,)))
    (part,) = read(ground).parts
    assert part.facts[1] == ("Entered", "not known")
    assert part.sums[0] == ("Amount, VAT included", "€0.00")
    assert part.remarks == (
        "It is not known when this stay began. Nothing is charged for it here; a person looks at it.",
    )


def test_tariff_that_the_site_no_longer_keeps_leaves_the_amounts(ground: Ground) -> None:
    settled(ground, NIGHT)
    assert read(ground).parts[0].rows[0].what == "2 periods begun, at €1.50 each"


def test_charge_that_has_not_come_is_not_found(ground: Ground) -> None:
    ground.tell(NIGHT.entry(1, None))
    with ground.office.database.transaction(read_only=True) as connection:
        assert find_receipt(connection, CODE) is None
    ground.settle()
    with ground.office.database.transaction(read_only=True) as connection:
        assert find_receipt(connection, CODE) is not None
        assert find_receipt(connection, CODE[:-1] + b"\x00") is None


@pytest.mark.parametrize(
    ("cents", "vat", "in_it"),
    [(300, "21", 52), (121, "21", 21), (1, "21", 0), (3, "21", 1), (100, "0", 0), (109, "9", 9)],
)
def test_vat_is_rounded_half_up(cents: int, vat: str, in_it: int) -> None:
    assert vat_cents(cents, vat) == in_it


@pytest.mark.parametrize(
    "typed",
    [SHOWN, SHOWN.lower(), SHOWN.replace(" ", ""), "abcd-efgh-ijkl-mnop", "A8CD EFGH 1JKL MN0P", f"  {SHOWN}  "],
)
def test_code_is_read_as_people_type_it(typed: str) -> None:
    assert shown_code(CODE) == SHOWN
    assert read_code(typed) == CODE


@pytest.mark.parametrize(
    "typed", ["", "ABCD", SHOWN + "A", SHOWN[:-1] + "9", SHOWN[:-1] + "é", " " * MAX_TYPED + SHOWN]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert read_code(typed) is None


def test_every_code_comes_back() -> None:
    for code in (bytes(10), b"\xff" * 10, bytes(range(10)), bytes(range(246, 256))):
        assert read_code(shown_code(code)) == code


def _line(cents: int) -> Line:
    return Line(at(15, 8) // 1000, What.INCREMENT, 1, 1, cents * 10_000)
