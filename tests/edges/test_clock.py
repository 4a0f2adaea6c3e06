"""Clocks that tests move; a restart is a new `FlooredClock` over the same store."""

from concurrent.futures import Future
from dataclasses import dataclass, field

import pytest

from terminal.core.instant import ClockQuality, Now
from terminal.edges.clock import MAX_LEAD_MS, SIGNED_AHEAD_MS, STEP_BACK_MS, FlooredClock
from terminal.errors import StorageError

NOON_S = 1_790_000_000
NOON_MS = NOON_S * 1000
HOUR_S, DAY_S = 3600, 86_400
GOOD, DOUBTFUL = ClockQuality.GOOD, ClockQuality.DOUBTFUL


@dataclass
class Kept:
    """A store that remembers each time it kept, and fails on request."""

    times: list[int] = field(default_factory=list)
    failing: bool = False

    def load(self) -> int | None:
        return self.times[-1] if self.times else None

    def save(self, number: int, /) -> "Future[None]":
        done: Future[None] = Future()
        if self.failing:
            done.set_exception(StorageError("the disk is full"))
        else:
            self.times.append(number)
            done.set_result(None)
        return done


class Machine:
    """A wall clock and a monotonic clock, moved by hand, and what survives a power cut."""

    def __init__(self) -> None:
        self.wall_ms = NOON_MS
        self.monotonic_s = 100.0
        self.kept = Kept()

    def start(self) -> FlooredClock:
        return FlooredClock(self.kept, lambda: self.wall_ms, lambda: self.monotonic_s)

    def wait(self, seconds: float) -> None:
        self.wall_ms += int(seconds * 1000)
        self.monotonic_s += seconds

    def power_cut(self, wall_ms: int) -> FlooredClock:
        self.wall_ms, self.monotonic_s = wall_ms, 5.0
        return self.start()


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_right_clock_is_good_and_followed(machine: Machine) -> None:
    clock = machine.start()
    assert clock.now() == Now(NOON_MS, GOOD)
    machine.wait(1.5)
    assert clock.now() == Now(NOON_MS + 1500, GOOD)
    assert clock.monotonic_s() == 101.5


def test_clock_set_back_by_a_power_cut(machine: Machine) -> None:
    machine.start().raise_floor(NOON_S - 60)
    clock = machine.power_cut(NOON_MS - 3 * DAY_S * 1000)
    assert clock.now() == Now(NOON_MS, DOUBTFUL)
    machine.wait(10)
    assert clock.now() == Now(NOON_MS + 10_000, DOUBTFUL)
    machine.wall_ms = NOON_MS + HOUR_S * 1000  # a time service has corrected it
    assert clock.now() == Now(NOON_MS + HOUR_S * 1000, GOOD)


def test_two_power_cuts_do_not_repeat_the_same_hours(machine: Machine) -> None:
    wrong_ms = NOON_MS - 3 * DAY_S * 1000
    machine.start().raise_floor(NOON_S)
    clock = machine.power_cut(wrong_ms)
    clock.raise_floor(NOON_S)  # the lists in force, loaded at start
    machine.wait(6 * HOUR_S)
    clock.keep()
    assert machine.power_cut(wrong_ms).now() == Now(NOON_MS + 6 * HOUR_S * 1000, DOUBTFUL)


@pytest.mark.parametrize(("back_ms", "quality"), [(STEP_BACK_MS, GOOD), (STEP_BACK_MS + 1, DOUBTFUL)])
def test_step_back_while_running(machine: Machine, back_ms: int, quality: ClockQuality) -> None:
    clock = machine.start()
    clock.raise_floor(NOON_S - 60)
    machine.wall_ms -= back_ms
    assert clock.now() == Now(NOON_MS, quality)


@pytest.mark.parametrize(("ahead_ms", "quality"), [(SIGNED_AHEAD_MS, GOOD), (SIGNED_AHEAD_MS + 1000, DOUBTFUL)])
def test_list_from_the_future(machine: Machine, ahead_ms: int, quality: ClockQuality) -> None:
    clock = machine.start()
    clock.raise_floor((NOON_MS + ahead_ms) // 1000)
    assert clock.now() == Now(NOON_MS + ahead_ms, quality)
    machine.wait(HOUR_S)
    assert clock.now() == Now(NOON_MS + ahead_ms + HOUR_S * 1000, quality)


def test_headquarters_five_minutes_ahead_is_no_doubt_after_a_restart(machine: Machine) -> None:
    machine.start().raise_floor((NOON_MS + SIGNED_AHEAD_MS) // 1000)
    clock = machine.start()
    assert clock.now() == Now(NOON_MS, GOOD)
    clock.raise_floor((NOON_MS + SIGNED_AHEAD_MS) // 1000)
    assert clock.now() == Now(NOON_MS + SIGNED_AHEAD_MS, GOOD)


def test_list_an_hour_ahead_is_remembered_without_the_list(machine: Machine) -> None:
    machine.start().raise_floor(NOON_S + HOUR_S)
    assert machine.start().now() == Now(NOON_MS + HOUR_S * 1000 - SIGNED_AHEAD_MS, DOUBTFUL)


def test_list_from_the_past_changes_nothing(machine: Machine) -> None:
    clock = machine.start()
    clock.raise_floor(NOON_S - DAY_S)
    assert clock.now() == Now(NOON_MS, GOOD)
    clock.raise_floor(NOON_S - 2 * DAY_S)
    assert clock.now() == Now(NOON_MS, GOOD)


def test_clock_that_jumped_forward_is_followed(machine: Machine) -> None:
    clock = machine.start()
    clock.raise_floor(NOON_S - 60)
    machine.wall_ms += 30 * DAY_S * 1000
    assert clock.now() == Now(NOON_MS + 30 * DAY_S * 1000, GOOD)


def test_clock_that_was_years_ahead_for_a_moment_costs_no_more_than_a_list_may_be_old(machine: Machine) -> None:
    clock = machine.start()
    clock.raise_floor(NOON_S)
    machine.wait(301)
    machine.wall_ms += 70 * 365 * DAY_S * 1000
    clock.keep()
    clock = machine.power_cut(NOON_MS + HOUR_S * 1000)
    assert clock.now() == Now(NOON_MS + MAX_LEAD_MS, DOUBTFUL)
    assert machine.kept.times == [NOON_MS, NOON_MS + MAX_LEAD_MS]


def test_without_a_signed_instant_nothing_is_kept(machine: Machine) -> None:
    machine.kept.times = [NOON_MS - 1000]
    clock = machine.start()
    machine.wait(HOUR_S)
    clock.keep()
    assert machine.kept.times == [NOON_MS - 1000]


def test_floor_never_falls(machine: Machine) -> None:
    machine.kept.times = [NOON_MS + DAY_S * 1000]
    clock = machine.start()
    clock.raise_floor(NOON_S - 30 * DAY_S)
    machine.wait(HOUR_S)
    clock.keep()
    assert machine.kept.times == [NOON_MS + DAY_S * 1000]
    assert clock.now() == Now(NOON_MS + (DAY_S + HOUR_S) * 1000, DOUBTFUL)


def test_floor_is_kept_every_five_minutes_and_after_a_raise(machine: Machine) -> None:
    clock = machine.start()
    clock.raise_floor(NOON_S)
    for _ in range(601):
        machine.wait(1)
        clock.keep()
    assert machine.kept.times == [NOON_MS, NOON_MS + 300_000, NOON_MS + 600_000]
    clock.raise_floor(NOON_S + 601)
    assert machine.kept.times[-1] == NOON_MS + 601_000


def test_floor_goes_on_for_as_long_as_lists_come(machine: Machine) -> None:
    clock = machine.start()
    for _ in range(20):
        clock.raise_floor(machine.wall_ms // 1000 - 30)
        machine.wait(DAY_S)
        clock.keep()
    assert machine.kept.times[-1] == NOON_MS + 20 * DAY_S * 1000


def test_floor_is_kept_again_after_the_disk_failed(machine: Machine) -> None:
    machine.kept.failing = True
    clock = machine.start()
    clock.raise_floor(NOON_S)
    machine.wait(1)
    clock.keep()
    assert machine.kept.times == []
    machine.kept.failing = False
    machine.wait(1)
    clock.keep()
    machine.wait(1)
    clock.keep()
    assert machine.kept.times == [NOON_MS + 2000]


def test_disk_that_hangs_is_asked_once(machine: Machine) -> None:
    asked: list[int] = []

    class Hanging(Kept):
        def save(self, number: int, /) -> "Future[None]":
            asked.append(number)
            return Future()

    clock = FlooredClock(Hanging(), lambda: machine.wall_ms, lambda: machine.monotonic_s)
    clock.raise_floor(NOON_S)
    machine.wait(DAY_S)
    clock.keep()
    assert asked == [NOON_MS]
    assert clock.now() == Now(NOON_MS + DAY_S * 1000, GOOD)
