"""Kill a gate that refreshes, with SIGKILL, before each thing it does to a file: `<prepared folder> <out folder>`.

For the n-th kill the prepared gate is copied to `<out>/<n>`. Run as a program, since only a process of one thread may
be forked; its last copy is the one that ran to its end.
"""

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

import terminal.trust.client  # noqa: F401  (imported before the fork, once for all)
from tests.trust.repository import Gate

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.symlink", "sqlite3.connect"}


def killed_before_step(number: int) -> None:
    """Let this process die at its `number`-th step."""
    steps = count(1)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in STEPS or writes) and next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main(prepared: Path, out: Path) -> None:
    Gate(prepared).started().load()  # builds, once for all, what every child would have to
    for number in count(1):
        folder = out / str(number)
        shutil.copytree(prepared, folder, symlinks=True)
        child = os.fork()
        if child == 0:
            keeper = Gate(folder).started()
            keeper.load()
            killed_before_step(number)
            outcome = keeper.refresh()
            os._exit(0 if not outcome.refused else 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
