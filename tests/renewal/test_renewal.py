"""Rules come into force, change, age; the gate is restarted; what the journal says of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terminal.alarms import Alarms
from terminal.changes import Changes
from terminal.core.journal import Entry, Kind
from terminal.core.policy import DAY_S
from terminal.core.stay import Stay, StayClosed, StayOpened
from terminal.renewal import Renewal
from terminal.trust.documents import POLICY
from tests.storage.support import Beats, start
from tests.storage.support import Gate as Storage
from tests.trust.repository import SITE, START_S, Gate, Repository, policy, revocation_files, site_files

Told = list[tuple[Kind, dict[str, Any]]]


class Run:
    """Runs of one gate: its store and its trust over the same folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.repository = Repository()
        self.trust = Gate(folder).born(self.repository)

    def __call__(self, before: Callable[[Storage], None] = lambda _: None) -> Told:
        """One run, in which the mirror is looked at twice; what it wrote of `before` on."""
        self.repository.write(self.trust.mirror)
        beats = Beats()
        with Storage(self.folder / "journal") as gate:
            gate.clock.ms = int(self.trust.clock.s * 1000)
            before(gate)
            first = gate.journal.append(start()).result().sequence
            keeper = self.trust.started()
            renewal = Renewal(
                keeper,
                journal=gate.journal,
                changes=Changes(gate.journal, gate.store.kept),
                stays=gate.stays,
                alarms=Alarms(gate.journal, lambda *_: None),
                clock=gate.clock,
                heartbeat=beats,
                told=lambda _: None,
            )
            renewal.load()
            renewal.start()
            beats.wait_for(2)
            renewal.stop()
            gate.journal.append(start()).result()
            gate.journal.append(start()).result()
            return [
                (entry.record.kind, dict(entry.record.public))
                for entry in gate.journal.entries(first)
                if entry.record.kind is not Kind.START
            ]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "gate")


APPLIED = {"versions": {"revocation": 1, "targets": 1, f"site-{SITE}": 1}, "list_number": 1, "issued_at_s": START_S}


def test_lists_that_were_in_force_before_a_restart_are_not_written_down_again(run: Run) -> None:
    assert run() == [(Kind.LIST_APPLIED, APPLIED), (Kind.LEVEL_CHANGED, {"level": "1"})]
    run.repository.publish(revocation=revocation_files(issued_at_s=START_S + 1, number=2))
    assert run() == []
    run.repository.publish(revocation=revocation_files(5, issued_at_s=START_S + 2, number=3))
    ((kind, public),) = run()
    assert (kind, public["list_number"], public["issued_at_s"]) == (Kind.LIST_APPLIED, 3, START_S + 2)


def test_lists_that_came_into_force_in_the_moment_of_a_power_cut_are_written_down_after_it(run: Run) -> None:
    run()
    run.repository.publish(revocation=revocation_files(5, issued_at_s=START_S + 1, number=2))
    run.repository.write(run.trust.mirror)
    run.trust.started().refresh()  # in force, and the power goes
    ((kind, public),) = run()
    assert (kind, public["list_number"]) == (Kind.LIST_APPLIED, 2)


def test_level_that_is_raised_is_written_down_with_what_it_was(run: Run) -> None:
    run()
    raised = POLICY.dump(replace(policy(), level="2", level_since=run.repository.now))
    run.repository.publish(site=site_files() | {f"sites/{SITE}/policy.json": raised})
    assert (Kind.LEVEL_CHANGED, {"level": "2", "was": "1", "since_s": START_S}) in run()
    assert run() == []


def test_stays_that_ended_longer_ago_than_the_policy_keeps_them_go_and_the_journal_says_how_many(run: Run) -> None:
    run()
    retention_ms = policy().retention.terminal_days * DAY_S * 1000

    def two_came_and_went(gate: Storage) -> None:
        now_ms = gate.clock.ms
        for holder, closed_ms in ((1, now_ms - retention_ms - 1), (2, now_ms - retention_ms), (3, None)):
            card = bytes([holder]) * 8
            entry = Entry(kind=Kind.PASSAGE, lane=1, public={"result": "passed"})
            stay = Stay(zone=1, lane=1, entered_ms=0, intent=None)
            gate.journal.append(entry, StayOpened(card, 8712345000004, stay)).result()
            if closed_ms is not None:
                gate.journal.append(entry, StayClosed(card, closed_ms)).result()

    before_s = START_S - retention_ms // 1000
    assert run(two_came_and_went) == [(Kind.ERASURE, {"what": "closed-stays", "count": 1, "before_s": before_s})]
    assert run() == []
