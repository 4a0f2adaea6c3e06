"""What a line tells its worker, in order: messages that arrived, and what became of what the worker asked for."""

from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeAlias

from terminal.edges.mqtt import Arrived, Event, Lost

MAX_WAITING = 256
"""Messages that wait here, of several connections. Beyond it those of a lost connection are left to come again."""


@dataclass(frozen=True, slots=True)
class Published:
    """A message was answered by the broker, or failed."""

    why_not: str | None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker answered to a subscription, or its connection ended before."""

    why_not: str | None


@dataclass(frozen=True, slots=True)
class Unsubscribed:
    """The same for the end of one."""

    why_not: str | None


Told: TypeAlias = Event | Published | Subscribed | Unsubscribed | None


class Inbox:
    """What a line tells, in order, until the worker looks at it. Thread-safe; nothing blocks but `next`."""

    def __init__(self) -> None:
        self._told: SimpleQueue[Told] = SimpleQueue()

    def put(self, told: Told) -> None:
        """Keep it; for the line's thread alone, save None, which only wakes the worker."""
        if isinstance(told, Lost) and self._told.qsize() > MAX_WAITING:
            self._leave_messages_out()
        self._told.put(told)

    def next(self, within_s: float) -> Told:
        """The next; None when nothing came in time."""
        with suppress(Empty):
            return self._told.get(timeout=within_s)
        return None

    def _leave_messages_out(self) -> None:
        others: list[Told] = []
        with suppress(Empty):
            while True:
                if not isinstance(told := self._told.get_nowait(), Arrived):
                    others.append(told)
        for told in others:
            self._told.put(told)
