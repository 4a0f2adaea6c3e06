"""At start: write down that the gate runs again, and settle what the last run left open.

An intent without an outcome is a barrier that may have been told to open, or not; nobody can know any more. It gets
the outcome `unknown`, and is never acted on again.
"""

from collections.abc import Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Protocol

from terminal.core.journal import INTENT, Entry, EntryKey, Kind, OpenIntent, TapResult
from terminal.errors import StorageError
from terminal.ports import Journal


class JournalAtStart(Journal, Protocol):
    """A journal that can tell which tap intents have no outcome."""

    def open_intents(self) -> Sequence[OpenIntent]:
        """The tap intents without an outcome, oldest first."""


def settle(journal: JournalAtStart, *, software: str, timeout_s: float = 10.0) -> tuple[EntryKey, ...]:
    """Write the start entry, then an outcome `unknown` for every intent that is open; returns their keys in that order.

    Called before the first card is read; blocks until all of it is durable. Called again after a failure, it settles
    what is still open.

    Raises:
        StorageError: it could not be written down within `timeout_s`; the gate must not open a barrier.
    """
    entries = [Entry(kind=Kind.START, public={"software": software})]
    for intent in journal.open_intents():
        public = {INTENT: intent.sequence, "result": str(TapResult.UNKNOWN)}
        entries.append(Entry(kind=Kind.TAP_OUTCOME, lane=intent.lane, public=public))
    futures = [journal.append(entry) for entry in entries]
    try:
        return tuple(future.result(timeout_s) for future in futures)
    except FutureTimeoutError:
        raise StorageError(f"the start could not be written down within {timeout_s:g} s; check the disk") from None
