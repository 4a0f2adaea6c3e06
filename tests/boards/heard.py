"""What a board reported, and on which thread."""

import threading

from terminal.ports import Input


class Heard:
    """A subscriber that keeps everything."""

    def __init__(self) -> None:
        self.changes: list[tuple[Input, bool]] = []
        self.threads: set[threading.Thread] = set()
        self._news = threading.Condition()

    def __call__(self, contact: Input, on: bool) -> None:
        with self._news:
            self.changes.append((contact, on))
            self.threads.add(threading.current_thread())
            self._news.notify_all()

    def wait_for(self, contact: Input, on: bool, within_s: float = 60.0) -> None:
        with self._news:
            assert self._news.wait_for(lambda: (contact, on) in self.changes, within_s), self.changes
