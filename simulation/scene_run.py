"""Plays a scene on a stage and says whether it ended as it should.

A step that cannot be done, or whose condition does not hold in time, ends the scene. Besides what its lines expect, a
scene fails when something ended that no line speaks of: a passage, an alarm, a person turned away, a boom that touched
somebody; when somebody who was admitted had no end; and when the boom was told to close over a vehicle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulation.logics import Logic
from simulation.scene_seen import Seen
from simulation.scene_words import Action, After, Happen, Order, Power, Scene, Step, Tap, Until
from simulation.stage import OpenStage, Stage
from simulation.surroundings import Refusals
from simulation.world import WorldError

ANSWER_MS = 60_000.0
"""Longest that anybody waits for the answer to his card; the scene then goes on to fail by what it expects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went otherwise. `line` None: it concerns the scene as a whole."""

    line: int | None
    text: str
    why: str
    before: tuple[str, ...] = ()
    """What happened last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a scene went in one logic."""

    scene: Scene
    logic: Logic
    failures: tuple[Failure, ...]

    def __bool__(self) -> bool:
        """It ended as it should."""
        return not self.failures

    def __str__(self) -> str:
        head = f"{self.scene.name}, {self.logic}: {'as it should' if self else 'failed'}"
        return "\n".join([head, *(line for failure in self.failures for line in _told(failure))])


def play(scene: Scene, logic: Logic, open_stage: OpenStage) -> Played:
    """Play `scene` in one logic; blocks until it is over.

    Raises:
        Exception: what the stage raises when it fails itself.
    """
    seen = Seen()
    with open_stage(replace(scene.setup, logic=logic), seen.hear) as stage:
        seen.begins(stage.happen({"look": True}))
        failures = tuple(_steps(scene, logic, stage, seen)) or tuple(_loose_ends(scene, seen))
    return Played(scene=scene, logic=logic, failures=failures)


def _steps(scene: Scene, logic: Logic, stage: Stage, seen: Seen) -> Iterator[Failure]:
    for step in scene.steps:
        if logic not in step.logics:
            continue
        why = _do(step.does, stage, seen)
        if why is not None:
            yield _failure(step, why, seen)
            return


def _do(action: Action, stage: Stage, seen: Seen) -> str | None:
    """Do one step; tells why it failed, or None."""
    match action:
        case Happen(message):
            try:
                stage.happen(message)
            except (*Refusals, WorldError) as why:
                return str(why)
        case Tap():
            answers = seen.answers(action.person)
            stage.tap(action.person, action.side, action.reader)
            stage.wait(lambda: seen.answers(action.person) > answers, ANSWER_MS)
        case Order():
            refused = stage.order(action.order, action.reason, action.side)
            if refused != action.refused:
                return "the order was obeyed" if refused is None else f"the order was refused: {refused}"
        case Power(on):
            (stage.power_back if on else stage.cut_power)()
        case After(ms):
            stage.wait(lambda: False, ms)
        case Until(condition, within_ms):
            if not stage.wait(lambda: seen.holds(condition), within_ms):
                return seen.instead(condition)
            seen.spoken_of(condition)
    return None


def _loose_ends(scene: Scene, seen: Seen) -> Iterator[Failure]:
    for why in (*seen.not_spoken_of(scene.alarms()), *seen.without_end(), *seen.closed_over()):
        yield Failure(line=None, text=scene.title, why=why)


def _failure(step: Step, why: str, seen: Seen) -> Failure:
    return Failure(line=step.line, text=step.text, why=why, before=seen.last(12))


def _told(failure: Failure) -> Iterator[str]:
    where = f"line {failure.line}: " if failure.line is not None else ""
    yield f"  {where}{failure.text}"
    yield f"    {failure.why}"
    for line in failure.before:
        yield f"      {line}"
