"""What controllers of all four logics do, and what none of them does."""

import pytest

from simulation.logics import Logic
from tests.simulation_board.told import Told, drives_under, let_go, open_for

ALL = pytest.mark.parametrize("logic", list(Logic))


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
