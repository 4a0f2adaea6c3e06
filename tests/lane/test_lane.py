"""The lane's shell on a board process: a vehicle comes, is admitted and passes; and what may go wrong meanwhile."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from simulation.world import World
from terminal.alarms import AlarmKey
from terminal.core.barrier_signals import Closed, DriveForward, Emergency, Ready
from terminal.core.barrier_words import FIRE, LOOP_ARM, OPEN_LIMIT, GuardOrder, Mark, Phase, Result, Side
from terminal.core.journal import Kind, TapResult
from terminal.core.stay import StayChange, StayNeutral
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import HardwareError
from terminal.lane.journal import Vehicle
from terminal.ports import Input
from tests.lane.rig import QUICK, MemoryMarks, Rig, intent
from tests.lane.vehicles import ANNA, arrives, passes
from tests.simulation_board.board_process import FAST, NOBODY_COMES, BoardProcess


def test_admitted_vehicle_passes_and_everything_is_written_down(rig: Rig, world: World) -> None:
    assert rig.lane.readiness(Side.ENTRY) == DriveForward()
    arrives(rig, world)
    assert rig.lane.readiness(Side.ENTRY) == Ready()
    assert rig.lane.admit(intent(7)) is TapResult.OPENED
    passes(world)
    rig.wait_for(lambda state: state.phase is Phase.CLOSED and not state.owed)
    assert rig.journal.told() == [("tap-outcome", "opened"), ("passage", "passed")]
    assert [entry.public["intent"] for entry in rig.journal.entries] == [7, 7]
    assert {entry.lane for entry in rig.journal.entries} == {1}
    assert rig.phases == [Phase.CLOSED, Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.CLOSING, Phase.CLOSED]


def test_relay_is_on_before_admit_returns_and_off_after_its_pulse(rig: Rig, world: World, board: BoardProcess) -> None:
    assert rig.lane.admit(intent(1)) is TapResult.OPENED
    assert board.changes("open") == [True]
    world.wait_for(name="open", on=False)
    on, off = (line["monotonic_ns"] for line in board.lines() if line.get("name") == "open")
    assert (off - on) / 1e6 >= QUICK.pulse_ms


def test_light_is_green_only_while_the_boom_is_open_for_the_vehicle(
    rig: Rig, world: World, board: BoardProcess
) -> None:
    assert board.changes("light_red") == [True]
    arrives(rig, world)
    rig.lane.admit(intent(1))
    passes(world)
    rig.journal.wait_for(Kind.PASSAGE, result="passed")
    rig.wait_for(Phase.CLOSED)
    assert board.changes("light_green") == [True, False]
    assert board.changes("light_red") == [True, False, True]


def test_thread_that_asked_ends_and_the_relay_is_released_all_the_same(rig: Rig, world: World) -> None:
    with ThreadPoolExecutor(1) as tap:
        assert tap.submit(rig.lane.admit, intent(1)).result(60) is TapResult.OPENED
    world.wait_for(name="open", on=False)


def test_cards_of_one_vehicle_at_once_open_once(rig: Rig, world: World, board: BoardProcess) -> None:
    arrives(rig, world)
    with ThreadPoolExecutor(4) as taps:
        answers = sorted(taps.map(rig.lane.admit, [intent(number) for number in range(4)]))
    assert answers == ["opened", "owed", "owed", "owed"]
    world.wait_for(name="open", on=False)
    assert board.changes("open") == [True, False]
    assert sorted(rig.journal.told()) == [("tap-outcome", "opened"), *[("tap-outcome", "owed")] * 3]


def test_lane_owes_the_card_that_it_let_in_until_its_passage_has_ended(rig: Rig, world: World) -> None:
    arrives(rig, world)
    assert rig.lane.admit(intent(7), ANNA) is TapResult.OPENED
    assert rig.lane.owes(ANNA.card_number)
    assert not rig.lane.owes(b"bram-001")
    passes(world)
    rig.journal.wait_for(Kind.PASSAGE)
    assert not rig.lane.owes(ANNA.card_number)


def test_entry_without_a_durable_intent_does_not_open(rig: Rig, board: BoardProcess) -> None:
    with pytest.raises(ValueError, match="only by a durable intent"):
        rig.lane.admit(None)
    assert board.changes("open") == []


def test_exit_whose_intent_is_not_durable_opens_and_leaves_it_to_the_tap_to_write_that(board: BoardProcess) -> None:
    with Rig(board.socket, replace(QUICK, direction="exit")).in_service() as rig:
        assert rig.lane.admit(None, side=Side.EXIT) is TapResult.OPENED
        rig.came_to(Phase.OPENING)
        assert rig.journal.told() == []


@NOBODY_COMES
def test_nobody_comes(rig: Rig) -> None:
    assert rig.lane.admit(intent(3)) is TapResult.OPENED
    rig.journal.wait_for(Kind.PASSAGE, result="no-show", intent=3)
    rig.wait_for(Phase.CLOSED)


def test_jammed_boom_is_told_once_more_and_no_third_time(board: BoardProcess, world: World) -> None:
    world.jam(True)
    with Rig(board.socket, replace(QUICK, travel_ms=80)).in_service() as rig:
        rig.lane.admit(intent(1))
        rig.came_to(Phase.FAULT_OPEN)
        assert rig.journal.told() == [
            ("tap-outcome", "opened"),
            ("alarm-raised", "did-not-open"),
            ("passage", "unknown"),
        ]
        assert board.changes("open") == [True, False, True, False]
        rig.wait_for(Phase.CLOSED)


@NOBODY_COMES
def test_fire_ends_whoever_is_owed_and_stays_until_confirmed(rig: Rig, world: World) -> None:
    rig.lane.admit(intent(1))
    world.fire(True)
    rig.wait_for(Phase.EMERGENCY_OPEN)
    assert rig.lane.readiness(Side.ENTRY) == Emergency()
    assert rig.lane.admit(intent(2)) is TapResult.FAILED
    assert rig.alarms.standing() == (AlarmKey("fire", 1),)
    world.fire(False)
    rig.wait_for(lambda state: not state.active & {"fire"})
    assert rig.lane.obey(GuardOrder.CONFIRM, intent(9)) is None
    rig.wait_for(Phase.CLOSED)
    assert rig.alarms.standing() == ()
    assert ("passage", "unknown") in rig.journal.told()


@pytest.mark.parametrize("disk", ["well", "full when the fire begins"])
@NOBODY_COMES
def test_fire_that_nobody_confirmed_is_over_keeps_the_lane_shut_over_a_restart(
    disk: str, board: BoardProcess, world: World
) -> None:
    kept = MemoryMarks()
    with Rig(board.socket, kept=kept).in_service() as rig:
        kept[Mark.EMERGENCY].fails = disk != "well"
        world.fire(True)
        rig.wait_for(Phase.EMERGENCY_OPEN)
        kept[Mark.EMERGENCY].fails = False
        world.fire(False)
        rig.wait_for(lambda state: FIRE not in state.active)
        assert kept[Mark.EMERGENCY].wait_for(1)
    with Rig(board.socket, kept=kept).in_service_from(Phase.EMERGENCY_OPEN) as rig:
        assert rig.lane.readiness(Side.ENTRY) == Emergency()
        assert rig.alarms.standing() == (AlarmKey("fire", 1),)
        assert rig.lane.obey(GuardOrder.CONFIRM, intent(9)) is None
        assert kept[Mark.EMERGENCY].number == 0
        rig.wait_for(Phase.CLOSED)
    with Rig(board.socket, kept=kept).in_service() as rig:
        assert Phase.EMERGENCY_OPEN not in rig.phases


def test_chattering_safety_loop_raises_one_alarm(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, replace(QUICK, gap_ms=5000)).in_service() as rig:
        for on in (True, False) * 20:
            world.contact("loop_safety", on)
        world.contact("loop_arm", True)
        rig.wait_for(lambda state: LOOP_ARM in state.active)
        assert rig.journal.told() == [("alarm-raised", "drive-through")]
        assert rig.lane.state.phase is Phase.CLOSED


def test_chattering_closed_limit_is_not_forced(rig: Rig, world: World) -> None:
    for on in (False, True) * 20:
        world.contact("closed_limit", on)
    world.contact("loop_arm", True)
    rig.wait_for(lambda state: LOOP_ARM in state.active)
    assert (rig.lane.state.phase, rig.journal.told()) == (Phase.CLOSED, [])


def test_lane_says_at_every_turn_that_it_lives(rig: Rig) -> None:
    rig.heartbeats.expect("lane:1", 2.0)
    rig.wait_for(lambda _: not rig.heartbeats.stale())


def test_board_without_a_configured_contact_keeps_the_lane_shut(tmp_path: Path) -> None:
    with BoardProcess(tmp_path, *FAST, "--without", OPEN_LIMIT) as board:
        rig = Rig(board.socket)
        rig.lane.start()
        rig.wait_for(Phase.BOARD_LOST)
        assert rig.lane.admit(intent(1)) is TapResult.FAILED
        assert rig.lane.stop()
        assert board.changes("open") == []


def test_lane_that_ended_answers_nobody_and_opens_nothing(board: BoardProcess) -> None:
    with Rig(board.socket).in_service() as rig:
        pass
    assert rig.lane.readiness(Side.ENTRY) == Closed("boot")
    with pytest.raises(HardwareError, match="lane 1 has ended"):
        rig.lane.admit(intent(1))
    assert board.changes("open") == []


class HangingBoard(SimulatedBoard):
    """A board whose driver hangs when the contacts are read for the second time."""

    hangs, may_go_on = Event(), Event()
    _reads = 0

    def levels(self) -> Mapping[Input, bool]:
        self._reads += 1
        if self._reads == 2:
            self.hangs.set()
            assert self.may_go_on.wait(60)
        return super().levels()


def test_lane_that_hangs_never_acts_on_an_admission_that_was_given_up(board: BoardProcess) -> None:
    with Rig(board.socket, board=HangingBoard, answer_s=0.05).in_service() as rig:
        assert HangingBoard.hangs.wait(60)
        with pytest.raises(HardwareError, match="lane 1 does not answer"):
            rig.lane.admit(intent(1))
        HangingBoard.may_go_on.set()
    assert board.changes("open") == []
    assert rig.journal.told() == []


def test_stay_changes_with_the_passage_and_not_with_the_tap(board: BoardProcess, world: World) -> None:
    def stay_after(result: Result, vehicle: Vehicle) -> StayChange | None:
        known = (result, vehicle) == (Result.PASSED, Vehicle(intent(1), ANNA, tapped_ms=7, side=Side.ENTRY))
        return StayNeutral(ANNA.card_number) if known else None

    with Rig(board.socket, stay_after=stay_after).in_service() as rig:
        arrives(rig, world)
        assert rig.lane.admit(intent(1), ANNA, 7) is TapResult.OPENED
        assert rig.journal.changes == []
        passes(world)
        assert rig.journal.wait_for(Kind.PASSAGE, result="passed").card_number == ANNA.card_number
        assert rig.journal.changes == [StayNeutral(ANNA.card_number)]
