"""What was written, what the database shows and what is acknowledged: when each, and whether it is the same."""

import math
import threading
from collections import Counter
from collections.abc import Sequence

from load_test.terminal import Written

Key = tuple[str, int]
"""Terminal and sequence number."""
Counted = Counter[tuple[str, str]]
"""How often a terminal wrote what (see `terminal.what_of`)."""


class Books:
    """Thread-safe. Instants are of this machine's wall clock, in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[Key, Written] = {}
        self._seen: dict[Key, float] = {}
        self._sizes: dict[str, list[tuple[int, float]]] = {}

    def written(self, written: Written) -> None:
        """An entry is durable at its terminal."""
        with self._lock:
            self._written[written.terminal, written.sequence] = written

    def acknowledged(self, terminal: str, size: int, at_s: float) -> None:
        """A terminal believes that headquarters has all entries below `size`."""
        with self._lock:
            self._sizes.setdefault(terminal, []).append((size, at_s))

    def seen(self, keys: Sequence[Key], at_s: float) -> None:
        """The database shows these entries, at this instant at the latest."""
        with self._lock:
            for key in keys:
                self._seen.setdefault(key, at_s)

    def oldest_unseen_s(self) -> float | None:
        """When the oldest entry was written that the database has not shown yet."""
        with self._lock:
            return min((each.at_s for key, each in self._written.items() if key not in self._seen), default=None)

    def count(self) -> int:
        """How many entries were written."""
        with self._lock:
            return len(self._written)

    def acknowledged_count(self) -> int:
        """How many of them are acknowledged."""
        with self._lock:
            sizes = {terminal: max(size for size, _ in told) for terminal, told in self._sizes.items()}
            return sum(sequence < sizes.get(terminal, 0) for terminal, sequence in self._written)

    def to_database_s(self) -> list[float]:
        """From durable at the terminal to seen in the database, of each entry that was."""
        with self._lock:
            return [
                max(0.0, at_s - self._written[key].at_s) for key, at_s in self._seen.items() if key in self._written
            ]

    def to_acknowledged_s(self) -> list[float]:
        """From durable at the terminal to acknowledged there, of each entry that is."""
        found: list[float] = []
        with self._lock:
            for (terminal, sequence), written in self._written.items():
                first = next((at_s for size, at_s in self._sizes.get(terminal, ()) if size > sequence), None)
                if first is not None:
                    found.append(max(0.0, first - written.at_s))
        return found

    def multiset(self) -> Counted:
        """All that was written."""
        with self._lock:
            return Counter((each.terminal, each.what) for each in self._written.values())


def percentile(samples: Sequence[float], share: float) -> float | None:
    """The smallest sample that `share` per cent of all do not exceed (nearest rank); None without any."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] if ordered else None
