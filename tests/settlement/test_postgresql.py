"""Settling on a PostgreSQL of one's own (simulation.postgresql): what differs there."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headquarters.database import Database
from headquarters.keys import KeyFolder
from headquarters.settlement.exporting import exported
from headquarters.settlement.issuing import paper
from headquarters.settlement.periods import month
from headquarters.settlement.settling import Settling
from headquarters.settlement.verifying import verify_ledger
from headquarters.tables.settlement import settlement_tables
from simulation.postgresql import Postgresql
from terminal.errors import StorageError
from tests.settlement.ground import Ground, at, ground_in
from tests.settlement.recompute import recompute


@pytest.fixture
def address(postgresql: Postgresql, tmp_path: Path) -> Iterator[str]:
    name = f"settled_{tmp_path.name.replace('-', '_').lower()}"
    yield postgresql.create_database(name)
    postgresql.drop_database(name)


@pytest.fixture
def ground(address: str, settlement_keys: KeyFolder, tmp_path: Path) -> Iterator[Ground]:
    database = Database(address)
    try:
        yield ground_in(database, settlement_keys, tmp_path)
    finally:
        database.close()


def test_from_journal_to_statement(ground: Ground) -> None:
    ground.payer()
    charge = ground.charge(1000, at(15))
    ground.credit(charge, 400, at(16))
    ground.settle()
    issued = ground.issue()
    assert issued.content.gross_cents == 600
    assert paper(ground.office.database, issued, "csv") == paper(ground.office.database, ground.issue(), "csv")
    assert verify_ledger(ground.office.database).mistakes == []
    assert recompute(exported(ground.office.database, month("2026-09"))).mistakes == []


@pytest.mark.parametrize("table", ["items", "postings", "statements", "statement_items", "statement_papers"])
def test_database_refuses_to_change_what_is_settled(ground: Ground, table: str) -> None:
    ground.payer()
    ground.charge(1000, at(15))
    ground.settle()
    paper(ground.office.database, ground.issue(), "csv")
    with pytest.raises(StorageError, match="never changed"), ground.office.database.transaction() as connection:
        connection.execute(settlement_tables.tables[table].delete())


def test_two_that_settle_at_once_post_each_charge_once(ground: Ground, address: str) -> None:
    for cents in range(60):
        ground.charge(cents, at(15))
    ground.arrive()
    posted: list[int] = []

    def settle() -> None:
        database = Database(address)
        try:
            settling = Settling(database, ground.settling().sealing)
            posted.append(settling.round(1).posted)
        finally:
            database.close()

    threads = [threading.Thread(target=settle) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(posted) == 60
    assert [each.item for each in ground.items()] == list(range(1, 61))
    assert verify_ledger(ground.office.database).mistakes == []
