"""The play: scenes, a script, or a person at keys or a prompt, on the stage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from demonstration.checking import disagreements
from demonstration.narrators import JsonNarrator, Narrator, PersonNarrator
from demonstration.processes import Event
from demonstration.scenes import EVERY_LOGIC, Listener, play_scenes, read_scenes
from demonstration.stage import BRISK, Stage
from demonstration.steps import HELP, Steps
from simulation.lane import CONTACTS, OUTPUTS
from simulation.logics import Logic
from simulation.scene_seen import Seen
from simulation.scene_setup import direction_of
from simulation.stage import Setup
from terminal.errors import ConfigurationError, XsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for on the command line. `logic` and `direction` None: as it comes."""

    folder: Path
    steps: tuple[str, ...] | None = None
    scenes: tuple[str, ...] = ()
    logic: str | None = None
    direction: str | None = None
    without: frozenset[str] = frozenset()
    as_json: bool = False

    def lane(self, usual: Setup) -> Setup:
        """The usual lane, with what was asked for in the place of what is usual.

        Raises:
            ConfigurationError: there is no such contact, relay or logic.
        """
        for name in self.without:
            if name not in {*CONTACTS, *OUTPUTS}:
                raise ConfigurationError(f"--without {name}: should be one of {', '.join((*CONTACTS, *OUTPUTS))}")
        if self.logic == EVERY_LOGIC:
            raise ConfigurationError("--logic all plays scenes one after the other; name some with --scene")
        return replace(
            usual,
            direction=direction_of(self.direction) if self.direction else usual.direction,
            logic=Logic(self.logic) if self.logic else usual.logic,
            without=self.without or usual.without,
        )


def play(wanted: Wanted) -> bool:
    """Set the stage, let it all happen, stop; True when everything went as it should and all witnesses agree.

    Raises:
        XsError: the stage could not be set.
    """
    console = Console(highlight=False)
    narrator: Narrator = JsonNarrator() if wanted.as_json else PersonNarrator(console)
    if wanted.scenes:
        return play_scenes(wanted.folder, read_scenes(wanted.scenes), wanted.logic, narrator)
    return _play_steps(wanted, narrator, console)


def _play_steps(wanted: Wanted, narrator: Narrator, console: Console) -> bool:
    answers: list[Event] = []
    failures = 0
    seen = Seen()
    with Stage(wanted.folder, setup=wanted.lane(BRISK), hear=seen.hear, progress=narrator.progress) as stage:
        narrator.ready(stage.cast)
        stage.listen(Listener(narrator, answers))
        steps = Steps(stage, seen, narrator)
        if wanted.steps is None and not wanted.as_json:
            console.print(HELP)
        for step in wanted.steps if wanted.steps is not None else _typed(console):
            try:
                steps.carry_out(step)
            except XsError as error:
                narrator.failed(str(error) if str(error).startswith(step) else f"{step}: {error}")
                failures += 1 if wanted.steps is not None else 0
            except KeyboardInterrupt:
                narrator.failed(f"{step}: stopped in the middle, so that there is nothing to compare")
                return False
        found = list(disagreements(answers, stage.stop_gate(), stage.trace))
    narrator.ended(found)
    return not found and failures == 0


def _typed(console: Console) -> Iterator[str]:
    """What a person types, until he quits."""
    while True:
        try:
            step = console.input("[bold cyan]tap>[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if step in {"quit", "exit", "q"}:
            return
        if step:
            yield step
