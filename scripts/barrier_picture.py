"""`docs/barrier-*.dot` and the pictures drawn of them by Graphviz: the barrier's table, one picture a group of phases.

A box is a phase, with what is ordered in it without leaving it; an arrow says on what event [and if] / what is ordered.
What only notes something or runs a timer stands on the page (`scripts.barrier_page`), where the rows have the same
numbers. A row for three phases or more is drawn once, from a dashed box that names them.

Graphviz draws the same graph a little differently in each of its releases. So the DOT text is what is compared, and a
picture is current when it says that it was drawn from that text.
"""

import hashlib
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from textwrap import wrap

from scripts.barrier_page import named
from scripts.barrier_prose import all_of, does, events_in_words
from terminal.core.barrier_rows import ENDS_OWED, Cancel, Forget, Remember, Row, Start
from terminal.core.barrier_table import TABLE
from terminal.core.barrier_words import Phase

GROUPS: Mapping[str, frozenset[Phase]] = {
    "cycle": frozenset({Phase.CLOSED, Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.CLOSING}),
    "faults": frozenset({Phase.UNKNOWN, Phase.FAULT_OPEN, Phase.FAULT_CLOSE, Phase.FORCED}),
    "people": frozenset(
        {Phase.BOOT, Phase.BOARD_LOST, Phase.EMERGENCY_OPEN, Phase.ARM_OFF, Phase.LOCKED, Phase.HELD_OPEN}
    ),
}
"""A step between two groups is drawn in the later one."""
TITLES = {
    "cycle": "The cycle of a barrier",
    "faults": "A boom that cannot be relied upon",
    "people": "Fire, people, and the board",
}
ENDING = {phase.value for phase in ENDS_OWED}
MANY = 3
WIDE = {"box": 64, "arrow": 42}
SILENT = (Start, Cancel, Remember, Forget)
STYLE = """\
  graph [fontname="Helvetica", fontsize=16, labelloc=t, rankdir=TB, nodesep=0.5, ranksep=0.7, bgcolor=white]
  node [fontname="Helvetica", fontsize=10, shape=box, style="rounded,filled", fillcolor="#eef3f8", color="#33506b"]
  edge [fontname="Helvetica", fontsize=9, color="#555555", fontcolor="#222222"]"""


class NoGraphviz(FileNotFoundError):
    """A picture is not current, and nothing is there to draw it with."""


@dataclass(slots=True)
class _Picture:
    """What is drawn: by box what is ordered in it, by pair of boxes what leads from one to the other."""

    inside: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    arrows: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))


def graphs() -> Mapping[str, str]:
    """The DOT text of each picture, by its name below `docs/`."""
    pictures = {group: _Picture() for group in GROUPS}
    for number, row in enumerate(TABLE, 1):
        for source, phases in _sources(row):
            group = _group(phases, row.to)
            text = _text(number, row)
            if row.to is not None:
                pictures[group].arrows[source, row.to.value].append(text)
            elif _orders(row):
                pictures[group].inside[source].append(text)
    return {f"barrier-{group}.dot": "\n".join(_dot(group, picture)) + "\n" for group, picture in pictures.items()}


def drawn(docs: Path) -> Mapping[str, str]:
    """The pictures: as they lie in `docs` where they are current, else drawn by Graphviz.

    Raises:
        NoGraphviz: one is not current, and Graphviz is not installed.
    """
    pictures = {}
    for name, dot in graphs().items():
        path = docs / Path(name).with_suffix(".svg")
        is_current = path.exists() and stamp(dot) in path.read_text()
        pictures[path.name] = path.read_text() if is_current else _draw(dot)
    return pictures


def stamp(dot: str) -> str:
    """What a picture says of the text that it was drawn from."""
    return f"<!-- drawn from DOT with SHA-256 {hashlib.sha256(dot.encode()).hexdigest()} -->"


def _draw(dot: str) -> str:
    program = shutil.which("dot")
    if program is None:
        raise NoGraphviz("the pictures of the barrier are not current; Graphviz draws them: apt install graphviz")
    svg = subprocess.run([program, "-Tsvg"], input=dot, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return f"{svg.rstrip()}\n{stamp(dot)}\n"


def _sources(row: Row) -> Iterator[tuple[str, frozenset[Phase]]]:
    if len(row.phases) >= MANY:
        yield named(row.phases), row.phases
    else:
        yield from ((phase.value, frozenset({phase})) for phase in Phase if phase in row.phases)


def _group(phases: frozenset[Phase], to: Phase | None) -> str:
    """Where a row is drawn: a step in the later group of its ends, the rest where most of its phases are."""
    if to is None:
        return max(GROUPS, key=lambda group: len(GROUPS[group] & phases))
    return [group for group, members in GROUPS.items() if (phases | {to}) & members][-1]


def _orders(row: Row) -> bool:
    return any(not isinstance(effect, SILENT) for effect in row.does)


def _text(number: int, row: Row) -> str:
    condition = f" [{all_of(row.when)}]" if row.when else ""
    orders = does(effect for effect in row.does if not isinstance(effect, SILENT))
    return f"{number}: {events_in_words(row.events)}{condition}{f' / {orders}' if orders else ''}"


def _dot(group: str, picture: _Picture) -> Iterator[str]:
    yield f'digraph "{group}" {{'
    yield STYLE
    yield f'  label="{TITLES[group]}"'
    for box in sorted({*picture.inside, *(end for pair in picture.arrows for end in pair)}):
        yield f"  {_box(box, group, picture.inside.get(box, []))}"
    for (source, to), texts in picture.arrows.items():
        label = "".join(f"{_escaped(line)}\\l" for text in texts for line in _lines(text, "arrow"))
        yield f'  "{source}" -> "{to}" [label="{label}"]'
    yield "}"


def _box(name: str, group: str, texts: list[str]) -> str:
    entering = ["entering: all that are owed end: unknown"] if name in ENDING else []
    lines = [escape(line) for text in (*entering, *texts) for line in _lines(text, "box")]
    title = "<br/>".join(escape(line) for line in wrap(name, 40, break_on_hyphens=False))
    small = "".join(f'<br align="left"/><font point-size="9">{line}</font>' for line in lines)
    end = '<br align="left"/>' if lines else ""
    is_phase = name in {phase.value for phase in Phase}
    foreign = ', fillcolor="#f4f4f4", color="#999999"' if name not in {phase.value for phase in GROUPS[group]} else ""
    style = foreign if is_phase else ', style="rounded,dashed"'
    return f'"{name}" [label=<<b>{title}</b>{small}{end}>{style}]'


def _lines(text: str, place: str) -> list[str]:
    return wrap(text, WIDE[place], initial_indent="  ", subsequent_indent="        ", break_on_hyphens=False)


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', '\\"')
