"""The four logics of controllers, each by its limit contacts; and what no logic does."""

import pytest

from simulation.controller import ControllerTimes
from simulation.logics import Logic
from tests.simulation_board.told import Told

ALL = pytest.mark.parametrize("logic", list(Logic))


def open_for(told: Told, logic: Logic) -> None:
    """Have the boom go up as this logic wants to be asked."""
    if logic is Logic.HOLD:
        told.drive("open", True)
    else:
        told.pulse()
    told.after(1000)
    assert told.up


def let_go(told: Told, logic: Logic) -> None:
    if logic is Logic.HOLD:
        told.drive("open", False)


def drives_under(told: Told) -> None:
    told.vehicle("arrive")
    told.vehicle("drive-on", heedless=True)
    told.after(4000)
    assert told.lane.contacts["loop_safety"]


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


# ------------------------------------------------------------------------------------------------------ what all share


@ALL
def test_no_logic_starts_down_over_a_vehicle_nor_on_an_order_to_close(logic: Logic) -> None:
    told = Told(logic=logic)
    open_for(told, logic)
    drives_under(told)
    let_go(told, logic)
    told.pulse("close")
    told.after(60_000)
    assert told.up


@ALL
def test_every_logic_goes_up_again_when_something_comes_under_the_falling_boom(logic: Logic) -> None:
    told = Told(logic=logic)
    told.vehicle("arrive")
    told.after(5000)
    open_for(told, logic)
    let_go(told, logic)
    while told.lane.boom_raised == 1.0:
        told.after(100)
    told.vehicle("drive-on", heedless=True)
    told.after(250)
    assert told.lane.contacts["loop_safety"]
    assert told.lane.boom_raised > 0
    told.after(2000)
    assert told.up


@ALL
def test_every_logic_opens_on_fire_and_stays_open(logic: Logic) -> None:
    told = Told(logic=logic)
    told.happen(contact="fire", on=True)
    told.pulse("close")
    told.after(60_000)
    assert told.up
    told.happen(contact="fire", on=None)
    told.after(7000)
    assert told.down


@ALL
def test_every_logic_is_kept_up_by_hold_open_and_closes_when_it_goes_off(logic: Logic) -> None:
    told = Told(logic=logic)
    told.drive("hold_open", True)
    told.pulse("close")
    told.after(60_000)
    assert told.up
    told.drive("hold_open", False)
    told.after(6100)
    assert told.down


@ALL
def test_close_closes_every_boom_that_nothing_keeps_up(logic: Logic) -> None:
    told = Told(logic=logic)
    open_for(told, logic)
    let_go(told, logic)
    told.pulse("close")
    told.after(800)
    assert told.down


@ALL
def test_boom_stays_where_it_is_without_mains_and_both_limits_are_off(logic: Logic) -> None:
    told = Told(logic=logic)
    open_for(told, logic)
    told.happen(mains=False)
    let_go(told, logic)
    told.pulse("close")
    told.after(60_000)
    assert told.limits == (False, False)
    assert told.lane.boom_raised == 1.0
    told.happen(mains=True)
    faults = [line["on"] for line in told.lines if line.get("name") == "controller_fault"]
    assert faults == [True, False]
    told.after(60_000)
    assert told.down


def test_boom_that_lost_its_mains_halfway_goes_up_when_they_come_back() -> None:
    told = Told()
    told.pulse()
    told.after(200)
    told.happen(mains=False)
    told.after(10_000)
    assert told.lane.boom_raised == pytest.approx(0.5)
    told.happen(mains=True)
    told.after(600)
    assert told.up


@ALL
def test_boom_is_opened_by_hand_without_mains_and_stays_until_the_hand_lets_go(logic: Logic) -> None:
    told = Told(logic=logic)
    told.happen(mains=False)
    told.happen(hand="up")
    told.after(30_000)
    assert told.lane.boom_raised == 1.0
    told.happen(mains=True)
    told.after(30_000)
    assert told.up
    told.happen(hand="off")
    told.after(6100)
    assert told.down


@ALL
def test_arm_that_swung_off_leaves_both_limits_and_answers_no_order(logic: Logic) -> None:
    told = Told(logic=logic)
    told.happen(arm="off")
    assert [name for name, on in told.lane.contacts.items() if on] == ["swing_off"]
    told.pulse()
    assert told.after(10_000) == []
    told.happen(arm="on")
    told.after(10_000)
    assert told.down


@pytest.mark.parametrize("at_ms", [1, 250, 500, 999])
def test_boom_jams_at_any_position(at_ms: int) -> None:
    told = Told(logic=Logic.HOLD)
    told.drive("open", True)
    told.after(at_ms)
    told.happen(jam=True)
    told.after(10_000)
    assert told.lane.boom_raised == pytest.approx(at_ms / 1000)
    assert told.limits == (False, False)
    told.happen(jam=False)
    told.after(1000)
    assert told.up
