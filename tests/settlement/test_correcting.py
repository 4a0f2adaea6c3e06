"""What a person at headquarters corrects, and what an auditor's own program makes of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from headquarters.journal.terminals import Terminals
from headquarters.settlement.account import Item
from headquarters.settlement.correcting import credit, recharge
from headquarters.settlement.exporting import exported
from headquarters.settlement.periods import month
from headquarters.settlement.verifying import verify_ledger
from terminal.core.charge import Charge
from terminal.core.journal import EntryKey
from terminal.errors import ConfigurationError
from tests.headquarters.box import SITE
from tests.settlement.ground import JANSEN, Ground, at, charge_of
from tests.settlement.recompute import recompute


def credited(ground: Ground, key: EntryKey, cents: int, why: str = "gate stood still") -> Item:
    with ground.office.database.transaction() as connection:
        return credit(connection, ground.change(), key, cents, why)


def recharged(ground: Ground, key: EntryKey, told: Charge, why: str = "priced by hand") -> Item:
    with ground.office.database.transaction() as connection:
        return recharge(connection, ground.change(), key, told, why)


@pytest.fixture
def charge(ground: Ground) -> EntryKey:
    ground.payer()
    ground.charge(1000, at(15))
    ground.settle()
    return ground.items()[0].key


def test_credit_in_part_and_in_full(ground: Ground, charge: EntryKey) -> None:
    first = credited(ground, charge, 400)
    second = credited(ground, charge, 600)
    assert [(each.amount_cents, each.corrects, each.key.terminal, each.key.sequence) for each in (first, second)] == [
        (-400, 1, "headquarters", 0),
        (-600, 1, "headquarters", 1),
    ]
    assert first.credit().why == "gate stood still"
    assert verify_ledger(ground.office.database).balances == {f"receivable/{JANSEN}": 0, f"revenue/{SITE}": 0}


@pytest.mark.parametrize("cents", [1001, 0, -5])
def test_credit_of_more_than_is_left_is_refused(ground: Ground, charge: EntryKey, cents: int) -> None:
    with pytest.raises(ConfigurationError, match="1000 cents are left"):
        credited(ground, charge, cents)
    credited(ground, charge, 900)
    with pytest.raises(ConfigurationError, match="100 cents are left"):
        credited(ground, charge, 101)
    assert len(ground.items()) == 2


def test_new_charge_in_the_place_of_one(ground: Ground, charge: EntryKey) -> None:
    credited(ground, charge, 1000)
    told = replace(charge_of(700, at(15)), receipt=bytes(9) + b"\1")
    again = recharged(ground, charge, told)
    assert (again.amount_cents, again.corrects, again.charge()) == (700, 1, told)
    credited(ground, again.key, 200)
    assert verify_ledger(ground.office.database).mistakes == []


def test_new_charge_wants_the_old_one_credited_and_is_made_once(ground: Ground, charge: EntryKey) -> None:
    told = charge_of(700, at(15))
    with pytest.raises(ConfigurationError, match="credit them first"):
        recharged(ground, charge, told)
    credited(ground, charge, 1000)
    recharged(ground, charge, told)
    with pytest.raises(ConfigurationError, match="charged anew before"):
        recharged(ground, charge, told)


@pytest.mark.parametrize("act", [lambda g, k: credited(g, k, 1, ""), lambda g, k: credited(g, k, 1, "x" * 201)])
def test_correction_wants_a_reason(ground: Ground, charge: EntryKey, act: Callable[[Ground, EntryKey], Item]) -> None:
    with pytest.raises(ConfigurationError, match="reason"):
        act(ground, charge)


def test_charge_that_is_not_there(ground: Ground, charge: EntryKey) -> None:
    with pytest.raises(ConfigurationError, match=r"no charge gate-1/.*/41"):
        credited(ground, replace(charge, sequence=41), 1)
    of_credit = credited(ground, charge, 1).key
    with pytest.raises(ConfigurationError, match="no charge headquarters"):
        credited(ground, of_credit, 1)


def test_no_terminal_has_the_name_of_headquarters(ground: Ground) -> None:
    with pytest.raises(ConfigurationError, match="corrections of headquarters"):
        Terminals(ground.office.database).add("headquarters", SITE, bytes(32), ground.change())


def test_second_program_comes_to_the_same(ground: Ground, charge: EntryKey) -> None:
    credited(ground, charge, 1000)  # in October
    recharged(ground, charge, replace(charge_of(700, at(15)), receipt=bytes(9) + b"\1"))
    ground.charge(109, at(30), vat="9")
    ground.charge(500, at(1, month=10))
    ground.settle()
    issued = ground.issue()
    books = recompute(exported(ground.office.database, month("2026-09")))
    assert books.mistakes == []
    assert books.statements == {issued.content.number: {"21": (1405, 295, 1700), "9": (100, 9, 109)}}
    assert recompute(exported(ground.office.database, month("2026-10"))).open_cents == {JANSEN: -500}


def test_second_program_notices_another_amount(ground: Ground, charge: EntryKey) -> None:
    ground.issue()
    lines = list(exported(ground.office.database, month("2026-09")))
    changed = [line.replace('"gross_cents": 1000', '"gross_cents": 1001') for line in lines]
    assert changed != lines
    assert "comes to" in recompute(changed).mistakes[0]
