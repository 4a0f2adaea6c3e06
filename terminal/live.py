"""What a gate tells as it happens, to whoever watches: lanes, taps, alarms, lists (docs/socket.md, `watch`).

    news      one thing that has just changed, as a JSON object with its kind under `news`
    watcher   one reader of the news, with a queue of his own that has an end
    hub       `Live`: whoever has news tells it once, and waits for nobody

Whoever begins to watch first gets everything as it is, told as news too; what changes while that is put together comes
after it, so the last word on each thing is always the newest.
"""

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

MOST_WAITING = 1024
"""News that a watcher may leave lying; one who takes them more slowly than they come is let go, and may begin anew."""

News = Mapping[str, Any]


class Watcher:
    """One who watches. `next` belongs to one thread."""

    def __init__(self, most_waiting: int) -> None:
        self._most_waiting = most_waiting
        self._queue: queue.SimpleQueue[News] = queue.SimpleQueue()
        self.too_slow = False
        """He missed something, and gets nothing any more."""

    def put(self, news: News) -> None:
        """For the hub. Never blocks."""
        if self._queue.qsize() >= self._most_waiting:
            self.too_slow = True
        elif not self.too_slow:
            self._queue.put(news)

    def next(self, within_s: float) -> News | None:
        """The oldest that he has not taken; None: nothing came in that time. Blocks for at most `within_s`."""
        try:
            return self._queue.get(timeout=within_s)
        except queue.Empty:
            return None


class Live:
    """The hub. Thread-safe; nothing that is told here waits, nor is it made ready while nobody watches."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._watchers: tuple[Watcher, ...] = ()

    @property
    def watched(self) -> bool:
        """Tell whether anybody would hear of news now: whoever has to put them together may ask first."""
        return bool(self._watchers)

    def tell(self, news: News) -> None:
        """Have everybody who watches hear it. Never blocks; `news` must not be changed any more."""
        for watcher in self._watchers:
            watcher.put(news)

    @contextmanager
    def watching(self) -> Iterator[Watcher]:
        """Watch for as long as the block lasts: whatever is told from its first line on is heard."""
        watcher = Watcher(self._most_waiting)
        with self._lock:
            self._watchers = (*self._watchers, watcher)
        try:
            yield watcher
        finally:
            with self._lock:
                self._watchers = tuple(each for each in self._watchers if each is not watcher)
