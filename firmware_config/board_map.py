"""A pin map: which terminal of a board is which line of which GPIO chip. One TOML file a board, in `boards/`.

A map is refused as a whole when a relay on it could fire without an order (design 5: GPIO 9 to 27, active high), or
when two terminals are one line. What is known of a board and what nobody has tried stands in its file, as comments.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le, MinLen, Predicate

from firmware_config.mistakes import ConfigurationMistakes, Mistake
from firmware_config.reading import parsed, typed
from firmware_config.values import Allowed, Section, all_different, is_screw

BOARDS = Path(__file__).parent / "boards"
FIRST_GPIO, LAST_GPIO = 9, 27
"""Pulled down from power-on until somebody drives them; 0 to 8 are pulled up (BCM2711 and RP1 alike)."""
CONSOLE = (14, 15)
"""UART0: where a console is configured, its transmit line is high soon after power-on, and it chatters."""
LINES = f"GPIO {FIRST_GPIO} to {LAST_GPIO} without {CONSOLE[0]} and {CONSOLE[1]}"
RESTING = {"pull-up": "high", "pull-down": "low"}

Offset = Annotated[int, Ge(0), Le(27)]
Level = Literal["high", "low"]


def is_words(text: str) -> bool:
    """Tell whether `text` can name a board or a computer."""
    return 1 <= len(text) <= 80 and text.isprintable() and text == text.strip()


Words = Annotated[str, Predicate(is_words), Allowed("1 to 80 printable characters")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay(Section):
    """A relay, or whatever else a line of the board switches."""

    gpio: Offset
    """Number of the line, which is its offset on the chip."""
    active: Level
    """Level of the line that switches it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Section):
    """A terminal for a contact."""

    gpio: Offset
    """Number of the line, which is its offset on the chip."""
    active: Level
    """Level of the line while the contact is closed."""
    bias: Literal["pull-up", "pull-down", "disabled", "as-is"]
    """The chip's own resistor; `disabled` where the board has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardMap(Section):
    """A whole pin map. The names of `relays` and `inputs` are what is printed beside the terminals."""

    name: Words
    """The board, as its maker calls it."""
    models: Annotated[tuple[Words, ...], MinLen(1), Predicate(all_different), Allowed("a list of 1 or more models")]
    """Computers it carries or sits on: the beginning of what the device tree calls them."""
    chip: Literal["pinctrl-bcm2711", "pinctrl-rp1"]
    """Label of the GPIO chip: bcm2711 on a Raspberry Pi 4 and CM4, rp1 on a 5 and CM5."""
    relays: dict[str, Relay]
    inputs: dict[str, Contact] = field(default_factory=dict)


def read_board_map(path: Path) -> BoardMap:
    """Read and check a pin map.

    Raises:
        ConfigurationMistakes: it cannot be read or used; all mistakes at once.
    """
    file = str(path)
    board, mistakes = typed(parsed(path), file, BoardMap)
    mistakes += _checks(board, file) if board else ()
    if board is None or mistakes:
        raise ConfigurationMistakes(tuple(mistakes))
    return board


def map_path(name: str) -> Path:
    """Where the pin map of this name is; a name that is a path is the path of one's own."""
    return Path(name) if name.startswith("/") else BOARDS / f"{name}.toml"


def unknown_map(name: str) -> tuple[str, str] | None:
    """What is wrong with the name of a map that is not there, and which there are; None when it is there."""
    if map_path(name).exists():
        return None
    known = sorted(path.stem for path in BOARDS.glob("*.toml"))
    close = get_close_matches(name, known, n=1)
    wrong = f'there is no pin map "{name}"' + (f', did you mean "{close[0]}"?' if close else "")
    return wrong, ", ".join(f'"{each}"' for each in known) + ", or the absolute path of a pin map of your own"


def _checks(board: BoardMap, file: str) -> Iterator[Mistake]:
    used: dict[int, str] = {}
    for table, terminals in (("relays", board.relays), ("inputs", board.inputs)):
        for name, line in terminals.items():
            key = f"{table}.{name}"
            if not is_screw(name):
                wrong = "is no name of a terminal"
                yield Mistake(
                    file, f"{table}.{ascii(name)[1:-1]}", wrong, "what is printed there, at most 16 characters"
                )
                continue
            yield from _line(file, key, line)
            if used.setdefault(line.gpio, key) != key:
                wrong = f"GPIO {line.gpio} is also {used[line.gpio]}"
                yield Mistake(file, f"{key}.gpio", wrong, "a line of its own for each terminal")
    for name in sorted(board.relays.keys() & board.inputs.keys()):
        yield Mistake(file, f"inputs.{name}", "is also a relay", "a name of its own for each terminal")


def _line(file: str, key: str, line: Relay | Contact) -> Iterator[Mistake]:
    if line.gpio < FIRST_GPIO:
        fires = ": a relay there could fire" if isinstance(line, Relay) else ", and may serve a bus of the computer"
        yield Mistake(file, f"{key}.gpio", f"GPIO {line.gpio} is pulled up at power-on{fires}", LINES)
    elif line.gpio in CONSOLE:
        yield Mistake(file, f"{key}.gpio", f"GPIO {line.gpio} is the serial console, which drives it by itself", LINES)
    if isinstance(line, Relay):
        if line.active == "low":
            wrong = "a line is low from power-on, and whenever nobody drives it: this relay would be on"
            yield Mistake(file, f"{key}.active", wrong, '"high"')
    elif RESTING.get(line.bias) == line.active:
        wrong = f"{line.bias} rests at the level of a closed contact: a broken wire would read as closed"
        yield Mistake(file, f"{key}.bias", wrong, '"pull-up" with active "low", or "pull-down" with active "high"')
