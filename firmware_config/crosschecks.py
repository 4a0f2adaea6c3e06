"""What must hold between the keys of a `gate.toml`.

These checks look at the parsed file and not at typed values, so that they speak also when another key is wrong:
an installer gets all mistakes in one run. A value of the wrong kind is left to the check of its own type.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath

from firmware_config.boardchecks import board_checks
from firmware_config.gate import Socket, reader_kind
from firmware_config.lanechecks import lane_checks
from firmware_config.mistakes import Mistake
from firmware_config.raw import Table, parts, table, tables, text

APART = (
    ("terminal", "data"),
    ("terminal", "root"),
    ("terminal", "view"),
    ("keys", "folder"),
    ("board", "socket"),
    ("board", "map"),
    ("socket", "path"),
    ("broker", "ca"),
    ("broker", "certificate"),
    ("broker", "key"),
)


def crosschecks(content: Table, file: str) -> Iterator[Mistake]:
    """Every mistake that needs two keys to be seen."""
    lanes = tables(content, "lane")
    yield from _used_twice(file, content)
    if not content.get("lane") and not content.get("service"):
        yield Mistake(file, "lane", "there is none, and no [[service]]", "a lane or a service point at least")
    for place, lane in lanes:
        yield from lane_checks(file, f"lane[{place}]", lane)
    yield from board_checks(file, content)
    yield from _callers_twice(file, tables(content, "caller"))
    yield from _folders(file, content)
    yield from _sockets(file, content)
    yield from _broker(file, content)


def _used_twice(file: str, content: Table) -> Iterator[Mistake]:
    numbers: dict[object, str] = {}
    readers: dict[str, str] = {}
    for at, place in parts(content):
        number, key = place.get("number"), f"{at}.number"
        if type(number) is int and numbers.setdefault(number, key) != key:
            wanted = "a number of its own for each place"
            yield Mistake(file, key, f"{number} is also {numbers[number]}", wanted)
        for reader_place, reader in tables(place, "reader"):
            name, key = reader.get("name"), f"{at}.reader[{reader_place}].name"
            if not isinstance(name, str):
                continue
            # Without its numbers a name means the only reader of that kind.
            same = next(
                (each for each in readers if name in {each, reader_kind(each)} or each == reader_kind(name)), None
            )
            if same is not None:
                yield Mistake(file, key, f"this reader is also {readers[same]}", "each reader once, in one place")
            readers.setdefault(name, key)


def _callers_twice(file: str, callers: list[tuple[int, Table]]) -> Iterator[Mistake]:
    users: dict[str, str] = {}
    for place, caller in callers:
        user, key = caller.get("user"), f"caller[{place}].user"
        if isinstance(user, str) and users.setdefault(user, key) != key:
            yield Mistake(file, key, f'"{user}" is also {users[user]}', "one table for each user")


def _folders(file: str, content: Table) -> Iterator[Mistake]:
    """What others may write may not hold what only the gate may decide by, and the other way round."""
    mirror = _path(content, "terminal", "mirror")
    if mirror is None:
        return
    for name, key in APART:
        path = _path(content, name, key)
        if path is not None and (path == mirror or mirror in path.parents):
            wrong = f"{path} is in the mirror, where files from outside are put"
            yield Mistake(file, f"{name}.{key}", wrong, "a place outside terminal.mirror")
    data = _path(content, "terminal", "data")
    if data is not None and data in mirror.parents:
        wrong = f"{mirror} is in terminal.data, which nobody but the gate may write"
        yield Mistake(file, "terminal.mirror", wrong, "a folder outside terminal.data")
    view = _path(content, "terminal", "view")
    if data is not None and view is not None and data in view.parents:
        wrong = f"{view} is in terminal.data, where nobody else can read it"
        yield Mistake(file, "terminal.view", wrong, "a place outside terminal.data")


def _sockets(file: str, content: Table) -> Iterator[Mistake]:
    path, data = _path(content, "socket", "path"), _path(content, "terminal", "data")
    if (path or PurePosixPath(Socket().path)) == _path(content, "board", "socket"):
        yield Mistake(file, "board.socket", "is the gate's own socket, socket.path", "another path")
    if path is not None and data is not None and data in path.parents:
        wrong = f"{path} is in terminal.data, where nobody else can reach it"
        yield Mistake(file, "socket.path", wrong, "a place outside terminal.data")


def _broker(file: str, content: Table) -> Iterator[Mistake]:
    if "broker" in content and "view" not in table(content, "terminal"):
        yield Mistake(file, "terminal.view", "is missing, and [broker] is there", "a view, out of which is sent")
    key, data = _path(content, "broker", "key"), _path(content, "terminal", "data")
    if key is not None and data is not None and data in key.parents:
        yield Mistake(file, "broker.key", f"{key} is in terminal.data, where `sync` cannot read it", "another folder")


def _path(content: Table, name: str, key: str) -> PurePosixPath | None:
    value = text(table(content, name), key)
    return PurePosixPath(value) if value is not None else None
