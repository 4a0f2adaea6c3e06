"""The stage itself: the same every time, and honest about a gate that has no power."""

from dataclasses import replace
from typing import Any

import pytest

from simulation.logics import Logic
from simulation.scene import SCENES, read_scene
from simulation.scene_run import play
from simulation.scene_words import Scene
from simulation.stage import Happening, Hear, OpenStage, Setup
from terminal.errors import HardwareError

CAR = {"vehicle": "C1", "does": "arrive", "kind": "car"}
PATIENCE_MS = 60_000.0


class Heard:
    """Everything that was said, in order."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []

    def hear(self, happening: Happening) -> None:
        """As `simulation.stage.Hear`."""
        self.all.append(dict(happening))

    def has(self, **facts: object) -> bool:
        """Something with these facts was said."""
        return any(facts.items() <= happening.items() for happening in self.all)


def happenings(scene: Scene, logic: Logic, open_stage: OpenStage) -> list[dict[str, Any]]:
    """All that is said while a scene is played."""
    heard = Heard()

    def overheard(setup: Setup, hear: Hear) -> Any:
        def both(happening: Happening) -> None:
            heard.hear(happening)
            hear(happening)

        return open_stage(setup, both)

    assert play(scene, logic, overheard)
    return heard.all


@pytest.mark.parametrize(
    ("name", "logic"),
    [
        ("queue-of-three", Logic.IMPULSE_COUNT),
        ("power-cut-while-opening", Logic.STEP),
        ("both-sides-at-once", Logic.HOLD),
        ("tailgater-under-the-falling-boom", Logic.IMPULSE),
    ],
)
def test_scene_goes_the_same_way_every_time(name: str, logic: Logic, open_stage: OpenStage) -> None:
    scene = read_scene(SCENES / f"{name}.scene")
    assert happenings(scene, logic, open_stage) == happenings(scene, logic, open_stage)


def test_relays_keep_their_levels_without_power_and_are_set_safe_when_it_is_back(open_stage: OpenStage) -> None:
    heard = Heard()
    with open_stage(replace(Setup(), logic=Logic.HOLD), heard.hear) as stage:
        stage.happen(CAR)
        stage.wait(lambda: heard.has(what="vehicle", name="C1", **{"is": "standing"}), PATIENCE_MS)
        stage.tap("anna", None, None)
        assert stage.happen({"look": True})["outputs"]["open"]
        stage.cut_power()
        stage.wait(lambda: False, PATIENCE_MS)
        look = stage.happen({"look": True})
        assert (look["outputs"]["open"], look["boom"]) == (True, "up")
        assert not heard.has(what="passage")
        stage.power_back()
        assert not stage.happen({"look": True})["outputs"]["open"]
        assert heard.has(what="passage", person="anna", result="unknown")


def test_gate_without_power_answers_nobody(open_stage: OpenStage) -> None:
    heard = Heard()
    with open_stage(Setup(), heard.hear) as stage:
        stage.cut_power()
        stage.tap("anna", None, None)
        assert not heard.has(what="answer")
        with pytest.raises(HardwareError, match="without power"):
            stage.order("open", "somebody waits", None)


def test_wait_that_is_in_vain_takes_the_time_that_it_was_given(open_stage: OpenStage) -> None:
    heard = Heard()
    with open_stage(Setup(), heard.hear) as stage:
        stage.happen({"contact": "call", "press_ms": 1000})
        assert not stage.wait(lambda: heard.has(what="contact", name="call", on=False), 1_019)
        assert stage.wait(lambda: heard.has(what="contact", name="call", on=False), 1)
