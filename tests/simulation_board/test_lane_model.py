"""The simulated lane by itself: one controller, one boom, vehicles, and a clock that the test moves."""

import pytest

from simulation.lane import CONTACTS, OUTPUTS, UnknownName
from terminal.ports import Input, Output
from tests.simulation_board.told import Told


def test_pulse_opens_and_the_controller_closes_by_itself_when_nobody_comes() -> None:
    told = Told()
    told.pulse()
    assert told.after(690) == []
    assert told.after(20) == [("open_limit", True)]
    assert told.after(4900) == []
    assert told.after(200) == [("open_limit", False)]
    assert told.after(1000) == [("closed_limit", True)]
    assert told.lane.next_ms() is None


def test_vehicle_waits_for_the_boom_and_drives_over_the_loops_in_their_order() -> None:
    told = Told()
    told.vehicle("arrive")
    assert told.after(5000) == [("loop_arm", True)]
    told.vehicle("pass")
    assert told.after(5000) == []
    told.pulse()
    assert told.after(10_000) == [
        ("open_limit", True),
        ("loop_safety", True),
        ("loop_behind", True),
        ("loop_arm", False),
        ("loop_safety", False),
        ("open_limit", False),
        ("closed_limit", True),
        ("loop_behind", False),
    ]


def test_boom_stays_up_over_a_stalled_vehicle_until_it_backs_out() -> None:
    told = Told()
    told.vehicle("arrive")
    told.vehicle("drive-on")
    told.pulse()
    told.after(60_000)
    assert told.lane.contacts["open_limit"]
    assert told.lane.contacts["loop_safety"]
    told.vehicle("back-out")
    assert told.after(10_000) == [
        ("loop_safety", False),
        ("open_limit", False),
        ("closed_limit", True),
        ("loop_arm", False),
    ]


def test_falling_boom_goes_up_again_on_the_safety_loop() -> None:
    told = Told()
    told.vehicle("arrive")
    told.after(5000)
    told.pulse()
    told.after(700 + 5000 + 500)
    assert 0 < told.lane.boom_raised < 1
    told.vehicle("drive-on", heedless=True)
    assert ("loop_safety", True) in told.after(300)
    told.after(1000)
    assert told.lane.contacts["open_limit"]


def test_pulse_while_the_boom_falls_opens_it_again() -> None:
    told = Told()
    told.pulse()
    told.after(700 + 5000 + 500)
    told.pulse()
    assert told.after(1000) == [("open_limit", True)]


def test_relay_that_stays_on_keeps_the_boom_up() -> None:
    told = Told()
    told.lane.drive("open", True, 0.0)
    told.after(60_000)
    assert told.lane.contacts["open_limit"]
    told.lane.drive("open", False, told.now_ms)
    told.after(6100)
    assert told.lane.contacts["closed_limit"]


def test_fire_opens_through_the_controller_and_holds_the_boom_up() -> None:
    told = Told()
    told.lane.stick("fire", True, 0.0)
    assert told.changes == [("closed_limit", False), ("fire", True)]
    assert told.after(60_000) == [("open_limit", True)]
    told.lane.stick("fire", None, told.now_ms)
    told.after(6100)
    assert told.lane.contacts["closed_limit"]


def test_jammed_boom_does_not_move_until_it_is_freed() -> None:
    told = Told()
    told.lane.jam(True, 0.0)
    told.pulse()
    assert told.after(60_000) == []
    told.lane.jam(False, told.now_ms)
    assert told.changes == [("closed_limit", False)]
    assert told.after(1000) == [("open_limit", True)]


def test_heedless_vehicle_drives_through_the_closed_boom() -> None:
    told = Told()
    told.vehicle("arrive")
    told.after(5000)
    told.vehicle("pass", heedless=True)
    assert ("loop_behind", False) in told.after(10_000)
    assert told.lane.contacts["closed_limit"]


def test_stuck_contact_hides_what_is_behind_it() -> None:
    told = Told()
    told.lane.stick("open_limit", False, 0.0)
    told.pulse()
    assert told.after(2000) == []
    told.lane.stick("open_limit", None, told.now_ms)
    assert told.lane.contacts["open_limit"]


def test_contact_that_is_not_fitted_is_not_there() -> None:
    told = Told("open_limit")
    assert "open_limit" not in told.lane.contacts
    with pytest.raises(UnknownName, match="no contact 'open_limit'"):
        told.lane.stick("open_limit", True, 0.0)


def test_unknown_relay_or_movement_is_refused_by_name() -> None:
    told = Told("close", "hold_open", "buzzer")
    with pytest.raises(UnknownName, match="no relay 'close'; there are open, light_red, light_green"):
        told.lane.drive("close", True, 0.0)
    with pytest.raises(UnknownName, match="no movement 'fly'; there are arrive, drive-on, pass, back-out"):
        told.vehicle("fly")
    assert told.changes == []


def test_model_calls_relays_and_contacts_as_the_port_does() -> None:
    assert {Input(name) for name in CONTACTS} == set(Input) - {Input.METER}
    assert {Output(name) for name in OUTPUTS} == set(Output) - {Output.SERVICE}
