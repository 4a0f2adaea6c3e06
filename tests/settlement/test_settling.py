"""From journals to the ledger: once, by the id, and nothing lost."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from headquarters.alarms.listing import Alarms
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.settlement import posting
from headquarters.tables.journal import entries
from headquarters.tables.settlement import postings
from terminal.core.journal import Entry, Kind
from terminal.errors import StorageError
from tests.core.charges import CHARGE
from tests.headquarters.box import NAME, SITE, standing_alarms
from tests.settlement.ground import ABROAD, JANSEN, Ground, at, charge_of


def booked(ground: Ground) -> dict[str, int]:
    with ground.office.database.transaction(read_only=True) as connection:
        rows = connection.execute(
            sa.select(postings.c.account, sa.func.sum(postings.c.amount_cents)).group_by(postings.c.account)
        )
        return {account: int(cents) for account, cents in rows}


def test_charge_and_its_credit_are_posted(ground: Ground) -> None:
    charge = ground.charge(450, at(15))
    ground.credit(charge, 200, at(16))
    assert ground.settle().posted == 2
    first, second = ground.items()
    assert (first.kind, first.amount_cents, first.day, first.payer, first.site) == (
        Kind.CHARGE, 450, "2026-09-15", JANSEN, SITE,
    )  # fmt: skip
    assert (second.kind, second.amount_cents, second.day, second.corrects) == (Kind.CREDIT, -200, "2026-09-16", 1)
    assert booked(ground) == {f"receivable/{JANSEN}": 250, f"revenue/{SITE}": -250}
    assert first.charge() == replace(charge_of(450, at(15)), receipt=bytes(10))
    assert second.credit().charge == charge


def test_settling_again_posts_nothing_twice(ground: Ground) -> None:
    ground.charge(450, at(15))
    assert [ground.settle().posted, ground.settle().posted, ground.settling().again(1).posted] == [1, 0, 0]
    ground.charge(100, at(15))
    assert ground.settle().posted == 1
    assert booked(ground) == {f"receivable/{JANSEN}": 550, f"revenue/{SITE}": -550}


def test_day_is_that_of_the_sites_time_zone(ground: Ground) -> None:
    ground.charge(100, at(30, 23, 30))
    ground.charge(100, at(30, 23, 30), gate="gate-2", site=ABROAD)
    ground.settle()
    assert [each.day for each in ground.items()] == ["2026-09-30", "2026-10-01"]


def test_entry_beyond_the_cursor_waits_until_it_is_proven(ground: Ground) -> None:
    box = ground.gate()
    for cents in (100, 200, 300):
        ground.charge(cents, at(15))
    collector = Collector(ground.office.database, load_cosigner(ground.office.keys))
    collector.collect(NAME, box.batch(2, 3), ground.now_s)
    assert ground.settling().round(ground.now_s).posted == 0
    collector.collect(NAME, box.batch(0, 2), ground.now_s)
    assert ground.settling().round(ground.now_s).posted == 3


def test_forked_journal_waits_until_a_person_has_seen_to_it(ground: Ground) -> None:
    ground.charge(100, at(15))
    ground.settle()
    other = ground.gate().copy()
    ground.charge(200, at(15))
    ground.arrive()
    other.tell(Kind.START, {"software": "2"})
    Collector(ground.office.database, load_cosigner(ground.office.keys)).collect(NAME, other.batch(), ground.now_s)
    result = ground.settling().round(ground.now_s)
    assert (result.posted, result.waiting) == (0, [f"{NAME}/{other.epoch.hex()}"])
    Alarms(ground.office.database).acknowledge(1, ground.office.change)
    assert ground.settling().round(ground.now_s).posted == 1


def broken(entry: Entry, **public: Any) -> Entry:
    return replace(entry, public={**entry.public, **public})


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (broken(CHARGE.entry(1, None), amount_cents=1), "no charge"),
        (broken(CHARGE.entry(1, None), vat="a lot"), "no percentage"),
        (replace(CHARGE, ended_ms=2**60).entry(1, None), "no calendar"),
    ],
)
def test_charge_that_cannot_be_read_is_kept_and_told(ground: Ground, entry: Entry, why: str) -> None:
    ground.tell(entry)
    ground.charge(100, at(15))
    result = ground.settle()
    assert (result.posted, len(result.not_settled)) == (1, 1)
    assert why in result.not_settled[0]
    (kept,) = ground.unsettled()
    assert kept[0] == 0
    assert why in kept[1]
    assert standing_alarms(ground.office) == ["not-settled"]


def test_sealed_part_that_was_erased_before_is_told(ground: Ground) -> None:
    ground.charge(100, at(15))
    ground.arrive()
    with ground.office.database.transaction() as connection:
        connection.execute(entries.update().values(sealed=None))
    assert "erased before it was settled" in ground.settling().round(1).not_settled[0]


def test_credit_that_names_no_charge_is_kept_and_told(ground: Ground) -> None:
    ground.credit(41, 100, at(15))
    assert "names no charge" in ground.settle().not_settled[0]


def test_credits_never_exceed_their_charge(ground: Ground) -> None:
    charge = ground.charge(300, at(15))
    for cents in (200, 101, 100):
        ground.credit(charge, cents, at(15))
    result = ground.settle()
    assert [each.amount_cents for each in ground.items()] == [300, -200, -100]
    assert "more than is left" in result.not_settled[0]
    ground.credit(charge, 1, at(15))
    assert "more than is left" in ground.settle().not_settled[0]


def test_credit_of_another_payer_is_refused(ground: Ground) -> None:
    charge = ground.charge(300, at(15))
    ground.credit(charge, 100, at(15), payer="0012345678905")
    assert "another payer" in ground.settle().not_settled[0]


def test_what_could_not_be_settled_is_tried_again_and_its_alarm_clears(ground: Ground) -> None:
    ground.charge(300, at(15))
    ground.arrive()
    with ground.office.database.transaction() as connection:
        (sealed,) = connection.scalars(sa.select(entries.c.sealed))
        connection.execute(entries.update().values(sealed=b"x" * len(sealed)))
    ground.settling().round(1)
    assert standing_alarms(ground.office) == ["not-settled"]
    assert ground.settling().again(2).posted == 0
    with ground.office.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE unsettled SET sealed = ?", (sealed,))
    assert ground.settling().again(3).posted == 1
    assert standing_alarms(ground.office) == []
    assert [settled for _, _, settled in ground.unsettled()] == [True]


def test_same_id_with_other_content_is_an_alarm(ground: Ground) -> None:
    ground.charge(300, at(15))
    ground.settle()
    other = ground.gate().copy(0)
    ground.gates[NAME] = other
    ground.charge(900, at(15))
    record, sealed = other.entries[0]
    with ground.office.database.transaction() as connection:
        connection.execute(entries.update().values(record=record, sealed=sealed))
        connection.exec_driver_sql("DELETE FROM settled_to")
    assert "settled already, with other content" in ground.settling().round(1).not_settled[0]
    assert standing_alarms(ground.office) == ["not-settled"]
    assert [each.amount_cents for each in ground.items()] == [300]


@pytest.mark.parametrize("table", ["items", "postings"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET amount_cents = 0"])
def test_database_refuses_to_change_what_is_settled(ground: Ground, table: str, change: str) -> None:
    ground.charge(300, at(15))
    ground.settle()
    with pytest.raises(StorageError, match="never changed"), ground.office.database.transaction() as connection:
        connection.exec_driver_sql(change.format(table))


def test_balance_of_an_account(ground: Ground) -> None:
    ground.charge(300, at(15))
    ground.settle()
    with ground.office.database.transaction(read_only=True) as connection:
        assert posting.balance(connection, posting.receivable(JANSEN)) == 300
        assert posting.balance(connection, "receivable/nobody") == 0
