"""The office on each kind of database that it may have, for tests of what either could do otherwise."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headquarters.database import Database
from headquarters.repository.ceremony import init_keys
from simulation.postgresql import Postgresql
from tests.headquarters.conftest import JANSEN, Office


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a database is to be, with nothing in it: a file, or a PostgreSQL's address."""
    if request.param == "sqlite":
        yield tmp_path / "register.db"
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    yield server.create_database(tmp_path.name, like=request.getfixturevalue("up_to_date"))
    server.drop_database(tmp_path.name)


@pytest.fixture
def office(address: Path | str, tmp_path: Path) -> Iterator[Office]:
    now = datetime.now(UTC).replace(microsecond=0)
    office = Office(init_keys(tmp_path / "hq", now), Database(address), tmp_path, now, address)
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    yield office
    office.database.close()
