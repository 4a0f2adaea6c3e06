"""Ends of passages that the disk refuses, of two lanes over one real journal: who is inside in the end."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing

from terminal.alarms import Alarms
from terminal.core.barrier_words import Result, Side
from terminal.core.credential import Credential
from terminal.core.journal import Kind
from terminal.core.stay import Stay, StayChange, ZoneNeutral, after_passage
from terminal.lane.bound import Bound
from terminal.lane.ends import MAX_UNWRITTEN, PassageEnds
from terminal.lane.journal import LaneJournal, StayAfter, Vehicle
from tests.lane.rig import MemoryJournal, intent
from tests.lane.vehicles import ANNA, BRAM
from tests.storage.support import Gate, Held
from tests.storage.support import intent as admission

ZONE, WAY_IN, WAY_OUT = 1, 1, 2


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


class FailingDisk(Held):
    """Refuses every transaction while it is full, after it has hung for as long as it is held."""

    full = False

    def __call__(self) -> None:
        full = self.full
        super().__call__()
        if full:
            raise sqlite3.OperationalError("database or disk is full")


class TwoLanes:
    """A lane for entry and one for exit, of one gate."""

    def __init__(self, gate: Gate, disk: FailingDisk) -> None:
        self.gate, self.disk = gate, disk
        self.alarms = Alarms(gate.journal, lambda _step, _alarm: None)
        ends = PassageEnds(gate.journal, self.alarms)
        self.lanes = {
            number: LaneJournal(number, gate.journal, self.alarms, stay_after(number), Bound(lambda: 0.0), ends)
            for number in (WAY_IN, WAY_OUT)
        }

    def admitted(self, lane: int, card: Credential, tapped_ms: int) -> Vehicle:
        """By an intent that is durable."""
        key = self.gate.journal.append(admission(card.card_number)).result(5)
        return Vehicle(key, card, tapped_ms, Side.ENTRY if lane == WAY_IN else Side.EXIT)

    def passes(self, lane: int, vehicle: Vehicle) -> None:
        """Until the disk has been asked to write that down."""
        self.lanes[lane].passage(vehicle, Result.PASSED)
        self.gate.beats.wait_for()

    def come_round(self, *lanes: int) -> None:
        """As each lane does twice a second; until all that follows is durable or refused."""
        for number in lanes:
            self.lanes[number].again()
            self.gate.beats.wait_for(4)

    def inside(self, card: Credential = ANNA) -> tuple[int, bool] | None:
        """When he came in, and whether that is not certain any more."""
        stay = self.gate.stays.inside(card.card_number)
        return None if stay is None else (stay.entered_ms, stay.neutral)

    def ended(self) -> list[object]:
        """The intents of the passages whose end is durable, in the order of the journal."""
        records = (entry.record for entry in self.gate.entries())
        return [each.public["intent"] for each in records if each.kind is Kind.PASSAGE]


def stay_after(lane: int) -> StayAfter:
    """As a gate says it of a lane with one zone behind it."""

    def after(result: Result, vehicle: Vehicle) -> StayChange | None:
        if vehicle.credential is None or vehicle.side is None:
            return None
        stay = Stay(zone=ZONE, lane=lane, entered_ms=vehicle.tapped_ms)
        return after_passage(result, vehicle.side, vehicle.credential, stay)

    return after


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoLanes]:
    disk = FailingDisk()
    with Gate(tmp_path / "gate", before_commit=disk) as gate:
        yield TwoLanes(gate, disk)


def test_who_left_by_another_lane_is_not_inside_again_when_his_entry_is_written_late(two: TwoLanes) -> None:
    goes_in, goes_out = two.admitted(WAY_IN, ANNA, 1000), two.admitted(WAY_OUT, ANNA, 2000)
    two.disk.full = True
    two.passes(WAY_IN, goes_in)
    two.disk.full = False
    two.passes(WAY_OUT, goes_out)
    two.come_round(WAY_IN)
    assert two.inside() is None
    assert two.ended() == [0, 1]


@pytest.mark.parametrize("order", [(WAY_IN, WAY_OUT), (WAY_OUT, WAY_IN)])
def test_entry_and_exit_that_were_both_refused_are_written_in_their_order_whichever_lane_asks_first(
    two: TwoLanes, order: tuple[int, int]
) -> None:
    goes_in, goes_out = two.admitted(WAY_IN, ANNA, 1000), two.admitted(WAY_OUT, ANNA, 2000)
    two.disk.full = True
    two.passes(WAY_IN, goes_in)
    two.passes(WAY_OUT, goes_out)
    two.come_round(*order)
    two.disk.full = False
    two.come_round(*order)
    assert two.inside() is None
    assert two.ended() == [0, 1]


def test_who_came_in_anew_stays_inside_when_his_exit_is_written_late(two: TwoLanes) -> None:
    two.passes(WAY_IN, two.admitted(WAY_IN, ANNA, 1000))
    goes_out, comes_back = two.admitted(WAY_OUT, ANNA, 2000), two.admitted(WAY_IN, ANNA, 3000)
    two.disk.full = True
    two.passes(WAY_OUT, goes_out)
    two.disk.full = False
    two.passes(WAY_IN, comes_back)
    two.come_round(WAY_OUT)
    assert two.inside() == (3000, False)


def test_exit_that_waited_behind_an_entry_on_a_disk_that_hung_is_not_written_before_it(two: TwoLanes) -> None:
    goes_in, goes_out = two.admitted(WAY_IN, ANNA, 1000), two.admitted(WAY_OUT, ANNA, 2000)
    two.disk.full = True
    two.disk.hold()
    two.lanes[WAY_IN].passage(goes_in, Result.PASSED)
    assert two.disk.reached.wait(5)
    two.lanes[WAY_OUT].passage(goes_out, Result.PASSED)
    two.disk.full = False  # the transaction that hangs has met a full disk, the next one will not
    two.disk.go_on.set()
    two.gate.beats.wait_for(4)
    assert two.ended() == []
    two.come_round(WAY_OUT)
    assert two.inside() is None
    assert two.ended() == [0, 1]


def test_who_came_in_after_a_fire_is_certain_also_when_the_fire_is_written_late(two: TwoLanes) -> None:
    two.passes(WAY_IN, two.admitted(WAY_IN, BRAM, 500))
    after_the_fire = two.admitted(WAY_IN, ANNA, 2000)
    two.disk.full = True
    two.lanes[WAY_OUT].fire_release(ZoneNeutral(ZONE, 1, 1))
    two.gate.beats.wait_for()
    two.disk.full = False
    two.passes(WAY_IN, after_the_fire)
    two.come_round(WAY_OUT)
    assert two.inside(BRAM) == (500, True)
    assert two.inside(ANNA) == (2000, False)


def test_another_card_waits_for_nobody_whose_passage_was_refused(two: TwoLanes) -> None:
    anna, bram = two.admitted(WAY_IN, ANNA, 1000), two.admitted(WAY_IN, BRAM, 2000)
    two.disk.full = True
    two.passes(WAY_IN, anna)
    two.disk.full = False
    two.passes(WAY_IN, bram)
    assert two.ended() == [1]
    assert two.inside(BRAM) == (2000, False)
    two.come_round(WAY_OUT)
    assert two.ended() == [1, 0]


@pytest.mark.parametrize(("waiting", "taken"), [(MAX_UNWRITTEN - 1, True), (MAX_UNWRITTEN, False)])
def test_end_that_comes_on_top_of_too_many_is_left_to_the_next_start(waiting: int, *, taken: bool) -> None:
    journal = MemoryJournal()
    alarms = Alarms(journal, lambda _step, _alarm: None)
    ends = PassageEnds(journal, alarms)
    lane = LaneJournal(WAY_IN, journal, alarms, lambda *_: None, Bound(lambda: 0.0), ends)
    journal.hangs = True
    for number in range(waiting + 1):
        lane.passage(Vehicle(intent(number)), Result.PASSED)
    assert sum(entry.kind is Kind.PASSAGE for entry in journal.entries) == min(waiting + 1, MAX_UNWRITTEN)
    assert [entry.public for entry in journal.entries if entry.kind is Kind.ALARM_RAISED] == (
        [] if taken else [{"alarm": "storage", "detail": "1000 passages wait for the disk; check the disk"}]
    )
