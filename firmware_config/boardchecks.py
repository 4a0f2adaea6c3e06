"""Does the wiring of all lanes fit the board: no relay on a contact, no line twice, no terminal that is not there?"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from firmware_config.allowed import defaults
from firmware_config.board_map import BoardMap, map_path, read_board_map, unknown_map
from firmware_config.gate import GAP_MS, Board, Lane, Reader
from firmware_config.mistakes import ConfigurationMistakes, Mistake
from firmware_config.raw import Table, names, parts, table, tables, text, whole
from firmware_config.values import InputName, OutputName, is_map_name

SERVICE, METER = "service", "meter"
OUTPUTS, INPUTS = (*get_args(OutputName), SERVICE), (*get_args(InputName), METER)
NAMES = {*OUTPUTS, *INPUTS}
KEYS = {"simulated": ("socket",), "gpio": ("map", "debounce_ms")}
"""The keys that only this kind of board has; the first one it must have."""
LEAST_STUCK_S = 600
"""With a real board; vehicles that are played keep nobody waiting."""
NEEDED = {"socket": "the socket of the simulated board", "map": "the name of a pin map"}


def board_checks(file: str, content: Table) -> Iterator[Mistake]:
    """Every mistake between the board and the lanes and service points."""
    board, lanes = table(content, "board"), tables(content, "lane")
    kind = text(board, "kind")
    if kind not in KEYS:
        return
    yield from _keys(file, kind, board)
    if kind == "simulated":
        for key, place in parts(content):
            if "wiring" in place:
                wrong = "the simulated board has no terminals"
                yield Mistake(file, f"{key}.wiring", wrong, 'leave it out, or board.kind = "gpio"')
        return
    board_map, mistakes = _map(file, text(board, "map"))
    yield from mistakes
    yield from _shared(file, parts(content))
    for number, lane in lanes:
        yield from _gap(file, f"lane[{number}]", board, lane)
        yield from _patience(file, f"lane[{number}]", lane)
    for key, place in parts(content):
        yield from _wired(file, key, place, board_map)


def _keys(file: str, kind: str, board: Table) -> Iterator[Mistake]:
    needed = KEYS[kind][0]
    if needed not in board:
        yield Mistake(file, f"board.{needed}", f"is missing for a {kind} board", NEEDED[needed])
    for other in KEYS.keys() - {kind}:
        for name in KEYS[other]:
            if name in board:
                yield Mistake(
                    file, f"board.{name}", f"belongs to a {other} board", f'leave it out, or kind = "{other}"'
                )


def _map(file: str, name: str | None) -> tuple[BoardMap | None, tuple[Mistake, ...]]:
    """The pin map, or what is wrong with it."""
    if name is None or not is_map_name(name):
        return None, ()
    if unknown := unknown_map(name):
        return None, (Mistake(file, "board.map", *unknown),)
    try:
        return read_board_map(map_path(name)), ()
    except ConfigurationMistakes as error:
        return None, error.mistakes


def _gap(file: str, key: str, board: Table, lane: Table) -> Iterator[Mistake]:
    """What the kernel smooths away is never seen as a gap between two vehicles."""
    debounce_ms, written_ms = whole(board, "debounce_ms", Board), whole(lane, "gap_ms", Lane)
    heights = {reader.get("height", defaults(Reader)["height"]) for _, reader in tables(lane, "reader")}
    gap_ms = written_ms or GAP_MS["truck" if "truck" in heights else "car"]
    if debounce_ms is not None and debounce_ms >= gap_ms:
        gap = f"{gap_ms}" if written_ms else f"is left out, and then {gap_ms}, which"
        wrong = f"{gap} is not longer than board.debounce_ms ({debounce_ms}): such a gap would never be seen"
        yield Mistake(file, f"{key}.gap_ms", wrong, "more than board.debounce_ms")


def _patience(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    """Trucks wait for their slot on a loop."""
    stuck_s = whole(lane, "stuck_s", Lane)
    if stuck_s is not None and stuck_s < LEAST_STUCK_S:
        wrong = f"{stuck_s} is too short: a truck that waits for its slot would be called a stuck loop"
        yield Mistake(file, f"{key}.stuck_s", wrong, f"at least {LEAST_STUCK_S}")


def _shared(file: str, places: list[tuple[str, Table]]) -> Iterator[Mistake]:
    used: dict[str, str] = {}
    for at, place in places:
        for name, terminal in table(place, "wiring").items():
            key = f"{at}.wiring.{name}"
            if not isinstance(terminal, str) or name not in NAMES or used.setdefault(terminal, key) == key:
                continue
            wrong = f'"{terminal}" is also {used[terminal]}'
            if {name, used[terminal].rpartition(".")[2]} == {"open", "hold_open"}:
                wrong += ", and a level on an input for impulses can mean open for ever"
            yield Mistake(file, key, wrong, "a terminal of its own for each relay and contact")


def _wired(file: str, key: str, place: Table, board: BoardMap | None) -> Iterator[Mistake]:
    wiring, kind = place.get("wiring"), key.partition("[")[0]
    if not isinstance(wiring, dict):
        if wiring is None:
            yield Mistake(file, f"{key}.wiring", "is missing for a gpio board", f"a table [{kind}.wiring]")
        return
    relays, inputs = (tuple(board.relays), tuple(board.inputs)) if board else ((), ())
    for list_key, known, own, foreign, clash in (
        (
            "outputs",
            OUTPUTS,
            relays,
            inputs,
            "is a terminal for a contact: driving it would work against what is wired there",
        ),
        ("contacts", INPUTS, inputs, relays, "is a relay, which is driven: it can tell of no contact"),
    ):
        wanted, said_by = _wanted(place, kind, list_key)
        for name in known:
            terminal, here = wiring.get(name), f"{key}.wiring.{name}"
            if name in wanted and terminal is None:
                yield Mistake(file, here, f"is missing, and {said_by} names it", _terminals(own))
            elif terminal is not None and name not in wanted:
                wrong, allowed = f"is wired, and {said_by} does not name it", f'"{name}" in {said_by}'
                if kind == "service":
                    wrong, allowed = f"is wired, and {said_by} is missing", said_by
                yield Mistake(file, here, wrong, f"{allowed}, or leave it out")
            if board is None or not isinstance(terminal, str) or terminal in own:
                continue
            close = get_close_matches(terminal, own, n=1)
            wrong = (
                clash
                if terminal in foreign
                else "is no terminal of this board" + (f', did you mean "{close[0]}"?' if close else "")
            )
            yield Mistake(file, here, f'"{terminal}" {wrong}', _terminals(own))


def _wanted(place: Table, kind: str, list_key: str) -> tuple[tuple[str, ...], str]:
    """Which names must be wired, and the key that says so."""
    if kind == "lane":
        return names(place, list_key, Lane), list_key
    if list_key == "outputs":
        return (SERVICE,), "every service point"
    return ((METER,) if "pulses_a_unit" in place else ()), "pulses_a_unit"


def _terminals(known: tuple[str, ...]) -> str:
    return ", ".join(f'"{each}"' for each in known) or "a terminal that the pin map names"
