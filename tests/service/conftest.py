"""A site, made once; a board with three service points; a gate that serves one of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog.testing

from tests.service.point import OnePoint
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import POWER, SHOWER, WEIGHBRIDGE, Site

OpenPoint = Callable[..., OnePoint]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    numbers = [word for number in (WEIGHBRIDGE, SHOWER, POWER) for word in ("--service", str(number))]
    with BoardProcess(tmp_path, "--lanes", "0", *numbers) as process:
        yield process


@pytest.fixture
def point(tmp_path: Path, site: Site, board: BoardProcess) -> OpenPoint:
    """Makes a service point of a gate."""
    return lambda number, name="gate", **how: OnePoint(tmp_path / name, site, board.socket, number, **how)
