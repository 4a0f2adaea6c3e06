"""A saved card on a virtual reader, in a process of its own: `python -m bench.card_on_reader PORT SAVED`.

All that the card takes for random is the same each time, so that the same commands get the same answers and a recorded
tap can be sent again.
"""

import signal
import sys
from pathlib import Path

from simulation.card import DesfireChip
from simulation.vpcd import VirtualReaderSlot


def same_each_time(count: int) -> bytes:
    """Bytes that nobody could guess, were they not always these."""
    return bytes(range(0x51, 0x51 + count))


def main(port: int, saved: Path) -> None:
    """Lay the card there until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with VirtualReaderSlot(port) as slot:
        slot.insert(DesfireChip.kept_in(saved, random=same_each_time))
        print("there", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
