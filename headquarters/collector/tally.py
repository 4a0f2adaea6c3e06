"""What a process that runs for long refuses or misses: all of it counted, little of it logged."""

import time
from collections import Counter
from collections.abc import Callable

import structlog

LOG_EVERY_S = 60.0

log = structlog.get_logger()


class Tally:
    """Counts by word, and logs each word at most once a minute: whoever sends rubbish does not fill the log too."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.counts: Counter[str] = Counter()
        self._monotonic_s = monotonic_s
        self._logged_s: dict[str, float] = {}

    def note(self, word: str, **facts: object) -> None:
        """Count one more of `word`, of which there are few; `facts` are those of the one that is logged."""
        self.counts[word] += 1
        now_s = self._monotonic_s()
        if now_s - self._logged_s.get(word, -LOG_EVERY_S) >= LOG_EVERY_S:
            self._logged_s[word] = now_s
            log.warning(word, count=self.counts[word], **facts)
