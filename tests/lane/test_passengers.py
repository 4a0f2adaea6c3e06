"""More than one card in a vehicle: one order, one passage for each of them."""

from collections.abc import Mapping
from dataclasses import replace

from simulation.world import World
from terminal.core.barrier_words import LOOP_ARM, Phase, Result, Side
from terminal.core.journal import Kind, TapResult
from terminal.core.stay import StayChange, StayNeutral
from terminal.lane.journal import Vehicle
from tests.lane.rig import QUICK, Rig, intent
from tests.lane.vehicles import ANNA, BRAM, arrives, passes
from tests.simulation_board.board_process import NOBODY_COMES_LATER, BoardProcess


def passages(rig: Rig) -> list[Mapping[str, object]]:
    return [entry.public for entry in rig.journal.entries if entry.kind is Kind.PASSAGE]


def test_passenger_passes_with_his_driver_and_his_passage_names_him(board: BoardProcess, world: World) -> None:
    asked: list[tuple[Result, Vehicle]] = []

    def stay_after(result: Result, vehicle: Vehicle) -> StayChange | None:
        asked.append((result, vehicle))
        return StayNeutral(vehicle.credential.card_number) if vehicle.credential else None

    with Rig(board.socket, stay_after=stay_after).in_service() as rig:
        arrives(rig, world)
        assert rig.lane.admit(intent(7), ANNA, 70) is TapResult.OPENED
        assert rig.lane.admit(intent(8), BRAM, 80) is TapResult.OWED
        assert rig.lane.owes(BRAM.card_number)
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, intent=8)
        rig.wait_for(Phase.CLOSED)
        assert passages(rig) == [
            {"intent": 7, "result": "passed"},
            {"intent": 8, "result": "passed", "passenger_of": 7},
        ]
        anna = Vehicle(intent(7), ANNA, 70, Side.ENTRY)
        bram = Vehicle(intent(8), BRAM, 80, Side.ENTRY, rides_with=anna)
        assert asked == [(Result.PASSED, anna), (Result.PASSED, bram)]
        assert rig.journal.changes == [StayNeutral(ANNA.card_number), StayNeutral(BRAM.card_number)]
        assert board.changes("open") == [True, False]


@NOBODY_COMES_LATER
def test_passenger_of_a_vehicle_that_does_not_come_does_not_come_either(board: BoardProcess, world: World) -> None:
    with Rig(board.socket).in_service() as rig:
        arrives(rig, world)
        assert [rig.lane.admit(intent(1), ANNA), rig.lane.admit(intent(2), BRAM)] == ["opened", "owed"]
        rig.journal.wait_for(Kind.PASSAGE, intent=2)
        assert passages(rig) == [
            {"intent": 1, "result": "no-show"},
            {"intent": 2, "result": "no-show", "passenger_of": 1},
        ]


def test_card_of_who_drove_off_the_loop_and_came_back_is_a_vehicle_of_its_own(
    board: BoardProcess, world: World
) -> None:
    with Rig(board.socket).in_service() as rig:
        world.contact("loop_arm", True)
        rig.wait_for(lambda state: LOOP_ARM in state.active)
        rig.lane.admit(intent(1), ANNA)
        world.contact("loop_arm", False)
        rig.wait_for(lambda state: LOOP_ARM not in state.active)
        rig.lane.admit(intent(2), BRAM)
        assert [vehicle.cards for vehicle in rig.lane.state.owed] == [(1,), (2,)]


def test_passenger_of_an_exit_that_could_not_be_written_down_rides_with_nobody_that_has_a_name(
    board: BoardProcess, world: World
) -> None:
    with Rig(board.socket, replace(QUICK, direction="exit")).in_service() as rig:
        arrives(rig, world)
        assert rig.lane.admit(None, ANNA, side=Side.EXIT) is TapResult.OPENED
        assert rig.lane.admit(intent(2), BRAM, side=Side.EXIT) is TapResult.OWED
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, intent=2)
        assert passages(rig) == [{"result": "passed"}, {"intent": 2, "result": "passed", "passenger_of": None}]


@NOBODY_COMES_LATER
def test_without_a_loop_before_the_boom_the_policy_says_who_is_a_passenger(board: BoardProcess) -> None:
    for shares, owed in ((True, [(1, 2)]), (False, [(1,), (2,)])):
        with Rig(board.socket, replace(QUICK, fitted=QUICK.fitted - {LOOP_ARM})).in_service() as rig:
            rig.lane.admit(intent(1), ANNA, shares=shares)
            rig.lane.admit(intent(2), BRAM, shares=shares)
            assert [vehicle.cards for vehicle in rig.lane.state.owed] == owed
