"""Who asks over the local socket, and what he may: by the Unix user that the kernel names, never by what he says.

* A **caller** is a user of this machine with a `[[caller]]` in `gate.toml`, root, or the gate's own user.
* A **stranger** is everybody else. He may ask nothing and is told why; so is whoever asks for what he may not.
* A **rate** bounds what one user can make the gate do, and so how full of it the journal can get.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from terminal.core.barrier_words import GuardOrder

STATE = "state"
WATCH = "watch"
ACKNOWLEDGE = "acknowledge"
COMMAND = "command"
ACCESS = "access"
ALARM = "alarm"
STAYS = "stays"
"""Asked with the right to bring a command."""
EVERYTHING = frozenset({STATE, WATCH, ACCESS, ALARM, ACKNOWLEDGE, COMMAND, *(order.value for order in GuardOrder)})
ROOT_UID = 0
OVERFLOW_UID = 65534
"""In a user namespace everybody who is not known there looks like this one user, so it is nobody's."""
MAX_USERS = 64
"""Users that a rate remembers at a time; strangers on top of them wait until these have been quiet."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user that may ask something. `user` stands in the journal; `may` are words of `EVERYTHING`."""

    user: str
    may: frozenset[str]


class Callers:
    """The users that may ask something, looked up once: a name service that hangs must not hang the socket."""

    def __init__(
        self, listed: Iterable[tuple[str, Iterable[str]]], own_uid: int, uid_of: Callable[[str], int | None]
    ) -> None:
        """`listed` are names of users and what each may ask; `uid_of` gives None where there is no such user."""
        self._callers = {own_uid: Caller("gate", EVERYTHING), ROOT_UID: Caller("root", EVERYTHING)}
        missing = []
        for user, may in listed:
            uid = uid_of(user)
            if uid is None:
                missing.append(user)
            elif uid != OVERFLOW_UID and uid not in self._callers:
                self._callers[uid] = Caller(user, frozenset(may))
        self.missing = tuple(missing)
        """Names in `gate.toml` that are no users of this machine."""

    def caller(self, uid: int) -> Caller | None:
        """Who has this uid, or None: a stranger. Never blocks."""
        return self._callers.get(uid)


class Rate:
    """At most `most` in `within_s` seconds for each user. Belongs under one lock, or to one thread."""

    def __init__(self, most: int, within_s: float, monotonic_s: Callable[[], float]) -> None:
        self._most, self._within_s, self._monotonic_s = most, within_s, monotonic_s
        self._lately: dict[int, deque[float]] = {}

    def allows(self, uid: int) -> bool:
        """Tell whether this one is still within bounds, and count it if so."""
        long_ago_s = self._monotonic_s() - self._within_s
        if uid not in self._lately and len(self._lately) >= MAX_USERS:
            self._lately = {each: times for each, times in self._lately.items() if times[-1] > long_ago_s}
            if len(self._lately) >= MAX_USERS:
                return False
        times = self._lately.setdefault(uid, deque(maxlen=self._most))
        if len(times) == self._most and times[0] > long_ago_s:
            return False
        times.append(self._monotonic_s())
        return True
