"""A GPIO chip that the kernel simulates (gpio-sim, by configfs), and what the world does to it by sysfs."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

CONFIG = Path("/sys/kernel/config/gpio-sim")
WHY_NOT = "the kernel offers no gpio-sim; `make gpio` runs this test on one that does"


def offered() -> bool:
    """Tell whether the kernel has gpio-sim, and lets this user make chips."""
    return os.access(CONFIG, os.W_OK)


class GpioSim:
    """A chip with this label, there as long as the context lasts. `hogs` are lines that the kernel itself holds.

    Two chips of one label need different `folder`s.
    """

    def __init__(
        self, label: str, lines: int = 28, *, hogs: Mapping[int, str] | None = None, folder: str | None = None
    ) -> None:
        self.label = label
        self._config = CONFIG / (folder or label)
        self._bank = self._config / "bank"
        self._lines = lines
        self._hogs = hogs or {}

    def __enter__(self) -> Self:
        self._config.mkdir()
        self._bank.mkdir()
        (self._bank / "label").write_text(self.label)
        (self._bank / "num_lines").write_text(str(self._lines))
        for offset, holder in self._hogs.items():
            hog = self._bank / f"line{offset}" / "hog"
            hog.parent.mkdir()
            hog.mkdir()
            (hog / "name").write_text(holder)
            (hog / "direction").write_text("input")
        self.appear()
        return self

    def appear(self) -> None:
        """As if it had been plugged in; every line is pulled down."""
        (self._config / "live").write_text("1")
        self.name = (self._bank / "chip_name").read_text().strip()
        """As in /dev: `gpiochip` and a number."""
        self._sysfs = Path("/sys/devices/platform", (self._config / "dev_name").read_text().strip(), self.name)

    def pull(self, offset: int, up: bool) -> None:
        """What the world does to an input."""
        (self._sysfs / f"sim_gpio{offset}" / "pull").write_text("pull-up" if up else "pull-down")

    def is_pulled_up(self, offset: int) -> bool:
        return (self._sysfs / f"sim_gpio{offset}" / "pull").read_text() == "pull-up\n"

    def is_high(self, offset: int) -> bool:
        """The voltage of a line, whoever drives it."""
        return (self._sysfs / f"sim_gpio{offset}" / "value").read_text() == "1\n"

    def vanish(self) -> None:
        """As if it had been unplugged."""
        (self._config / "live").write_text("0")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self.vanish()
        for offset in self._hogs:
            (self._bank / f"line{offset}" / "hog").rmdir()
            (self._bank / f"line{offset}").rmdir()
        self._bank.rmdir()
        self._config.rmdir()
