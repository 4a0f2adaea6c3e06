"""What is wrong now: alarms that are raised, stay, and are cleared, each step written down.

An alarm is a name, the lane it concerns, and what it is about where a lane has several of those (a reader). Raising one
that stands already writes nothing, so that whoever notices may say so at every turn of his loop. Which ones stand is
kept: the next run writes down that those of this one are over, and raises anew what it finds to be wrong.
"""

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from terminal.core.journal import Entry, EntryKey, Kind
from terminal.ports import Journal

STORAGE_ALARM = "storage"
"""Raised by whoever could not have something written down, cleared by the next entry that is durable."""
KEPT = "alarms"


@dataclass(frozen=True, slots=True)
class AlarmKey:
    """Which alarm: `name` is `[a-z][a-z0-9-]*`."""

    name: str
    lane: int | None = None
    about: str | None = None


class Kept(Protocol):
    """Named values in the gate's database."""

    def get(self, name: str) -> bytes | None:
        """The last durable one, or None. Never touches the disk."""

    def put(self, name: str, value: bytes) -> "Future[None]":
        """Keep it; never blocks."""


class Alarms:
    """The alarms that stand. Thread-safe; never waits for the journal."""

    def __init__(self, journal: Journal, said: Callable[[str, AlarmKey], None], kept: Kept | None = None) -> None:
        """`said(step, alarm)` hears of every step as well: the log, a page. `kept`: where the next run finds them."""
        self._journal = journal
        self._said = said
        self._kept = kept
        self._standing: set[AlarmKey] = set()
        self._acknowledged: set[AlarmKey] = set()
        self._lock = threading.RLock()

    def raised(self, name: str, lane: int | None = None, about: str | None = None, **facts: Any) -> None:
        """Raise alarm `name`, unless it stands already."""
        alarm = AlarmKey(name, lane, about)
        with self._lock:
            if alarm in self._standing:
                return
            self._standing.add(alarm)
            self._write(Kind.ALARM_RAISED, alarm, facts)

    def cleared(self, name: str, lane: int | None = None, about: str | None = None) -> None:
        """Its cause is gone; nothing happens when it was not raised."""
        alarm = AlarmKey(name, lane, about)
        with self._lock:
            if alarm not in self._standing:
                return
            self._standing.discard(alarm)
            self._acknowledged.discard(alarm)
            self._write(Kind.ALARM_CLEARED, alarm, {})

    def acknowledge(self, alarm: AlarmKey, by: str, sealed: Mapping[str, Any]) -> "Future[EntryKey] | None":
        """Write down that somebody has seen to it; it stands until it is cleared. None: it does not stand.

        `by` is the Unix user that asks, `sealed` for whom and with what note.
        """
        with self._lock:
            if alarm not in self._standing:
                return None
            self._acknowledged.add(alarm)
            return self._write(Kind.ALARM_ACKNOWLEDGED, alarm, {"by": by}, sealed)

    def acknowledged(self) -> frozenset[AlarmKey]:
        """Those that stand and that somebody has seen to."""
        with self._lock:
            return frozenset(self._acknowledged)

    def holds(
        self, name: str, lane: int | None = None, about: str | None = None, *, while_: bool, **facts: Any
    ) -> None:
        """Raise the alarm while a condition holds, clear it when it does not."""
        if while_:
            self.raised(name, lane, about, **facts)
        else:
            self.cleared(name, lane, about)

    def begin_anew(self) -> None:
        """Write down as cleared what stood when the last run ended; what still is wrong will be raised again.

        Called once, before the first alarm is raised.
        """
        kept = self._kept.get(KEPT) if self._kept else None
        for name, lane, about in json.loads(kept or b"[]"):
            self._write(Kind.ALARM_CLEARED, AlarmKey(name, lane, about), {"why": "restart"})

    def stored(self, entry: "Future[EntryKey]") -> None:
        """Hear how an append went, as its callback: an entry that is not durable raises the storage alarm."""
        if (failure := entry.exception()) is not None:
            self.raised(STORAGE_ALARM, detail=str(failure))
        else:
            self.cleared(STORAGE_ALARM)

    def happened(self, name: str, lane: int | None = None, about: str | None = None, **facts: Any) -> None:
        """Alarm `name` for something that is over as soon as it is told: written down each time."""
        with self._lock:
            self._write(Kind.ALARM_RAISED, AlarmKey(name, lane, about), facts)

    def standing(self) -> tuple[AlarmKey, ...]:
        """All that stand now, by name and lane."""
        with self._lock:
            return tuple(sorted(self._standing, key=lambda alarm: (alarm.name, alarm.lane or 0, alarm.about or "")))

    def _write(
        self, kind: Kind, alarm: AlarmKey, facts: dict[str, Any], sealed: Mapping[str, Any] | None = None
    ) -> "Future[EntryKey]":
        """Under the lock, so that the journal tells the steps of an alarm in the order in which they were taken."""
        about = {} if alarm.about is None else {"about": alarm.about}
        entry = Entry(kind=kind, lane=alarm.lane, public={"alarm": alarm.name, **about, **facts}, sealed=sealed)
        written = self._journal.append(entry)
        written.add_done_callback(self.stored)
        if self._kept:
            standing = [[each.name, each.lane, each.about] for each in self.standing()]
            self._kept.put(KEPT, json.dumps(standing).encode())
        self._said(kind.value, alarm)
        return written
