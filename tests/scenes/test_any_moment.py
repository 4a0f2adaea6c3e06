"""Fire and power cuts at every change of the lane's phase, vehicles owed or not; contacts absent one by one."""

from dataclasses import replace

import pytest

from simulation.logics import Logic
from simulation.stage import OpenStage, Stage
from tests.scenes.trip import CARS, Trip

MOMENTS = range(10)
"""Changes of phase that the trip has seen; it has at least so many in each logic but the last one."""
OUTAGE_MS = 3_000.0
FIRE_MS = 10_000.0


def never() -> bool:
    """Let time go by."""
    return False


def drive_until(moment: int, trip: Trip, stage: Stage) -> set[str]:
    """Drive on until the phase has changed so often; who is owed then."""
    begins = len(trip.phases)
    trip.drive(stage, lambda: len(trip.phases) - begins >= moment)
    if len(trip.phases) - begins < moment:
        pytest.skip("the trip has no such moment")
    return trip.owed()


def assert_all_goes_on(trip: Trip, stage: Stage) -> None:
    """Who is left comes through, or the next one; nobody is owed for ever, and the boom was let down on nobody."""
    told = len(trip.results)
    assert trip.bring_home(stage)
    if not [person for person, result in trip.results[told:] if result == "passed"]:
        assert trip.serve_the_next(stage) == [("farid", "passed")]
    assert trip.owed() == set()
    assert trip.closed_over_somebody() == []


@pytest.mark.parametrize("logic", list(Logic))
@pytest.mark.parametrize("moment", MOMENTS)
def test_power_cut_at_any_moment_costs_nobody_his_end_and_the_lane_nothing(
    moment: int, logic: Logic, open_stage: OpenStage
) -> None:
    trip = Trip()
    with open_stage(replace(CARS.setup, logic=logic), trip.hear) as stage:
        owed = drive_until(moment, trip, stage)
        told = len(trip.results)
        stage.cut_power()
        stage.wait(never, OUTAGE_MS)
        assert trip.results[told:] == []
        stage.power_back()
        known = {(person, result) for person, result in trip.results[told:] if person is not None}
        assert known == {(person, "unknown") for person in owed}
        assert_all_goes_on(trip, stage)


@pytest.mark.parametrize("logic", list(Logic))
@pytest.mark.parametrize("moment", MOMENTS)
def test_fire_at_any_moment_opens_and_a_guard_ends_it(moment: int, logic: Logic, open_stage: OpenStage) -> None:
    trip = Trip()
    with open_stage(replace(CARS.setup, logic=logic), trip.hear) as stage:
        owed = drive_until(moment, trip, stage)
        told = len(trip.results)
        stage.happen({"contact": "fire", "on": True})
        stage.wait(lambda: trip.phases[-1] == "emergency-open", OUTAGE_MS)
        assert {*trip.results[told:]} == {(person, "unknown") for person in owed}
        assert not stage.wait(lambda: trip.phases[-1] != "emergency-open", FIRE_MS)
        assert stage.happen({"look": True})["boom"] == "up"
        assert stage.order("confirm", "nobody has looked", None) == "fire-still-on"
        stage.happen({"contact": "fire", "on": None})
        assert not stage.wait(lambda: trip.phases[-1] != "emergency-open", FIRE_MS)
        assert stage.order("confirm", "the fire brigade has left", None) is None
        assert_all_goes_on(trip, stage)


@pytest.mark.parametrize("logic", list(Logic))
@pytest.mark.parametrize("contact", ["loop_arm", "loop_safety", "loop_behind", "open_limit", "closed_limit"])
def test_trip_comes_to_an_end_without_this_contact(contact: str, logic: Logic, open_stage: OpenStage) -> None:
    trip = Trip()
    with open_stage(replace(CARS.setup, logic=logic, without=frozenset({contact})), trip.hear) as stage:
        trip.drive(stage, never)
        assert trip.bring_home(stage)
    assert {person for person, _ in trip.results} == {"anna", "eva"}
    assert trip.owed() == set()
    proven = {"loop_safety", "loop_behind"}.isdisjoint({contact})
    assert {result for _, result in trip.results} == ({"passed"} if proven else {"assumed"})
