"""A site, made once; a board process; a lane of a gate between them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog.testing

from tests.simulation_board.board_process import LONG_MS, BoardProcess
from tests.tap.one_lane import OneLane
from tests.tap.site import Site


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture
def no_show_ms() -> int:
    return LONG_MS


@pytest.fixture
def board(tmp_path: Path, no_show_ms: int) -> Iterator[BoardProcess]:
    fast = ("--travel-ms", "60", "--after-passage-ms", "200", "--no-show-ms", str(no_show_ms), "--lanes", "4")
    with BoardProcess(tmp_path, *fast) as process:
        yield process


@pytest.fixture
def one_lane(tmp_path: Path, site: Site, board: BoardProcess) -> Callable[..., OneLane]:
    """Makes a lane; what is given differs from what is usual."""
    return lambda **changes: OneLane(tmp_path, site, board.socket, **changes)
