"""The thread that watches the mirror: new lists and rules into force within a second, and what they mean said aloud."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.changes import Changes
from terminal.core.journal import Entry, Kind
from terminal.core.policy import DAY_S
from terminal.core.rules import Rules
from terminal.errors import StorageError
from terminal.ports import Clock, Heartbeat, Journal
from terminal.trust.keeper import Outcome, RulesKeeper

LOOK_EVERY_S = 0.2
REFRESH_EVERY_S = 60.0
"""A refresh also without a change: a disk may have room again, a clock may be right again."""
PURGE_EVERY_S = float(DAY_S)
PART = "rules"


class ClosedStays(Protocol):
    """Where the stays are that have ended."""

    def purge(self, closed_before_ms: int) -> "Future[int]":
        """Delete those that ended before; the future gives how many. Blocks on the disk. Raises StorageError."""


class Renewal:
    """Keeps the rules up to date, and what they let us keep, from `start` to `stop`, on a thread of its own."""

    def __init__(
        self,
        keeper: RulesKeeper,
        *,
        journal: Journal,
        changes: Changes,
        stays: ClosedStays,
        alarms: Alarms,
        clock: Clock,
        heartbeat: Heartbeat,
        told: Callable[[Outcome], None],
    ) -> None:
        """`told` hears of every refresh that changed or refused something, for the log."""
        self._keeper = keeper
        self._journal = journal
        self._changes = changes
        self._stays = stays
        self._alarms = alarms
        self._clock = clock
        self._heartbeat = heartbeat
        self._told = told
        self._refused_before: tuple[str, ...] = ()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rules", daemon=True)

    def load(self) -> None:
        """Bring into force what was in force before, without the mirror. Blocks on the disk."""
        outcome = self._keeper.load()
        if outcome.refused:
            self._told(outcome)

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; blocks while a refresh runs."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        due_s = purge_due_s = self._clock.monotonic_s()
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            if self._keeper.changed() or self._clock.monotonic_s() >= due_s:
                due_s = self._clock.monotonic_s() + REFRESH_EVERY_S
                self._take(self._keeper.refresh())
            rules = self._keeper.current()
            self._judge_age(rules)
            if rules is not None and (now_s := self._clock.monotonic_s()) >= purge_due_s:
                purge_due_s = now_s + (PURGE_EVERY_S if self._purge(rules) else REFRESH_EVERY_S)
            self._stopping.wait(LOOK_EVERY_S)

    def _take(self, outcome: Outcome) -> None:
        refused = tuple(f"{refusal.subject}: {refusal.error}" for refusal in outcome.refused)
        if outcome.applied or refused != self._refused_before:
            self._told(outcome)
        self._refused_before = refused
        self._alarms.holds("update-refused", while_=bool(refused))
        self._alarms.holds("no-rules", while_=outcome.rules is None)
        if outcome.clock_doubtful:
            self._alarms.raised("clock", ahead_s=int(outcome.ahead_s))
        if outcome.rules is not None:
            self._write_down(outcome.rules)

    def _write_down(self, rules: Rules) -> None:
        """Renewals only move the age; what is journalled is a change of content, and of the security level."""
        applied = {
            "versions": dict(rules.versions),
            "list_number": rules.list_number,
            "issued_at_s": rules.lists_issued_at_s,
        }
        self._changes.is_now(Kind.LIST_APPLIED, rules.content_digest.hex(), lambda _: applied)
        self._changes.is_now(Kind.LEVEL_CHANGED, rules.policy.level, partial(_level, rules))

    def _purge(self, rules: Rules) -> bool:
        """Delete the stays that ended longer ago than the policy keeps them, and say so; False: try again soon."""
        before_ms = self._clock.now().ms - rules.policy.retention.terminal_days * DAY_S * 1000
        try:
            self._stays.purge(before_ms).add_done_callback(partial(self._purged, before_ms))
        except StorageError as error:
            self._alarms.raised(STORAGE_ALARM, detail=str(error))
            return False
        return True

    def _purged(self, before_ms: int, purge: "Future[int]") -> None:
        if (failure := purge.exception()) is not None:
            self._alarms.raised(STORAGE_ALARM, detail=str(failure))
        elif count := purge.result():
            public = {"what": "closed-stays", "count": count, "before_s": before_ms // 1000}
            self._journal.append(Entry(kind=Kind.ERASURE, public=public))

    def _judge_age(self, rules: Rules | None) -> None:
        if rules is not None:
            limits = rules.policy.list_age[rules.policy.level]
            age_s = rules.list_age_s(self._clock.now().s)
            self._alarms.holds("list-old", while_=limits.warn_s < age_s <= limits.max_s)
            self._alarms.holds("list-too-old", while_=age_s > limits.max_s)


def _level(rules: Rules, was: str | None) -> Mapping[str, Any]:
    since = rules.policy.level_since
    return {
        "level": rules.policy.level,
        **({"was": was} if was else {}),
        **({"since_s": int(since.timestamp())} if since else {}),
    }
