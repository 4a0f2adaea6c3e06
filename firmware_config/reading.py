"""A TOML file → a table's type, or every mistake in it at once, in words for the person who wrote it."""

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from firmware_config.allowed import allowed, element, is_mapping, key_types, section_of, unwrapped
from firmware_config.mistakes import ConfigurationMistakes, Mistake
from firmware_config.values import Section

T = TypeVar("T", bound=Section)

MAX_FILE_BYTES = 64 * 1024
MAX_SHOWN = 60
MANUAL = "what docs/configuration.md says"
COMPLAINTS = {
    "missing": "is missing",
    "greater_than_equal": "{value} is too small",
    "less_than_equal": "{value} is too large",
    "too_short": "there are too few",
    "too_long": "there are too many",
}
TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate")
"""How tomllib begins to complain of what stands twice, or before the list of tables that it belongs to."""
ONCE = "each key once, each [table] once, and [lane.wiring] below the [[lane]] that it belongs to"
KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a fraction",
    dict: "a table",
    list: "a list",
}


def typed(content: dict[str, Any], file: str, section: type[T]) -> tuple[T | None, list[Mistake]]:
    """The values of a parsed file, or None and what is wrong with each key by itself.

    Raises:
        ConfigurationMistakes: no file of this kind could hold that.
    """
    try:
        # As JSON, strictly: only there does a strict check still take an array for a tuple and text for a path.
        return TypeAdapter(section).validate_json(json.dumps(content, default=str), strict=True), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [_told(each, file, section) for each in details if not _echo(each)]
    except (ValueError, RecursionError):
        raise _unusable(file, "holds a number or a nesting too large for any gate", MANUAL) from None


def parsed(path: Path) -> dict[str, Any]:
    """What is in a TOML file.

    Raises:
        ConfigurationMistakes: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unusable(str(path), f"cannot be read: {error.strerror}", "a file that this user can read") from None
    if len(raw) > MAX_FILE_BYTES:
        wrong = f"is larger than {MAX_FILE_BYTES} bytes"
        raise _unusable(str(path), wrong, "what stands in a gate.toml or a pin map, which is never that large")
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise _unusable(str(path), f"byte {error.start + 1} is no UTF-8", "a text file in UTF-8") from None
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        wanted = ONCE if why.startswith(TWICE) else "TOML 1.0"
        raise _unusable(str(path), f"is not TOML: {_printable(why)}", wanted) from None


def _unusable(file: str, wrong: str, what_is_allowed: str) -> ConfigurationMistakes:
    return ConfigurationMistakes((Mistake(file, "", wrong, what_is_allowed),))


def _echo(details: ErrorDetails) -> bool:
    """Tell whether this only repeats that elements are wrong, each of which has its own line."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _told(details: ErrorDetails, file: str, root: type[Section]) -> Mistake:
    location, kind, value = details["loc"], details["type"], details["input"]
    key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{_printable(part)}" for part in location)[1:]
    if kind == "unexpected_keyword_argument":
        return Mistake(file, key, *_unknown_key(str(location[-1]), root, location[:-1], value))
    hint = _hint_at(location, root)
    path = ".".join(part for part in location if isinstance(part, str))
    what_is_allowed = allowed(hint, path)
    if kind in COMPLAINTS:
        wrong = COMPLAINTS[kind].format(value=_shown(value))
    elif element(hint) and section_of(hint) and isinstance(value, dict):
        wrong = f"is written as one table [{path}]"
    elif kind.endswith("_type"):
        wrong = f"{_shown(value)} is {KINDS.get(type(value), 'something else')}"
    elif kind == "literal_error":
        close = get_close_matches(str(value), get_args(unwrapped(hint)[0]), n=1)
        wrong = f"{_shown(value)} is none of them" + (f', did you mean "{close[0]}"?' if close else "")
    elif isinstance(value, list) and (twice := [each for place, each in enumerate(value) if each in value[:place]]):
        wrong = f"{_shown(twice[0])} stands twice"
    else:
        wrong = f"{_shown(value)} cannot be used"
    return Mistake(file, key, wrong, what_is_allowed)


def _unknown_key(name: str, root: type[Section], table: tuple[int | str, ...], value: object) -> tuple[str, str]:
    known = key_types(section_of(_hint_at(table, root)) or root)
    wrong = "there is no such key here"
    if close := get_close_matches(name, known, n=1):
        wrong += f", did you mean {close[0]}?"
    elif home := next(
        (table for table, keys in _tables(root) if name in keys and not isinstance(value, dict | list)), None
    ):
        wrong += f", it belongs in {home}"
    return wrong, ", ".join(known)


def _tables(section: type[Section], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """All tables of the file below `section`, as they are written, with their keys."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, hint in key_types(section).items():
        if inner := section_of(hint):
            path = f"{prefix}{name}"
            found.append((f"[[{path}]]" if element(hint) else f"[{path}]", key_types(inner)))
            found += _tables(inner, f"{path}.")
    return found


def _hint_at(location: tuple[int | str, ...], root: type[Section]) -> Any:
    hint: Any = root
    for part in location:
        inner = isinstance(part, int) or is_mapping(hint)
        hint = element(hint) if inner else key_types(section_of(hint) or root)[str(part)]
    return hint


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "this"
    text = json.dumps(value, ensure_ascii=False)
    return _printable(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")


def _printable(text: object) -> str:
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in str(text))
