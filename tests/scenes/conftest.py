"""The site whose cards are tapped, made once, and the stage on which every scene is played."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing

from demonstration.office import SITE
from simulation.stage import OpenStage
from terminal.edges.clock import FlooredClock
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.lane.rig import MemoryNumber
from tests.scenes.gate import World, open_store
from tests.scenes.stage import virtual_stage
from tests.tap.site import Site


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    site = Site(folder / "site")
    root, mirror, state = folder / "root.json", folder / "mirror", folder / "gate"
    root.write_bytes(site.root)
    mirror.mkdir()
    state.mkdir(mode=0o700)
    site.carry("good", mirror)
    keeper = RulesKeeper(
        site=SITE,
        root=root,
        mirror=mirror,
        state=state / "rules",
        seen=SeenDatabase(state / "seen.db"),
        clock=FlooredClock(MemoryNumber()),
    )
    keeper.refresh()
    open_store(folder / "new-disk").close()
    return World(site, keeper, folder / "new-disk", time.time_ns() // 1_000_000)


@pytest.fixture
def open_stage(tmp_path: Path, world: World) -> OpenStage:
    return virtual_stage(tmp_path, world)
