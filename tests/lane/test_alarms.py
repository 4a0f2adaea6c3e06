"""Alarms that several threads raise and clear at once, and a disk that fails while they do."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from terminal.alarms import STORAGE_ALARM, AlarmKey, Alarms
from terminal.core.journal import Entry, EntryKey, Kind
from terminal.ports import Change
from tests.lane.rig import MemoryJournal


@dataclass
class HeldJournal(MemoryJournal):
    """The first entry stays on its way into the journal until the test lets it go on."""

    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    def append(self, entry: Entry, also: Change | None = None) -> "Future[EntryKey]":
        if not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(60)
        return super().append(entry, also)


def test_alarm_cleared_by_one_thread_while_another_raises_it_is_written_down_in_that_order() -> None:
    journal = HeldJournal()
    alarms = Alarms(journal, lambda _step, _alarm: None)
    with ThreadPoolExecutor(2) as pool:
        raised = pool.submit(alarms.raised, "board", 1)
        assert journal.reached.wait(60)
        cleared = pool.submit(alarms.cleared, "board", 1)
        threading.Timer(0.05, journal.go_on.set).start()
        raised.result(60)
        cleared.result(60)
    assert journal.told() == [("alarm-raised", "board"), ("alarm-cleared", "board")]


def test_storage_alarm_stands_while_entries_fail_and_goes_with_the_next_one_that_is_durable() -> None:
    journal = MemoryJournal()
    alarms = Alarms(journal, lambda _step, _alarm: None)
    journal.fails = True
    journal.append(Entry(kind=Kind.START)).add_done_callback(alarms.stored)
    alarms.raised("board", 1)
    assert alarms.standing() == (AlarmKey("board", 1), AlarmKey(STORAGE_ALARM))
    journal.hangs, journal.fails = True, False
    journal.append(Entry(kind=Kind.START)).add_done_callback(alarms.stored)
    assert AlarmKey(STORAGE_ALARM) in alarms.standing()
    journal.hangs = False
    journal.append(Entry(kind=Kind.START)).add_done_callback(alarms.stored)
    assert alarms.standing() == (AlarmKey("board", 1),)


class MemoryKept:
    """A `terminal.alarms.Kept`, durable at once."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        return self._values.get(name)

    def put(self, name: str, value: bytes) -> "Future[None]":
        self._values[name] = value
        future: Future[None] = Future()
        future.set_result(None)
        return future


def test_alarms_that_stood_when_the_gate_was_killed_are_cleared_at_its_start_and_only_they() -> None:
    journal, kept = MemoryJournal(), MemoryKept()
    killed = Alarms(journal, lambda _step, _alarm: None, kept)
    killed.raised("board", 1)
    killed.raised("reader", 2, "front")
    killed.cleared("board", 1)
    for wanted in ([("alarm-cleared", "reader")], []):
        before = len(journal.entries)
        alarms = Alarms(journal, lambda _step, _alarm: None, kept)
        alarms.begin_anew()
        assert journal.told()[before:] == wanted
        assert alarms.standing() == ()
    assert journal.entries[-1].public == {"alarm": "reader", "about": "front", "why": "restart"}
