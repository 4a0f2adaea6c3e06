"""Which scenes are played in which logics, and what is said of them in the end."""

import json
import socket
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from demonstration.configuration import Place, gate_toml, readers_of
from demonstration.narrators import JsonNarrator, PersonNarrator
from demonstration.scenes import ALL, parts
from demonstration.serving import WIRING, ServedLane
from firmware_config.check import check_gate
from simulation.logics import Logic
from simulation.scene import parse_scene, read_scene, scenes
from simulation.scene_run import Failure, Played
from simulation.scene_words import Scene
from simulation.vpcd import InsertedCard
from terminal.cli import app
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
    [
        ("moon-landing", "no such scene; there are absent-all, .*, and all of them"),
        ("back-out-at-exot", "no such scene; did you mean back-out-at-exit or back-out-at-entry"),
        ("", "nothing: there is no such file"),
    ],
)
def test_scene_that_cannot_be_read_is_refused(name: str, line: str) -> None:
    with pytest.raises(ConfigurationError, match=line):
        parts(("car", name), None)


def test_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    door = tmp_path / "door"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(door))
        with pytest.raises(ConfigurationError) as refused:
            parts((str(door),), None)
    line = f"{door}: cannot be read as a scene: No such device or address; name a file that this user can read"
    assert str(refused.value) == line


def test_folder_is_every_scene_in_it_that_is_written_for_the_logic(in_two: str) -> None:
    folder = Path(in_two).parent
    (folder / "notes.txt").write_text("no scene")
    (folder / "every.scene").write_text("scene Fire\nlane entry\nfire on\n")
    played = [(scene.name, logic) for scene, logic in parts((str(folder),), "impulse")]
    assert played == [("every", Logic.IMPULSE)]
    assert [scene.name for scene, _ in parts((str(folder),), "hold")] == ["every", "in-two"]


def no_card(name: str) -> InsertedCard:
    """Nobody has one."""
    raise AssertionError(name)


def test_lane_whose_times_no_gate_takes_is_refused_by_their_names(tmp_path: Path) -> None:
    scene = parse_scene("scene Hasty\nlane entry gap=50 under-boom=1000\nfire on\n", "hasty")
    with pytest.raises(ConfigurationError) as refused:
        ServedLane(Place(tmp_path, tmp_path), scene.setup, {}, no_card)
    assert sorted(str(refused.value).removeprefix("no gate takes such a lane: ").split("; ")) == [
        "allowed: a whole number from 100 to 10000",
        "allowed: a whole number from 30 to 300",
        "gap_ms: 50 is too small",
        "under_boom_s: 1 is too small",
    ]


def test_folder_without_a_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no scene in this folder; their names end in \.scene"):
        parts((str(tmp_path),), None)


def test_folder_that_is_called_as_a_scene_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "car").mkdir()
    monkeypatch.chdir(tmp_path)
    assert [(scene.name, logic) for scene, logic in parts(("car",), "step")] == [("car", Logic.STEP)]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            ("--scene", "car", "--tap", "anna", "--direction", "exit"),
            "--tap, --direction beside --scene: a scene says itself who taps, and at which lane",
        ),
        (("--scene", "car", "--without", "fire"), "--without beside --scene: "),
        (("--scene", "car", "--script", "-"), "--script beside --scene: "),
        (("--script", "nowhere.txt"), "nowhere.txt: cannot be read as a script: No such file or directory; name a"),
        (("--script", "/dev/null"), "/dev/null: there is no step in this script; docs/demonstration.md lists them"),
    ],
)
def test_options_that_do_not_go_together_or_say_nothing_are_refused_before_anything_begins(
    tmp_path: Path, given: tuple[str, ...], line: str
) -> None:
    refused = CliRunner().invoke(app, ["demo", "--folder", str(tmp_path / "demo"), *given])
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"xs-terminal: {line}")
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "demo").exists()


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
