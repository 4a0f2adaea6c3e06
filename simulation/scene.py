"""Reads scenes: what happens at a lane and what must come of it, one step a line (docs/scenes.md).

scene A car drives through
lane entry

car C1 comes
wait C1 stands
tap anna
C1 goes
wait anna passed
wait boom down
expect pulses 1
"""

from dataclasses import replace
from pathlib import Path

from simulation.logics import Logic
from simulation.scene_conditions import Names, alarm_name
from simulation.scene_line import Line, NotUnderstood, read_line
from simulation.scene_setup import direction_of, logics_of, setup_of
from simulation.scene_steps import action
from simulation.scene_words import Scene, Step
from simulation.stage import Setup

SUFFIX = ".scene"
SCENES = Path(__file__).parent / "scenes"
"""The scenes that come with the software."""
MOST_BYTES = 100_000


class SceneError(Exception):
    """A line of a scene cannot be understood; the message names it and says what to do."""


def scenes() -> tuple[Path, ...]:
    """The files of the scenes that come with the software, by name."""
    return tuple(sorted(SCENES.glob(f"*{SUFFIX}")))


def read_scene(path: Path) -> Scene:
    """Read a scene's file.

    Raises:
        SceneError: a line cannot be understood, or the file is no text.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if len(data) > MOST_BYTES:
        raise SceneError(f"{path.name}: is longer than {MOST_BYTES} bytes, which no scene is")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SceneError(f"{path.name}: is no text; a scene is written in UTF-8") from None
    return parse_scene(text, path.name.removesuffix(SUFFIX))


def parse_scene(text: str, name: str) -> Scene:
    """Understand a scene.

    Raises:
        SceneError: at the first line that cannot be understood.
    """
    reading = _Reading()
    for number, written in enumerate(text.splitlines(), start=1):
        try:
            reading.take(number, written.strip())
        except NotUnderstood as why:
            raise SceneError(f"{name}, line {number}: {why}") from None
    if not reading.title:
        raise SceneError(f"{name}: has no title; begin it with a line `scene` that says what happens")
    if not reading.steps:
        raise SceneError(f"{name}: nothing happens in it; docs/scenes.md lists the steps")
    return Scene(
        name=name,
        title=reading.title,
        setup=replace(reading.setup, logic=reading.logics[0]),
        logics=reading.logics,
        allowed=frozenset(reading.allowed),
        steps=tuple(reading.steps),
    )


class _Reading:
    """A scene as far as it has been read."""

    def __init__(self) -> None:
        self.title = ""
        self.setup = Setup()
        self.logics = tuple(Logic)
        self.allowed: set[str] = set()
        self.steps: list[Step] = []
        self._names = Names()

    def take(self, number: int, written: str) -> None:
        """Understand one line more."""
        word, _, title = written.partition(" ")
        if word == "scene":
            self._head("scene")
            self.title = title.strip()
        elif (line := read_line(written)) is not None:
            self._line(line, number, written)

    def _line(self, line: Line, number: int, written: str) -> None:
        match line.words:
            case ["lane", direction] if direction in {"entry", "exit", "both"}:
                self._head("lane")
                self.logics = logics_of(line) or self.logics
                self.setup = replace(setup_of(line), direction=direction_of(direction))
            case ["allow", "alarm", *names] if names:
                self._head("allow")
                self.allowed |= {alarm_name(name) for name in names}
            case _:
                logics = logics_of(line) or self.logics
                does = action(line, self._names)
                self.steps.append(Step(line=number, text=written, logics=frozenset(logics), does=does))
        line.must_be_used_up()

    def _head(self, word: str) -> None:
        if self.steps:
            raise NotUnderstood(f"`{word}` stands before the first step; move this line up")
