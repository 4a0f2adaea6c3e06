"""Makes `docs/configuration.md` from the types, so that the page cannot say anything else than the check."""

import ast
import inspect
import json
from dataclasses import MISSING
from itertools import pairwise
from pathlib import Path
from types import ModuleType

from firmware_config import gate as types
from firmware_config.allowed import allowed, defaults, element, how_many, key_types, not_yet, section_of
from firmware_config.gate import Gate, Section

EXAMPLE = Path(__file__).parent / "examples" / "gate.toml"
OPENING = """# gate.toml

<!-- Made from firmware_config/gate.py by `make docs`. -->

What one gate is made of: its folders, keys, board, lanes and readers. What the *site* decides (zones, products, hours,
trainings) is not here but in the site's signed policy.

`xs-terminal check gate.toml` reads the file and tells **all** mistakes at once, a line each: file, key, what is wrong,
what is allowed. Tables that may stand more than once are counted from 1 in the order of the file, so
`lane[2].reader[1].name` is the first reader of the second lane. A key that is not listed here is a mistake.
"""
BETWEEN = """## What must hold between keys

* No two lanes have the same number, and no reader is used twice.
* `pulse_ms` is less than `travel_ms`: an impulse that is still there when the boom has arrived is a level to the
  controller, and a level on an impulse input can mean *open for ever*.
* No two callers have the same user.
* A reader's `side` is its lane's `direction`.
* `terminal.root`, `terminal.data`, `keys.folder`, `board.socket` and `socket.path` are not inside `terminal.mirror`,
  into which others write, and the mirror is not inside `terminal.data`.
"""


def configuration_page() -> str:
    """The whole page, in Markdown."""
    tables = [text for name, hint in key_types(Gate).items() for text in _table(name, hint)]
    example = f"## Example\n\n```toml\n{EXAMPLE.read_text()}```\n"
    return "\n".join((OPENING, *tables, BETWEEN, example))


def _table(path: str, hint: object) -> list[str]:
    section = section_of(hint)
    if section is None:
        return []
    listed = element(hint) is not None
    title = f"## `[[{path}]]`, {how_many(hint)} times" if listed else f"## `[{path}]`"
    rows = ["| key | allowed | left out | meaning |", "|---|---|---|---|"]
    meanings, given = _meanings(types, section), defaults(section)
    for name, key_hint in key_types(section).items():
        if section_of(key_hint):
            continue
        later = not_yet(key_hint)
        may = allowed(key_hint, f"{path}.{name}")
        may += f" (not in this release: {', '.join(later.values)})" if later else ""
        rows.append(f"| `{name}` | {may} | {_default(given[name])} | {meanings[name]} |")
    inner = [text for name, key_hint in key_types(section).items() for text in _table(f"{path}.{name}", key_hint)]
    return [f"{title}\n\n{(section.__doc__ or '').strip()}\n\n" + "\n".join(rows) + "\n", *inner]


def _default(value: object) -> str:
    if value is MISSING:
        return "a mistake"
    return "see there" if value is None else f"`{json.dumps(value, default=str)}`"


def _meanings(module: ModuleType, section: type[Section]) -> dict[str, str]:
    """Key → the docstring under it."""
    tree = ast.parse(inspect.getsource(module))
    body = next(each.body for each in tree.body if isinstance(each, ast.ClassDef) and each.name == section.__name__)
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found
