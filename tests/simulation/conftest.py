from collections.abc import Iterator

import pytest

from simulation.pcscd import PcscDaemon
from tests.simulation.application import Application


@pytest.fixture
def application(pcscd: PcscDaemon) -> Iterator[Application]:
    application = Application()
    yield application
    application.close()
