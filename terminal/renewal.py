"""The thread that watches the mirror: new lists and rules into force within a second, and what they mean said aloud."""

import threading
from collections.abc import Callable

from terminal.alarms import Alarms
from terminal.core.journal import Entry, Kind
from terminal.core.rules import Rules
from terminal.ports import Clock, Heartbeat, Journal
from terminal.trust.keeper import Outcome, RulesKeeper

LOOK_EVERY_S = 0.2
REFRESH_EVERY_S = 60.0
"""A refresh also without a change: a disk may have room again, a clock may be right again."""
PART = "rules"


class Renewal:
    """Keeps the rules up to date from `start` to `stop`, on a thread of its own."""

    def __init__(
        self,
        keeper: RulesKeeper,
        *,
        journal: Journal,
        alarms: Alarms,
        clock: Clock,
        heartbeat: Heartbeat,
        told: Callable[[Outcome], None],
    ) -> None:
        """`told` hears of every refresh that changed or refused something, for the log."""
        self._keeper = keeper
        self._journal = journal
        self._alarms = alarms
        self._clock = clock
        self._heartbeat = heartbeat
        self._told = told
        self._refused_before: tuple[str, ...] = ()
        self._content_before: tuple[object, ...] | None = None
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
        due_s = self._clock.monotonic_s()
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            if self._keeper.changed() or self._clock.monotonic_s() >= due_s:
                due_s = self._clock.monotonic_s() + REFRESH_EVERY_S
                self._take(self._keeper.refresh())
            self._judge_age(self._keeper.current())
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
        if outcome.rules is not None and outcome.applied:
            self._write_down(outcome.rules)

    def _write_down(self, rules: Rules) -> None:
        """Renewals only move the age; what is journalled is a change of content."""
        content = (rules.content_digest, rules.policy, rules.issuers)
        if content != self._content_before:
            self._content_before = content
            public = {"versions": dict(rules.versions), "list_number": rules.list_number}
            self._journal.append(Entry(kind=Kind.LIST_APPLIED, public=public))

    def _judge_age(self, rules: Rules | None) -> None:
        if rules is not None:
            limits = rules.policy.list_age[rules.policy.level]
            age_s = rules.list_age_s(self._clock.now().s)
            self._alarms.holds("list-old", while_=limits.warn_s < age_s <= limits.max_s)
            self._alarms.holds("list-too-old", while_=age_s > limits.max_s)
