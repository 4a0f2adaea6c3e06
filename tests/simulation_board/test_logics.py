"""The four logics of controllers, each by its limit contacts."""

from simulation.controller import ControllerTimes
from simulation.logics import Logic
from tests.simulation_board.told import Told, drives_under, open_for

# ------------------------------------------------------------------------------------------------------ impulse-count


def test_counting_controller_stays_open_until_as_many_have_passed_as_there_were_pulses() -> None:
    told = Told(logic=Logic.IMPULSE_COUNT)
    open_for(told, Logic.IMPULSE_COUNT)
    told.pulse()
    told.vehicle("pass", "first")
    told.after(5800)
    assert not told.lane.contacts["loop_safety"]
    told.vehicle("pass", "second")
    told.after(5500)
    assert told.up
    told.after(1800)
    assert told.down


def test_counting_controller_closes_soon_after_the_only_vehicle() -> None:
    told = Told(logic=Logic.IMPULSE_COUNT)
    open_for(told, Logic.IMPULSE_COUNT)
    told.vehicle("pass")
    told.after(5700)
    assert told.up
    told.after(1500)
    assert told.down


def test_counting_controller_gives_up_those_who_never_came() -> None:
    told = Told(logic=Logic.IMPULSE_COUNT)
    open_for(told, Logic.IMPULSE_COUNT)
    told.pulse()
    told.pulse()
    told.after(4900)
    assert told.up
    told.after(1200)
    assert told.down
    open_for(told, Logic.IMPULSE_COUNT)
    told.vehicle("pass")
    told.after(7200)
    assert told.down


def test_close_makes_the_counting_controller_forget_its_count() -> None:
    told = Told(logic=Logic.IMPULSE_COUNT)
    open_for(told, Logic.IMPULSE_COUNT)
    told.pulse()
    told.pulse("close")
    told.after(800)
    assert told.down
    open_for(told, Logic.IMPULSE_COUNT)
    told.vehicle("pass")
    told.after(7200)
    assert told.down


# --------------------------------------------------------------------------------------------------------------- step


def test_step_controller_goes_the_other_way_with_each_pulse() -> None:
    told = Told(logic=Logic.STEP)
    told.pulse()
    told.after(1000)
    assert told.up
    told.pulse()
    told.after(300)
    assert 0 < told.lane.boom_raised < 1
    told.pulse()
    told.after(1000)
    assert told.up


def test_step_controller_closes_by_its_own_time_out_which_a_vehicle_starts_anew() -> None:
    told = Told(logic=Logic.STEP)
    told.vehicle("arrive")
    told.after(5000)
    told.pulse()
    told.after(700 + 2000)
    told.vehicle("drive-on")
    told.after(20_000)
    assert told.up
    told.vehicle("pass")
    told.after(5000)
    assert told.up
    told.after(3100)
    assert told.down


def test_pulse_does_not_close_the_step_controller_on_a_vehicle() -> None:
    told = Told(logic=Logic.STEP, times=ControllerTimes(travel_ms=1000, time_out_ms=60_000))
    told.pulse()
    told.after(1000)
    drives_under(told)
    told.pulse()
    told.after(1000)
    assert told.of("boom", "is") == ["rising", "up"]


# --------------------------------------------------------------------------------------------------------------- hold


def test_hold_controller_is_open_while_the_level_is_on() -> None:
    told = Told(logic=Logic.HOLD)
    told.drive("open", True)
    told.after(60_000)
    assert told.up
    told.drive("open", False)
    told.after(1100)
    assert told.down


def test_hold_controller_turns_back_when_the_level_goes_off_halfway() -> None:
    told = Told(logic=Logic.HOLD)
    told.drive("open", True)
    told.after(500)
    told.drive("open", False)
    assert told.after(600) == [("closed_limit", True)]


def test_hold_controller_whose_level_goes_off_waits_for_the_vehicle_under_the_boom() -> None:
    told = Told(logic=Logic.HOLD)
    open_for(told, Logic.HOLD)
    drives_under(told)
    told.drive("open", False)
    told.after(10_000)
    assert told.up
    told.vehicle("pass")
    told.after(4000)
    assert told.down


def test_hold_controller_whose_boom_fell_on_a_trailer_does_not_try_again_at_once() -> None:
    told = Told(logic=Logic.HOLD)
    told.vehicle("arrive", kind="articulated")
    told.after(10_000)
    open_for(told, Logic.HOLD)
    told.vehicle("straddle")
    told.after(10_000)
    told.drive("open", False)
    told.after(5000)
    assert told.of("boom", "does") == ["touch"]
    told.after(1000)
    assert told.of("boom", "does") == ["touch", "touch"]
