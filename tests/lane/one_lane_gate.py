"""The smallest gate: one lane on a board, and its orders kept on disk. Tests kill it.

    python -m tests.lane.one_lane_gate BOARD FOLDER

Each line on standard input is the sequence number of an intent to admit, or of an order and the order: `7`, `8 hold`.
Prints one JSON object a line: `phase` once the board was taken, the `result` of each line, and after a clean stop
(SIGTERM) the `journal`.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from terminal.core.barrier_words import HOLD_OUTPUT, OPEN_OUTPUT, GuardOrder, Phase
from terminal.edges.heartbeat import Heartbeats
from terminal.storage.store import Store
from tests.lane.rig import QUICK, Rig, intent

LONG_PULSE_MS = 600_000
"""Whatever kills this gate does it in mid-pulse."""
SETTINGS = replace(QUICK, pulse_ms=LONG_PULSE_MS, outputs=frozenset({OPEN_OUTPUT, HOLD_OUTPUT}))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    board, folder = map(Path, sys.argv[1:])
    store = Store(folder, terminal="gate-1", heartbeat=Heartbeats(), random_bytes=os.urandom)
    rig = Rig(board, SETTINGS, kept=lambda mark: store.kept.number(f"lane-1/{mark.value}"))
    rig.lane.start()
    rig.wait_for(lambda state: state.phase not in {Phase.BOOT, Phase.BOARD_LOST})
    say(phase=rig.lane.state.phase)
    try:
        for line in sys.stdin:
            number, *order = line.split()
            say(
                result=rig.lane.obey(GuardOrder(*order), intent(int(number)))
                if order
                else rig.lane.admit(intent(int(number)))
            )
    finally:
        say(ended=rig.lane.stop(), journal=rig.journal.told())
        store.close()


def say(**facts: object) -> None:
    sys.stderr.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
