"""A saved card on a virtual reader, in a process of its own: `python -m bench.card_on_reader PORT SAVED`.

All that the card takes for random is the same each time, and it forgets what was written on it with the next
conversation: so the same commands get the same answers, and a recorded tap can be sent again.
"""

import copy
import signal
import sys
from pathlib import Path

from simulation.card import DesfireChip, Eeprom
from simulation.vpcd import VirtualReaderSlot

SELECT_APPLICATION = bytes.fromhex("905A")


def same_each_time(count: int) -> bytes:
    """Bytes that nobody could guess, were they not always these."""
    return bytes(range(0x51, 0x51 + count))


class ForgetfulCard(DesfireChip):
    """As it was saved, whenever its application is selected."""

    def __init__(self, saved: Path) -> None:
        self._saved = Eeprom.load(saved)
        super().__init__(copy.deepcopy(self._saved), random=same_each_time)

    def apdu(self, command: bytes) -> bytes:
        """As the chip's."""
        if command[:2] == SELECT_APPLICATION:
            super().__init__(copy.deepcopy(self._saved), random=same_each_time)
        return super().apdu(command)


def main(port: int, saved: Path) -> None:
    """Lay the card there until SIGTERM."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with VirtualReaderSlot(port) as slot:
        slot.insert(ForgetfulCard(saved))
        print("there", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
