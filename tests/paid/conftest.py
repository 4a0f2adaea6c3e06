"""A truck park with one lane for both ways, in virtual time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import structlog.testing

from tests.paid.day import day as day  # noqa: PLC0414 - a fixture
from tests.paid.day import day_site as day_site  # noqa: PLC0414 - a fixture
from tests.paid.day import headquarters as headquarters  # noqa: PLC0414 - a fixture
from tests.paid.park import Park
from tests.scenes.conftest import world as world  # noqa: PLC0414 - a fixture
from tests.scenes.gate import World
from tests.tap.site import PARK_LANE


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
def park_world(world: World) -> World:
    return replace(world, lane=PARK_LANE, records=world.site.records)


@pytest.fixture
def open_park(tmp_path: Path, park_world: World) -> Iterator[Callable[..., Park]]:
    """Opens parks; each has a journal of its own, as two terminals of one site have."""
    with ExitStack() as parks:
        count = iter(range(100))

        def opened(**options: object) -> Park:
            return parks.enter_context(Park(tmp_path / f"park-{next(count)}", park_world, **options))  # type: ignore[arg-type]

        yield opened


@pytest.fixture
def park(open_park: Callable[..., Park]) -> Park:
    return open_park()
