"""The play: a script, or a person at a prompt, on the stage.

Steps: `tap NAME` (or the name alone), `block NAME`, `suspend NAME`, `activate NAME`, `issue NAME [word=value …]`,
`cast`, `help`; at the prompt also `quit`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from demonstration.checking import disagreements
from demonstration.issuing import DEFAULTS
from demonstration.narrators import JsonNarrator, Narrator, PersonNarrator
from demonstration.processes import Event
from demonstration.stage import Stage
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError, XsError

HELP = f"""\
  tap NAME         hold somebody's card to the reader; the name alone does too
  block NAME       headquarters blocks the card, publishes, and the gate takes it over
  suspend NAME     the same, suspended
  activate NAME    the card is good again
  issue NAME …     personalise a new card: {" ".join(f"{word}=…" for word in DEFAULTS)}
  cast             who is here
  quit             stop the gate and compare the journal with what happened"""

STATUS_STEPS = {"block": CardStatus.BLOCKED, "suspend": CardStatus.SUSPENDED, "activate": CardStatus.VALID}


def play(folder: Path, steps: tuple[str, ...] | None, *, as_json: bool) -> bool:
    """Set the stage in `folder`, carry out `steps` (None: ask for them), stop; True when everything agrees.

    Raises:
        XsError: the stage could not be set.
    """
    console = Console(highlight=False)
    narrator: Narrator = JsonNarrator() if as_json else PersonNarrator(console)
    answers: list[Event] = []
    failures = 0
    with Stage(folder, progress=narrator.progress) as stage:
        narrator.ready(stage.cast)
        stage.listen(lambda event: narrator.happened(event, stage.holder))
        if steps is None and not as_json:
            console.print(HELP)
        for step in steps if steps is not None else _typed(console):
            try:
                _carry_out(step, stage, narrator, answers)
            except XsError as error:
                narrator.failed(str(error) if str(error).startswith(step) else f"{step}: {error}")
                failures += 1 if steps is not None else 0
            except KeyboardInterrupt:
                narrator.failed(f"{step}: stopped in the middle, so that there is nothing to compare")
                return False
        found = list(disagreements(answers, stage.stop_gate(), stage.trace))
    narrator.ended(found)
    return not found and failures == 0


def _carry_out(step: str, stage: Stage, narrator: Narrator, answers: list[Event]) -> None:
    match step.split():
        case ["tap", name]:
            answers.append(stage.tap(name))
        case ["block" | "suspend" | "activate" as verb, name]:
            stage.set_status(name, STATUS_STEPS[verb])
            narrator.answered(f"{verb} {name}: published, and in force at the gate")
        case ["issue", name, *words]:
            person = stage.issue(name, dict(_pairs(words)))
            narrator.answered(f"issue {person.name}: a {person.product.label} card, activated and published")
        case ["cast"]:
            narrator.ready(stage.cast)
        case ["help"]:
            narrator.answered(HELP)
        case [name] if any(person.name == name for person in stage.cast):
            answers.append(stage.tap(name))
        case ["tap" | "block" | "suspend" | "activate" | "issue" as verb]:
            raise ConfigurationError(f"{verb} whom? A name is missing")
        case [word]:
            raise ConfigurationError(f"nobody here is called {word}, and no step is; help tells what can be done")
        case _:
            raise ConfigurationError("not understood; help tells what can be done here")


def _pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ConfigurationError(f"{word}: should be word=value")
        yield name, value


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
