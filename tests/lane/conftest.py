"""A board process and a lane on it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import structlog
import structlog.testing

from simulation.world import World
from tests.lane.rig import Rig
from tests.simulation_board.board_process import FAST, LONG_MS, BoardProcess


@pytest.fixture(autouse=True)
def log() -> Iterator[Sequence[Mapping[str, object]]]:
    """What the lane logged; kept off the screen."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def no_show_ms() -> int:
    return LONG_MS


@pytest.fixture
def board(tmp_path: Path, no_show_ms: int) -> Iterator[BoardProcess]:
    with BoardProcess(tmp_path, *FAST, "--no-show-ms", str(no_show_ms)) as process:
        yield process


@pytest.fixture
def world(board: BoardProcess) -> Iterator[World]:
    with World(board.socket) as world:
        yield world


@pytest.fixture
def rig(board: BoardProcess) -> Iterator[Rig]:
    """A lane in service, boom down."""
    with Rig(board.socket).in_service() as rig:
        yield rig
