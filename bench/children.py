"""Child processes of the bench: each says in a line that it is ready, and is ended with the block."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STOP_S = 10.0


@contextmanager
def child(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`python -m arguments`, from the moment it has said its first line."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError(f"{arguments[0]} did not start")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def board(socket: Path, trace: Path, lanes: int, *, travel_ms: int = 1, no_show_ms: int = 1) -> Iterator[None]:
    """A simulated board; as it stands its booms are quick and wait for nobody, so that a lane is soon ready again."""
    quick = ("--travel-ms", str(travel_ms), "--after-passage-ms", "1", "--no-show-ms", str(no_show_ms))
    where = ("--socket", str(socket), "--trace", str(trace), "--lanes", str(lanes))
    with child("simulation.board", *where, *quick):
        yield


@contextmanager
def traffic(socket: Path, lanes: int) -> Iterator[None]:
    """One vehicle after another through all lanes of the board at `socket`."""
    with child("bench.traffic", str(socket), str(lanes)):
        yield


@contextmanager
def card_on_reader(port: int, saved: Path) -> Iterator[None]:
    """The card saved at `saved` lies on the virtual reader at `port`, and answers from a process of its own."""
    with child("bench.card_on_reader", str(port), str(saved)):
        yield
