"""Makes `docs/configuration.md` from the types, so that the page cannot say anything else than the check."""

import ast
import inspect
import json
import sys
from dataclasses import MISSING
from itertools import pairwise
from pathlib import Path
from typing import get_args

from firmware_config.allowed import allowed, defaults, element, how_many, key_types, section_of
from firmware_config.board_map import BOARDS, LINES, BoardMap, Contact, read_board_map
from firmware_config.gate import Gate
from firmware_config.values import Section

EXAMPLES = Path(__file__).parent / "examples"
OPENING = """# gate.toml

<!-- Made from firmware_config/gate.py by `make docs`. -->

What one gate is made of: its folders, keys, board, lanes and readers. What the *site* decides (zones, products, hours,
trainings) is not here but in the site's signed policy.

`xs-terminal check gate.toml` reads the file and tells **all** mistakes at once, a line each: file, key, what is wrong,
what is allowed. Tables that may stand more than once are counted from 1 in the order of the file, so
`lane[2].reader[1].name` is the first reader of the second lane. A key that is not listed here is a mistake.
"""
BETWEEN = """## What must hold between keys

* There is a lane or a service point. No two of them have the same number, no reader is used twice, and no two callers
  have the same user.
* `terminal.root`, `terminal.data`, `terminal.view`, `keys.folder`, `board.socket`, `board.map`, `socket.path` and the
  files of `broker` are not inside `terminal.mirror`, into which others write, and the mirror is not inside
  `terminal.data`. `socket.path`, `terminal.view` and `broker.key` are not there either, since nobody else could reach
  them. `socket.path` is not `board.socket`.
* `[broker]` needs `terminal.view`: what is sent is read there.

So that no boom stays open for ever, and none comes down on anybody:

* `outputs` has `open`. `pulse_ms` is less than `travel_ms`: an impulse that is still there when the boom has arrived is
  a level to the controller, and a level on an impulse input can mean *open for ever*. For the same reason `open` and
  `hold_open` are never one terminal.
* `impulse-count` has `close`: after a no-show its controller would wait, open, for the vehicle that it still counts.
* `close`, `hold_open` and the logic `hold` have `loop_safety`: with each of them the terminal lets the boom fall.
* `step` has `closed_limit`: without it nothing tells whether a pulse opens the boom or brings it down.
* `closing_s` is longer than `travel_ms`, and `board.debounce_ms` shorter than every lane's `gap_ms`.
* `normally_closed` names only what is in `contacts`. A `fire` or `tamper` contact of a `gpio` board that is not in it
  is allowed, and `check` says so: its broken wire would go unnoticed.

So that whoever comes can tap:

* A lane for `both` directions has a reader at each side, and says of each reader at which. Any other lane has one at
  its own side; readers at the other side are allowed, and tell whom they read where to go.

So that every relay and contact is where it should be:

* A `simulated` board has a `socket` and no wiring. A `gpio` board has a `map`, and each lane a `[lane.wiring]` that
  names a terminal for exactly what is in its `outputs` and `contacts`; each service point a `[service.wiring]`, with a
  `meter` exactly where it has `pulses_a_unit`.
* Outputs are on relays of the pin map and contacts on its inputs; no terminal is used twice, in one place or in two.
"""
MAPS = """## Pin maps

A pin map is a TOML file that says which terminal of a board is which line of the computer. These come along
(`firmware_config/boards`; what is known of a board, and what nobody has tried yet, stands there as comments):

{maps}

One of your own is named by its absolute path:

| key | allowed | left out | meaning |
|---|---|---|---|
{keys}
| `[relays]` | a line each: `K1 = {{ gpio = 17, active = "high" }}` | a mistake | Terminals for relays. |
| `[inputs]` | a line each: `IN1 = {{ gpio = 22, active = "low", bias = "pull-up" }}` | none | Terminals for contacts. |

A name on the left is what is printed beside the terminal. `active` is the level of the line while the relay is on or
the contact is closed, `bias` the computer's own resistor ({biases}). A map is refused when

* a line is not among {lines}: 0 to 8 are pulled up at power-on, so a relay there could
  fire, and 14 and 15 are the serial console, which moves them by itself;
* a relay is on while its line is low, as lines are whenever nobody drives them;
* a line rests, by its `bias`, at the level of a closed contact: a broken wire would read as closed;
* a line or a name stands in it twice.

An input with bias `disabled` or `as-is` floats unless the board has a resistor of its own. That is allowed, and
`xs-terminal check` says of each contact on such an input that it is worth a second look.
"""


def configuration_page() -> str:
    """The whole page, in Markdown."""
    tables = [text for name, hint in key_types(Gate).items() for text in _table(name, hint)]
    examples = [_example(path) for path in sorted(EXAMPLES.glob("*.toml"))]
    return "\n".join((OPENING, *tables, BETWEEN, _pin_maps(), "## Examples\n", *examples))


def _example(path: Path) -> str:
    return f"`firmware_config/examples/{path.name}`:\n\n```toml\n{path.read_text()}```\n"


def _pin_maps() -> str:
    rows = ["| `map` | board | computer | relays | inputs |", "|---|---|---|---|---|"]
    for path in sorted(BOARDS.glob("*.toml")):
        board = read_board_map(path)
        relays, inputs = (
            ", ".join(f"{name} ({line.gpio})" for name, line in each.items()) for each in (board.relays, board.inputs)
        )
        rows.append(f"| `{path.stem}` | {board.name} | {', '.join(board.models)} | {relays} | {inputs} |")
    return MAPS.format(
        maps="\n".join(rows),
        keys="\n".join(_rows(BoardMap, "")),
        biases=", ".join(f"`{each}`" for each in get_args(key_types(Contact)["bias"])),
        lines=LINES,
    )


def _table(path: str, hint: object) -> list[str]:
    section = section_of(hint)
    if section is None:
        return []
    listed = element(hint) is not None
    title = f"## `[[{path}]]`, {how_many(hint)} times" if listed else f"## `[{path}]`"
    rows = ["| key | allowed | left out | meaning |", "|---|---|---|---|", *_rows(section, path)]
    inner = [text for name, key_hint in key_types(section).items() for text in _table(f"{path}.{name}", key_hint)]
    return [f"{title}\n\n{inspect.cleandoc(section.__doc__ or '')}\n\n" + "\n".join(rows) + "\n", *inner]


def _rows(section: type[Section], path: str) -> list[str]:
    """A row for each plain key of a table."""
    meanings, given = _meanings(section), defaults(section)
    return [
        f"| `{name}` | {allowed(hint, f'{path}.{name}')} | {_default(given[name])} | {meanings[name]} |"
        for name, hint in key_types(section).items()
        if not section_of(hint)
    ]


def _default(value: object) -> str:
    if value is MISSING:
        return "a mistake"
    return "see there" if value is None else f"`{json.dumps(value, default=str)}`"


def _meanings(section: type[Section]) -> dict[str, str]:
    """Key → the docstring under it."""
    tree = ast.parse(inspect.getsource(sys.modules[section.__module__]))
    body = next(each.body for each in tree.body if isinstance(each, ast.ClassDef) and each.name == section.__name__)
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found
