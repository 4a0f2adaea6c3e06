"""What the demonstration starts ends with it, also when it is killed: a gate left over takes the next one's cards."""

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
        stat = Path(f"/proc/{int(demonstration.stdout.readline())}/stat")
        assert b"serving" in demonstration.stdout.readline()
        demonstration.kill()
        demonstration.communicate(timeout=10)  # the board holds its output, too: it ends when both have
    assert not stat.exists() or stat.read_text().split()[2] == "Z"
