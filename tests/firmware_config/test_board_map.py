from pathlib import Path

import pytest

from firmware_config.board_map import BOARDS, BoardMap, Contact, Relay, map_path, read_board_map
from firmware_config.mistakes import ConfigurationMistakes

MAP = """
name = "Test board"
models = ["Raspberry Pi 5"]
chip = "pinctrl-rp1"

[relays]
K1 = { gpio = 9, active = "high" }
"K 2" = { gpio = 27, active = "high" }

[inputs]
IN1 = { gpio = 22, active = "low", bias = "pull-up" }
"""
LINES = "allowed: GPIO 9 to 27 without 14 and 15"


def told(folder: Path, old: str, new: str) -> list[str]:
    assert old in MAP
    path = folder / "map.toml"
    path.write_text(MAP.replace(old, new, 1))
    with pytest.raises(ConfigurationMistakes) as caught:
        read_board_map(path)
    return [str(each).removeprefix(f"{path}: ") for each in caught.value.mistakes]


def test_map_says_which_terminal_is_which_line(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    assert read_board_map(tmp_path / "map.toml") == BoardMap(
        name="Test board",
        models=("Raspberry Pi 5",),
        chip="pinctrl-rp1",
        relays={"K1": Relay(gpio=9, active="high"), "K 2": Relay(gpio=27, active="high")},
        inputs={"IN1": Contact(gpio=22, active="low", bias="pull-up")},
    )


def test_maps_that_come_along_are_right_and_for_what_was_asked() -> None:
    boards = {path.stem: read_board_map(path) for path in BOARDS.glob("*.toml")}
    assert {name: (board.chip, len(board.relays), len(board.inputs)) for name, board in boards.items()} == {
        "pi4-header": ("pinctrl-bcm2711", 7, 10),
        "pi5-header": ("pinctrl-rp1", 7, 10),
        "kincony-server-mini": ("pinctrl-bcm2711", 5, 8),
    }
    assert boards["pi4-header"].relays == boards["pi5-header"].relays
    assert all("nobody" in path.read_text().lower() for path in BOARDS.glob("*.toml")), "say what was not tried"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "gpio = 9,",
            "gpio = 8,",
            f"relays.K1.gpio: GPIO 8 is pulled up at power-on: a relay there could fire; {LINES}",
        ),
        (
            "gpio = 9,",
            "gpio = 0,",
            f"relays.K1.gpio: GPIO 0 is pulled up at power-on: a relay there could fire; {LINES}",
        ),
        (
            "gpio = 22",
            "gpio = 3",
            f"inputs.IN1.gpio: GPIO 3 is pulled up at power-on, and may serve a bus of the computer; {LINES}",
        ),
        (
            "gpio = 9,",
            "gpio = 14,",
            f"relays.K1.gpio: GPIO 14 is the serial console, which drives it by itself; {LINES}",
        ),
        (
            "gpio = 22",
            "gpio = 15",
            f"inputs.IN1.gpio: GPIO 15 is the serial console, which drives it by itself; {LINES}",
        ),
        ("gpio = 27", "gpio = 28", "relays.K 2.gpio: 28 is too large; allowed: a whole number from 0 to 27"),
        (
            'gpio = 9, active = "high"',
            'gpio = 9, active = "low"',
            (
                "relays.K1.active: a line is low from power-on, and whenever nobody drives it: this relay would be on; "
                'allowed: "high"'
            ),
        ),
        (
            "gpio = 27",
            "gpio = 9",
            "relays.K 2.gpio: GPIO 9 is also relays.K1; allowed: a line of its own for each terminal",
        ),
        (
            "gpio = 22",
            "gpio = 27",
            "inputs.IN1.gpio: GPIO 27 is also relays.K 2; allowed: a line of its own for each terminal",
        ),
        ("IN1 =", "K1 =", "inputs.K1: is also a relay; allowed: a name of its own for each terminal"),
        (
            "pull-up",
            "pull-down",
            (
                "inputs.IN1.bias: pull-down rests at the level of a closed contact: a broken wire would read as closed"
                '; allowed: "pull-up" with active "low", or "pull-down" with active "high"'
            ),
        ),
        (
            'active = "low"',
            'active = "high"',
            (
                "inputs.IN1.bias: pull-up rests at the level of a closed contact: a broken wire would read as closed; "
                'allowed: "pull-up" with active "low", or "pull-down" with active "high"'
            ),
        ),
        ('"K 2"', '"K\\u0007"', "relays.K\\x07: is no name of a terminal; allowed: what is printed there, at most 16"),
        ("pinctrl-rp1", "gpiochip0", 'chip: "gpiochip0" is none of them; allowed: "pinctrl-bcm2711" or "pinctrl-rp1"'),
        (
            ', bias = "pull-up"',
            "",
            'inputs.IN1.bias: is missing; allowed: "pull-up", "pull-down", "disabled" or "as-is"',
        ),
        (', active = "low"', ', aktive = "low"', "inputs.IN1.aktive: there is no such key here, did you mean active?"),
        ('["Raspberry Pi 5"]', "[]", "models: there are too few; allowed: a list of 1 or more models"),
        ("[relays]", "[[relays]]", "relays: this is a list; allowed: a table [relays]"),
        ('name = "Test board"', "", "name: is missing; allowed: 1 to 80 printable characters"),
        ("[inputs]", "[in", "is not TOML: "),
    ],
)
def test_map_by_which_something_could_fire_or_lie(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert any(each.startswith(line) for each in told(tmp_path, old, new)), told(tmp_path, old, new)


def test_board_with_resistors_of_its_own_may_rest_as_it_likes(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP.replace("pull-up", "disabled").replace('"low"', '"high"'))
    assert read_board_map(tmp_path / "map.toml").inputs["IN1"] == Contact(gpio=22, active="high", bias="disabled")


def test_map_of_ones_own_is_named_by_its_path() -> None:
    assert map_path("/etc/xs-terminal/own.toml") == Path("/etc/xs-terminal/own.toml")
    assert map_path("pi5-header") == BOARDS / "pi5-header.toml"
