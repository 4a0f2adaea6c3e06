"""What is wrong now: alarms that are raised, stay, and are cleared, each step written down.

An alarm is a name and the lane it concerns. Raising one that stands already writes nothing, so that whoever notices
may say so at every turn of his loop.
"""

import threading
from collections.abc import Callable
from typing import Any

from terminal.core.journal import Entry, Kind
from terminal.ports import Journal

AlarmKey = tuple[str, int | None]


class Alarms:
    """The alarms that stand. Thread-safe; never waits for the journal."""

    def __init__(self, journal: Journal, said: Callable[[str, str, int | None], None]) -> None:
        """`said(step, name, lane)` hears of every step as well: the log, a page."""
        self._journal = journal
        self._said = said
        self._standing: set[AlarmKey] = set()
        self._lock = threading.Lock()

    def raised(self, name: str, lane: int | None = None, **facts: Any) -> None:
        """Raise alarm `name`, unless it stands already."""
        with self._lock:
            if (name, lane) in self._standing:
                return
            self._standing.add((name, lane))
        self._write(Kind.ALARM_RAISED, name, lane, facts)

    def cleared(self, name: str, lane: int | None = None) -> None:
        """Its cause is gone; nothing happens when it was not raised."""
        with self._lock:
            if (name, lane) not in self._standing:
                return
            self._standing.discard((name, lane))
        self._write(Kind.ALARM_CLEARED, name, lane, {})

    def holds(self, name: str, lane: int | None = None, *, while_: bool, **facts: Any) -> None:
        """Raise the alarm while a condition holds, clear it when it does not."""
        if while_:
            self.raised(name, lane, **facts)
        else:
            self.cleared(name, lane)

    def standing(self) -> tuple[AlarmKey, ...]:
        """All that stand now, sorted by name."""
        with self._lock:
            return tuple(sorted(self._standing, key=lambda key: (key[0], key[1] or 0)))

    def _write(self, kind: Kind, name: str, lane: int | None, facts: dict[str, Any]) -> None:
        self._journal.append(Entry(kind=kind, lane=lane, public={"alarm": name, **facts}))
        self._said(kind.value, name, lane)
