"""What comes first when several things wait for the lane at once, and what becomes of who waits when it fails."""

import threading
from concurrent.futures import Future

import pytest

from simulation.world import World
from terminal.core.barrier_words import GuardOrder, Phase, State
from terminal.core.journal import Entry, EntryKey, Kind, TapResult
from terminal.errors import HardwareError
from terminal.ports import Change
from tests.lane.rig import QUICK, MemoryJournal, Rig, intent
from tests.lane.test_levels import HOLDS
from tests.lane.vehicles import QUICK_M_S, arrives, passes
from tests.simulation_board.board_process import BoardProcess


class SlowJournal(MemoryJournal):
    """Holds the lane up over its first entry, or the first of `kind`, until the test lets it go on."""

    def __init__(self, kind: Kind | None = None) -> None:
        super().__init__()
        self._kind = kind
        self.reached, self.go_on = threading.Event(), threading.Event()

    def append(self, entry: Entry, also: Change | None = None) -> "Future[EntryKey]":
        if self._kind in {None, entry.kind}:
            self.reached.set()
            assert self.go_on.wait(60)
        return super().append(entry, also)


def test_contact_that_came_before_a_timer_ran_out_is_heard_before_it(board: BoardProcess, world: World) -> None:
    journal = SlowJournal()
    rig = Rig(board.socket, journal=journal)
    with rig.in_service():
        arrives(rig, world)
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        assert journal.reached.wait(60)
        world.wait_for(name="open_limit", on=True)
        rig.ahead_s = QUICK.travel_ms / 1000
        journal.go_on.set()
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, result="passed")
        assert rig.journal.told() == [("tap-outcome", "opened"), ("passage", "passed")]
        assert Phase.FAULT_OPEN not in rig.phases


def test_who_was_admitted_hears_so_before_anything_is_written_down(board: BoardProcess) -> None:
    journal = SlowJournal()
    with Rig(board.socket, journal=journal).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        assert board.changes("open") == [True]
        assert rig.journal.entries == []
        journal.go_on.set()


def test_boom_is_told_to_open_for_the_next_before_the_passage_of_the_last_is_written_down(
    board: BoardProcess, world: World
) -> None:
    journal = SlowJournal(Kind.PASSAGE)
    with Rig(board.socket, journal=journal).in_service() as rig:
        arrives(rig, world)
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        world.vehicle("drive-on", speed_m_s=QUICK_M_S)
        rig.wait_for(Phase.PASSING)
        assert rig.lane.admit(intent(2)) is TapResult.OWED
        passes(world)
        assert journal.reached.wait(60)
        assert board.changes("open") == [True, False, True]
        journal.go_on.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_mistake_in_the_lane_ends_it_with_its_relays_off_and_lets_nobody_wait(board: BoardProcess) -> None:
    def mistake(state: State) -> None:
        if state.phase is Phase.HELD_OPEN:
            raise ZeroDivisionError

    rig = Rig(board.socket, HOLDS, changed=mistake)
    rig.lane.start()
    rig.wait_for(Phase.CLOSED)
    with pytest.raises(HardwareError, match="lane 1 has ended"):
        rig.lane.obey(GuardOrder.HOLD, intent(1))
    assert rig.lane.stop()
    with pytest.raises(HardwareError, match="lane 1 has ended"):
        rig.lane.admit(intent(2))
    assert board.changes("hold_open") == [True, False]
