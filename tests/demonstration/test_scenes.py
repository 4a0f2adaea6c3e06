"""Which scenes are played in which logics, and what is said of them in the end."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from demonstration.configuration import Place, gate_toml, readers_of
from demonstration.narrators import JsonNarrator, PersonNarrator
from demonstration.scenes import ALL, parts
from demonstration.serving import WIRING
from firmware_config.check import check_gate
from simulation.logics import Logic
from simulation.scene import read_scene, scenes
from simulation.scene_run import Failure, Played
from simulation.scene_words import Scene
from terminal.errors import ConfigurationError

IN_TWO = "scene Whoever\nlane entry logic=step,hold\nexpect boom down\n"


@pytest.fixture
def in_two(tmp_path: Path) -> str:
    """A scene that is written for two logics."""
    path = tmp_path / "in-two.scene"
    path.write_text(IN_TWO)
    return str(path)


def test_all_is_every_scene_that_comes_with_the_software() -> None:
    assert [scene.name for scene, _ in parts((ALL,), None)] == [path.stem for path in scenes()]


@pytest.mark.parametrize("logic", list(Logic))
def test_all_in_one_logic_leaves_out_what_is_not_written_for_it(logic: Logic) -> None:
    written_for_it = [path.stem for path in scenes() if logic in read_scene(path).logics]
    assert [(scene.name, each) for scene, each in parts((ALL,), logic)] == [(name, logic) for name in written_for_it]


def test_all_in_all_logics_is_each_scene_in_each_of_its_own() -> None:
    every = [(path.stem, logic) for path in scenes() for logic in read_scene(path).logics]
    assert [(scene.name, logic) for scene, logic in parts((ALL,), ALL)] == every


@pytest.mark.parametrize(
    ("logic", "played"), [(None, [Logic.STEP]), ("hold", [Logic.HOLD]), (ALL, [Logic.STEP, Logic.HOLD])]
)
def test_scene_is_played_in_the_logics_that_were_asked_for(in_two: str, logic: str | None, played: list[Logic]) -> None:
    assert [each for _, each in parts((in_two,), logic)] == played


def test_scene_that_is_not_written_for_the_logic_is_refused_before_anything_is_played(in_two: str) -> None:
    with pytest.raises(ConfigurationError, match="in-two is played in step, hold, and not in impulse"):
        parts(("car", in_two), "impulse")


@pytest.mark.parametrize(
    ("name", "line"),
    [("moon-landing", "no such scene; there are absent-all, .*, and all of them"), ("/", "Is a directory")],
)
def test_scene_that_cannot_be_read_is_refused(name: str, line: str) -> None:
    with pytest.raises(ConfigurationError, match=line):
        parts(("car", name), None)


def played(*fail: bool) -> list[Played]:
    """The same scene so often; where it fails, for a reason."""
    car = read_scene(next(path for path in scenes() if path.stem == "car"))
    failures = (Failure(line=7, text="wait anna passed", why="anna did not pass"),)
    return [Played(scene=car, logic=Logic.STEP, failures=failures if fails else ()) for fails in fail]


REFUSED = [(read_scene(next(path for path in scenes() if path.stem == "absent-all")), "step")]


@pytest.mark.parametrize(
    ("wanted", "went", "refused", "lines"),
    [
        (2, (False, False), [], ["2 scenes: 2 as they should, 0 failed"]),
        (3, (False, False), REFUSED, ["3 scenes: 2 as they should, 1 refused as unsafe, 0 failed"]),
        (2, (False, True), [], ["2 scenes: 1 as they should, 1 failed", "  car, step: anna did not pass"]),
        (2, (False,), [], ["2 scenes: 1 as they should, 0 failed, 1 not played"]),
    ],
)
def test_summary_counts_and_names_those_that_failed(
    wanted: int, went: tuple[bool, ...], refused: list[tuple[Scene, str]], lines: list[str]
) -> None:
    written = StringIO()
    PersonNarrator(Console(file=written, width=80)).summed_up(wanted, played(*went), refused)
    assert written.getvalue().splitlines()[1:] == lines


def test_summary_for_a_program_names_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    JsonNarrator().summed_up(4, played(False, True), REFUSED)
    assert json.loads(capsys.readouterr().out) == {
        "event": "summary",
        "wanted": 4,
        "played": 2,
        "refused": [{"scene": "absent-all", "logic": "step"}],
        "failed": [{"scene": "car", "logic": "step"}],
    }


def test_no_gate_takes_a_lane_that_is_unsafe_without_what_a_scene_leaves_out(tmp_path: Path) -> None:
    place, refused, impossible = Place(tmp_path, tmp_path), set(), set()
    for scene, logic in parts((ALL,), ALL):
        setup = replace(scene.setup, logic=logic)
        toml = tmp_path / "gate.toml"
        toml.write_text(gate_toml(place, setup, readers_of(setup, both_sides=True)))
        mistakes = [mistake for mistake in check_gate(toml)[1] if mistake.key.startswith("lane")]
        if any(mistake.key.endswith(WIRING) for mistake in mistakes):
            refused.add((scene.name, logic.value))
        impossible |= {(scene.name, mistake.key) for mistake in mistakes if not mistake.key.endswith(WIRING)}
    assert impossible == set()
    assert refused == {
        ("absent-all", "impulse-count"),  # nothing to see under the boom by, so that `close` may not be wired
        ("absent-loop-safety", "impulse-count"),
        ("absent-all", "hold"),  # the level would let the boom fall on a vehicle
        ("absent-loop-safety", "hold"),
        ("absent-all", "step"),  # the next pulse could as well bring the boom down
        ("absent-closed-limit", "step"),
    }
