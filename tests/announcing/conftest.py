"""Headquarters as its own tests have it, with a broker."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.announcing.support import Publisher, Receiver
from tests.headquarters.conftest import Office, office
from tests.mqtt.broker_rig import Rig, running_rig

__all__ = ["office"]


@pytest.fixture
def rig(office: Office, tmp_path: Path) -> Iterator[Rig]:
    with running_rig(tmp_path / "rig", office.database, office.keys.path) as rig:
        yield rig


@pytest.fixture
def publisher(office: Office, rig: Rig) -> Iterator[Publisher]:
    publisher = Publisher(office, rig)
    yield publisher
    publisher.stop()


@pytest.fixture
def receive(rig: Rig) -> Iterator[Callable[..., Receiver]]:
    """Makes a terminal that takes what its site is told: by its name, site and the filters it asks for."""
    made: list[Receiver] = []

    def connected(name: str, site: int = 4711, filters: tuple[str, ...] = ()) -> Receiver:
        made.append(Receiver(rig.terminal(name, site), name, site, filters))
        return made[-1]

    yield connected
    for each in made:
        each.stop()
