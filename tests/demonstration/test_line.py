"""The line to headquarters: broker, collector, publisher and sync are the real programs, cut and killed at will."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demonstration.cast import CAST
from demonstration.processes import Event
from demonstration.stage import Stage
from simulation.pcscd import PcscDaemon
from terminal.core.revocation import CardStatus

pytestmark = pytest.mark.pcsc

WAIT_S = 120.0


class Told:
    """What the line told."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._news = threading.Condition()
        self.stage: Stage | None = None
        self.told_late: list[Event] = []
        """Acknowledgements of which whoever waits for them had heard before they were told."""

    def __call__(self, event: Event) -> None:
        if event["event"] == "acknowledged" and self.stage is not None:
            known = self.stage.line.arrivals.kept().acknowledged >= event["size"]
            self.told_late += [event] if known else []
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def wait(self, found: Callable[[Event], bool]) -> Event:
        with self._news:
            assert self._news.wait_for(lambda: any(map(found, self._events)), WAIT_S), self._events
            return next(filter(found, self._events))

    def about(self, sequence: int) -> list[str]:
        with self._news:
            return [event["event"] for event in self._events if event.get("sequence") == sequence]

    def acknowledged(self, sequence: int) -> Event:
        return self.wait(lambda event: (event["event"], event.get("sequence")) == ("acknowledged", sequence))

    def died(self, name: str) -> Event:
        return self.wait(lambda event: event.get("process") == name)


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture(scope="module")
def stage(pcscd: PcscDaemon, told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("line") / "stage"
    with Stage(folder, cast=[each for each in CAST if each.name in {"anna", "bram"}], tell_line=told) as stage:
        told.stage = stage
        yield stage
    assert processes_of(folder) == []


def test_tap_is_seen_arriving_at_headquarters_and_then_being_acknowledged(stage: Stage, told: Told) -> None:
    sequence = stage.tap("bram")["sequence"]
    event = told.acknowledged(sequence)
    assert told.about(sequence) == ["arrived", "acknowledged"]
    assert event["epoch"] == stage.line.arrivals.epoch_hex
    assert sequence < event["size"] <= event["entries"]
    assert event["arrived_ms"] <= event["acknowledged_ms"]
    assert told.told_late == []


def test_tap_made_with_the_line_cut_is_acknowledged_when_it_is_restored_and_not_before(
    stage: Stage, told: Told
) -> None:
    stage.line.cut()
    sequence = stage.tap("bram")["sequence"]
    assert not stage.set_status("bram", CardStatus.SUSPENDED)
    assert stage.tap("bram")["reason"] == "blocked"
    assert told.about(sequence) == []
    assert not stage.line.arrivals.kept().all_acknowledged
    stage.line.restore()
    told.acknowledged(sequence)
    assert told.about(sequence) == ["arrived", "acknowledged"]
    assert stage.set_status("bram", CardStatus.SUSPENDED)  # published before, and in force when this returns
    assert stage.tap("bram")["reason"] == "suspended"


@pytest.mark.parametrize(
    ("name", "words"), [("sync", "terminal sync"), ("collector", "collect --name"), ("broker", "mosquitto -c")]
)
def test_process_that_is_killed_is_told_of_and_started_again_as_by_a_service_manager(
    stage: Stage, told: Told, name: str, words: str
) -> None:
    (pid,) = [pid for pid, command in processes_of(stage.folder) if words in command and "/bin/sh" not in command]
    os.kill(pid, signal.SIGKILL)
    event = told.died(name)
    assert event["started_again"]
    assert ("its log" if name == "broker" else "killed by SIGKILL") in event["why"]
    told.acknowledged(stage.tap("bram")["sequence"])


def test_witnesses_agree_with_headquarters_database(stage: Stage) -> None:
    stage.line.wait_until_acknowledged()
    answers = [event for event in stage.gate.since(0) if event["event"] == "decision"]
    assert stage.compare(answers) == []


def test_gate_that_is_killed_by_somebody_else_is_told_of(stage: Stage, told: Told) -> None:
    """Last of this module."""
    stage.lane.power_back()
    os.kill(stage.gate.pid, signal.SIGKILL)
    event = told.died("gate")
    assert (event["why"].split(";")[0], event["started_again"]) == ("killed by SIGKILL", False)


def test_script_that_cuts_the_line_waits_in_the_end_for_what_was_restored(pcscd: PcscDaemon, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo"), "--json", "--script", "-"],
        input="tap anna\ncut line\ntap bram\nrestore line\n",
        capture_output=True,
        check=False,
        text=True,
        timeout=400,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    acknowledged = [event["card"] for event in events if event["event"] == "acknowledged"]
    assert acknowledged == ["anna", "bram"]
    assert [event["state"] for event in events if event["event"] == "line"] == ["cut", "restored"]
    *_, far, _ = [event for event in events if event["event"] != "barrier"]
    count = far["entries"]
    assert far == {
        "event": "at-headquarters", "entries": count, "arrived": count, "acknowledged": count, "line": "up"
    }  # fmt: skip
    assert events[-1] == {"event": "ended", "as_journal_says": True, "disagreements": []}
    assert (done.returncode, done.stderr) == (0, "")
    assert processes_of(tmp_path / "demo") == []


def processes_of(folder: Path) -> list[tuple[int, str]]:
    """Whatever runs and names this folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in command:
            found.append((int(each.parent.name), command))
    return found
