"""A process that holds a lane's lines with the barrier's relay on, until it is killed.

python -m tests.boards.holder LABEL
"""

import signal
import sys

from terminal.edges.gpio import take_gpio
from terminal.ports import Output
from tests.boards.under_test import DEBOUNCE_MS, LANE, wiring_on

board = take_gpio(wiring_on(sys.argv[1]), LANE, DEBOUNCE_MS)
board.drive(Output.OPEN, True)
sys.stdout.write("open\n")
sys.stdout.flush()
signal.pause()
