"""What contacts tell beside the boom: tamper, call, a controller in trouble, a loop that is stuck."""

from dataclasses import replace

from simulation.world import World
from terminal.alarms import AlarmKey
from terminal.core.barrier_words import LOOP_ARM, Phase
from terminal.core.journal import Kind, TapResult
from terminal.core.stay import ZoneNeutral
from terminal.lane.bound import MOST, WITHIN_S
from tests.lane.rig import QUICK, Rig, intent
from tests.simulation_board.board_process import BoardProcess


def test_opened_cabinet_is_an_incident_and_an_alarm_that_stands_until_it_is_shut(rig: Rig, world: World) -> None:
    world.contact("tamper", True)
    assert rig.journal.wait_for(Kind.INCIDENT).public == {"incident": "tamper"}
    world.contact("tamper", False)
    rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="tamper")
    assert rig.journal.told() == [("incident", None), ("alarm-raised", "tamper"), ("alarm-cleared", "tamper")]


def test_cabinet_that_was_opened_while_the_gate_was_off_is_an_incident_too(board: BoardProcess, world: World) -> None:
    world.contact("tamper", True)
    with Rig(board.socket).in_service() as rig:
        rig.journal.wait_for(Kind.INCIDENT, incident="tamper")
        assert rig.alarms.standing() == (AlarmKey("tamper", 1),)


def test_every_call_is_written_down_whatever_the_boom_does(rig: Rig, world: World) -> None:
    for _ in range(2):
        world.contact("call", True)
        rig.wait_for(lambda state: "call" in state.active)
        world.contact("call", False)
        rig.wait_for(lambda state: "call" not in state.active)
    assert rig.journal.told() == [("alarm-raised", "call")] * 2
    assert rig.lane.state.phase is Phase.CLOSED


def test_controller_without_mains_is_an_alarm_as_long_as_it_lasts_and_no_forced_boom(rig: Rig, world: World) -> None:
    world.happen(mains=False)
    rig.journal.wait_for(Kind.ALARM_RAISED, alarm="controller-fault")
    rig.wait_for(lambda state: "closed_limit" not in state.active)
    world.happen(mains=True)
    rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="controller-fault")
    rig.wait_for(lambda state: state.phase is Phase.CLOSED and "closed_limit" in state.active)
    assert ("alarm-raised", "forced") not in rig.journal.told()


def test_loop_that_is_stuck_is_told_and_left_out_until_it_clears(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, replace(QUICK, stuck_ms=80)).in_service() as rig:
        world.contact("loop_arm", True)
        rig.journal.wait_for(Kind.ALARM_RAISED, alarm="stuck-loop-arm")
        assert rig.lane.state.stuck == {LOOP_ARM}
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        world.contact("loop_arm", False)
        rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="stuck-loop-arm")
        assert rig.lane.state.stuck == frozenset()


def test_contacts_that_contradict_each_other_are_an_alarm_and_nothing_opens(
    rig: Rig, world: World, board: BoardProcess
) -> None:
    world.contact("open_limit", True)
    world.contact("closed_limit", True)
    rig.journal.wait_for(Kind.ALARM_RAISED, alarm="contacts-contradict")
    assert rig.lane.admit(intent(1)) is TapResult.FAILED
    assert board.changes("open") == []
    world.contact("open_limit", None)
    world.contact("closed_limit", None)
    rig.wait_for(Phase.CLOSED)


def test_fire_tells_in_one_transaction_that_the_boom_opened_and_that_nobody_is_certain_any_more(
    board: BoardProcess, world: World
) -> None:
    with Rig(board.socket, after_fire=lambda: ZoneNeutral(2, 1, 1)).in_service() as rig:
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        world.fire(True)
        rig.journal.wait_for(Kind.ALARM_RAISED, alarm="fire-release")
        told = [(entry.public.get("result", entry.public.get("alarm")), also) for entry, also in rig.journal.durable]
        assert told == [("opened", None), ("unknown", None), ("fire", None), ("fire-release", ZoneNeutral(2, 1, 1))]


def test_fire_release_that_the_disk_refused_is_written_down_once_it_is_back(board: BoardProcess, world: World) -> None:
    with Rig(board.socket, after_fire=lambda: ZoneNeutral(2, 1, 1)).in_service() as rig:
        rig.journal.fails = True
        world.fire(True)
        rig.journal.wait_for(Kind.ALARM_RAISED, alarm="fire-release")
        rig.journal.fails = False
        rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="storage")
        assert ZoneNeutral(2, 1, 1) in [also for _, also in rig.journal.durable]


def test_contact_that_chatters_does_not_fill_the_journal(rig: Rig, world: World) -> None:
    for _ in range(30):
        world.contact("tamper", True)
        world.contact("tamper", False)
        world.contact("call", True)
        world.contact("call", False)
    rig.wait_for(lambda state: "call" not in state.active)
    told = rig.journal.told()
    assert told.count(("incident", None)) == MOST
    assert told.count(("alarm-raised", "call")) == MOST
    assert told.count(("alarm-raised", "tamper")) <= MOST + 1
    assert rig.alarms.standing() == (AlarmKey("tamper", 1),), "it stands until it has kept still"
    rig.journal.entries.clear()
    rig.ahead_s += WITHIN_S
    rig.journal.wait_for(Kind.ALARM_CLEARED, alarm="tamper")
