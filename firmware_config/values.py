"""What one value in a configuration may be: types, the predicates behind them, and their words for people."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Predicate

from terminal.core.journal import is_terminal_name


@dataclass(frozen=True, slots=True)
class Allowed:
    """In words for people, what a value may be; for values whose type does not say it by itself."""

    words: str


class Section:
    """Base of all tables: unknown keys are refused."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


def is_reader_name(text: str) -> bool:
    """Tell whether `text` can be the name of a PC/SC reader (at most 127 bytes, pcsc-lite's MAX_READERNAME)."""
    return 1 <= len(text.encode()) <= 127 and text.isprintable() and text == text.strip()


def is_absolute(path: Path) -> bool:
    """Tell whether `path` means the same whatever folder a program was started in."""
    return path.is_absolute() and str(path).isprintable() and ".." not in path.parts


def is_socket_path(path: Path) -> bool:
    """Tell whether `path` is absolute and fits into a Unix socket's address (`sun_path`, less its closing zero)."""
    return is_absolute(path) and len(os.fsencode(path)) <= 107


def is_file_name(text: str) -> bool:
    """Tell whether `text` is the name of a file, without a folder."""
    return 1 <= len(text) <= 255 and text.isprintable() and "/" not in text and text not in {".", ".."}


def is_map_name(text: str) -> bool:
    """Tell whether `text` can name a pin map: one of `firmware_config/boards`, or a file by its absolute path."""
    return re.fullmatch(r"[a-z0-9-]{1,64}", text) is not None or is_absolute(Path(text))


def is_screw(text: str) -> bool:
    """Tell whether `text` can be what is printed beside a terminal of a board."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,15}", text) is not None


def is_host_name(text: str) -> bool:
    """Tell whether `text` can be the name or the address of a computer: what stands before a port, and no more."""
    return (
        len(text) <= 253 and re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]+", text) is not None
    )


def is_user_name(text: str) -> bool:
    """Tell whether `text` can be the name of a Unix user, as systemd's strict syntax has it."""
    return re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", text) is not None


def all_different(values: Sequence[object]) -> bool:
    """Tell whether nothing is named twice."""
    return len(set(values)) == len(values)


TerminalName = Annotated[str, Predicate(is_terminal_name), Allowed("1 to 32 of the characters a-z, 0-9 and -")]
ReaderName = Annotated[
    str, Predicate(is_reader_name), Allowed("a reader's name as `pcsc_scan -r` prints it, without its line number")
]
AbsolutePath = Annotated[Path, Predicate(is_absolute), Allowed("an absolute path, without `..`")]
SocketPath = Annotated[Path, Predicate(is_socket_path), Allowed("an absolute path of at most 107 bytes")]
UserName = Annotated[
    str, Predicate(is_user_name), Allowed("the name of a Unix user: a-z, 0-9, _ and -, at most 31 characters")
]
FileName = Annotated[str, Predicate(is_file_name), Allowed("a file name without a folder")]
HostName = Annotated[str, Predicate(is_host_name), Allowed("the name or the address of a computer, without a port")]
MapName = Annotated[
    str, Predicate(is_map_name), Allowed("the name of a pin map, or the absolute path of a pin map of your own")
]
ScrewName = Annotated[str, Predicate(is_screw), Allowed("what is printed beside the terminal, at most 16 characters")]
Side = Literal["entry", "exit"]
OutputName = Literal["open", "close", "hold_open", "light_red", "light_green", "buzzer"]
InputName = Literal[
    "loop_arm",
    "loop_safety",
    "loop_behind",
    "open_limit",
    "closed_limit",
    "fire",
    "tamper",
    "swing_off",
    "controller_fault",
    "call",
]
Question = Literal[
    "state",
    "watch",
    "access",
    "alarm",
    "acknowledge",
    "command",
    "open",
    "hold",
    "release",
    "lock",
    "unlock",
    "pause",
    "resume",
    "confirm",
]
