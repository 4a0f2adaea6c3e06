"""Disputes on the command line."""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.database import Database, audit
from headquarters.journal.proving import verify_proof
from headquarters.keys import KeyFolder
from terminal.core.charge import Flag, StayId
from terminal.core.journal import Kind
from terminal.core.tariff.explanation import Line, What
from tests.headquarters.box import EPOCH, NAME
from tests.receipts.parked import NIGHT, SHOWN, named, read, settled
from tests.settlement.ground import JANSEN, Ground, at, ground_in

CHARGE_0 = f"{NAME}/{EPOCH.hex()}/0"
WHY = "--why 'letter of the driver'"


@pytest.fixture
def ground(address: Path | str, settlement_keys: KeyFolder, tmp_path: Path) -> Iterator[Ground]:
    """On both databases."""
    database = Database(address)
    try:
        ground = ground_in(database, settlement_keys, tmp_path)
        ground.office.address = address
        yield ground
    finally:
        database.close()


def run(ground: Ground, line: str) -> tuple[int, str, str]:
    folder = str(ground.office.keys.path)
    arguments = ["--folder", folder, "--database", str(ground.office.address), "--by", "tester", *shlex.split(line)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def ok(ground: Ground, line: str) -> str:
    code, said, errors = run(ground, line)
    assert (code, errors) == (0, "")
    return said


def refused(ground: Ground, line: str) -> str:
    before = len(ground.items())
    code, said, errors = run(ground, line)
    assert (code, said) == (2, "")
    assert len(ground.items()) == before
    return errors.removeprefix("xs-headquarters: ").rstrip()


def changes(ground: Ground) -> list[tuple[str, str, str]]:
    with ground.office.database.transaction(read_only=True) as connection:
        what = sa.select(audit).where(audit.c.what.like("charge%")).order_by(audit.c.id)
        return [(row.who, row.what, row.why) for row in connection.execute(what)]


@pytest.mark.parametrize("charge", [CHARGE_0, f"'{SHOWN}'"])
def test_charge_is_shown_with_everything_once_it_is_written_down_who_looks(ground: Ground, charge: str) -> None:
    named(ground, "Anna")
    settled(ground, replace(NIGHT, sources={"card": "inside\x1b[2J", "own": "inside"}, flags=(Flag.SOURCES_DISAGREE,)))
    said = ok(ground, f"charge show {charge} {WHY}")
    for line in (
        f"charge           {CHARGE_0}",
        f"payer            {JANSEN}",
        "card             0123456789abcdef",
        "flags            sources-disagree",
        "source           card: inside?[2J",
        "lists            number 5, 60 s old",
    ):
        assert line in said.splitlines()
    assert '"number":3' in said
    assert '"each":"PT1H"' in said
    assert "2 periods of 1 hr begun, at €1.50 each" in said
    assert changes(ground) == [("tester", "charge shown", "letter of the driver")]


def test_charge_is_not_shown_without_a_reason(ground: Ground) -> None:
    settled(ground, NIGHT)
    assert "for a reason" in refused(ground, f"charge show {CHARGE_0}")
    assert changes(ground) == []


def test_charge_is_proven_to_anybody(ground: Ground) -> None:
    settled(ground, NIGHT)
    file = ground.office.folder / "proof.json"
    ok(ground, f"charge show {CHARGE_0} {WHY} --proof {file}")
    proven = verify_proof(file.read_bytes(), ground.gate().key.public_key().public_bytes_raw(), None)
    assert (proven.record.kind, proven.record.public["amount_cents"]) == (Kind.CHARGE, 300)


def test_credit_stands_on_the_receipt_and_cannot_give_back_more_than_is_left(ground: Ground) -> None:
    settled(ground, NIGHT)
    said = ok(ground, f"charge credit '{SHOWN}' --amount 2.00 {WHY}")
    assert said.endswith(f" of 2.00 euro to charge {CHARGE_0}\n")
    assert [(row.what, row.amount) for row in read(ground).parts[0].credits] == [("letter of the driver", "-€2.00")]
    assert "100 cents are left" in refused(ground, f"charge credit {CHARGE_0} --amount 1.01 {WHY}")
    ok(ground, f"charge credit {CHARGE_0} --amount 1 {WHY}")
    assert "0 cents are left" in refused(ground, f"charge credit {CHARGE_0} --amount 0.01 {WHY}")


def test_stay_whose_entry_nobody_knew_is_priced_by_its_tariff(ground: Ground) -> None:
    named(ground, "Anna")
    settled(ground, replace(NIGHT, entered_ms=None, total_cents=0, lines=(), flags=(Flag.ENTRY_UNKNOWN,)))
    said = ok(ground, f"charge recharge {CHARGE_0} --entered 2026-09-15T06:30+02:00 {WHY}")
    assert said.startswith(f"charge {CHARGE_0} credited, 0.00 euro; charged anew 6.00 euro\n")
    second = read(ground).parts[1]
    assert [row.what for row in second.rows] == ["4 periods of 1 hr begun, at €1.50 each"]
    assert read(ground).remains == ("Due after all corrections", "€6.00")


def test_charge_that_was_wrong_is_credited_and_charged_anew_at_once(ground: Ground) -> None:
    named(ground, "Anna")
    settled(ground, NIGHT)
    ok(ground, f"charge credit {CHARGE_0} --amount 1 {WHY}")
    said = ok(ground, f"charge recharge {CHARGE_0} --amount 0.75 {WHY}")
    assert said.startswith(f"charge {CHARGE_0} credited, 2.00 euro; charged anew 0.75 euro\n")
    assert sum(item.amount_cents for item in ground.items()) == 75
    new = said.splitlines()[1].removeprefix("new charge ").split(";")[0]
    assert ok(ground, f"charge show {new} {WHY}").count("\ncharge  ") == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--amount 1 --entered 2026-09-15T06:30+02:00", "not both"),
        ("--entered 2026-09-15T10:00+02:00", "before he left"),
        ("--entered 2026-08-15T10:00+02:00", "no such tariff, or none was in force then"),
        ("--tariff 9", "no such tariff"),
    ],
)
def test_new_charge_that_does_not_fit_leaves_the_old_one_whole(ground: Ground, options: str, told: str) -> None:
    named(ground, "Anna")
    settled(ground, NIGHT)
    assert told in refused(ground, f"charge recharge {CHARGE_0} {options} {WHY}")


def test_what_was_charged_before_for_a_stay_is_not_charged_again(ground: Ground) -> None:
    named(ground, "Anna")
    line = Line(at(15, 8) // 1000, What.INCREMENT, 1, 3, 4_500_000)
    later = replace(
        NIGHT, receipt=b"later-code", total_cents=450, earlier_cents=300, lines=(line,), ended_ms=at(15, 10, 20)
    )
    settled(ground, NIGHT, later)
    second = f"{NAME}/{EPOCH.hex()}/1"
    assert "before for this stay" in refused(ground, f"charge recharge {second} --left 2026-09-15T08:30+02:00 {WHY}")
    ok(ground, f"charge recharge {second} --left 2026-09-15T11:30+02:00 {WHY}")
    assert sum(item.amount_cents for item in ground.items()) == 600


def test_open_questions_are_those_that_a_person_has_not_answered(ground: Ground) -> None:
    flags = [Flag.ENTRY_UNKNOWN, Flag.NOT_CERTAIN, Flag.NO_TARIFF, Flag.PAYER_UNKNOWN, Flag.CLOCK_DOUBTFUL]
    charges = [
        replace(NIGHT, receipt=bytes([number]) * 10, flags=(flag,), stay=StayId(bytes(4), number))
        for number, flag in enumerate(list(Flag))
    ]
    settled(ground, *charges)
    told = ok(ground, "charge list --open-questions").splitlines()
    assert sorted(line.split("  ")[-1] for line in told) == sorted(flags)
    ok(ground, f"charge recharge {told[0].split('  ')[0]} --amount 0 {WHY}")
    assert ok(ground, "charge list --open-questions").splitlines() == told[1:]
    assert len(ok(ground, "charge list").splitlines()) == len(Flag) + 1
    assert len(ok(ground, "charge list --limit 2").splitlines()) == 2


def test_part_of_a_stay_that_two_terminals_charged_is_an_open_question_until_one_is_credited(ground: Ground) -> None:
    part = replace(NIGHT, stay=StayId(bytes(4), 7))
    first = replace(part, total_cents=150, lines=(Line(0, What.FLAT, None, 1, 1_500_000),))
    again = replace(part, receipt=b"the second", earlier_cents=0)
    settled(ground, replace(first, receipt=b"the-first!"), again)
    told = ok(ground, "charge list --open-questions").splitlines()
    assert [line.split("  ")[-1] for line in told] == ["charged-twice"] * 2
    ok(ground, f"charge credit {told[0].split('  ')[0]} --amount 1.50 {WHY}")
    assert ok(ground, "charge list --open-questions") == ""


def test_charges_of_a_stay_that_join_on_are_no_question_in_whatever_order_they_come(ground: Ground) -> None:
    stay = StayId(bytes(4), 7)
    later = replace(NIGHT, receipt=b"later-code", stay=stay, earlier_cents=150)
    first = replace(NIGHT, stay=stay, total_cents=150, lines=(Line(0, What.FLAT, None, 1, 1_500_000),))
    settled(ground, later, first)
    assert ok(ground, "charge list --open-questions") == ""


@pytest.mark.parametrize("charge", [f"{NAME}/{EPOCH.hex()}/9", "'AAAA AAAA AAAA AAAA'", "123", "x/y"])
def test_charge_that_is_not_here_is_said(ground: Ground, charge: str) -> None:
    settled(ground, NIGHT)
    assert refused(ground, f"charge show {charge} {WHY}")
    assert refused(ground, f"charge credit {charge} --amount 1 {WHY}")


def test_receipt_as_text_on_the_command_line(ground: Ground) -> None:
    settled(ground, NIGHT)
    assert ok(ground, f"receipts text '{SHOWN.lower()}' --language nl").startswith("Ontvangstbewijs\n")
    assert "not settled here yet" in refused(ground, "receipts text AAAAAAAAAAAAAAAA")
    assert "no code" in refused(ground, "receipts text 123")
    assert "allowed are en, de, nl" in refused(ground, f"receipts text '{SHOWN}' --language xx")
