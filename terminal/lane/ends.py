"""Ends of passages on their way to the disk, of all lanes of a gate: what changes who is inside keeps its order.

A disk may refuse an end, which is then written late, while the same card has long left by another lane. Whichever of
the two were durable last would say where its holder is; so a change waits until those before it are durable that are
about the same card, or about everybody.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.core.journal import Entry, EntryKey, PassageEnded
from terminal.core.stay import StayChange, ZoneNeutral, ZoneOpened
from terminal.errors import StorageError
from terminal.ports import Journal

MAX_UNWRITTEN = 1_000
"""Ends that may wait for a disk that fails or hangs; what comes on top of them is settled at the next start."""


class _Is(Enum):
    WAITING = auto()
    ON_ITS_WAY = auto()
    REFUSED = auto()


@dataclass(slots=True, eq=False)
class _End:
    entry: Entry
    also: StayChange | None = field(repr=False)
    is_: _Is = _Is.WAITING


class PassageEnds:
    """Ends that are not durable yet, oldest first. Made once a gate; thread-safe, and never waits for the disk."""

    def __init__(self, journal: Journal, alarms: Alarms) -> None:
        """One that did not get on disk raises the storage alarm."""
        self._journal = journal
        self._alarms = alarms
        self._ends: list[_End] = []
        self._turn = threading.Lock()

    def put(self, entry: Entry, also: StayChange | None) -> None:
        """Have it written down, `also` in the same transaction; what the disk refuses is tried anew at `again`."""
        with self._turn:
            taken = len(self._ends) < MAX_UNWRITTEN
            if taken:
                self._ends.append(_End(entry, also))
        if taken:
            self._send()
        else:
            self._alarms.raised(STORAGE_ALARM, detail=f"{MAX_UNWRITTEN} passages wait for the disk; check the disk")

    def again(self) -> None:
        """Try anew what the disk refused."""
        with self._turn:
            for end in self._ends:
                if end.is_ is _Is.REFUSED:
                    end.is_ = _Is.WAITING
        self._send()

    def _send(self) -> None:
        with self._turn:
            free = [end for end in self._in_turn() if end.is_ is _Is.WAITING]
            for end in free:
                end.is_ = _Is.ON_ITS_WAY
        for end in free:
            self._journal.append(end.entry, end.also).add_done_callback(partial(self._stored, end))

    def _in_turn(self) -> Iterator[_End]:
        """Those before which nothing is left that must be durable earlier."""
        cards: set[bytes] = set()
        everybody = False
        for end in self._ends:
            match end.also:
                case None | ZoneOpened():
                    before = False
                case ZoneNeutral():
                    before, everybody = everybody or bool(cards), True
                case change:
                    before = everybody or change.card_number in cards
                    cards.add(change.card_number)
            if not before:
                yield end

    def _stored(self, end: _End, stored: "Future[EntryKey]") -> None:
        failure = stored.exception()
        with self._turn:
            if isinstance(failure, StorageError):
                end.is_ = _Is.REFUSED
            else:
                self._ends.remove(end)
        if not isinstance(failure, PassageEnded):  # that one the disk has, although it said that it failed
            self._alarms.stored(stored)
        self._send()
