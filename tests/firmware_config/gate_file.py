"""A `gate.toml`, and one with a real board, that tests take and spoil."""

from pathlib import Path

import pytest

from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes

GATE = """
[terminal]
name = "kade-1"
site = 7
data = "/var/lib/xs-gate"
mirror = "/var/lib/xs-mirror"
root = "/etc/xs-terminal/root.json"

[board]
kind = "simulated"
socket = "/run/board.sock"

[[lane]]
number = 1
direction = "entry"

[[lane.reader]]
name = "Reader 00 00"

[[lane]]
number = 2
direction = "exit"

[[lane.reader]]
name = "Reader 01 00"
"""


GPIO_GATE = """
[terminal]
name = "kade-1"
site = 7
data = "/var/lib/xs-gate"
mirror = "/var/lib/xs-mirror"
root = "/etc/xs-terminal/root.json"

[board]
kind = "gpio"
map = "pi5-header"

[[lane]]
number = 1
direction = "entry"
outputs = ["open", "close"]
contacts = ["loop_safety", "fire"]
normally_closed = ["fire"]

[lane.wiring]
open = "K11"
close = "K12"
loop_safety = "IN21"
fire = "IN33"

[[lane.reader]]
name = "Reader 00 00"

[[lane]]
number = 2
direction = "exit"

[lane.wiring]
open = "K16"

[[lane.reader]]
name = "Reader 01 00"
"""


def spoiled(folder: Path, text: str, *changes: tuple[str, str]) -> Path:
    """The file `gate.toml` with `text` after changes, each made once and in order."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return written(folder, text)


def mistakes_in(path: Path) -> list[str]:
    """What is wrong with a file, a line each; a file without mistakes fails the test."""
    with pytest.raises(ConfigurationMistakes) as caught:
        read_gate(path)
    assert str(caught.value) == "\n".join(map(str, caught.value.mistakes))
    return [str(mistake).replace(str(path), "gate.toml") for mistake in caught.value.mistakes]


def written(folder: Path, text: str | bytes) -> Path:
    """`text` as the file `gate.toml` in `folder`."""
    path = folder / "gate.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
