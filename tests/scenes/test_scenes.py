"""Every scene that comes with the software, in each logic that it names, played on the real lane."""

from pathlib import Path

import pytest

from simulation.logics import Logic
from simulation.scene import read_scene, scenes
from simulation.scene_run import play
from simulation.stage import OpenStage

PLAYED = [(path, logic) for path in scenes() for logic in read_scene(path).logics]


@pytest.mark.parametrize(("path", "logic"), PLAYED, ids=[f"{path.stem}-{logic}" for path, logic in PLAYED])
def test_scene_ends_as_named(path: Path, logic: Logic, open_stage: OpenStage) -> None:
    played = play(read_scene(path), logic, open_stage)
    assert played, str(played)
