"""Vehicles over three loops: what each loop feels of them, and how their drivers go about it."""

import pytest

from simulation.controller import ControllerTimes
from simulation.driver import CannotMove
from simulation.logics import Logic
from simulation.vehicle import BODIES
from tests.simulation_board.told import Told

LONG = ControllerTimes(travel_ms=1000, after_passage_ms=3000, no_show_ms=60_000)


def opened(times: ControllerTimes = LONG) -> Told:
    """A boom that is up."""
    told = Told(logic=Logic.HOLD, times=times)
    told.drive("open", True)
    told.after(1000)
    return told


def edges(told: Told, loop: str) -> list[bool]:
    return [line["on"] for line in told.lines if line["what"] == "contact" and line["name"] == loop]


@pytest.mark.parametrize("kind", ["car", "van", "truck"])
def test_loop_feels_a_short_vehicle_once(kind: str) -> None:
    told = opened()
    told.vehicle("pass", kind=kind)
    told.after(20_000)
    assert [edges(told, loop) for loop in ("loop_arm", "loop_safety", "loop_behind")] == [[True, False]] * 3


@pytest.mark.parametrize("kind", ["articulated", "drawbar"])
def test_loop_under_the_boom_does_not_feel_the_open_space_of_a_long_vehicle_and_the_next_does(kind: str) -> None:
    told = opened()
    told.vehicle("pass", kind=kind)
    told.after(30_000)
    assert edges(told, "loop_safety") == [True, False, True, False]
    assert edges(told, "loop_behind") == [True, False]


def test_vehicle_from_the_other_side_meets_the_loops_in_the_other_order() -> None:
    told = opened()
    told.vehicle("pass", kind="car", **{"from": "exit"})
    told.after(20_000)
    names = [line["name"] for line in told.lines if line["what"] == "contact" and line["on"]]
    assert names[-3:] == ["loop_behind", "loop_safety", "loop_arm"]


def test_next_vehicle_stops_behind_the_one_that_waits_and_closes_up_when_it_goes() -> None:
    told = Told()
    told.vehicle("arrive", "first", kind="van")
    told.after(5000)
    told.vehicle("arrive", "next", kind="articulated")
    told.after(10_000)
    first, second = (told.lane.look()["vehicles"][name] for name in ("first", "next"))
    assert second["front_m"] == pytest.approx(first["rear_m"] - 1.0)
    told.pulse()
    told.vehicle("pass", "first")
    told.after(10_000)
    assert told.lane.look()["vehicles"]["next"]["front_m"] == pytest.approx(-1.5)
    assert edges(told, "loop_arm") == [True]


def test_vehicle_that_keeps_its_distance_does_not_cover_the_loop_all_the_time() -> None:
    told = opened()
    for name in ("first", "second"):
        told.vehicle("arrive", name, kind="car")
        told.after(8000)
    told.vehicle("pass", "first")
    told.vehicle("pass", "second", room_m=8, reacts_ms=2000)
    told.after(30_000)
    assert edges(told, "loop_safety") == [True, False, True, False]


def test_driver_who_heeds_the_light_waits_under_an_open_boom_until_it_is_not_red() -> None:
    told = opened()
    told.drive("light_red", True)
    told.vehicle("pass", light=True)
    told.after(20_000)
    assert told.lane.look()["vehicles"]["truck"]["front_m"] == pytest.approx(-1.5)
    told.drive("light_red", False)
    told.after(20_000)
    assert told.lane.look()["vehicles"] == {}


def test_driver_goes_only_when_he_has_reacted() -> None:
    told = opened()
    told.vehicle("arrive", reacts_ms=1500)
    told.after(10_000)
    told.vehicle("pass")
    assert told.after(1400) == []
    assert told.after(300) == [("loop_safety", True)]


def test_creeper_is_on_the_safety_loop_before_the_boom_is_up_and_does_not_touch_it() -> None:
    told = Told(times=ControllerTimes(travel_ms=6000))
    told.vehicle("arrive", kind="truck")
    told.after(10_000)
    told.vehicle("creep")
    assert told.after(10_000) == []
    told.pulse()
    told.after(12_000)
    changes = [(line["name"], line["on"]) for line in told.lines if line["what"] == "contact"]
    assert changes.index(("loop_safety", True)) < changes.index(("open_limit", True))
    assert told.of("boom", "does") == []


def test_shunter_goes_under_the_boom_and_back_to_the_line_and_then_through() -> None:
    told = opened()
    told.vehicle("arrive", reacts_ms=2000)
    told.after(10_000)
    told.vehicle("shunt")
    told.after(30_000)
    assert edges(told, "loop_safety") == [True, False, True, False]
    assert edges(told, "loop_behind") == [True, False]


def test_follower_drives_on_over_red_close_behind_the_one_before() -> None:
    told = Told()
    told.drive("light_red", True)
    told.vehicle("arrive", "first", kind="car")
    told.after(6000)
    told.vehicle("arrive", "second", kind="car", light=True, keeps_m=4)
    told.after(6000)
    told.vehicle("follow", "second")
    told.after(1000)
    assert edges(told, "loop_safety") == []
    told.pulse()
    told.vehicle("pass", "first")
    told.after(8000)
    assert edges(told, "loop_safety") == [True, False, True, False]


def test_vehicle_breaks_down_where_it_is_and_goes_on_later() -> None:
    told = opened()
    told.vehicle("pass")
    told.after(3500)
    told.vehicle("stop")
    standing = told.lane.look()["vehicles"]["truck"]["front_m"]
    assert told.after(60_000) == []
    assert told.lane.look()["vehicles"]["truck"]["front_m"] == standing
    told.vehicle("pass")
    told.after(10_000)
    assert told.lane.look()["vehicles"] == {}


def test_falling_boom_touches_the_trailer_that_no_loop_feels_and_goes_up_again() -> None:
    told = Told(times=ControllerTimes(travel_ms=1000, after_passage_ms=500, no_show_ms=5000))
    told.vehicle("arrive", kind="articulated")
    told.after(10_000)
    told.pulse()
    told.vehicle("straddle")
    told.after(6000)
    assert told.of("boom", "does") == ["touch"]
    assert told.up
    told.vehicle("pass")
    told.after(15_000)
    assert told.down
    assert told.of("boom", "does") == ["touch"]


def test_vehicle_without_an_open_space_cannot_straddle() -> None:
    with pytest.raises(CannotMove, match="no open space"):
        opened().vehicle("straddle", kind="car")


def test_heedless_vehicle_hits_the_boom_that_is_down() -> None:
    told = Told()
    told.vehicle("pass", heedless=True)
    told.after(10_000)
    assert told.of("boom", "does") == ["hit"]
    assert told.of("vehicle", "is") == ["driving", "gone"]


def test_two_from_both_sides_wait_until_one_has_backed_out() -> None:
    told = opened()
    told.vehicle("arrive", "enters")
    told.vehicle("arrive", "leaves", **{"from": "exit"})
    told.after(10_000)
    told.vehicle("pass", "enters")
    assert told.after(20_000) == []
    told.vehicle("back-out", "leaves")
    told.after(20_000)
    assert told.lane.look()["vehicles"] == {}
    assert edges(told, "loop_safety") == [True, False]


def test_vehicle_backs_out_only_when_the_one_behind_has_made_room() -> None:
    told = Told()
    told.vehicle("arrive", "first")
    told.after(8000)
    told.vehicle("arrive", "behind")
    told.after(8000)
    told.vehicle("back-out", "first")
    told.after(8000)
    assert "first" in told.lane.look()["vehicles"]
    told.vehicle("back-out", "behind")
    told.after(20_000)
    assert told.lane.look()["vehicles"] == {}


def test_no_body_is_felt_beyond_its_length() -> None:
    for body in BODIES.values():
        assert body.metal[0][0] == 0.0
        assert body.metal[-1][1] == body.length_m
