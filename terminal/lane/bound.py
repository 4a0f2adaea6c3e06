"""How often a lane may say the same: a contact that chatters must not fill the journal. On the lane's thread alone."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 10
"""Entries of one name within `WITHIN_S`; what is more is counted, and told with the next one."""
WITHIN_S = 60.0


@dataclass(slots=True)
class Bound:
    """Counts what is said, by name."""

    now_s: Callable[[], float]
    _said: dict[str, deque[float]] = field(default_factory=dict)
    _withheld: dict[str, int] = field(default_factory=dict)

    def may_say(self, name: str) -> int | None:
        """How many were withheld before this one; None: this one is withheld too."""
        now_s = self.now_s()
        said = self._said.setdefault(name, deque(maxlen=MOST))
        if len(said) == MOST and now_s - said[0] < WITHIN_S:
            self._withheld[name] = self._withheld.get(name, 0) + 1
            return None
        said.append(now_s)
        return self._withheld.pop(name, 0)
