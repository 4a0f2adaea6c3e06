"""The smallest gate: one lane on a board. Each line on standard input is a sequence number to admit; tests kill it.

Prints one JSON object a line: `phase` once the board was taken, `opened` for each admission, and after a clean stop
(SIGTERM) the `journal`.
"""

import json
import signal
import sys
from dataclasses import replace
from pathlib import Path

from terminal.core.barrier_words import Phase
from tests.lane.rig import QUICK, Rig, intent

LONG_PULSE_MS = 60_000
"""Whatever kills this gate does it in mid-pulse."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    rig = Rig(Path(sys.argv[1]), replace(QUICK, pulse_ms=LONG_PULSE_MS))
    rig.lane.start()
    rig.wait_for(lambda state: state.phase not in {Phase.BOOT, Phase.BOARD_LOST})
    say(phase=rig.lane.state.phase)
    try:
        for line in sys.stdin:
            say(result=rig.lane.admit(intent(int(line))))
    finally:
        say(ended=rig.lane.stop(), journal=rig.journal.told())


def say(**facts: object) -> None:
    sys.stderr.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
