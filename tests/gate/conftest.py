"""A site, made once; a board process; a folder in which a gate can start."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demonstration.cardbench import wait_until_empty
from simulation.vpcd import READERS, VirtualReaderSlot
from simulation.world import World
from tests.gate.processes import Event, Gate, GateFolder
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE, POWER, WEIGHBRIDGE, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site") / "site")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[BoardProcess]:
    fast = ("--travel-ms", "60", "--after-passage-ms", "100", "--no-show-ms", "100", "--lanes", "4")
    services = ("--service", str(WEIGHBRIDGE), "--service", str(POWER))
    with BoardProcess(tmp_path, *fast, *services) as process:
        yield process


@pytest.fixture
def world(board: BoardProcess) -> Iterator[World]:
    """Around `OPEN_LANE`, where somebody stands before the boom."""
    with World(board.socket, OPEN_LANE) as world:
        world.contact("loop_arm", True)
        yield world


@pytest.fixture
def place(tmp_path: Path, site: Site, board: BoardProcess) -> GateFolder:
    """Where a gate can start."""
    return GateFolder(tmp_path, site, board.socket)


@pytest.fixture
def tap(site: Site, slot: VirtualReaderSlot) -> Callable[[Gate, str], Event]:
    """Hold somebody's card to the first reader until the gate has answered; gives the answer."""

    def hold(gate: Gate, name: str) -> Event:
        wait_until_empty(READERS[0].name)
        mark = gate.mark()
        slot.insert(site.card(name))
        try:
            return gate.event("decision", since=mark)
        finally:
            slot.remove()

    return hold
