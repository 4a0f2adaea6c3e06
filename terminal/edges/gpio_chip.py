"""A GPIO chip found by its label, and lines of it taken; a no from Linux becomes an error that says what to do."""

import errno
from collections.abc import Callable, Mapping
from pathlib import Path

import gpiod

from firmware_config.wiring import Line
from terminal.errors import HardwareError

DEVICES = Path("/dev")
"""Where the kernel shows its chips as `gpiochip` and a number."""


def open_chip(label: str, devices: Path = DEVICES) -> gpiod.Chip:
    """Open the chip of this label. Its number is no name: it depends on the kernel and on what else is plugged in.

    Raises:
        HardwareError: there is none, there are several, or this user may not open what could be the one.
    """
    there: list[str] = []
    refused: list[Path] = []
    found: list[gpiod.Chip] = []
    for path in sorted(devices.glob("gpiochip*")):
        if path.is_symlink():  # Raspberry Pi OS keeps a chip's former number as a link to it
            continue
        try:
            chip = gpiod.Chip(str(path))
        except PermissionError:
            refused.append(path)
            continue
        except OSError:  # no chip, or gone again
            continue
        its_label = chip.get_info().label
        there.append(f"`{its_label}` ({path})")
        if its_label == label:
            found.append(chip)
        else:
            chip.close()
    if len(found) == 1:
        return found[0]
    for chip in found:
        chip.close()
    if found:
        raise HardwareError(f"several GPIO chips are called `{label}`: there are {', '.join(there)}; leave one")
    if refused:
        raise HardwareError(
            f"GPIO chip `{label}`: permission denied for {', '.join(map(_permissions, refused))}; "
            "let the gate's user open it, by a group of its own and a udev rule (docs/gpio.md)"
        )
    raise HardwareError(
        f"no GPIO chip is called `{label}`; there {'are: ' + ', '.join(there) if there else 'is none at all'}; "
        "correct the pin map, or see whether the chip's driver is loaded"
    )


def request_lines(
    chip: gpiod.Chip, lines: Mapping[str, Line], settings: Callable[[Line], gpiod.LineSettings], consumer: str
) -> gpiod.LineRequest:
    """Take all these lines in one request, or none.

    Raises:
        HardwareError: a line is not there or somebody else's, or the chip does not do what is asked of it.
    """
    info = chip.get_info()
    for name, line in lines.items():
        if not 0 <= line.offset < info.num_lines:
            raise HardwareError(
                f"`{name}` is wired to line {line.offset} of GPIO chip `{info.label}`, which has 0 to "
                f"{info.num_lines - 1}; correct the pin map"
            )
    try:
        return chip.request_lines({line.offset: settings(line) for line in lines.values()}, consumer)
    except OSError as error:
        if error.errno == errno.EBUSY:
            held = ", ".join(_holders(chip, lines))
            raise HardwareError(
                f"GPIO chip `{info.label}`: {held or 'a line is busy'}; end that program, or take the overlay that "
                "claims the line out of config.txt, or correct the pin map"
            ) from None
        raise HardwareError(
            f"GPIO chip `{info.label}` refuses the lines {', '.join(lines)} ({error.strerror}); correct the pin map"
        ) from None


def _holders(chip: gpiod.Chip, lines: Mapping[str, Line]) -> list[str]:
    there = [(name, chip.get_line_info(line.offset)) for name, line in lines.items()]
    return [f"line {info.offset} (`{name}`) is held by `{info.consumer}`" for name, info in there if info.used]


def _permissions(path: Path) -> str:
    status = path.stat()
    try:
        group = path.group()
    except KeyError:
        group = str(status.st_gid)
    return f"{path} (group {group}, mode {status.st_mode & 0o777:04o})"
