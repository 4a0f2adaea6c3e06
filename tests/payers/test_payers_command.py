"""Payers on the command line, and out of a file."""

import shlex

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.database import audit
from headquarters.payers.changes import Payers
from tests.headquarters.conftest import JANSEN, PIETERS, Office

ADD = "payer add {ean} --name 'Jansen & Zn' --street 'Kade 1' --postal-code '3011 AA' --city Rotterdam"


def run(office: Office, line: str) -> tuple[int, list[str], list[str]]:
    """Exit code, lines on standard output, lines on standard error."""
    there = [] if office.address is None else ["--database", str(office.address)]
    arguments = ["--folder", str(office.keys.path), *there, "--by", "tester", *shlex.split(line)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def ok(office: Office, line: str) -> list[str]:
    code, said, errors = run(office, line)
    assert (code, errors) == (0, [])
    return said


def refused(office: Office, line: str) -> list[str]:
    code, said, errors = run(office, line)
    assert (code, said) == (2, [])
    return errors


def imported(office: Office, text: str) -> tuple[int, list[str], list[str]]:
    file = office.folder / "credit.csv"
    file.write_text(text)
    return run(office, f"payer import {file} --why 'monthly check'")


def changes(office: Office) -> list[tuple[str, str, str, str]]:
    with office.database.transaction(read_only=True) as connection:
        rows = connection.execute(sa.select(audit).where(audit.c.what.like("payer%")).order_by(audit.c.id))
        return [(row.who, row.what, row.subject, row.why) for row in rows]


def test_life_of_a_payer(either_office: Office) -> None:
    office = either_office
    assert ok(office, ADD.format(ean=JANSEN)) == [f"payer {JANSEN} added; payer credit lets him pay at the gates"]
    assert ok(office, "payer list") == [f"{JANSEN}  monthly  no credit check yet  Jansen & Zn"]
    passed = "payer credit {} passed --limit 2500.50 --until 2099-12-31 --reference CR-7 --why 'bureau'"
    assert ok(office, passed.format(JANSEN)) == [f"payer {JANSEN}: credit passed; publish brings it to the gates"]
    assert ok(office, "payer list") == [f"{JANSEN}  monthly  may pay  Jansen & Zn"]
    ok(office, f"payer arrears {JANSEN} --amount 120 --since 2026-09-01")
    assert [line.split(maxsplit=1)[1] for line in ok(office, f"payer show {JANSEN}")[-5:]] == [
        "passed",
        "2500.50 euro",
        "until        2099-12-31",
        "CR-7",
        "120.00 euro since 2026-09-01",
    ]
    ok(office, f"payer arrears {JANSEN} --none")
    ok(office, f"payer terms {JANSEN} --ended 2026-01-01")
    assert ok(office, "payer list") == [f"{JANSEN}  monthly  terms ended on 2026-01-01  Jansen & Zn"]
    ok(office, f"payer terms {JANSEN} --accepted")
    ok(office, ADD.format(ean=JANSEN) + " --period weekly --change")
    assert ok(office, "payer list") == [f"{JANSEN}  weekly   may pay  Jansen & Zn"]
    assert changes(office) == [
        ("tester", "payer added", JANSEN, ""),
        ("tester", "payer's credit passed", JANSEN, "bureau"),
        ("tester", "payer in arrears", JANSEN, ""),
        ("tester", "payer no longer in arrears", JANSEN, ""),
        ("tester", "payer's terms ended", JANSEN, ""),
        ("tester", "payer's terms accepted again", JANSEN, ""),
        ("tester", "payer changed", JANSEN, ""),
    ]


def test_everything_that_is_wrong_with_a_payer_is_said_at_once(office: Office) -> None:
    line = "payer add 123 --name '' --street x --postal-code y --city z --country nl --period daily"
    line += " --vat-id 12 --email x --electronic-address y"
    first, *mistakes = refused(office, line)
    assert first.startswith("xs-headquarters: nothing was changed: ")
    assert [mistake.split(":")[0].strip() for mistake in mistakes] == [
        "123 is no EAN",
        "period",
        "name",
        "country",
        "vat-id",
        "email",
        "electronic-address",
    ]
    assert ok(office, "payer list") == []


@pytest.mark.parametrize(
    "line",
    [
        "payer credit {} passed --limit 2500",
        "payer credit {} passed --until 2026-12-31",
        "payer credit {} refused --limit 1",
        "payer credit {} perhaps",
        "payer credit {} passed --limit 2.5 --until 2026-12-31",
        "payer credit {} passed --limit 10000.01 --until 2026-12-31",
        "payer credit {} passed --limit 1 --until 31-12-2026",
        "payer arrears {} --amount 1",
        "payer arrears {} --since 2026-09-01",
        "payer arrears {} --amount 0 --since 2026-09-01",
        "payer arrears {} --none --amount 1",
        "payer arrears {}",
        "payer terms {}",
        "payer terms {} --accepted --ended 2026-09-01",
        ADD.replace("{ean}", "{}"),
    ],
)
def test_what_does_not_fit_changes_nothing(office: Office, line: str) -> None:
    ok(office, ADD.format(ean=JANSEN))
    before = Payers(office.database).all(), changes(office)
    assert refused(office, line.format(JANSEN))
    assert (Payers(office.database).all(), changes(office)) == before


def test_payer_that_nobody_added_is_named(office: Office) -> None:
    expected = [f"xs-headquarters: payer {JANSEN} is not registered; add it first (payer add)"]
    for line in ("show {}", "credit {} refused", "arrears {} --none", "terms {} --accepted", "terms {} --accepted"):
        assert refused(office, "payer " + line.format(JANSEN)) == expected
    assert refused(office, ADD.format(ean=JANSEN) + " --change") == expected


def test_file_changes_many_payers_and_says_who_and_why(either_office: Office) -> None:
    office = either_office
    for ean in (JANSEN, PIETERS):
        ok(office, ADD.format(ean=ean))
    assert imported(
        office,
        "ean,credit,limit,until,reference,arrears,since\n"
        f"{JANSEN},passed,2500,2099-12-31,CR-7,,\n"
        f"{PIETERS},refused,,,,12.30,2026-09-01\n",
    ) == (0, ["payers changed: 2; publish brings it to the gates"], [])
    assert [line.split("  ")[2] for line in ok(office, "payer list")] == [
        "credit refused; in arrears since 2026-09-01",
        "may pay",
    ]
    assert imported(office, f"ean,arrears,since\n{PIETERS},0,\n")[0] == 0
    assert changes(office)[-3:] == [
        ("tester", "payer's credit passed", JANSEN, "monthly check"),
        ("tester", "payer's credit refused; payer in arrears", PIETERS, "monthly check"),
        ("tester", "payer no longer in arrears", PIETERS, "monthly check"),
    ]


def test_file_with_mistakes_changes_nothing_and_names_them_all(office: Office) -> None:
    ok(office, ADD.format(ean=JANSEN))
    before = Payers(office.database).all(), changes(office)
    code, said, errors = imported(
        office,
        "ean,credit,limit,until,arrears,since\n"
        f"{JANSEN},passed,2500,2099-12-31,,\n"
        f"{JANSEN},refused,,,,\n"
        f"{PIETERS},refused,,,,\n"
        "1,,,,,\n",
    )
    assert (code, said, errors) == (
        2,
        [],
        [
            f"xs-headquarters: nothing was changed; line 3: {JANSEN} stands here twice (and 2 more)",
            f"  line 3: {JANSEN} stands here twice",
            f"  line 4: payer {PIETERS} is not registered; add it first (payer add)",
            "  line 5: payer 1 is not registered; add it first (payer add)",
        ],
    )
    assert (Payers(office.database).all(), changes(office)) == before


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        (",,,,", "says neither credit nor arrears"),
        ("perhaps,,,,", "credit: allowed are passed, refused"),
        (",100,,,", "credit: allowed are passed, refused"),
        ("passed,100,,,", "a credit check that passed wants a limit and the last day on which it holds"),
        ("passed,ten,2026-12-31,,", "'ten' is no amount in euro, such as 2500 or 2500.00"),
        ("passed,-1,2026-12-31,,", "'-1' is no amount in euro, such as 2500 or 2500.00"),
        ("passed,1,soon,,", "'soon' is no day, such as 2026-12-31"),
        (",,,5,", "arrears want an amount and since when; none any more is 0, without a day"),
        (",,,0,2026-09-01", "arrears want an amount and since when; none any more is 0, without a day"),
    ],
)
def test_line_of_a_file_is_refused(office: Office, row: str, mistake: str) -> None:
    ok(office, ADD.format(ean=JANSEN))
    code, _, errors = imported(office, f"ean,credit,limit,until,arrears,since\n{JANSEN},{row}\n")
    assert (code, errors) == (2, [f"xs-headquarters: nothing was changed; line 2: {mistake}"])


@pytest.mark.parametrize(
    "text",
    ["", "name,credit\n", "ean,limits\n", "ean,ean\n", 'ean,credit\n"1,', "ean,credit\n1\n", "ean,credit\n1,2,3\n"],
)
def test_file_that_is_no_such_table_is_refused(office: Office, text: str) -> None:
    code, said, errors = imported(office, text)
    assert (code, said, len(errors)) == (2, [], 1)
