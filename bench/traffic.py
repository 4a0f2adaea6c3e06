"""One vehicle after another through lanes of a simulated board: `python -m bench.traffic SOCKET LANES`."""

import sys
import threading
from pathlib import Path

from simulation.world import World, WorldError

ARRIVES_S = 10.0
PASSES_S = 20.0
SPEED_M_S = 15.0
"""Several times what is driven at a gate: what is busy here is the lane, not the road."""


def drive(socket: Path, lane: int) -> None:
    """Vehicle after vehicle, each waiting for its boom, until the board is gone."""
    number = 0
    with World(socket, lane) as world:
        while True:
            number += 1
            name = f"car-{number}"
            mark = world.mark()
            try:
                world.vehicle("arrive", name, kind="car", speed_m_s=SPEED_M_S)
                world.wait_for(ARRIVES_S, since=mark, what="contact", name="loop_arm", on=True)
                world.vehicle("pass", name)
                world.wait_for(PASSES_S, since=mark, what="contact", name="closed_limit", on=True)
            except (WorldError, TimeoutError):
                return


def main() -> int:
    """Drive until standard input is closed."""
    socket, lanes = Path(sys.argv[1]), int(sys.argv[2])
    for lane in range(1, lanes + 1):
        threading.Thread(target=drive, args=(socket, lane), daemon=True).start()
    sys.stdout.write("driving\n")
    sys.stdout.flush()
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
