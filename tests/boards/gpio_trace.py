"""What the kernel told the drivers of its GPIO chips, from its own trace (tracefs, events `gpio`)."""

import re
from pathlib import Path
from types import TracebackType
from typing import Self

TRACING = Path("/sys/kernel/tracing")


class GpioTrace:
    """Everything told to the chip of this label while the context lasts."""

    def __init__(self, label: str) -> None:
        chips = [path for path in Path("/sys/class/gpio").glob("gpiochip*") if (path / "label").exists()]
        found = next(path for path in chips if (path / "label").read_text() == f"{label}\n")
        self._base = int((found / "base").read_text())

    def __enter__(self) -> Self:
        (TRACING / "trace").write_text("")
        (TRACING / "events/gpio/enable").write_text("1")
        return self

    def told(self) -> list[tuple[int, str]]:
        """Offset, and `set` with the voltage, or the new direction `in` or `out`; in order."""
        lines = re.finditer(r"gpio_(?:value|direction): (\d+) +(set \d|in|out)", (TRACING / "trace").read_text())
        return [(int(line[1]) - self._base, line[2]) for line in lines]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (TRACING / "events/gpio/enable").write_text("0")
