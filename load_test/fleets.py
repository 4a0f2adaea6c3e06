"""The fleets of a run, each a process: started with a plan, led, and heard."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from load_test.books import Books
from load_test.fleet import Plan
from load_test.ground import python
from load_test.terminal import Written
from terminal.errors import HardwareError


class Fleets:
    """All fleets of a run; what they write and what is acknowledged goes into the books."""

    def __init__(self, processes: "Sequence[subprocess.Popen[str]]", plans: Sequence[Plan], books: Books) -> None:
        self._processes = processes
        self._books = books
        self._news = threading.Condition()
        self._said: list[dict[str, Mapping[str, Any]]] = [{} for _ in processes]
        self._ended = [False] * len(processes)
        self._threads = [
            threading.Thread(target=self._hear, args=(number,), daemon=True) for number in range(len(processes))
        ]
        for thread, process, plan in zip(self._threads, processes, plans, strict=True):
            thread.start()
            _tell(process, plan.line())

    @property
    def pids(self) -> list[int]:
        """Their process ids."""
        return [each.pid for each in self._processes]

    def ask(self, word: str, answer: str, within_s: float) -> list[Mapping[str, Any]]:
        """Tell all of them a word (or nothing), and wait for the event that answers it, from each.

        Raises:
            HardwareError: one has ended, or says nothing in that time.
        """
        with self._news:
            if word:
                for said in self._said:
                    said.pop(answer, None)
        for process in self._processes if word else ():
            _tell(process, f"{word}\n")
        with self._news:
            heard = self._news.wait_for(
                lambda: all(answer in said for said in self._said) or any(self._ended), within_s
            )
            if not heard or not all(answer in said for said in self._said):
                raise HardwareError(f"a fleet of terminals did not say {answer!r} within {within_s:.0f} s, or ended")
            return [said[answer] for said in self._said]

    def wait(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Wait until something holds that depends on what they say; False: it does not in that time."""
        with self._news:
            return self._news.wait_for(holds, within_s)

    def join(self) -> None:
        """Until everything that they said is heard; they have ended."""
        for thread in self._threads:
            thread.join()

    def _hear(self, number: int) -> None:
        lines = self._processes[number].stdout
        assert lines is not None  # noqa: S101 - a pipe was asked for
        for line in lines:
            event = json.loads(line)
            match event["event"]:
                case "written":
                    self._books.written(Written(event["terminal"], event["sequence"], event["at_s"], event["what"]))
                case "acknowledged":
                    self._books.acknowledged(event["terminal"], event["size"], event["at_s"])
                case word:
                    self._said[number][word] = event
            with self._news:
                self._news.notify_all()
        with self._news:
            self._ended[number] = True
            self._news.notify_all()


@contextmanager
def fleets(plans: Sequence[Plan], books: Books) -> Iterator[Fleets]:
    """A process for each plan, until the block ends."""
    with ExitStack() as parts:
        processes = []
        for plan in plans:
            log = parts.enter_context((Path(plan.folder) / "log").open("w"))
            streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
            processes.append(parts.enter_context(python("-m", "load_test.fleet", **streams)))
        running = Fleets(processes, plans, books)
        parts.callback(running.join)
        yield running


def _tell(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    try:
        process.stdin.write(line)
        process.stdin.flush()
    except BrokenPipeError:
        raise HardwareError("a fleet of terminals has ended; its log says why") from None
