"""`docs/barrier.md`: the barrier's table in words, made from the table itself."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from scripts.barrier_glossary import PHASES, TIMERS, WORDS
from scripts.barrier_prose import all_of, does, events_in_words, seconds
from terminal.core import barrier, barrier_table
from terminal.core.barrier_table import TABLE
from terminal.core.barrier_words import Phase, Timer

HEAD = """\
# The barrier's table

What a lane does, row by row: in one of these phases, when this happens and everything asked for holds, it goes to the
next phase (none: it stays) and does the rest. Where no phase stands, it is that of the row before. The first row that
fits decides; what stands in no row changes nothing. The pictures have the same numbers, and leave out what only notes
something or runs a timer: [the cycle](barrier-cycle.svg), [faults](barrier-faults.svg), [fire, people and the
board](barrier-people.svg). The tests tell the rows as stories (`tests/core/test_barrier*.py`).

Made from `terminal/core/barrier_table.py`.
"""


def page() -> Mapping[str, str]:
    """The page, by its name below `docs/`."""
    parts = (
        HEAD,
        _section("The words", WORDS),
        _section("The phases", _table(("phase", "what it is"), ((phase, PHASES[phase]) for phase in Phase))),
        _section("The controller's logics", _prose(barrier_table.__doc__)),
        _section("What holds for every row", _prose(barrier.__doc__)),
        _section("The rows", "\n".join(_told())),
        _timers(),
    )
    return {"barrier.md": "\n".join(parts)}


def named(phases: frozenset[Phase]) -> str:
    """These phases: those that are left out, where that is shorter."""
    missing = [phase.value for phase in Phase if phase not in phases]
    if not missing:
        return "any phase"
    if len(missing) < len(phases):
        return f"any phase but {', '.join(missing)}"
    return ", ".join(phase.value for phase in Phase if phase in phases)


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}\n"


def _prose(doc: str | None) -> str:
    """A module's docstring after its first two paragraphs."""
    return "\n\n".join((doc or "").strip().split("\n\n")[2:])


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    ruled = (tuple(head), *(tuple(row) for row in rows))
    first, *rest = (f"| {' | '.join(cells)} |" for cells in ruled)
    return "\n".join((first, "|---" * len(ruled[0]) + "|", *rest))


def _told() -> Iterator[str]:
    yield "| | in | when | and if | next | then |\n|---|---|---|---|---|---|"
    for phases, rows in groupby(enumerate(TABLE, 1), lambda numbered: numbered[1].phases):
        where = f"**{named(phases)}**"
        for number, row in rows:
            following = row.to.value if row.to else ""
            cells = (str(number), where, events_in_words(row.events), all_of(row.when), following, does(row.does))
            yield f"| {' | '.join(cells)} |"
            where = ""


def _timers() -> str:
    rows = ((timer, seconds(timer), TIMERS[timer]) for timer in Timer)
    return _section("Timers, where commissioning says nothing else", _table(("timer", "runs", "what it is for"), rows))
