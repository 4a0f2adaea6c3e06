"""The disk is slow, full or gone, or the gate is killed: no order moves anything that is not durable."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from terminal.core.barrier_words import GuardOrder, Phase, Side
from terminal.core.journal import EntryKey, Kind, OpenOrder, OrderResult
from terminal.lane.shell import Lane
from terminal.orders import Answer
from terminal.recovery import settle
from tests.orders.rig import Lanes
from tests.simulation_board.board_process import BoardProcess
from tests.storage.support import ROOT, Gate, Held
from tests.storage.test_disk_errors import FailingDisk, OnFailingDisk

SHORT_S = 0.05
GIVEN = {"order": "open", "by": "xs-status"}
TOO_LATE = {"order": "open", "settles": 0, "result": "refused", "why": "storage"}


def test_order_that_is_not_durable_in_time_moves_nothing_then_or_later(tmp_path: Path) -> None:
    disk = Held()
    with Lanes(tmp_path, budget_s=SHORT_S, before_commit=disk) as lanes:
        disk.hold()
        answer = lanes.give("open")
        assert (answer.result, answer.why, answer.sequence) == (OrderResult.REFUSED, "storage", None)
        assert "nothing moved: the order could not be written down" in answer.say
        assert [alarm.name for alarm in lanes.alarms.standing()] == ["storage"]
        disk.go_on.set()
        assert lanes.told() == [(1, GIVEN), (1, TOO_LATE)]
        assert lanes.pulses() == 0
        assert lanes.lanes[1].state.phase is Phase.CLOSED
        assert lanes.give("open").result is OrderResult.OBEYED
        assert lanes.alarms.standing() == ()


def test_order_while_the_disk_fails_moves_nothing_and_says_what_is_wrong(tmp_path: Path) -> None:
    with Lanes(tmp_path, database=OnFailingDisk) as lanes:
        FailingDisk.failures = 1
        answer = lanes.give("lock")
        assert (answer.result, answer.why) == (OrderResult.REFUSED, "storage")
        assert "SQLITE_IOERR_FSYNC" in answer.say
        assert lanes.lanes[1].state.phase is Phase.CLOSED
        lanes.told()
        assert lanes.gate.journal.open_orders() == ()


def test_order_after_the_journal_has_stopped_moves_nothing(tmp_path: Path) -> None:
    with Lanes(tmp_path) as lanes:
        lanes.gate.store.close()
        answer = lanes.give("hold")
        assert (answer.result, answer.why) == (OrderResult.REFUSED, "storage")
        assert lanes.lanes[1].state.phase is Phase.CLOSED
        assert lanes.pulses(relay="hold_open") == 0


def test_order_whose_reason_nobody_can_seal_moves_nothing(tmp_path: Path) -> None:
    with Lanes(tmp_path) as lanes:
        lanes.gate.sealing_key = None
        answer = lanes.give("open")
        assert (answer.result, answer.why) == (OrderResult.REFUSED, "storage")
        assert "bring issuers.json to the mirror" in answer.say
        assert lanes.pulses() == 0


def test_order_that_waits_for_another_one_too_long_is_not_carried_out_when_nobody_expects_it(tmp_path: Path) -> None:
    disk = Held()
    with Lanes(tmp_path, turn_s=SHORT_S, before_commit=disk) as lanes:
        disk.hold()
        answers: list[Answer] = []
        first = threading.Thread(target=lambda: answers.append(lanes.give("open")))
        first.start()
        assert disk.reached.wait(60)
        second = lanes.give("open")
        assert (second.result, second.why) == (OrderResult.REFUSED, "busy")
        disk.go_on.set()
        first.join()
        assert [answer.result for answer in answers] == [OrderResult.OBEYED]
        assert len(lanes.told()) == 2
        assert lanes.pulses() == 1


def test_hold_that_could_not_be_kept_is_carried_out_and_says_so(tmp_path: Path) -> None:
    class DiskThatFailsAfterTheOrder(Lane):
        def obey(self, order: GuardOrder, key: EntryKey, side: Side | None = None) -> str | None:
            FailingDisk.failures = 1
            return super().obey(order, key, side)

    with Lanes(tmp_path, lane=DiskThatFailsAfterTheOrder, database=OnFailingDisk) as lanes:
        answer = lanes.give("hold")
        assert (answer.result, answer.why) == (OrderResult.OBEYED, "not-kept")
        lanes.wait_for(Phase.HELD_OPEN)
        assert lanes.told()[1][1] == {"order": "hold", "settles": 0, "result": "obeyed", "why": "not-kept"}


# ----------------------------------------------------------------------------------------------- a gate that is killed


@pytest.mark.parametrize("killed", ["before", "after"])
def test_order_that_a_kill_left_between_entry_and_result_is_unknown_and_never_carried_out_again(
    killed: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.orders.test_written_down_first", str(tmp_path), killed]
    with BoardProcess(tmp_path) as board:
        gate = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=100)
        assert gate.returncode == -signal.SIGKILL, gate.stderr.decode()
        assert board.changes("open") == ([True] if killed == "after" else [])
    with Gate(tmp_path / "journal") as journal:
        assert journal.journal.open_orders() == (OpenOrder(0, 1, "open"),)
    with Gate(tmp_path / "journal") as journal:
        settle(journal.journal, software="1.0", stay_after=lambda _: None)
        told = [(entry.record.kind, dict(entry.record.public)) for entry in journal.entries()]
    assert told == [
        (Kind.ORDER, GIVEN),
        (Kind.START, {"software": "1.0"}),
        (Kind.ORDER, {"order": "open", "settles": 0, "result": "unknown"}),
        (Kind.PASSAGE, {"order": 0, "result": "unknown"}),
    ]


class Killed(Lane):
    """Of a gate that is killed as soon as an order reaches its lane, or has been carried out there."""

    before = True

    def obey(self, order: GuardOrder, key: EntryKey, side: Side | None = None) -> str | None:
        if not self.before:
            super().obey(order, key, side)
        os.kill(os.getpid(), signal.SIGKILL)
        return None


if __name__ == "__main__":
    Killed.before = sys.argv[2] == "before"
    with Lanes(Path(sys.argv[1]), lane=Killed, own_board=False) as killed_lanes:
        killed_lanes.give("open")
