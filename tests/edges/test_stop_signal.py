"""SIGTERM at whatever moment of the main thread's waiting ends it, and never hangs it."""

import subprocess
import sys

WITH_A_SIGNAL_AT_EVERY_STEP = """
import os, signal, sys
from terminal.edges.stop_signal import StopSignal

stop = StopSignal()
sys.setprofile(lambda *_: os.kill(os.getpid(), signal.SIGTERM))
stop.wait(0.01)
stop.wait(0.01)
sys.setprofile(None)
print("ended", stop.is_set())
"""


def test_signal_that_comes_in_the_middle_of_a_wait_is_heard() -> None:
    command = [sys.executable, "-c", WITH_A_SIGNAL_AT_EVERY_STEP]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "ended True\n"
