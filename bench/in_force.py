"""The rules of one terminal for the bench: its mirror watched and believed by the gate's own code, as a gate does."""

import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from terminal.core.revocation import CardStatus
from terminal.edges.clock import FlooredClock
from terminal.renewal import LOOK_EVERY_S
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase


class NoFloor:
    """A clock's floor that nothing keeps."""

    def load(self) -> None:
        """None was kept."""

    def save(self, _: int) -> "Future[None]":
        """Done at once."""
        done: Future[None] = Future()
        done.set_result(None)
        return done


class RulesInForce:
    """What a gate with this mirror goes by; a context manager. The mirror is looked at as often as by a gate."""

    def __init__(self, site: int, root: Path, mirror: Path, folder: Path) -> None:
        folder.mkdir()
        self._keeper = RulesKeeper(
            site=site,
            root=root,
            mirror=mirror,
            state=folder / "rules",
            seen=SeenDatabase(folder / "seen.db"),
            clock=FlooredClock(NoFloor()),
        )
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait(self, index: int, status: CardStatus, within_s: float) -> float:
        """When the card of this index had that status, on the monotonic clock.

        Raises:
            TimeoutError: it did not come to that.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._status(index) == status, within_s):
                raise TimeoutError(f"card {index} did not become {status.name} within {within_s:.0f} s")
            return time.monotonic()

    def _status(self, index: int) -> int | None:
        rules = self._keeper.current()
        return None if rules is None else rules.cards.status(index)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            if self._keeper.changed():
                self._keeper.refresh()
                with self._changed:
                    self._changed.notify_all()
