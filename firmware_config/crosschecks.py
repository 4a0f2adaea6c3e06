"""What must hold between the keys of a `gate.toml`.

These checks look at the parsed file and not at typed values, so that they speak also when another key is wrong:
an installer gets all mistakes in one run. A value of the wrong kind is left to the check of its own type.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from firmware_config.allowed import defaults
from firmware_config.gate import Lane, reader_kind
from firmware_config.mistakes import Mistake

Table = Mapping[str, Any]
APART = (("terminal", "data"), ("terminal", "root"), ("keys", "folder"), ("board", "socket"), ("socket", "path"))


def crosschecks(content: Table, file: str) -> Iterator[Mistake]:
    """Every mistake that needs two keys to be seen."""
    lanes = _tables(content, "lane")
    yield from _used_twice(file, lanes)
    for place, lane in lanes:
        yield from _lane(file, f"lane[{place}]", lane)
    yield from _callers_twice(file, _tables(content, "caller"))
    yield from _folders(file, content)


def _used_twice(file: str, lanes: list[tuple[int, Table]]) -> Iterator[Mistake]:
    numbers: dict[object, str] = {}
    readers: dict[str, str] = {}
    for place, lane in lanes:
        number, key = lane.get("number"), f"lane[{place}].number"
        if type(number) is int and numbers.setdefault(number, key) != key:
            yield Mistake(file, key, f"{number} is also {numbers[number]}", "a number of its own for each lane")
        for reader_place, reader in _tables(lane, "reader"):
            name, key = reader.get("name"), f"lane[{place}].reader[{reader_place}].name"
            if not isinstance(name, str):
                continue
            # Without its numbers a name means the only reader of that kind.
            same = next(
                (each for each in readers if name in {each, reader_kind(each)} or each == reader_kind(name)), None
            )
            if same is not None:
                yield Mistake(file, key, f"this reader is also {readers[same]}", "each reader once, in one lane")
            readers.setdefault(name, key)


def _callers_twice(file: str, callers: list[tuple[int, Table]]) -> Iterator[Mistake]:
    users: dict[str, str] = {}
    for place, caller in callers:
        user, key = caller.get("user"), f"caller[{place}].user"
        if isinstance(user, str) and users.setdefault(user, key) != key:
            yield Mistake(file, key, f'"{user}" is also {users[user]}', "one table for each user")


def _lane(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    lane_defaults = defaults(Lane)
    pulse_ms, travel_ms = (lane.get(each, lane_defaults[each]) for each in ("pulse_ms", "travel_ms"))
    if type(pulse_ms) is int and type(travel_ms) is int and pulse_ms >= travel_ms:
        wrong = f"{pulse_ms} lasts as long as the boom travels ({travel_ms}): an impulse that is still there is a level"
        yield Mistake(file, f"{key}.pulse_ms", wrong, "less than travel_ms")
    direction = lane.get("direction")
    for place, reader in _tables(lane, "reader"):
        side = reader.get("side", direction)
        if {side, direction} == {"entry", "exit"}:
            yield Mistake(
                file,
                f"{key}.reader[{place}].side",
                f'"{side}" is behind the boom of a lane for {direction}',
                f'"{direction}", or leave it out',
            )


def _folders(file: str, content: Table) -> Iterator[Mistake]:
    """What others may write may not hold what only the gate may decide by, and the other way round."""
    mirror = _path(content, "terminal", "mirror")
    if mirror is None:
        return
    for table, key in APART:
        path = _path(content, table, key)
        if path is not None and (path == mirror or mirror in path.parents):
            wrong = f"{path} is in the mirror, where files from outside are put"
            yield Mistake(file, f"{table}.{key}", wrong, "a place outside terminal.mirror")
    data = _path(content, "terminal", "data")
    if data is not None and data in mirror.parents:
        wrong = f"{mirror} is in terminal.data, which nobody but the gate may write"
        yield Mistake(file, "terminal.mirror", wrong, "a folder outside terminal.data")


def _path(content: Table, table: str, key: str) -> PurePosixPath | None:
    section = content.get(table)
    value = section.get(key) if isinstance(section, dict) else None
    return PurePosixPath(value) if isinstance(value, str) else None


def _tables(content: Table, key: str) -> list[tuple[int, Table]]:
    """The tables `[[key]]` with their place, counted from 1."""
    value = content.get(key)
    listed = value if isinstance(value, list) else []
    return [(place, table) for place, table in enumerate(listed, 1) if isinstance(table, dict)]
