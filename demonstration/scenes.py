"""Scenes on the whole system: the real gate, its real journal, cards through the real PC/SC daemon."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from demonstration.cast import CAST, Person
from demonstration.checking import disagreements
from demonstration.issuing import typed_person
from demonstration.narrators import Narrator
from demonstration.processes import Event
from demonstration.serving import UnsafeLane
from demonstration.stage import Stage
from simulation.logics import Logic
from simulation.scene import SUFFIX, SceneError, read_scene, scenes
from simulation.scene_run import Failure, Played, play
from simulation.scene_words import Scene, Tap
from simulation.stage import Happening, Hear, OpenStage
from simulation.world import WorldError
from terminal.errors import ConfigurationError, XsError

ALL = "all"
"""In the place of a scene: every one that comes with the software; of a logic: each that the scene is written for."""
OF_THE_BOARD = frozenset({"output", "contact", "raw", "gate", "vehicle", "boom", "board", "wiring", "controller"})
"""What kinds of happenings are lines of the board's trace."""

Part = tuple[Scene, Logic]
"""A scene, to be played in one logic."""


def parts(names: Iterable[str], logic: str | None) -> tuple[Part, ...]:
    """What is to be played: the scenes of these names or files, in `logic` (None: each in its first; or `ALL`).

    A name without a folder is one of those that come with the software. Of all of these, and of a folder, those are
    left out that are not written for `logic`.

    Raises:
        ConfigurationError: one cannot be read or understood, or, asked for by its name, is not written for `logic`.
    """
    return tuple((scene, each) for name in names for scene in _read(name) for each in _logics(scene, logic, name))


def play_scenes(folder: Path, chosen: tuple[Part, ...], narrator: Narrator) -> bool:
    """Play them one after the other; tells whether all went well. What fails keeps none of the others from its turn.

    A lane that a gate refuses because it would not be safe is what should come of it, and no failure.

    Raises:
        XsError: the stage could not be set.
    """
    found: list[str] = []
    played: list[Played] = []
    refused: list[Part] = []
    people = _people(scene for scene, _ in chosen)
    with Stage(folder, setup=None, cast=people, both_sides=True, progress=narrator.progress) as stage:
        try:
            for number, (scene, logic) in enumerate(chosen, 1):
                if len(chosen) > 1:
                    narrator.progress(f"{number} of {len(chosen)}")
                try:
                    one, lines = _play(stage, scene, logic, narrator)
                except UnsafeLane as refusal:
                    refused.append((scene, logic))
                    narrator.refused(scene, logic, str(refusal))
                    continue
                played.append(one)
                narrator.played(one)
                found += [f"{scene.name}, {logic}: {line}" for line in lines]
        except KeyboardInterrupt:
            narrator.failed("stopped in the middle of a scene")
    if len(chosen) > 1:
        narrator.summed_up(len(chosen), played, refused)
    narrator.ended(found)
    return len(played) + len(refused) == len(chosen) and all(played) and not found


def _play(stage: Stage, scene: Scene, logic: Logic, narrator: Narrator) -> tuple[Played, tuple[str, ...]]:
    """How it went, and where its witnesses disagree. A stage that fails is a scene that failed.

    Raises:
        UnsafeLane: the scene leaves out what a gate does not do without, so that there is nothing to play.
    """
    answers: list[Event] = []
    stage.listen(Listener(narrator, answers))
    narrator.scene(scene, logic)
    try:
        played = play(scene, logic, _open(stage, narrator))
        return played, tuple(disagreements(answers, stage.stop_gate(), stage.trace))
    except UnsafeLane:
        raise
    except (XsError, WorldError) as error:
        failure = Failure(line=None, text=scene.title, why=str(error))
        return Played(scene=scene, logic=logic, failures=(failure,)), ()


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


def _logics(scene: Scene, logic: str | None, asked_for: str) -> tuple[Logic, ...]:
    if logic == ALL:
        return scene.logics
    if logic is None:
        return scene.logics[:1]
    if Logic(logic) in scene.logics:
        return (Logic(logic),)
    if asked_for == ALL or Path(asked_for).is_dir():
        return ()
    raise ConfigurationError(f"{scene.name} is played in {', '.join(scene.logics)}, and not in {logic}")


def _people(chosen: Iterable[Scene]) -> Iterator[Person]:
    """Everybody who taps; who is not of the cast has everything in order."""
    names = {step.does.person for scene in chosen for step in scene.steps if isinstance(step.does, Tap)}
    yield from (person for person in CAST if person.name in names or (person.name == "anna" and "ivo" in names))
    for name in sorted(names - {person.name for person in CAST}):
        yield typed_person(name, {})


def _read(name: str) -> Iterator[Scene]:
    for path in _files(name):
        try:
            yield read_scene(path)
        except SceneError as error:
            raise ConfigurationError(str(error)) from None
        except OSError as error:
            why = f"{path}: cannot be read as a scene: {error.strerror}; name a file that this user can read"
            raise ConfigurationError(why) from None


def _files(name: str) -> Iterable[Path]:
    """The files that are meant by a file, `ALL`, a scene's name or a folder."""
    known = {path.stem: path for path in scenes()}
    path = Path(name)
    if path.exists() and not path.is_dir():
        return (path,)
    if name == ALL:
        return known.values()
    if name in known:
        return (known[name],)
    if not name or not path.is_dir():
        close = get_close_matches(name, known)
        there_are = (
            f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(known)}, and {ALL} of them"
        )
        raise ConfigurationError(f"{name or 'nothing'}: there is no such file, and no such scene; {there_are}")
    if not (found := sorted(path.glob(f"*{SUFFIX}"))):
        raise ConfigurationError(f"{name}: there is no scene in this folder; their names end in {SUFFIX}")
    return found
