"""Parts that hang or fail while the gate ends, and when it may end by itself."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing

from terminal.core.barrier_words import OwedVehicle, Phase, Settings, State
from terminal.gate.ending import REST_WITHIN_S, Ending, Rest, Stage
from terminal.lane.ports import ANSWER_S, CLEAR_S


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a part waits for that hangs; let go after the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("stage", list(Stage))
def test_all_parts_of_a_stage_are_told_to_stop_before_any_has_ended(stage: Stage) -> None:
    together = threading.Barrier(16, timeout=60)
    with structlog.testing.capture_logs() as log, Ending() as ending:
        for number in range(16):
            ending.add(stage, f"reader:{number}", together.wait)
    assert log == []


def test_stages_end_one_after_the_other_whatever_the_order_in_which_parts_were_started() -> None:
    ended: list[str] = []
    with Ending() as ending:
        ending.add(Stage.JOURNAL, "journal", lambda: ended.append("journal"))
        ending.add(Stage.LANES, "lane:1", lambda: ended.append("lane"))
        ending.add(Stage.TAPS, "reader:R", lambda: ended.append("reader"))
    assert ended == ["reader", "lane", "journal"]


def test_part_that_hangs_fails_or_gives_up_is_named_and_the_others_end(never: threading.Event) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    ended: list[str] = []
    with structlog.testing.capture_logs() as log, Ending(shorter=10) as ending:
        ending.add(Stage.TAPS, "reader:hangs", never.wait)
        ending.add(Stage.TAPS, "reader:gives-up", lambda: False)
        ending.add(Stage.TAPS, "rules", fail)
        ending.add(Stage.LANES, "lane:1", lambda: ended.append("lane"))
        ending.add(Stage.JOURNAL, "journal", lambda: ended.append("journal"))
    assert ended == ["lane", "journal"]
    assert [line["event"] for line in log] == ["part-failed-to-end", "did-not-end"]
    assert log[1]["parts"] == ["reader:gives-up", "reader:hangs", "rules"]


def test_all_stages_together_are_over_before_the_service_manager_kills_the_gate() -> None:
    unit = (Path(__file__).parents[2] / "systemd" / "xs-terminal-gate.service").read_text()
    patience = re.search(r"^TimeoutStopSec=(\d+)s$", unit, re.MULTILINE)
    assert patience
    assert sum(stage.value for stage in Stage) < int(patience[1])


def test_lane_has_time_to_wait_until_nothing_is_under_the_boom() -> None:
    assert Stage.LANES.value > CLEAR_S + ANSWER_S


# ------------------------------------------------------------------------------------------- a gate that ends by itself


class Lane:
    """A lane in some state."""

    def __init__(self, phase: Phase, *owed: OwedVehicle) -> None:
        self.state = State(settings=Settings(direction="entry"), phase=phase, owed=owed)


@pytest.mark.parametrize("phase", list(Phase))
def test_gate_may_end_when_every_lane_rests(phase: Phase) -> None:
    at_rest = phase in {Phase.CLOSED, Phase.LOCKED, Phase.BOARD_LOST}
    assert Rest({1: Lane(Phase.CLOSED), 2: Lane(phase)}).has_come() is at_rest


def test_gate_does_not_end_while_somebody_is_owed_a_passage() -> None:
    assert not Rest({1: Lane(Phase.CLOSED, OwedVehicle(cards=(1,)))}).has_come()


def test_lane_that_does_not_rest_for_an_hour_is_told_once_and_waited_for() -> None:
    now_s = 100.0
    lanes = {1: Lane(Phase.CLOSED), 2: Lane(Phase.HELD_OPEN)}
    rest = Rest(lanes, lambda: now_s)
    with structlog.testing.capture_logs() as log:
        assert not rest.has_come()
        now_s += REST_WITHIN_S - 1
        assert not rest.has_come()
        assert log == []
        for _ in range(3):
            now_s += 1
            assert not rest.has_come()
        lanes[2] = Lane(Phase.CLOSED)
        assert rest.has_come()
    assert [(line["event"], line["lanes"]) for line in log] == [("does-not-rest", {2: "held-open"})]
