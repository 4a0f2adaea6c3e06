"""What may stand in `gate.toml`, as types: the one definition of its keys, bounds and defaults.

Plain dataclasses; `firmware_config.configuration` reads a file into them and `firmware_config.reference` makes the
page in `docs/` from them. A field is called as its key in the file, and a docstring under it says what it does.
What the site decides (zones, products, hours) is not here but in the site's signed policy.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen, MinLen, Predicate

from terminal.core.journal import is_terminal_name


@dataclass(frozen=True, slots=True)
class Allowed:
    """In words for people, what a value may be; for values whose type does not say it by itself."""

    words: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """Values that the system knows and this release does not carry out, and why."""

    values: tuple[str, ...]
    why: str


class Section:
    """Base of all tables: unknown keys are refused."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


def is_reader_name(text: str) -> bool:
    """Tell whether `text` can be the name of a PC/SC reader (at most 127 bytes, pcsc-lite's MAX_READERNAME)."""
    return 1 <= len(text.encode()) <= 127 and text.isprintable() and text == text.strip()


def reader_kind(name: str) -> str:
    """A reader's name without the two numbers that PC/SC puts at its end, in the order in which readers came."""
    return re.sub(r" [0-9A-F]{2} [0-9A-F]{2}$", "", name)


def is_absolute(path: Path) -> bool:
    """Tell whether `path` means the same whatever folder a program was started in."""
    return path.is_absolute() and str(path).isprintable() and ".." not in path.parts


def is_socket_path(path: Path) -> bool:
    """Tell whether `path` is absolute and fits into a Unix socket's address (`sun_path`, less its closing zero)."""
    return is_absolute(path) and len(os.fsencode(path)) <= 107


def is_file_name(text: str) -> bool:
    """Tell whether `text` is the name of a file, without a folder."""
    return 1 <= len(text) <= 255 and text.isprintable() and "/" not in text and text not in {".", ".."}


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
Direction = Literal["entry", "exit"]
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
Question = Literal["state", "open", "hold", "release", "lock", "unlock", "pause", "resume", "confirm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal(Section):
    """Which terminal this is, and its folders."""

    name: TerminalName
    """Stands in every entry of the journal; no two terminals may share it."""
    site: Annotated[int, Ge(1), Le(2**32 - 1)]
    """Number of the site whose signed rules hold here."""
    data: AbsolutePath
    """The gate's own folder, mode 0700: journal, lists in force, floor of the clock."""
    mirror: AbsolutePath
    """Folder into which the signed files from headquarters are brought; the gate only reads it."""
    root: AbsolutePath
    """The `root.json` that this terminal was born with: the anchor of everything it believes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys(Section):
    """Where the card keys are."""

    folder: AbsolutePath | None = None
    """Folder with the key files; left out, it is `$CREDENTIALS_DIRECTORY`, the credentials that systemd hands over."""
    cards: FileName = "card-keys.json"
    """File with this terminal's master keys: `read` (newest first) and, where used, `stay`, `site`, `template`."""
    terminal: FileName = "terminal-key"
    """File with this terminal's own key, under which it keeps who is inside: 64 hexadecimal digits, made on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing(Section):
    """Time-outs of a tap; the defaults are those of the design."""

    tap_budget_ms: Annotated[int, Ge(500), Le(10_000)] = 2000
    """Most time that one card gets, from its arrival to its last answer; after that it is unreadable."""
    intent_budget_ms: Annotated[int, Ge(500), Le(10_000)] = 2000
    """Most time until an admission is durable in the journal; after that an entry is refused and an exit opens."""
    linger_s: Annotated[int, Ge(15), Le(3600)] = 60
    """A card that lies on a reader this long raises an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader(Section):
    """One card reader of a lane."""

    name: ReaderName
    """Name that the PC/SC daemon gives it, e.g. `ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00`. The two
    numbers at its end may change when it is plugged in anew; a name without them means the only reader of that kind.
    """
    side: Direction | None = None
    """Side of the boom it stands at; left out, it is the lane's direction."""
    height: Literal["car", "truck"] = "truck"
    """Whom it can be reached by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Section):
    """One boom with its readers and contacts. Its zone, hours and products are the site's policy."""

    number: Annotated[int, Ge(1), Le(255)]
    """The lane's number in the site's policy."""
    direction: Annotated[Direction, NotYet(("both",), "lanes of both directions are not built yet")]
    """Way of the vehicles that pass here."""
    logic: Annotated[
        Literal["impulse"],
        NotYet(("impulse-count", "step", "hold"), "its barrier cycle is not built yet"),
    ] = "impulse"
    """How the barrier's controller takes orders; the bench test finds it out."""
    pulse_ms: Annotated[int, Ge(200), Le(1000)] = 500
    """Length of a pulse on the `open` contact."""
    travel_ms: Annotated[int, Ge(500), Le(60_000)] = 6000
    """Time the boom takes from closed to open, measured, with a margin."""
    passage_s: Annotated[int, Ge(5), Le(600)] = 30
    """How long an open boom waits for a vehicle to come."""
    contacts: Annotated[tuple[InputName, ...], Predicate(all_different)] = ()
    """Contacts of the barrier that are wired to the board; where one is missing, timers stand in for it."""
    reader: Annotated[tuple[Reader, ...], MinLen(1), MaxLen(4)]
    """One `[[lane.reader]]` a reader, under the `[[lane]]` it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Section):
    """The relays and contacts."""

    kind: Annotated[Literal["simulated"], NotYet(("gpio",), "pin maps of real boards are not built yet")]
    """What stands behind the relays."""
    socket: SocketPath
    """Unix socket of the simulated board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket(Section):
    """The gate's own Unix socket, over which it is asked how its lanes are and is given a guard's orders."""

    path: SocketPath = Path("/run/xs-gate/gate.sock")
    """Where it is; the folder must be there, and those who may ask must be able to reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Section):
    """Who may ask the gate for what, over its socket. Root and the gate's own user may ask everything; who is
    neither and has no `[[caller]]` may ask nothing.
    """

    user: UserName
    """Unix user of the process that asks, as the kernel tells it."""
    may: Annotated[tuple[Question, ...], MinLen(1), Predicate(all_different)]
    """What it may ask: `state` is how the lanes are, all others are orders to one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Section):
    """A whole `gate.toml`."""

    terminal: Terminal
    keys: Keys = field(default_factory=Keys)
    timing: Timing = field(default_factory=Timing)
    socket: Socket = field(default_factory=Socket)
    caller: Annotated[tuple[Caller, ...], MinLen(0), MaxLen(8)] = ()
    board: Board
    lane: Annotated[tuple[Lane, ...], MinLen(1), MaxLen(4)]
