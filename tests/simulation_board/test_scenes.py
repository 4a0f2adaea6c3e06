"""Every scene that comes with the software, in all its logics, on the model and the barrier's table in virtual time."""

from pathlib import Path

import pytest

from simulation.logics import Logic
from simulation.scene import read_scene, scenes
from simulation.scene_run import play
from tests.simulation_board.table_stage import table_stage

UP_AFTER_THE_FIRE = {"fire-while-open", "fire-while-opening", "fire-while-passing"}
"""Scenes in which the table keeps the level of a `hold` controller on for nobody, once a guard has confirmed."""


@pytest.mark.parametrize("logic", list(Logic))
@pytest.mark.parametrize("path", scenes(), ids=lambda path: path.stem)
def test_scene_ends_as_named(path: Path, logic: Logic, request: pytest.FixtureRequest) -> None:
    if logic is Logic.HOLD and path.stem in UP_AFTER_THE_FIRE:
        request.applymarker(pytest.mark.xfail(reason="the level on `open` outlives the emergency, for nobody"))
    scene = read_scene(path)
    if logic not in scene.logics:
        pytest.skip("not for this logic")
    played = play(scene, logic, table_stage)
    assert played, str(played)
