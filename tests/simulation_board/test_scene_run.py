"""How a scene fails: by its lines, and by what no line speaks of. The gate is a guard who opens for every card."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from simulation.lane import SimulatedLane
from simulation.logics import Logic
from simulation.scene import parse_scene
from simulation.scene_run import Played, play
from simulation.stage import Hear, RealTime, Setup
from simulation.surroundings import happen


class Guard:
    """A stage in virtual time; `also` is what this guard does besides, whenever somebody taps."""

    def __init__(self, setup: Setup, hear: Hear, also: Callable[["Guard"], None]) -> None:
        self.hear = hear
        self.now_ms = 0.0
        self.lane = SimulatedLane(lambda what, **facts: hear({"what": what, **facts}), 0.0, setup.board())
        self._also = also

    def happen(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        return happen(self.lane, message, self.now_ms)

    def tap(self, person: str, _side: str | None, _reader: str | None) -> None:
        self.hear({"what": "answer", "person": person, "outcome": "admit"})
        self.lane.drive("open", True, self.now_ms)
        self._also(self)

    def order(self, order: str, _reason: str, _side: str | None) -> str | None:
        return "no-guard" if order == "lock" else None

    def cut_power(self) -> None:
        self.hear({"what": "phase", "phase": "no power"})

    def power_back(self) -> None:
        self.hear({"what": "phase", "phase": "power"})

    def wait(self, until: Callable[[], bool], patience_ms: float) -> bool:
        deadline_ms = self.now_ms + patience_ms
        while not until() and self.now_ms < deadline_ms:
            self.now_ms += 10
            self.lane.advance(self.now_ms)
        return until()


def played(lines: str, also: Callable[[Guard], None] = lambda _: None) -> Played:
    """How a scene of these lines goes with such a guard."""

    @contextmanager
    def stage(setup: Setup, hear: Hear) -> Iterator[Guard]:
        yield Guard(setup, hear, also)

    return play(parse_scene(f"scene A test\nlane entry\n{lines}", "test"), Logic.IMPULSE, stage)


def passes(guard: Guard) -> None:
    guard.hear({"what": "passage", "person": "anna", "result": "passed"})


def why(result: Played) -> list[str]:
    return [failure.why for failure in result.failures]


def test_scene_that_goes_as_it_should() -> None:
    result = played("tap anna\nexpect anna admitted\nexpect anna passed\nexpect boom up\nexpect pulses 1", passes)
    assert result
    assert str(result) == "test, impulse: as it should"


def test_condition_that_does_not_hold_in_time_names_its_line_and_what_was_instead() -> None:
    result = played("fire on\nwait boom down within=2\nfire off")
    assert (result.failures[0].line, why(result)) == (4, ["it is up"])
    assert "line 4: wait boom down within=2" in str(result)
    assert "      what boom, is up, raised 1.0" in str(result)
    assert why(played("expect pulses 1")) == ["open was switched on 0 times"]
    assert why(played("tap anna\nexpect anna passed")) == ["it did not happen"]


def test_what_one_line_expected_is_not_there_for_the_next() -> None:
    assert why(played("tap anna\nexpect anna passed\nexpect anna passed", passes)) == ["it did not happen"]


def test_step_that_is_for_other_logics_is_left_out() -> None:
    assert played("fire on\nexpect boom down logic=step,hold\nwait boom up")


def test_what_was_before_the_scene_is_none_of_its_business() -> None:
    @contextmanager
    def stage(setup: Setup, hear: Hear) -> Iterator[Guard]:
        hear({"what": "alarm", "does": "raised", "name": "board"})
        yield Guard(setup, hear, lambda _: None)

    assert play(parse_scene("scene A test\nfire on", "test"), Logic.IMPULSE, stage)


def test_passage_that_no_line_expects_fails_the_scene() -> None:
    assert why(played("tap anna", passes)) == ["no line expects this: what passage, person anna, result passed"]


def test_alarm_that_no_line_names_fails_the_scene() -> None:
    def alarm(guard: Guard) -> None:
        passes(guard)
        guard.hear({"what": "alarm", "does": "raised", "name": "tailgate"})

    lines = "tap anna\nexpect anna passed"
    assert why(played(lines, alarm)) == ["no line expects this: what alarm, does raised, name tailgate"]
    assert played(f"allow alarm tailgate\n{lines}", alarm)
    assert played(f"{lines}\nexpect alarm tailgate", alarm)


def test_person_turned_away_whom_no_line_expects_fails_the_scene() -> None:
    def refuses(guard: Guard) -> None:
        passes(guard)
        guard.hear({"what": "answer", "person": "anna", "outcome": "refuse", "reason": "lane-busy"})

    assert len(played("tap anna\nexpect anna passed", refuses).failures) == 1
    assert played("tap anna\nexpect anna passed\nexpect anna refused lane-busy", refuses)
    assert played("tap anna\nexpect anna passed\nexpect anna turned away", refuses)


def test_person_who_was_admitted_and_had_no_end_fails_the_scene() -> None:
    assert why(played("tap anna")) == ["anna was admitted, and how that ended was never said"]


def test_boom_that_is_told_to_close_over_a_vehicle_fails_the_scene() -> None:
    def closes(guard: Guard) -> None:
        passes(guard)
        guard.lane.drive("close", True, guard.now_ms)

    lines = "car C1 comes\nC1 stops under the boom heedless\nwait C1 stands\ntap anna\nexpect anna passed"
    assert why(played(lines, passes)) == ["no line expects this: what boom, does hit, vehicles ['C1']"]
    lines += "\nexpect boom hit by C1"
    assert played(lines, passes)
    assert why(played(lines, closes)) == ["the boom was told to close 1 times over a vehicle on loop_safety"]


def test_order_must_be_refused_or_obeyed_as_the_line_says() -> None:
    assert played("order lock refused=no-guard\norder hold")
    assert why(played("order lock")) == ["the order was refused: no-guard"]
    assert why(played("order hold refused=no-guard")) == ["the order was obeyed"]


def test_step_that_the_lane_refuses_fails_with_its_reason() -> None:
    assert why(played("car C1 comes\nC1 stops across the boom")) == [
        "this vehicle has no open space in its middle; an articulated truck or a drawbar has"
    ]


def test_power_is_cut_and_comes_back() -> None:
    assert played("cut power\nexpect lane 'no power'\npower back\nexpect lane power")


def test_real_time_waits_in_the_time_of_the_model_and_wakes_at_what_happens() -> None:
    heard: list[Mapping[str, Any]] = []
    stage = RealTime(heard.append, speed=1_000_000)
    assert not stage.wait(lambda: bool(heard), 3_600_000)
    stage.told({"what": "phase"})
    assert stage.wait(lambda: bool(heard), 0)
