"""A site with terminals that charge, and a headquarters with real keys and a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headquarters.database import Database
from headquarters.keys import KeyFolder
from headquarters.repository.ceremony import init_keys
from tests.settlement.ground import Ground, ground_in


@pytest.fixture(scope="session")
def settlement_keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    return init_keys(tmp_path_factory.mktemp("settlement") / "hq", datetime.now(UTC))


@pytest.fixture
def ground(settlement_keys: KeyFolder, tmp_path: Path) -> Iterator[Ground]:
    database = Database(tmp_path / "register.db")
    try:
        yield ground_in(database, settlement_keys, tmp_path)
    finally:
        database.close()
