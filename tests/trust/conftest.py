"""A gate provisioned for a repository that was published once."""

from pathlib import Path

import pytest

from tests.trust.repository import Gate, Repository


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def gate(tmp_path: Path, repository: Repository) -> Gate:
    return Gate(tmp_path).born(repository)
