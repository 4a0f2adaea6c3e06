"""What the gate's log tells of taps, entries, alarms and rules.

Others read these names and fields (docs/demonstration.md). No card number, no EAN, nothing of a card: only what
stands in the public part of the journal.
"""

from concurrent.futures import Future
from functools import partial
from typing import Any

import structlog

from terminal.alarms import AlarmKey
from terminal.core.journal import Entry, EntryKey
from terminal.gate.shown import site_news, view_news
from terminal.live import Live
from terminal.ports import Change, Following, JournalForTap
from terminal.tap.ports import Answer
from terminal.trust.keeper import Outcome

log = structlog.get_logger()


class ToldJournal:
    """The journal, with a line in the log for each entry once it is durable: its public part, nothing sealed."""

    def __init__(self, journal: JournalForTap) -> None:
        self._journal = journal

    def append(
        self, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """As the journal's own."""
        future = self._journal.append(entry, also, followed_by=followed_by)
        future.add_done_callback(partial(_tell_entries, entry, followed_by))
        return future


def _tell_entries(entry: Entry, followed_by: Following | None, stored: "Future[EntryKey]") -> None:
    if stored.exception() is None:
        number = stored.result().sequence
        for sequence, each in enumerate([entry, followed_by(number)] if followed_by else [entry], number):
            kind, public = each.kind.value, dict(each.public)
            log.info("journal", sequence=sequence, kind=kind, lane=each.lane, public=public)


def tell_answer(answer: Answer) -> None:
    """What a tap came to."""
    times: dict[str, Any] = {
        name: round(value, 2)
        for name in ("card_ms", "durable_ms", "tap_ms")
        if (value := getattr(answer, name)) is not None
    }
    where: dict[str, Any] = {"lane": answer.lane, "reader": answer.reader}
    if answer.side is not None:
        where["side"] = answer.side.value
    if answer.decision is None:
        go_to = {"go_to": list(answer.go_to)} if answer.go_to else {}
        log.info(str(answer.hint), **where, **go_to, **times)
        return
    log.info(
        "decision",
        **where,
        outcome=answer.decision.outcome.value,
        reason=answer.decision.reason.value,
        help=answer.decision.help.value,
        flags=[flag.value for flag in answer.decision.flags],
        sequence=answer.key.sequence if answer.key else None,
        **({"amount_cents": answer.charge.amount_cents} if answer.charge else {}),
        **({"sale": answer.sale.step.value, "service": answer.sale.what} if answer.sale else {}),
        **times,
    )


class Told:
    """What happens to alarms, rules and view: in the log, and live."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self.copied = 0
        """How many entries the view has."""

    def alarm(self, step: str, alarm: AlarmKey) -> None:
        """An alarm was raised or cleared."""
        log.warning(step, alarm=alarm.name, lane=alarm.lane, about=alarm.about)
        self._live.tell({"news": "alarm", "step": step, "alarm": alarm.name, "lane": alarm.lane, "about": alarm.about})

    def view(self, copied: int) -> None:
        """The view has so many entries now."""
        self.copied = copied
        self._live.tell(view_news(copied))

    def rules(self, outcome: Outcome) -> None:
        """What came into force, and what was refused and why."""
        tell_rules(outcome)
        if outcome.rules is not None:
            self._live.tell(site_news(outcome.rules))


def tell_rules(outcome: Outcome) -> None:
    """What came into force, and what was refused and why."""
    for refusal in outcome.refused:
        log.warning("update-refused", subject=refusal.subject, fault=refusal.error.fault, why=str(refusal.error))
    if outcome.applied:
        log.info("in-force", versions=dict(outcome.applied), list_number=outcome.rules and outcome.rules.list_number)


def tell_tap_failure(reader: str, error: Exception) -> None:
    """A tap ended in a way that nobody foresaw; somebody must look."""
    log.error("tap-failed", reader=reader, exc_info=error)
