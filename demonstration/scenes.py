"""Scenes on the whole system: the real gate, its real journal, cards through the real PC/SC daemon."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from demonstration.cast import CAST, Person
from demonstration.checking import disagreements
from demonstration.issuing import typed_person
from demonstration.narrators import Narrator
from demonstration.processes import Event
from demonstration.stage import Stage
from simulation.logics import Logic
from simulation.scene import SceneError, read_scene, scenes
from simulation.scene_run import Failure, Played, play
from simulation.scene_words import Scene, Tap
from simulation.stage import Happening, Hear, OpenStage
from terminal.errors import ConfigurationError

EVERY_LOGIC = "all"
OF_THE_BOARD = frozenset({"output", "contact", "raw", "gate", "vehicle", "boom", "board", "wiring", "controller"})
"""What kinds of happenings are lines of the board's trace."""


def read_scenes(names: Iterable[str]) -> tuple[Scene, ...]:
    """Read the scenes of these files; a name without a folder is one of those that come with the software.

    Raises:
        ConfigurationError: one cannot be read or understood.
    """
    try:
        return tuple(read_scene(_path(name)) for name in names)
    except (SceneError, OSError) as error:
        raise ConfigurationError(str(error)) from None


def play_scenes(folder: Path, chosen: tuple[Scene, ...], logic: str | None, narrator: Narrator) -> bool:
    """Play them, each in `logic` (None: its first; `all`: each that it is written for); tells whether all went well.

    Raises:
        XsError: the stage could not be set. A lane that no gate takes is a scene that failed.
    """
    found: list[str] = []
    as_they_should = True
    with Stage(folder, setup=None, cast=_people(chosen), both_sides=True, progress=narrator.progress) as stage:
        for scene in chosen:
            for each in _logics(scene, logic):
                answers: list[Event] = []
                stage.listen(Listener(narrator, answers))
                narrator.scene(scene, each)
                try:
                    played = play(scene, each, _open(stage, narrator))
                except ConfigurationError as error:
                    failure = Failure(line=None, text=scene.title, why=str(error))
                    played = Played(scene=scene, logic=each, failures=(failure,))
                else:
                    lines = disagreements(answers, stage.stop_gate(), stage.trace)
                    found += [f"{scene.name}, {each}: {line}" for line in lines]
                narrator.played(played)
                as_they_should = as_they_should and bool(played)
    narrator.ended(found)
    return as_they_should and not found


def _open(stage: Stage, narrator: Narrator) -> OpenStage:
    def hears(hear: Hear) -> Hear:
        def happened(happening: Happening) -> None:
            hear(happening)
            if happening["what"] in OF_THE_BOARD:
                narrator.board(happening)

        return happened

    return lambda setup, hear: stage.lane_for(setup, hears(hear))


class Listener:
    """Hears the gate's log: tells the narrator, and keeps the decisions that were seen."""

    def __init__(self, narrator: Narrator, answers: list[Event]) -> None:
        self._narrator = narrator
        self._answers = answers

    def __call__(self, event: Event, person: str | None) -> None:
        """On the thread that reads the log."""
        if event["event"] == "decision":
            self._answers.append(event)
        self._narrator.happened(event, person)


def _logics(scene: Scene, logic: str | None) -> tuple[Logic, ...]:
    if logic == EVERY_LOGIC:
        return scene.logics
    if logic is None:
        return scene.logics[:1]
    if Logic(logic) not in scene.logics:
        raise ConfigurationError(f"{scene.name} is played in {', '.join(scene.logics)}, and not in {logic}")
    return (Logic(logic),)


def _people(chosen: Iterable[Scene]) -> Iterator[Person]:
    """Everybody who taps; who is not of the cast has everything in order."""
    names = {step.does.person for scene in chosen for step in scene.steps if isinstance(step.does, Tap)}
    yield from (person for person in CAST if person.name in names or (person.name == "anna" and "ivo" in names))
    for name in sorted(names - {person.name for person in CAST}):
        yield typed_person(name, {})


def _path(name: str) -> Path:
    known = {path.stem: path for path in scenes()}
    if name in known and not Path(name).exists():
        return known[name]
    if not Path(name).exists():
        raise ConfigurationError(f"{name}: there is no such file, and no such scene; there are {', '.join(known)}")
    return Path(name)
