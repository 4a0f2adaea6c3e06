from pathlib import Path

import pytest

from firmware_config.board_map import BOARDS
from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes
from firmware_config.wiring import LaneWiring, Line, lane_lines
from tests.firmware_config.gate_file import GATE, GPIO_GATE, spoiled, written

OWN = """
name = "Test board"
models = ["Raspberry Pi 4"]
chip = "pinctrl-bcm2711"
[relays]
K1 = { gpio = 17, active = "high" }
[inputs]
A = { gpio = 22, active = "low", bias = "pull-up" }
B = { gpio = 23, active = "high", bias = "pull-down" }
"""


def test_lines_of_a_lane_with_their_polarity(tmp_path: Path) -> None:
    gate = read_gate(written(tmp_path, GPIO_GATE))
    assert lane_lines(gate, gate.lane[0]) == LaneWiring(
        chip_label="pinctrl-rp1",
        outputs={
            "open": Line(17, active_low=False, bias="pull-down"),
            "close": Line(18, active_low=False, bias="pull-down"),
        },
        inputs={
            "loop_safety": Line(9, active_low=True, bias="pull-up"),
            "fire": Line(13, active_low=False, bias="pull-up"),
        },
    )
    assert lane_lines(gate, gate.lane[1]) == LaneWiring(
        chip_label="pinctrl-rp1", outputs={"open": Line(23, active_low=False, bias="pull-down")}, inputs={}
    )


@pytest.mark.parametrize(
    ("normally_closed", "a_active_low", "b_active_low"),
    [("[]", True, False), ('["fire", "tamper"]', False, True), ('["tamper"]', True, True)],
)
def test_contact_says_yes_by_closing_or_by_opening(
    tmp_path: Path, normally_closed: str, a_active_low: bool, b_active_low: bool
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    (tmp_path / "gate.toml").write_text(
        GPIO_GATE[: GPIO_GATE.index("[board]")]
        + f"""
[board]
kind = "gpio"
map = "{own}"
[[lane]]
number = 1
direction = "entry"
contacts = ["fire", "tamper"]
normally_closed = {normally_closed}
wiring = {{ open = "K1", fire = "A", tamper = "B" }}
reader = [{{ name = "R" }}]
"""
    )
    gate = read_gate(tmp_path / "gate.toml")
    assert lane_lines(gate, gate.lane[0]).inputs == {
        "fire": Line(22, active_low=a_active_low, bias="pull-up"),
        "tamper": Line(23, active_low=b_active_low, bias="pull-down"),
    }


def test_map_that_is_broken_after_the_check(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text((BOARDS / "pi5-header.toml").read_text())
    gate = read_gate(spoiled(tmp_path, GPIO_GATE, ("pi5-header", str(own))))
    own.write_text("")
    with pytest.raises(ConfigurationMistakes, match=r"own\.toml: chip: is missing"):
        lane_lines(gate, gate.lane[0])


def test_simulated_board_has_no_lines(tmp_path: Path) -> None:
    gate = read_gate(written(tmp_path, GATE))
    with pytest.raises(ValueError, match="a simulated board has no lines"):
        lane_lines(gate, gate.lane[0])
