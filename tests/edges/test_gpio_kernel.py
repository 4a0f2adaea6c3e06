"""The adapter to GPIO lines on a kernel's simulated chip: what no other stand-in shows."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import gpiod
import pytest
from gpiod.line import Bias

from firmware_config.wiring import LaneWiring, Line
from terminal.edges.gpio import take_gpio
from terminal.errors import HardwareError
from terminal.ports import Input, Output
from tests.boards import gpio_sim
from tests.boards.gpio_sim import GpioSim
from tests.boards.gpio_trace import GpioTrace
from tests.boards.heard import Heard
from tests.boards.under_test import wiring_on

pytestmark = pytest.mark.skipif(not gpio_sim.offered(), reason=gpio_sim.WHY_NOT)

LABEL = "xs-sim"
OPEN, LIGHT_RED, CALL, TAMPER = 17, 27, 22, 23
"""Lines of `wiring_on`; LIGHT_RED and TAMPER are active low."""
NOBODY = 65534


@pytest.fixture
def chip() -> Iterator[GpioSim]:
    with GpioSim(LABEL) as chip:
        chip.pull(TAMPER, True)
        yield chip


def only_open(label: str, offset: int = OPEN) -> LaneWiring:
    return LaneWiring(label, {"open": Line(offset, False, "as-is")}, {})


# ---------------------------------------------------------------------------------------------------------- contacts


def test_chattering_contact_is_told_once(chip: GpioSim) -> None:
    heard = Heard()
    with closing(take_gpio(wiring_on(LABEL), 1, 300)) as board:
        board.subscribe(heard)
        for up in [True, False] * 20 + [True]:
            chip.pull(CALL, up)
            assert board.levels()[Input.CALL] is False  # not steady yet
        heard.wait_for(Input.CALL, True)
        assert board.levels()[Input.CALL] is True
        chip.pull(TAMPER, False)
        heard.wait_for(Input.TAMPER, True)
    assert heard.changes == [(Input.CALL, True), (Input.TAMPER, True)]


def test_contact_that_comes_back_within_the_debounce_time_never_changed(chip: GpioSim) -> None:
    heard = Heard()
    with closing(take_gpio(wiring_on(LABEL), 1, 300)) as board:
        board.subscribe(heard)
        chip.pull(CALL, True)
        chip.pull(CALL, False)
        chip.pull(TAMPER, False)
        heard.wait_for(Input.TAMPER, True)
    assert heard.changes == [(Input.TAMPER, True)]


def test_chattering_contact_without_debouncing_is_told_again_and_again_and_rightly_in_the_end(chip: GpioSim) -> None:
    heard = Heard()
    with closing(take_gpio(wiring_on(LABEL), 1, 0)) as board:
        board.subscribe(heard)
        for up in [True, False] * 20 + [True]:
            chip.pull(CALL, up)
        chip.pull(TAMPER, False)
        heard.wait_for(Input.TAMPER, True)
    *chatter, last = [change for change in heard.changes if change[0] is Input.CALL]
    assert len(chatter) > 1
    assert last == (Input.CALL, True)


def test_kernel_is_told_polarity_bias_debounce_and_holder(chip: GpioSim) -> None:
    wiring = LaneWiring(LABEL, {"open": Line(OPEN, True, "as-is")}, {"fire": Line(CALL, True, "pull-up")})
    with closing(take_gpio(wiring, 3, 20)) as board, gpiod.Chip(f"/dev/{chip.name}") as opened:
        relay, contact = (opened.get_line_info(offset) for offset in (OPEN, CALL))
        levels = board.levels()
    assert (relay.consumer, contact.consumer) == ("xs-gate lane 3", "xs-gate lane 3")
    assert (relay.active_low, contact.active_low, contact.bias) == (True, True, Bias.PULL_UP)
    assert contact.debounce_period.total_seconds() == 0.02
    assert levels == {Input.FIRE: False}  # pulled up, and active low
    assert chip.is_pulled_up(CALL)


# ------------------------------------------------------------------------------------------------------------ relays


@contextmanager
def held_open_by_another_process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.boards.holder", LABEL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def test_relay_of_a_killed_gate_stays_on_until_the_lane_is_taken_anew(chip: GpioSim) -> None:
    with held_open_by_another_process() as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert chip.is_high(OPEN)
    with closing(take_gpio(wiring_on(LABEL), 1, 20)):
        assert not chip.is_high(OPEN)


def test_taking_tells_each_output_its_safe_level_and_nothing_else(chip: GpioSim) -> None:
    with held_open_by_another_process():
        pass
    with GpioTrace(LABEL) as trace, closing(take_gpio(wiring_on(LABEL), 1, 20)):
        told = trace.told()
    assert [each for each in told if each[0] == OPEN] == [(OPEN, "set 0"), (OPEN, "out")]
    assert [each for each in told if each[0] == LIGHT_RED] == [(LIGHT_RED, "set 1"), (LIGHT_RED, "out")]
    assert not chip.is_high(OPEN)
    assert chip.is_high(LIGHT_RED)


def test_letting_go_tells_the_outputs_nothing(chip: GpioSim) -> None:
    board = take_gpio(wiring_on(LABEL), 1, 20)
    board.drive(Output.OPEN, True)
    with GpioTrace(LABEL) as trace:
        board.close()
        told = trace.told()
    assert told == []
    assert chip.is_high(OPEN)


# --------------------------------------------------------------------------------------- lines that are not to be had


def test_line_in_use_names_the_process_that_holds_it_and_the_lane_beside_it_works(chip: GpioSim) -> None:
    with (
        held_open_by_another_process(),
        pytest.raises(HardwareError, match=r"line 17 \(`open`\) is held by `xs-gate lane 1`; end that program"),
    ):
        take_gpio(only_open(LABEL), 2, 20)
    with held_open_by_another_process(), closing(take_gpio(only_open(LABEL, 4), 2, 20)) as board:
        board.drive(Output.OPEN, True)
        assert chip.is_high(4)


def test_line_that_the_kernel_uses_names_its_use_and_every_line_taken_so_far_is_given_back() -> None:
    with GpioSim(LABEL, hogs={CALL: "fan"}):
        with pytest.raises(HardwareError, match=r"line 22 \(`call`\) is held by `fan`.*config\.txt"):
            take_gpio(wiring_on(LABEL), 1, 20)
        take_gpio(only_open(LABEL), 1, 20).close()


@pytest.mark.parametrize(("offset", "there"), [(27, True), (28, False), (-1, False)])
def test_line_beyond_the_chip_is_refused_with_its_bounds(chip: GpioSim, offset: int, there: bool) -> None:
    if there:
        take_gpio(only_open(LABEL, offset), 1, 20).close()
        return
    with pytest.raises(
        HardwareError, match=f"`open` is wired to line {offset} of GPIO chip `xs-sim`, which has 0 to 27;"
    ):
        take_gpio(only_open(LABEL, offset), 1, 20)


def test_chip_is_found_by_its_label_whatever_its_number(chip: GpioSim) -> None:
    with GpioSim("xs-other") as other, closing(take_gpio(only_open("xs-other"), 1, 20)) as board:
        board.drive(Output.OPEN, True)
        assert (chip.is_high(OPEN), other.is_high(OPEN)) == (False, True)


def test_wrong_label_is_answered_with_those_that_are_there(chip: GpioSim) -> None:
    with pytest.raises(HardwareError, match=rf"called `pinctrl-rp1`; there are: `xs-sim` \(/dev/{chip.name}\)"):
        take_gpio(only_open("pinctrl-rp1"), 1, 20)


def test_two_chips_of_one_label_are_not_guessed_between(chip: GpioSim) -> None:
    with (
        GpioSim(LABEL, folder="xs-twin") as twin,
        pytest.raises(HardwareError, match=f"several GPIO chips are called `xs-sim`.*{twin.name}"),
    ):
        take_gpio(only_open(LABEL), 1, 20)


def test_former_number_of_a_chip_that_is_kept_as_a_link_is_no_second_chip(chip: GpioSim, tmp_path: Path) -> None:
    node = tmp_path / chip.name
    os.mknod(node, stat.S_IFCHR | 0o600, Path("/dev", chip.name).stat().st_rdev)
    (tmp_path / "gpiochip99").symlink_to(node)
    take_gpio(only_open(LABEL), 1, 20, devices=tmp_path).close()


def test_chip_shut_to_the_gates_user_names_its_group_and_mode(chip: GpioSim) -> None:
    node = Path("/dev", chip.name)
    os.chown(node, 0, 0)
    node.chmod(0o600)
    assert node.group() == "root"
    os.seteuid(NOBODY)
    try:
        with pytest.raises(HardwareError, match=rf"permission denied for {node} \(group root, mode 0600\).*udev rule"):
            take_gpio(only_open(LABEL), 1, 20)
    finally:
        os.seteuid(0)
