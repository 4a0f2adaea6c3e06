"""`xs-terminal gate` by a clock that can be moved: `python -m demonstration.gate GATE.TOML CLOCK`."""

import os
import sys
from pathlib import Path

from demonstration.park import MovedClock
from terminal.gate.process import run
from terminal.gate.surroundings import Surroundings


def main(configuration: Path, clock: Path) -> int:
    """Be the gate until SIGTERM."""
    run(configuration, os.environ, surroundings=Surroundings(wall_ms=MovedClock(clock).wall_ms))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
