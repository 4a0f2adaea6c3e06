"""Is the machine as `gate.toml` says? Folders and their modes, keys, `root.json`, the board's socket, readers.

Separate from reading the file, so that a `gate.toml` can be checked on a desk. Run these checks as the user that
the gate runs as: root may read and write everything, and would find nothing wrong.
"""

import json
import os
import pwd
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_config.board_map import map_path, read_board_map
from firmware_config.cardkeys import keys_folder, read_card_keys, read_own_key
from firmware_config.gate import Board, Gate, reader_kind
from firmware_config.mistakes import ConfigurationMistakes, Mistake
from terminal.core.document import MAX_ROOT_BYTES
from terminal.core.room import ONLY_RESERVE_UNTIL_BYTES, PASSAGE_BYTES, RESERVE_BYTES, RESERVE_FILE, Space, space_of

ROOT = Path("/")
OVERFLOW_UID = 65534
MODEL = Path("sys/firmware/devicetree/base/model")
"""What this computer is, as its device tree says; ends with a zero byte."""


def check_machine(gate: Gate, environ: Mapping[str, str], file: str, tree: Path = ROOT) -> tuple[Mistake, ...]:
    """Everything that is not there or not as it should be; `file` is the `gate.toml` to name. Changes nothing.

    `tree` is where the machine's `dev` and `sys` are.
    """
    space = disk_space(gate)
    return (
        *_data(gate.terminal.data, file),
        *(check_room(space, gate, file) if space else ()),
        *_mirror(gate.terminal.mirror, file),
        *_view(gate.terminal.view, file),
        *_root(gate.terminal.root, file),
        *_keys(gate, environ, file),
        *_callers(gate, file),
        *_board(gate, file, tree),
    )


def check_room(space: Space, gate: Gate, file: str) -> tuple[Mistake, ...]:
    """What is wrong when the disk with the journal, so full, has no room for the reserve and a little more."""
    if space.room_bytes >= ONLY_RESERVE_UNTIL_BYTES:
        return ()
    free, needed = space.available_bytes // 2**20, (RESERVE_BYTES + ONLY_RESERVE_UNTIL_BYTES) // 2**20
    wrong = f"the disk with {gate.terminal.data} has {free} MiB free, so that nobody would be let in"
    return (Mistake(file, "terminal.data", wrong, f"{needed} MiB at least; make room, or take a larger disk"),)


def room_line(space: Space, gate: Gate) -> str:
    """How much journal the disk can hold, for an installer."""
    files = 1 if gate.terminal.view is None else 2
    passages = max(0, space.room_bytes) // (files * PASSAGE_BYTES)
    return f"disk: {max(0, space.room_bytes) / 1e9:.1f} GB for the journal, some {passages:,} passages"


def registration_line(gate: Gate, environ: Mapping[str, str]) -> str | None:
    """What headquarters is told, so that it takes this terminal's journal; None where the key cannot be read."""
    try:
        seed = read_own_key(keys_folder(gate, environ, "") / gate.keys.journal)
    except ConfigurationMistakes:  # `check_machine` says how
        return None
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
    return f"at headquarters: xs-headquarters terminal add {gate.terminal.name} {gate.terminal.site} {key}"


def disk_space(gate: Gate) -> Space | None:
    """How full the disk with the journal is; None while there is no folder on it."""
    try:
        reserve = gate.terminal.data / RESERVE_FILE
        reserve_bytes = reserve.stat().st_size if reserve.exists() else 0
        return space_of(os.statvfs(gate.terminal.data), reserve_bytes=reserve_bytes)
    except OSError:
        return None


def check_readers(gate: Gate, present: Collection[str], file: str) -> tuple[Mistake, ...]:
    """The configured readers that the gate would not find among those `present` at the PC/SC daemon."""
    lanes = [(f"lane[{place}]", [each.name for each in lane.reader]) for place, lane in enumerate(gate.lane, 1)]
    services = [(f"service[{place}]", [each.name for each in at.reader]) for place, at in enumerate(gate.service, 1)]
    return tuple(
        Mistake(file, f"{key}.reader[{reader_place}].name", _absent(name, present), _names(present))
        for key, readers in (*lanes, *services)
        for reader_place, name in enumerate(readers, 1)
        if name not in present and [reader_kind(each) for each in present].count(name) != 1
    )


def _absent(name: str, present: Collection[str]) -> str:
    close = get_close_matches(name, present, n=1)
    return f'no single reader is called "{name}"' + (f', did you mean "{close[0]}"?' if close else "")


def _names(present: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(present)) or "plug one in; the PC/SC daemon names none"


def _data(path: Path, file: str) -> Iterator[Mistake]:
    wanted = f"a folder of the gate's own user with mode 0700: install -d -m 0700 -o xs-gate -g xs-gate {path}"
    try:
        status = path.stat()
    except OSError as error:
        yield Mistake(file, "terminal.data", f"{path}: {error.strerror}", wanted)
        return
    if not stat.S_ISDIR(status.st_mode):
        yield Mistake(file, "terminal.data", f"{path} is no folder", wanted)
        return
    if mode := stat.S_IMODE(status.st_mode) & 0o077:
        yield Mistake(
            file, "terminal.data", f"{path} is open to other users (mode bits {mode:03o})", f"chmod 700 {path}"
        )
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield Mistake(file, "terminal.data", f"{path} cannot be written by this user", wanted)


def _mirror(path: Path, file: str) -> Iterator[Mistake]:
    wanted = "a folder that the gate may read, with the files that headquarters published"
    try:
        status = path.stat()
    except OSError as error:
        yield Mistake(file, "terminal.mirror", f"{path}: {error.strerror}", wanted)
        return
    if not stat.S_ISDIR(status.st_mode) or not os.access(path, os.R_OK | os.X_OK):
        yield Mistake(file, "terminal.mirror", f"{path} is no folder that this user can read", wanted)
    elif status.st_mode & stat.S_IWOTH:
        yield Mistake(file, "terminal.mirror", f"{path} can be written by everybody", f"chmod o-w {path}")


def _view(path: Path | None, file: str) -> Iterator[Mistake]:
    if path is not None and not (path.parent.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)):
        wanted = "a folder in which the gate may make files, and which a group may enter"
        yield Mistake(file, "terminal.view", f"{path.parent} is no folder that this user can write", wanted)


def _root(path: Path, file: str) -> Iterator[Mistake]:
    wanted = "the root.json that headquarters gave to this terminal"
    try:
        status = path.stat()
        with path.open("rb") as opened:
            data = opened.read(MAX_ROOT_BYTES + 1)
        if len(data) > MAX_ROOT_BYTES:
            yield Mistake(file, "terminal.root", f"{path} has more than {MAX_ROOT_BYTES} bytes", wanted)
            return
        document = json.loads(data)
        if document["signed"]["_type"] != "root":
            yield Mistake(file, "terminal.root", f"{path} is another document", wanted)
    except OSError as error:
        yield Mistake(file, "terminal.root", f"{path}: {error.strerror}", wanted)
    except (ValueError, LookupError, TypeError, RecursionError):
        yield Mistake(file, "terminal.root", f"{path} is no root.json", wanted)
    else:
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield Mistake(file, "terminal.root", f"{path} can be changed by others", f"chmod 644 {path}")


def _keys(gate: Gate, environ: Mapping[str, str], file: str) -> Iterator[Mistake]:
    try:
        folder = keys_folder(gate, environ, file)
    except ConfigurationMistakes as error:
        yield from error.mistakes
        return
    readers: tuple[tuple[str, Callable[[Path], object]], ...] = (
        (gate.keys.cards, read_card_keys),
        (gate.keys.terminal, read_own_key),
        (gate.keys.journal, read_own_key),
    )
    for name, read in readers:
        path = folder / name
        try:
            read(path)
        except ConfigurationMistakes as error:
            yield from error.mistakes
            continue
        # What systemd hands over is the gate's alone by an access list, which shows as bits of the group.
        if gate.keys.folder is not None and (mode := stat.S_IMODE(path.stat().st_mode) & 0o077):
            yield Mistake(str(path), "", f"is open to other users (mode bits {mode:03o})", f"chmod 600 {path}")


def _callers(gate: Gate, file: str) -> Iterator[Mistake]:
    wanted = "the name of another Unix user of this machine"
    for place, caller in enumerate(gate.caller, 1):
        key = f"caller[{place}].user"
        try:
            uid = pwd.getpwnam(caller.user).pw_uid
        except KeyError:
            yield Mistake(file, key, f'this machine has no user "{caller.user}"', wanted)
            continue
        if uid == 0:
            yield Mistake(file, key, f'"{caller.user}" may ask everything, whatever stands here', wanted)
        elif uid == OVERFLOW_UID:
            wrong = f'"{caller.user}" is how the kernel calls everybody whom it cannot name, and is never answered'
            yield Mistake(file, key, wrong, wanted)


def _board(gate: Gate, file: str, tree: Path) -> Iterator[Mistake]:
    match gate.board:
        case Board(socket=Path() as path):
            yield from _simulated(path, file)
        case Board(map=str() as name):
            yield from _computer(name, file, tree)
        case _:
            pass


def _computer(name: str, file: str, tree: Path) -> Iterator[Mistake]:
    # No line is looked at: they may belong to a gate that is at work, which tells of a busy one and of its holder.
    try:
        model = (tree / MODEL).read_bytes().decode(errors="replace").rstrip("\0")
    except OSError:
        model = "no Raspberry Pi"
    models = read_board_map(map_path(name)).models
    if not model.startswith(models):
        wanted = f"{' or '.join(models)}, or another pin map"
        yield Mistake(file, "board.map", f'this machine is {model}, for which "{name}" is not made', wanted)
    chips = sorted((tree / "dev").glob("gpiochip*"))
    if not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        wrong = "no GPIO chip can be used by this user" if chips else "this machine has no GPIO chip in /dev"
        wanted = "a Raspberry Pi, and the user to whom systemd/99-xs-terminal-gpio.rules gives its chips"
        yield Mistake(file, "board.kind", wrong, wanted)


def _simulated(path: Path, file: str) -> Iterator[Mistake]:
    # Only looked at: a connection would be a second client, and the board may belong to a gate that is at work.
    wanted = "the socket of a simulated board that runs"
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            yield Mistake(file, "board.socket", f"{path} is no socket", wanted)
        elif not os.access(path, os.R_OK | os.W_OK):
            yield Mistake(file, "board.socket", f"{path} cannot be used by this user", wanted)
    except OSError as error:
        yield Mistake(file, "board.socket", f"{path}: {error.strerror}", wanted)
