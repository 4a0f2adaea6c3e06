"""What a parsed file holds, asked without knowing yet that it is right: for checks that speak of every mistake at once.

A value of the wrong kind counts as absent here; the check of its own type tells of it.
"""

from collections.abc import Mapping
from typing import Any

from firmware_config.allowed import defaults
from firmware_config.values import Section

Table = Mapping[str, Any]


def tables(content: Table, key: str) -> list[tuple[int, Table]]:
    """The tables `[[key]]` with their place, counted from 1."""
    value = content.get(key)
    listed = value if isinstance(value, list) else []
    return [(place, table) for place, table in enumerate(listed, 1) if isinstance(table, dict)]


def parts(content: Table) -> list[tuple[str, Table]]:
    """Lanes, then service points, each with its key, such as `lane[2]`."""
    return [(f"{key}[{place}]", each) for key in ("lane", "service") for place, each in tables(content, key)]


def table(content: Table, key: str) -> Table:
    """The table `[key]`, empty where there is none."""
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def names(content: Table, key: str, section: type[Section]) -> tuple[str, ...]:
    """The texts in a list, or what `section` says is in it when it is left out."""
    value = content.get(key, defaults(section)[key])
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()


def whole(content: Table, key: str, section: type[Section]) -> int | None:
    """A whole number, or its default."""
    value = content.get(key, defaults(section)[key])
    return value if type(value) is int else None


def text(content: Table, key: str) -> str | None:
    """A text, None where there is none."""
    value = content.get(key)
    return value if isinstance(value, str) else None
