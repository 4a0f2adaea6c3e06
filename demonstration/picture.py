"""The lane as a picture of 80 columns: the road from above with its loops and vehicles, boom and light, and in words
what the gate makes of it.

    outside                                      |  the boom is up             inside
    ------------------------------------------------------------------------------
                              anna
                             +------->
                             +------->
    ------------------------------------------------------------------------------
                                       ====    ===    ------
                                      BEFORE  UNDER   behind
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from textwrap import wrap
from typing import Any

from rich.text import Text

from demonstration import words
from demonstration.view import Shown
from simulation.vehicle import LOOPS

WIDTH = 79
HEIGHT = 24
COLUMNS_A_METRE = 1.5
BOOM_AT = {"entry": 46, "exit": 46, "both": 39}
"""The boom's column. A lane for exit alone is drawn as who leaves meets it."""
MAST, ROAD, LOOP_ROW = (1, 2, 3), (5, 6, 7), 9
LABELS = {"loop_arm": "before", "loop_safety": "under", "loop_behind": "behind"}
INDENT = 11
TROUBLE_COLUMNS = 22
TO_ASCII = str.maketrans(
    {
        "─": "-",
        "│": "|",
        "█": "#",
        "▶": ">",
        "◀": "<",
        "┌": "+",
        "└": "+",
        "┐": "+",
        "┘": "+",
        "═": "=",
        "·": ".",
        "●": "*",
        "…": ".",
    }
)
"""For terminals that are not told to take anything else."""


class _Paper:
    """Letters with styles, to be written on at any place."""

    def __init__(self, height: int) -> None:
        self._rows = [[(" ", "")] * WIDTH for _ in range(height)]

    def write(self, row: int, column: int, text: str, style: str = "") -> None:
        """What does not fit on the paper is left out."""
        for at, letter in enumerate(text, start=column):
            if 0 <= at < WIDTH and 0 <= row < len(self._rows):
                self._rows[row][at] = (letter, style)

    def lines(self) -> list[Text]:
        """Row by row."""
        return [
            Text.assemble(
                *(("".join(letter for letter, _ in run), style) for style, run in groupby(row, itemgetter(1)))
            )
            for row in self._rows
        ]


def picture(shown: Shown, height: int = HEIGHT) -> list[Text]:
    """The lines of the picture, as many as `height`; what happened last fills what is left."""
    keys = [_keys(group, text) for group, text in shown.keys]
    lines = [Text(f" {shown.title}".ljust(WIDTH)[:WIDTH], "reverse"), *_road(shown).lines()[1:], *_facts(shown)]
    del lines[height - len(keys) :]
    room = height - len(lines) - len(keys)
    happened = _happened(shown.lines, room)
    return [*lines, *happened, *[Text()] * (room - len(happened)), *keys]


def pages(title: str, lines: Sequence[str], height: int) -> list[list[Text]]:
    """Lines of help, on as many screens as they need; each tells which of them it is."""
    room = height - 1
    parts = [lines[at : at + room] for at in range(0, len(lines), room)]
    return [
        [Text(f" {title}, page {number} of {len(parts)}. Any key goes on.".ljust(WIDTH), "reverse"), *map(Text, part)]
        for number, part in enumerate(parts, 1)
    ]


def plain(line: Text) -> Text:
    """The same in ASCII."""
    copy = line.copy()
    copy.plain = line.plain.translate(TO_ASCII)
    return copy


# --------------------------------------------------------------------------------------------------------- the road


def _road(shown: Shown) -> _Paper:
    paper = _Paper(LOOP_ROW + 2)
    boom = BOOM_AT[shown.direction]
    for row in (ROAD[0] - 1, ROAD[-1] + 1):
        paper.write(row, 0, "─" * WIDTH, "dim")
    near, far = ("inside", "outside") if shown.direction == "exit" else ("outside", "inside")
    paper.write(MAST[0], 1, near, "dim")
    paper.write(MAST[0], WIDTH - len(far) - 1, far, "dim")
    _boom(paper, shown.look, boom)
    _light(paper, shown.look, boom)
    _loops(paper, shown.look["levels"], boom)
    _trouble(paper, shown.trouble)
    for name, vehicle in shown.look["vehicles"].items():
        _vehicle(paper, name, vehicle, boom)
    return paper


def _column(metres: float, boom: int) -> int:
    return boom + round(metres * COLUMNS_A_METRE)


def _boom(paper: _Paper, look: Mapping[str, Any], boom: int) -> None:
    """Up it stands over the road's edge, down it lies across."""
    paper.write(ROAD[0] - 1, boom, "●", "bold")
    if look["levels"].get("swing_off"):
        paper.write(MAST[-1], boom + 2, "THE ARM IS OFF", "bold red")
        return
    raised = float(look["raised"])
    down = round((1 - raised) * len(ROAD))
    for row in ROAD[:down]:
        paper.write(row, boom, "█", "bold red")
    for row in MAST[::-1][: len(MAST) - down]:
        paper.write(row, boom, "█", "bold green")
    state = {"down": "is down", "up": "is up", "rising": "goes up", "falling": "comes down"}.get(
        look["boom"], "stopped"
    )
    paper.write(MAST[-1], boom + 2, f"the boom {state}")
    if not look["mains"]:
        paper.write(MAST[0], boom + 2, "BARRIER WITHOUT MAINS", "bold red")


def _light(paper: _Paper, look: Mapping[str, Any], boom: int) -> None:
    green, red = look["outputs"].get("light_green"), look["outputs"].get("light_red")
    text, style = ("● GREEN: drive", "bold green") if green else ("● RED: wait", "bold red")
    if not green and not red:
        text, style = "· the light is off", "dim"
    paper.write(MAST[-1], boom - 2 - len(text), text, style)


def _loops(paper: _Paper, levels: Mapping[str, bool], boom: int) -> None:
    for loop, (begin_m, end_m) in LOOPS.items():
        first, last = _column(begin_m, boom), _column(end_m, boom)
        label, on = LABELS[loop], levels.get(loop)
        paper.write(LOOP_ROW, first, ("█" if on else "─") * (last - first), "bold green" if on else "dim")
        middle = (first + last - len(label)) // 2 + (1 if loop == "loop_behind" else -1 if loop == "loop_arm" else 0)
        if on is None:
            paper.write(LOOP_ROW, first, " " * (last - first))
        paper.write(LOOP_ROW + 1, middle, label.upper() if on else label, "bold" if on else "dim")
    paper.write(LOOP_ROW, 1, "loops in the road", "dim")
    paper.write(LOOP_ROW + 1, 1, "(full: a vehicle is on it)", "dim")


def _trouble(paper: _Paper, trouble: tuple[str, ...]) -> None:
    """Beside the loops, where there are two lines for it."""
    lines = trouble if len(trouble) < 3 else (trouble[0], f"and {len(trouble) - 1} more")
    for row, line in enumerate(lines):
        paper.write(LOOP_ROW + row, WIDTH - TROUBLE_COLUMNS, line, "bold red")


def _vehicle(paper: _Paper, name: str, vehicle: Mapping[str, Any], boom: int) -> None:
    """Boxes of metal, coupled; the arrow is its front. The name stands over it."""
    leaving = vehicle["leaving"]
    boxes = [(_column(begin_m, boom), _column(end_m, boom)) for begin_m, end_m in vehicle["metal"]]
    first, last = min(begin for begin, _ in boxes), max(end for _, end in boxes)
    paper.write(ROAD[1], first, "═" * (last - first))
    for begin, end in boxes:
        wide = max(end - begin, 3)
        paper.write(ROAD[1], begin, "┌" + "─" * (wide - 2) + "┐", "bold yellow")
        paper.write(ROAD[2], begin, "└" + "─" * (wide - 2) + "┘", "bold yellow")
    front = first if leaving else max(last, first + 3) - 1
    for row in ROAD[1:]:
        paper.write(row, front, "◀" if leaving else "▶", "bold yellow")
    room = max(last - first, 3)
    paper.write(ROAD[0], max(0, first + (0 if leaving else room - min(room, len(name)))), name, "bold")


# -------------------------------------------------------------------------------------------------------- the words


def _facts(shown: Shown) -> Iterator[Text]:
    phase = (
        words.PHASES.get(shown.phase, shown.phase) if shown.gate_on else "THE GATE HAS NO POWER; the barrier is alone"
    )
    if shown.paused and shown.gate_on:
        phase = f"PAUSED by the guard, no cards are taken; {phase.removesuffix(', ready for a card')}"
    yield from _fact("Gate", phase, "bold")
    yield from _fact(
        "Let in", ", ".join(shown.owed) + ": not through yet" if shown.owed else "nobody is on his way through"
    )
    if shown.answer is None:
        yield from _fact("Last card", "none yet", "dim")
    else:
        who, outcome, reason = shown.answer
        yield from _fact(
            "Last card",
            f"{who}: {shown.sign or words.sign(outcome, reason)}. {words.meaning(outcome, reason)}",
            words.COLOURS.get(outcome, ""),
        )
    yield from _fact("Line", *shown.line)
    alarms = ", ".join(shown.alarms)
    yield from _fact("Alarms", alarms or "none", "bold red" if alarms else "dim")
    if shown.prompt:
        yield from _fact("", f"{shown.prompt}_", "bold reverse")
    else:
        yield from _fact("Now you", shown.advice, "cyan")


def _fact(about: str, sentence: str, style: str = "") -> Iterator[Text]:
    """One subject in as many lines as it needs."""
    for number, part in enumerate(wrap(sentence, WIDTH - INDENT) or [""]):
        yield Text.assemble((f" {'' if number else about:<{INDENT - 1}}", "dim"), (part, style))


def _happened(lines: tuple[tuple[str, str], ...], room: int) -> list[Text]:
    """The last of them, as many as there is room for."""
    written: list[Text] = []
    for line, style in reversed(lines):
        parts = list(_fact("", line, style))
        if len(parts) > room - len(written):
            return written or parts[:room]
        written = [*parts, *written]
    return written


def _keys(group: str, text: str) -> Text:
    line = Text(f" {group:<8}", "dim")
    for at, entry in enumerate(text.split("  ")):
        key, _, does = entry.partition(" ")
        line.append("  " if at else "")
        line.append(key, "bold cyan").append(f" {does}")
    return _cropped(line)


def _cropped(line: Text) -> Text:
    if len(line) > WIDTH:
        line.truncate(WIDTH - 1)
        line.append("…")
    return line
