"""A disk or a log that does not keep up with the lane: relays, pulses and passages do not wait for it."""

import os
from contextlib import closing, suppress

from simulation.world import World
from terminal.core.barrier_words import Phase
from terminal.core.journal import Kind, TapResult
from terminal.core.stay import StayNeutral
from terminal.edges.log import set_up_log
from tests.lane.rig import Rig, intent
from tests.lane.vehicles import ANNA, arrives, passes
from tests.simulation_board.board_process import BoardProcess


def test_disk_that_hangs_holds_up_neither_pulse_nor_passage(rig: Rig, world: World, board: BoardProcess) -> None:
    rig.journal.hangs = True
    arrives(rig, world)
    assert rig.lane.admit(intent(1)) is TapResult.OPENED
    passes(world)
    rig.journal.wait_for(Kind.PASSAGE)
    assert board.changes("open") == [True, False]


def test_disk_that_fails_raises_the_storage_alarm(rig: Rig) -> None:
    rig.journal.fails = True
    assert rig.lane.admit(intent(1)) is TapResult.OPENED
    rig.journal.wait_for(Kind.ALARM_RAISED, alarm="storage")


def test_log_that_nobody_reads_does_not_hold_the_relay(board: BoardProcess, world: World) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    with os.fdopen(writing, "w") as full:
        with closing(os.fdopen(reading, "rb")):
            set_up_log(full, {})
            rig = Rig(board.socket)
            rig.lane.start()
            rig.wait_for(Phase.CLOSED)
            assert rig.lane.admit(intent(1)) is TapResult.OPENED
            world.wait_for(name="open", on=True)
            world.wait_for(name="open", on=False)
        assert rig.lane.stop()


def test_passage_that_the_disk_refused_is_written_down_with_its_stay_once_the_disk_is_back(
    board: BoardProcess, world: World
) -> None:
    gone = StayNeutral(ANNA.card_number)
    rig = Rig(board.socket, stay_after=lambda _result, _vehicle: gone)
    with rig.in_service():
        arrives(rig, world)
        assert rig.lane.admit(intent(7), ANNA) is TapResult.OPENED
        rig.journal.wait_for(Kind.TAP_OUTCOME)
        rig.journal.fails = True
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, result="passed")
        rig.journal.fails = False
        rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="storage")
        durable = [(entry.kind, change) for entry, change in rig.journal.durable]
        assert durable == [(Kind.TAP_OUTCOME, None), (Kind.PASSAGE, gone), (Kind.ALARM_CLEARED, None)]
