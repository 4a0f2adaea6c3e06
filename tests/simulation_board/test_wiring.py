"""Contacts that chatter, stick or lose their wire, and the debouncing that lies before the gate."""

import pytest

from simulation.lane import CONTACTS, UnknownName
from tests.simulation_board.told import Told


def raw(told: Told, name: str) -> list[bool]:
    return [line["on"] for line in told.lines if line["what"] == "raw" and line["name"] == name]


def test_change_is_told_when_it_has_stood_still_for_the_time_of_debouncing() -> None:
    told = Told(debounce_ms=20)
    told.happen(contact="loop_arm", on=True)
    assert raw(told, "loop_arm") == [True]
    assert told.after(19) == []
    assert told.after(1) == [("loop_arm", True)]
    assert told.lane.contacts["loop_arm"]


def test_chatter_shorter_than_the_debouncing_is_never_told_and_stands_in_the_trace() -> None:
    told = Told(debounce_ms=20)
    told.happen(contact="loop_arm", bounces=3, within_ms=15)
    assert told.after(1000) == []
    assert raw(told, "loop_arm") == [True, False] * 3


def test_contact_that_chatters_is_told_once_and_late() -> None:
    told = Told(debounce_ms=20)
    told.happen(contact="loop_arm", bounces=2, within_ms=12)
    told.after(1000)
    told.lines.clear()
    told.happen(contact="loop_arm", on=True)
    assert told.after(31) == []
    assert told.after(1) == [("loop_arm", True)]
    assert raw(told, "loop_arm") == [True, False, True, False, True]


def test_chatter_slower_than_the_debouncing_is_told() -> None:
    told = Told(debounce_ms=20)
    told.happen(contact="loop_arm", bounces=2, within_ms=200)
    assert told.after(1000) == [("loop_arm", True), ("loop_arm", False)] * 2


def test_contact_is_steady_again_without_bounces() -> None:
    told = Told(debounce_ms=20)
    told.happen(contact="loop_arm", bounces=2, within_ms=12)
    told.after(1000)
    told.happen(contact="loop_arm", bounces=0)
    told.lines.clear()
    told.happen(contact="loop_arm", on=True)
    told.after(20)
    assert raw(told, "loop_arm") == [True]


@pytest.mark.parametrize("name", CONTACTS)
def test_cut_wire_reads_as_off_save_for_those_on_a_closed_circuit(name: str) -> None:
    told = Told()
    told.happen(contact=name, on=True)
    told.happen(contact=name, cut=True)
    assert told.lane.contacts[name] is (name in {"fire", "tamper", "swing_off", "controller_fault"})
    told.happen(contact=name, cut=False)
    assert told.lane.contacts[name]


def test_cut_fire_wire_reads_as_fire_and_the_controller_knows_of_none() -> None:
    told = Told()
    told.happen(contact="fire", cut=True)
    told.after(10_000)
    assert told.lane.contacts["fire"]
    assert told.down


def test_pressed_button_is_let_go_by_itself() -> None:
    told = Told()
    told.happen(contact="call", press_ms=300)
    assert told.changes == [("call", True)]
    assert told.after(299) == []
    assert told.after(1) == [("call", False)]


def test_limits_can_be_made_to_contradict_each_other() -> None:
    told = Told()
    told.happen(contact="open_limit", on=True)
    assert told.up
    assert told.down


def test_what_happened_to_a_wire_stands_in_the_trace() -> None:
    told = Told()
    told.happen(contact="fire", cut=True)
    told.happen(contact="call", press_ms=300)
    told.happen(contact="tamper", on=True)
    told.happen(contact="tamper", on=None)
    assert told.of("wiring", "does") == ["cut", "press", "stick", "free"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"contact": "sun", "cut": True}, "no contact 'sun'"),
        ({"contact": "fire", "bounces": 2000}, "not understood"),
        ({"contact": "call", "press_ms": 0}, "press_ms lies between"),
        ({"hand": "sideways"}, "not understood"),
        ({"vehicle": "truck", "does": "fly"}, "no movement 'fly'"),
        ({"vehicle": "truck", "does": "pass", "kind": "tram"}, "no kind of vehicle 'tram'"),
        ({"vehicle": "truck", "does": "pass", "from": "above"}, "comes from entry or exit"),
        ({"vehicle": "truck", "does": "pass", "speed_m_s": float("nan")}, "speed_m_s lies between"),
    ],
)
def test_what_cannot_happen_is_refused_by_name_and_moves_nothing(message: dict[str, object], why: str) -> None:
    told = Told()
    with pytest.raises((ValueError, UnknownName), match=why):
        told.happen(**message)
    told.after(10_000)
    assert told.changes == []
