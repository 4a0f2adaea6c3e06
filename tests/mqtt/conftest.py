"""A broker for each test folder's tests that want one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mqtt.broker_rig import Rig, running_rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with running_rig(tmp_path) as rig:
        yield rig
