"""What is another than before, written down once: also when it changed while the gate was off.

What was written last is a kept state, put away after its entry is durable: a gate that stops in between writes the
entry twice rather than never.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from terminal.alarms import Alarms
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import Entry, EntryKey, Kind
from terminal.ports import Clock, Journal

JUMP_MS = 2_000
"""More than a time service corrects between two looks."""


class Kept(Protocol):
    """Where the last value of each kind survives a restart. Neither method blocks."""

    def get(self, name: str) -> bytes | None:
        """The last durable value, or None."""

    def put(self, name: str, value: bytes) -> "Future[None]":
        """Keep `value`; the future raises StorageError when the disk failed."""


class Changes:
    """Entries of the kinds that tell a change. Thread-safe; never waits for the journal."""

    def __init__(self, journal: Journal, kept: Kept) -> None:
        self._journal = journal
        self._kept = kept
        self._written: dict[Kind, str] = {}
        self._lock = threading.Lock()

    def is_now(self, kind: Kind, value: str, public: Callable[[str | None], Mapping[str, Any]]) -> None:
        """Say what `value` is, as often as you like: an entry is written when it is another than was written last.

        `public` makes the entry's public map, given what it was before; None the first time ever. An entry that does
        not become durable is written again at the next call.
        """
        with self._lock:
            kept = self._kept.get(_name(kind))
            was = self._written.get(kind, None if kept is None else kept.decode())
            if was == value:
                return
            self._written[kind] = value
            future = self._journal.append(Entry(kind=kind, public=public(was)))
        future.add_done_callback(partial(self._stored, kind, value))

    def configuration_is(self, sha256: bytes) -> None:
        """Say which `gate.toml` this is."""
        self.is_now(
            Kind.CONFIGURATION_CHANGED,
            sha256.hex(),
            lambda was: {"sha256": sha256, **({"was": bytes.fromhex(was)} if was else {})},
        )

    def _stored(self, kind: Kind, value: str, entry: "Future[EntryKey]") -> None:
        if entry.exception() is None:
            self._kept.put(_name(kind), value.encode())
            return
        with self._lock:
            if self._written.get(kind) == value:
                del self._written[kind]


def _name(kind: Kind) -> str:
    return f"written/{kind}"


class ClockWatch:
    """Writes down when the clock is believed less or more, and when it jumps. One thread's."""

    def __init__(self, clock: Clock, journal: Journal, alarms: Alarms) -> None:
        self._clock = clock
        self._journal = journal
        self._alarms = alarms
        self._quality = ClockQuality.GOOD
        self._before: tuple[Now, float] | None = None

    def look(self) -> None:
        """Compare with the last look; call it often. A jump is what the wall clock made more, or less, than passed."""
        now, monotonic_s = self._clock.now(), self._clock.monotonic_s()
        public: dict[str, Any] = {}
        if now.quality is not self._quality:
            public = {"was": str(self._quality)}
        if self._before is not None:
            before, then_s = self._before
            jump_ms = now.ms - before.ms - int((monotonic_s - then_s) * 1000)
            if abs(jump_ms) > JUMP_MS:
                public["jump_ms"] = jump_ms
        self._quality, self._before = now.quality, (now, monotonic_s)
        if public:
            self._journal.append(Entry(kind=Kind.CLOCK, public={"quality": str(now.quality), **public}))
        self._alarms.holds("clock", while_=now.quality is not ClockQuality.GOOD)
