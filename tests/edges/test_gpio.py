"""The adapter to GPIO lines, as far as it goes without a kernel that has any."""

from pathlib import Path

import pytest

from firmware_config.wiring import LaneWiring, Line
from terminal.edges.gpio import take_gpio
from terminal.errors import HardwareError

WIRING = LaneWiring("pinctrl-rp1", {"open": Line(17, False, "as-is")}, {})


def test_machine_without_gpio_chips_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no GPIO chip is called `pinctrl-rp1`; there is none at all; correct"):
        take_gpio(WIRING, 1, 20, devices=tmp_path)


def test_file_that_is_only_called_like_a_chip_is_none(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    with pytest.raises(HardwareError, match="there is none at all"):
        take_gpio(WIRING, 1, 20, devices=tmp_path)
