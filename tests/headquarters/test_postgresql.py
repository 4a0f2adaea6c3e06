"""The same on PostgreSQL: needs psycopg, and in XS_TEST_POSTGRESQL the address of a server to make databases on."""

import itertools
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from headquarters.ceremony import init_keys
from headquarters.collecting import Collected, Forked
from headquarters.cosigner import acknowledgement_keys
from headquarters.database import Database
from headquarters.proving import prove, verify_proof
from headquarters.reading import Wanted, latest
from headquarters.verifying import JournalReport, verify
from terminal.core.journal import EntryKey
from terminal.core.messages import Replay
from terminal.errors import StorageError
from tests.headquarters.box import EPOCH, NAME, Box, acknowledged, put_aside, register, standing_alarms, stored
from tests.headquarters.conftest import JANSEN, Office
from tests.headquarters.side_by_side import collected, indices_given_out, overlapping_batches

SERVER = os.environ.get("XS_TEST_POSTGRESQL", "")
pytestmark = pytest.mark.skipif(not SERVER, reason="XS_TEST_POSTGRESQL names no server")
NOW = 1_790_000_500


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    name = f"xs_{abs(hash(tmp_path))}"
    url = sa.make_url(SERVER).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def office(address: str, tmp_path: Path) -> Iterator[Office]:
    office = Office(init_keys(tmp_path / "hq", datetime.now(UTC)), Database(address), tmp_path)
    yield office
    office.database.close()


def test_two_processes_that_collect_the_same_in_any_order_store_it_once(
    office: Office, address: str, tmp_path: Path
) -> None:
    box = Box().write(400)
    collector = register(office, box)
    bodies = overlapping_batches(box, tmp_path)
    chance = random.Random(4)  # noqa: S311  no secret
    assert collected(address, office, [chance.sample(bodies, 40) for _ in range(2)]) == 400
    assert stored(office, box) == dict(enumerate(box.entries))
    assert acknowledged(office, box, collector.collect(box.name, box.batch(399), NOW)) == 400
    assert list(verify(office.database, acknowledgement_keys(office.keys))) == [JournalReport(NAME, EPOCH, proven=400)]


def test_life_of_a_journal(office: Office) -> None:
    box = Box().write(30)
    collector = register(office, box)
    for first, end in itertools.chain([(20, 30)], itertools.pairwise(range(0, 21, 5))):
        assert isinstance(collector.collect(box.name, box.batch(first, end), NOW), Collected)
    assert isinstance(collector.collect(box.name, box.copy(20).write(5, "fork").batch(15), NOW), Forked)
    assert [what for what, _, _ in put_aside(office)] == ["batch"]
    assert standing_alarms(office) == ["fork"]
    with office.database.transaction(read_only=True) as connection:
        assert [each.key.sequence for each in latest(connection, Wanted(terminal=NAME), 2)] == [29, 28]
        proof = prove(connection, EntryKey(NAME, EPOCH, 7), acknowledgement_keys(office.keys))
    assert verify_proof(proof, None, None).record.sequence == 7


def test_gap_is_asked_for(office: Office) -> None:
    box = Box().write(9)
    collector = register(office, box)
    collector.collect(box.name, box.batch(6, 9), NOW)
    assert collector.replays(NOW + 30) == [(NAME, Replay(EPOCH, 0, 5))]
    assert collector.replays(NOW + 30) == []


def test_register_is_kept_there_too(office: Office, address: str) -> None:
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    card = office.issued(1)
    again = Database(address)
    assert Office(office.keys, again, office.folder).register.card(card.card_number) is not None
    with pytest.raises(StorageError, match="read-only"), again.transaction(read_only=True) as connection:
        connection.exec_driver_sql("DELETE FROM cards")
    again.close()


def test_two_offices_at_one_server_give_out_different_indices(office: Office, address: str) -> None:
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    other = Office(office.keys, Database(address), office.folder)
    assert indices_given_out(office, other) == list(range(40))
    other.database.close()


def test_server_that_is_not_there_is_said_in_a_line(address: str) -> None:
    away = sa.make_url(address).set(port=1, password="secret").render_as_string(hide_password=False)
    with pytest.raises(StorageError, match="the register fails") as raised:
        Database(away)
    assert "secret" not in str(raised.value)
