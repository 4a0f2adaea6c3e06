"""What stands between a tap and its ports and looks at the clock: the real thing behind it does the work."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from terminal.core.barrier_signals import Readiness
from terminal.core.barrier_words import Phase, Side
from terminal.core.credential import Credential
from terminal.core.journal import Entry, EntryKey, Kind, TapResult
from terminal.lane.shell import Lane
from terminal.ports import CardTransport, Change, Following, Intent
from terminal.storage.journal import JournalWriter

now_s = time.monotonic


class Exchanges:
    """The card of one tap: what was said, and how long the tap waited for answers."""

    def __init__(self, card: CardTransport) -> None:
        self._card = card
        self.said: list[tuple[bytes, bytes]] = []
        self.waited_s = 0.0

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Pass it on."""
        begin_s = now_s()
        data, status = self._card.transceive(apdu)
        self.waited_s += now_s() - begin_s
        self.said.append((apdu, data + status.to_bytes(2)))
        return data, status


class WatchedJournal:
    """A journal that knows when the last intent was asked for, came to its commit, and was durable."""

    def __init__(self) -> None:
        self.behind: JournalWriter | None = None
        self.commit_takes_s = 0.0
        self.asked_s = self.commit_s = self.durable_s = 0.0
        self._waiting = 0
        self._idle = threading.Condition()

    def before_commit(self) -> None:
        """For the store: the entries of a transaction are made, what follows is the disk's."""
        if self.commit_s < self.asked_s:  # the intent's own; the lane's entries follow at once
            self.commit_s = now_s()
        if self.commit_takes_s:
            time.sleep(self.commit_takes_s)

    def append(
        self, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """Pass it on."""
        assert self.behind is not None
        if entry.kind is Kind.TAP_INTENT:
            self.asked_s = now_s()
        with self._idle:
            self._waiting += 1
        future = self.behind.append(entry, also, followed_by=followed_by)
        future.add_done_callback(self._done(entry.kind))
        return future

    def wait_until_idle(self) -> None:
        """Block until everything that was asked for is on disk."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._waiting == 0, 60), "the journal does not come to rest"

    def _done(self, kind: Kind) -> Callable[["Future[EntryKey]"], None]:
        def done(_: "Future[EntryKey]") -> None:
            if kind is Kind.TAP_INTENT:
                self.durable_s = now_s()
            with self._idle:
                self._waiting -= 1
                self._idle.notify_all()

        return done


class BareDisk:
    """The disk without us: a file beside the journal, of which one page after the other is written over."""

    PAGE, PAGES = bytes(4096), 256

    def __init__(self, path: Path) -> None:
        """Make the file as long as it will ever be."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.pwrite(self._file, self.PAGE * self.PAGES, 0)
        os.fsync(self._file)
        self._written = 0

    def write_ms(self) -> float:
        """Write a page and sync it; returns the milliseconds."""
        begin_s = now_s()
        os.pwrite(self._file, self.PAGE, self._written % self.PAGES * len(self.PAGE))
        os.fdatasync(self._file)
        self._written += 1
        return (now_s() - begin_s) * 1000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)


class WatchedLane:
    """A lane that knows how long its last admission took."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.admitting_s = 0.0

    def at_rest(self) -> bool:
        """The boom is down and nobody is owed."""
        return self._lane.state.phase is Phase.CLOSED

    def readiness(self, side: Side) -> Readiness:
        """Pass it on."""
        return self._lane.readiness(side)

    def owes(self, card_number: bytes) -> bool:
        """Pass it on."""
        return self._lane.owes(card_number)

    def admit(
        self,
        intent: Intent,
        credential: Credential | None = None,
        tapped_ms: int = 0,
        side: Side = Side.ENTRY,
        *,
        shares: bool = False,
    ) -> TapResult:
        """Pass it on."""
        begin_s = now_s()
        try:
            return self._lane.admit(intent, credential, tapped_ms, side, shares=shares)
        finally:
            self.admitting_s = now_s() - begin_s
