"""The board under test: simulated, on the kernel's simulated chip where there is one, on real pins where asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.boards import gpio_sim
from tests.boards.under_test import BoardUnderTest, jumpered, on_gpio_sim, simulated


@pytest.fixture(params=["simulated", "gpio-sim", "hardware"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BoardUnderTest]:
    with ExitStack() as stack:
        if request.param == "simulated":
            yield stack.enter_context(simulated(tmp_path))
        elif request.param == "gpio-sim":
            if not gpio_sim.offered():
                pytest.skip(gpio_sim.WHY_NOT)
            yield stack.enter_context(on_gpio_sim())
        else:
            label = request.config.getoption("--hardware")
            if label is None:
                pytest.skip("needs `--hardware LABEL`: real pins, wired as docs/gpio.md says")
            yield stack.enter_context(jumpered(label))
