"""What people order of a lane: hold, lock, pause and their ends, one vehicle without a card, and what is refused."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from simulation.world import World
from terminal.core.barrier_signals import Closed, DriveForward, Ready
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    HOLD_OUTPUT,
    OPEN_OUTPUT,
    GuardOrder,
    Mark,
    Phase,
    Side,
)
from terminal.core.journal import Kind, TapResult
from terminal.errors import StorageError
from tests.lane.rig import QUICK, MemoryMarks, MemoryNumber, Rig, intent
from tests.lane.vehicles import ANNA, arrives, passes
from tests.simulation_board.board_process import NOBODY_COMES, NOBODY_COMES_LATER, BoardProcess

HOLDS = replace(QUICK, outputs=frozenset({OPEN_OUTPUT, HOLD_OUTPUT, CLOSE_OUTPUT}))


@NOBODY_COMES
def test_boom_is_held_open_until_it_is_released_and_the_loops_are_clear(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, HOLDS).in_service() as rig:
        assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
        assert board.changes("hold_open") == [True]
        world.wait_for(name="open_limit", on=True)
        world.contact("loop_safety", True)
        rig.wait_for(lambda state: "loop_safety" in state.active)
        assert rig.lane.obey(GuardOrder.RELEASE, intent(2)) is None
        assert board.changes("hold_open") == [True]
        world.contact("loop_safety", None)
        rig.wait_for(Phase.CLOSED)
        assert board.changes("hold_open") == [True, False]
        assert board.changes("open") == []


def test_who_taps_where_the_boom_is_held_passes_by_the_loops_and_who_does_not_is_counted(
    board: BoardProcess, world: World
) -> None:
    with Rig(board.socket, HOLDS).in_service() as rig:
        assert rig.lane.obey(GuardOrder.HOLD, intent(1)) is None
        world.wait_for(name="open_limit", on=True)
        assert rig.lane.readiness(Side.ENTRY) == Ready()
        assert rig.lane.admit(intent(2), ANNA) is TapResult.OWED
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, result="passed", intent=2)
        world.vehicle("pass", "stranger", speed_m_s=100.0)
        rig.journal.wait_for(Kind.PASSAGE, result="untapped")
        assert rig.journal.told() == [("tap-outcome", "owed"), ("passage", "passed"), ("passage", "untapped")]
        assert rig.lane.obey(GuardOrder.RELEASE, intent(3)) is None
        rig.wait_for(Phase.CLOSED)


def test_lane_that_can_hold_nothing_refuses_to(rig: Rig, board: BoardProcess) -> None:
    assert rig.lane.obey(GuardOrder.HOLD, intent(1)) == "cannot-hold"
    assert rig.lane.state.marks == frozenset()
    assert board.changes("hold_open") == []


def test_locked_lane_lets_nobody_through_whoever_asks_and_unlocked_serves(
    rig: Rig, board: BoardProcess, world: World
) -> None:
    assert rig.lane.obey(GuardOrder.LOCK, intent(1)) is None
    assert rig.lane.readiness(Side.ENTRY) == Closed("locked")
    assert rig.lane.admit(intent(2)) is TapResult.FAILED
    assert rig.lane.obey(GuardOrder.OPEN, intent(3)) == "locked"
    assert rig.lane.obey(GuardOrder.HOLD, intent(4)) == "locked"
    assert rig.lane.obey(GuardOrder.LOCK, intent(5)) == "locked-already"
    assert rig.lane.obey(GuardOrder.UNLOCK, intent(6)) is None
    rig.wait_for(Phase.CLOSED)
    assert board.changes("open") == []
    assert rig.lane.admit(intent(7)) is TapResult.OPENED


@NOBODY_COMES_LATER
def test_locking_ends_whoever_is_owed_and_never_orders_the_boom_down(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, HOLDS).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        rig.wait_for(Phase.OPEN)
        assert rig.lane.obey(GuardOrder.LOCK, intent(2)) is None
        assert rig.journal.told() == [("tap-outcome", "opened"), ("passage", "unknown")]
        world.wait_for(name="closed_limit", on=True)
        assert board.changes("close") == []


def test_paused_lane_takes_no_cards_and_opens_for_whom_a_person_lets_through(rig: Rig, board: BoardProcess) -> None:
    assert rig.lane.obey(GuardOrder.PAUSE, intent(1)) is None
    assert rig.lane.readiness(Side.ENTRY) == Closed("paused")
    assert rig.lane.admit(intent(2)) is TapResult.FAILED
    assert board.changes("open") == []
    assert rig.lane.obey(GuardOrder.OPEN, intent(3)) is None
    assert board.changes("open") == [True]
    assert rig.lane.obey(GuardOrder.RESUME, intent(4)) is None
    assert rig.lane.readiness(Side.ENTRY) == DriveForward()


def test_vehicle_that_a_person_lets_through_passes_on_account_of_his_order(rig: Rig, world: World) -> None:
    arrives(rig, world)
    assert rig.lane.obey(GuardOrder.OPEN, intent(5)) is None
    passes(world)
    passage = rig.journal.wait_for(Kind.PASSAGE)
    assert (passage.public, passage.card_number) == ({"order": 5, "result": "passed"}, None)
    assert rig.journal.told() == [("passage", "passed")]


def fire(rig: Rig, world: World) -> None:
    world.fire(True)
    rig.wait_for(Phase.EMERGENCY_OPEN)


def arm_off(rig: Rig, world: World) -> None:
    world.happen(arm="off")
    rig.wait_for(Phase.ARM_OFF)


@pytest.mark.parametrize(("trouble", "word"), [(fire, "emergency-open"), (arm_off, "arm-off")])
@pytest.mark.parametrize("order", [GuardOrder.HOLD, GuardOrder.LOCK, GuardOrder.OPEN])
def test_in_an_emergency_and_with_the_arm_off_nothing_is_held_locked_or_opened(
    order: GuardOrder, trouble: Callable[[Rig, World], None], word: str, board: BoardProcess, world: World
) -> None:
    with Rig(board.socket, HOLDS).in_service() as rig:
        trouble(rig, world)
        assert rig.lane.obey(order, intent(1)) == word
        assert rig.lane.state.phase == word
        assert [board.changes(name) for name in ("open", "close", "hold_open")] == [[], [], []]


def test_arm_that_came_off_needs_to_be_back_and_a_persons_word(rig: Rig, world: World) -> None:
    arm_off(rig, world)
    assert rig.lane.obey(GuardOrder.CONFIRM, intent(1)) == "arm-still-off"
    world.happen(arm="on")
    rig.wait_for(lambda state: "swing_off" not in state.active)
    assert rig.lane.state.phase is Phase.ARM_OFF
    assert rig.lane.obey(GuardOrder.CONFIRM, intent(2)) is None
    rig.wait_for(Phase.CLOSED)
    assert rig.lane.obey(GuardOrder.CONFIRM, intent(3)) == "nothing-to-confirm"


def test_fire_that_still_burns_cannot_be_confirmed_to_be_over(rig: Rig, world: World) -> None:
    fire(rig, world)
    assert rig.lane.obey(GuardOrder.CONFIRM, intent(1)) == "fire-still-on"
    assert rig.lane.state.phase is Phase.EMERGENCY_OPEN


class SlowNumber(MemoryNumber):
    """A number that is durable when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = Event(), Event()

    def save(self, number: int) -> "Future[None]":
        self.reached.set()
        pool = ThreadPoolExecutor(1)
        saved = pool.submit(self._wait, number)
        pool.shutdown(wait=False)
        return saved

    def _wait(self, number: int) -> None:
        assert self.go_on.wait(60)
        self.number = number


KEPT = [
    (GuardOrder.LOCK, Mark.LOCKED, GuardOrder.UNLOCK),
    (GuardOrder.HOLD, Mark.HELD, GuardOrder.RELEASE),
    (GuardOrder.PAUSE, Mark.PAUSED, GuardOrder.RESUME),
]


@pytest.mark.parametrize(("order", "mark", "end"), KEPT)
def test_order_is_answered_when_it_would_outlive_the_gate_and_so_is_its_end(
    order: GuardOrder, mark: Mark, end: GuardOrder, board: BoardProcess
) -> None:
    kept = MemoryMarks({mark: (slow := SlowNumber())})
    with Rig(board.socket, HOLDS, kept=kept).in_service() as rig, ThreadPoolExecutor(1) as guard:
        answer = guard.submit(rig.lane.obey, order, intent(1))
        assert slow.reached.wait(60)
        with pytest.raises(TimeoutError):
            answer.result(0.05)
        slow.go_on.set()
        assert answer.result(60) is None
        assert slow.number == 1
        assert rig.lane.obey(end, intent(2)) is None
        assert slow.number == 0


def test_order_that_the_disk_refused_is_carried_out_and_said_not_to_be_kept_until_the_disk_is_back(
    board: BoardProcess,
) -> None:
    kept = MemoryMarks()
    kept[Mark.LOCKED].fails = True
    with Rig(board.socket, kept=kept).in_service() as rig:
        with pytest.raises(StorageError):
            rig.lane.obey(GuardOrder.LOCK, intent(1))
        assert rig.lane.state.phase is Phase.LOCKED
        kept[Mark.LOCKED].fails = False
        assert kept[Mark.LOCKED].wait_for(1)


def test_disk_that_hangs_keeps_nobody_waiting_for_ever(board: BoardProcess) -> None:
    slow = SlowNumber()
    with Rig(board.socket, kept=MemoryMarks({Mark.PAUSED: slow}), answer_s=0.2).in_service() as rig:
        with pytest.raises(TimeoutError):
            rig.lane.obey(GuardOrder.PAUSE, intent(1))
        assert rig.lane.readiness(Side.ENTRY) == Closed("paused")
        slow.go_on.set()


def test_mark_of_which_the_disk_does_not_know_whether_it_has_it_is_taken_back_all_the_same(
    board: BoardProcess,
) -> None:
    """It failed after the fact: the row was there when it said that it was not."""
    kept = MemoryMarks()
    with Rig(board.socket, kept=kept).in_service() as rig:
        kept[Mark.LOCKED].fails = True
        with pytest.raises(StorageError):
            rig.lane.obey(GuardOrder.LOCK, intent(1))
        kept[Mark.LOCKED].number = 1
        with pytest.raises(StorageError):
            rig.lane.obey(GuardOrder.UNLOCK, intent(2))
        kept[Mark.LOCKED].fails = False
        assert kept[Mark.LOCKED].wait_for(0)
