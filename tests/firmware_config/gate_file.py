"""A `gate.toml` that tests take and spoil."""

from pathlib import Path

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


def written(folder: Path, text: str | bytes) -> Path:
    """`text` as the file `gate.toml` in `folder`."""
    path = folder / "gate.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
