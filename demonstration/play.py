"""The play: scenes, a script, or a person at keys or a prompt, on the stage."""

import select
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

from rich.console import Console

from demonstration.configuration import BRISK, ROOMY
from demonstration.line import ACKNOWLEDGED_S
from demonstration.live import Live
from demonstration.narrators import JsonNarrator, Narrator, PersonNarrator
from demonstration.processes import Event
from demonstration.scenes import ALL, Listener, parts, play_scenes
from demonstration.screen import Screen, fits
from demonstration.stage import Stage
from demonstration.steps import HELP, Steps
from demonstration.tour import TOUR
from demonstration.view import View
from simulation.lane import CONTACTS, OUTPUTS
from simulation.logics import Logic
from simulation.scene_seen import Seen
from simulation.scene_setup import direction_of
from simulation.stage import Happening, Setup
from simulation.world import WorldError
from terminal.errors import ConfigurationError, XsError

QUIT = frozenset({"quit", "exit", "q"})
LEAVING_S = 10.0
"""Who leaves waits for headquarters no longer than this."""
FIRST_LINE_S = 2.0
"""A program that writes steps begins to within so long."""


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
    park: bool = False
    """A truck park: a lane for both ways, stays that are charged, a clock that can be moved."""

    def lane(self, usual: Setup) -> Setup:
        """The usual lane, with what was asked for in the place of what is usual.

        Raises:
            ConfigurationError: there is no such contact, relay or logic.
        """
        for name in self.without:
            if name not in {*CONTACTS, *OUTPUTS}:
                raise ConfigurationError(f"--without {name}: should be one of {', '.join((*CONTACTS, *OUTPUTS))}")
        if self.logic == ALL:
            raise ConfigurationError("--logic all plays scenes one after the other; name some with --scene")
        return replace(
            usual,
            direction="both" if self.park else direction_of(self.direction) if self.direction else usual.direction,
            logic=Logic(self.logic) if self.logic else usual.logic,
            without=self.without or usual.without,
        )


def play(wanted: Wanted) -> bool:
    """Set the stage, let it all happen, stop; True when everything went as it should and all witnesses agree.

    Call it on the main thread.

    Raises:
        XsError: the stage could not be set.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # whoever is stopped so stops what it started, too
    console = Console(highlight=False, stderr=wanted.as_json)  # standard output is for the events alone
    narrator: Narrator = JsonNarrator() if wanted.as_json else PersonNarrator(console)
    if wanted.scenes:
        return play_scenes(wanted.folder, parts(wanted.scenes, wanted.logic), narrator)
    if wanted.steps is None and not wanted.as_json and fits(console):
        return _play_live(wanted, console, narrator)
    return _play_steps(wanted, narrator, console)


def _play_steps(wanted: Wanted, narrator: Narrator, console: Console) -> bool:
    answers: list[Event] = []
    failures = 0
    seen = Seen()
    lane = wanted.lane(BRISK)
    told = narrator.progress
    with Stage(
        wanted.folder,
        setup=lane,
        hear=seen.hear,
        progress=told,
        tell_line=narrator.of_line,
        park=wanted.park,
        pages=True,
    ) as stage:
        narrator.ready(stage.cast, stage.pages)
        stage.listen(Listener(narrator, answers))
        steps = Steps(stage, seen, narrator)
        given, by_hand = _given(wanted, console)
        for step in given:
            try:
                steps.carry_out(step)
            except (XsError, WorldError) as error:
                narrator.failed(str(error) if str(error).startswith(step) else f"{step}: {error}")
                failures += not by_hand
            except KeyboardInterrupt:
                narrator.failed(f"{step}: stopped in the middle, so that there is nothing to compare")
                return False
        failures += not _at_headquarters(stage, narrator, ACKNOWLEDGED_S)
        for statement in stage.statements():
            narrator.of_line(statement)
        found = stage.compare(answers)
    narrator.ended(found)
    return not found and failures == 0


def _at_headquarters(stage: Stage, narrator: Narrator, within_s: float) -> bool:
    """Tell how far headquarters is, once it has everything, where that can be; False: it can, and has not."""
    lane, line = stage.lane, stage.line
    comes = not line.is_cut and lane.gate is not None
    try:
        if comes:
            line.wait_until_acknowledged(within_s)
    except XsError as error:
        narrator.failed(str(error))
    kept = line.arrivals.kept()
    narrator.of_line({"event": "at-headquarters", **asdict(kept), "line": "cut" if line.is_cut else "up"})
    return kept.all_acknowledged or not comes


def _play_live(wanted: Wanted, console: Console, narrator: Narrator) -> bool:
    """The lane drawn, and a key for everything. Ctrl-C is as good as `q`."""
    answers: list[Event] = []
    found: list[str] = []
    seen = Seen()
    view = View(time.monotonic)
    first = wanted.lane(ROOMY)  # before the stage is set: what is wrong with it need not be waited for

    def hear(happening: Happening) -> None:
        seen.hear(happening)
        view.board(happening)

    told = narrator.progress
    with Stage(
        wanted.folder,
        setup=None,
        both_sides=True,
        progress=told,
        tell_line=view.of_line,
        park=wanted.park,
        pages=True,
    ) as stage:
        stage.listen(Listener(view, answers))
        narrator.progress("simulated board and gate")
        stage.open_lane(first, hear)
        view.ready(stage.cast, stage.pages)

        def compare() -> None:
            found.extend(stage.compare(answers))
            answers.clear()

        def change_lane(logic: str, direction: str) -> None:
            compare()
            stage.open_lane(replace(stage.lane.setup, logic=Logic(logic), direction=direction_of(direction)), hear)

        with suppress(KeyboardInterrupt), Screen(console) as screen:
            Live(stage, Steps(stage, seen, view), view, screen, change_lane).run()
        _at_headquarters(stage, narrator, LEAVING_S)
        for statement in stage.statements():
            narrator.of_line(statement)
        narrator.progress("the gate stops, and its journal is compared with what happened")
        compare()
    narrator.ended(found)
    return not found


def _given(wanted: Wanted, console: Console) -> tuple[Iterable[str], bool]:
    """The steps, and whether a person gives them by hand; the tour, where nobody gives any."""
    if wanted.steps is not None:
        return wanted.steps, False
    if sys.stdin.isatty():
        console.print(HELP, markup=False)
        return _typed(console), True
    if first := _first_line():
        return _lines(first), True
    return _tour(console), False


def _tour(console: Console) -> Iterator[str]:
    for step in TOUR:
        console.print(f"[bold cyan]>[/] {step}")
        yield step


def _first_line() -> str:
    """The first line of standard input; nothing when there is none, or none comes."""
    try:
        return sys.stdin.readline() if select.select([sys.stdin], [], [], FIRST_LINE_S)[0] else ""
    except (OSError, ValueError):
        return ""


def _lines(first: str) -> Iterator[str]:
    for written in chain((first,), sys.stdin):
        step = written.partition("#")[0].strip()
        if step in QUIT:
            return
        if step:
            yield step


def _typed(console: Console) -> Iterator[str]:
    """What a person types, until he quits."""
    while True:
        try:
            step = console.input("[bold cyan]tap>[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if step in QUIT:
            return
        if step:
            yield step
