"""What the demonstration starts ends with it, also when it is killed: a gate left over takes the next one's cards."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

STARTS_A_BOARD = """
import sys
from pathlib import Path
from demonstration.processes import Process
board = Process(["simulation.board", "--socket", sys.argv[1] + "/board", "--trace", sys.argv[1] + "/trace"])
print(board.pid, flush=True)
sys.stdin.read()
"""


def test_board_ends_with_a_demonstration_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_A_BOARD, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as demonstration:
        assert demonstration.stdout is not None
        number, serving = sorted(demonstration.stdout.readline() for _ in range(2))  # either may write first
        board = os.pidfd_open(int(number))
        assert b"serving" in serving
        demonstration.kill()
        try:
            ended, _, _ = select.select([board], [], [], 60)  # readable when the board has ended, and not before
            if not ended:
                signal.pidfd_send_signal(board, signal.SIGKILL)
        finally:
            os.close(board)
        demonstration.communicate(timeout=60)
    assert ended
