"""Heads, presence and epochs: what is known of a terminal beyond the entries that came."""

from dataclasses import replace

import pytest

from headquarters.journal.collecting import Collected, Collector, Refused
from headquarters.journal.terminals import Terminals, TerminalState
from terminal.core.journal import Kind
from terminal.core.messages import Presence, Replay, decode_head
from tests.headquarters.box import EPOCH, SITE, T0_MS, Box, acknowledged, register, standing_alarms
from tests.headquarters.conftest import Office

NOW = T0_MS // 1000 + 500
NEXT = bytes(range(16, 32))


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def state(office: Office) -> TerminalState:
    (only,) = Terminals(office.database).all()
    return only


def test_terminal_of_which_nothing_came_yet(office: Office, collector: Collector) -> None:
    nothing = dict.fromkeys(("retired_at", "presence", "last_seen", "epoch", "head", "head_at"))
    assert state(office) == TerminalState(terminal="gate-1", site=SITE, size=0, backlog=0, alarms=(), **nothing)


def test_head_tells_backlog_list_age_clock_and_version(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(3).batch(), NOW)
    head = box.write(4).head(time_ms=1000 * NOW + 250)
    assert acknowledged(office, box, collector.note_head(box.name, head, NOW)) == 3
    collector.note_presence(box.name, Presence.ONLINE, NOW + 1)
    known = state(office)
    assert (known.size, known.backlog, known.last_seen, known.presence) == (3, 4, NOW + 1, "online")
    assert known.head == decode_head(head)
    assert known.list_age_s(NOW + 30) == 120
    assert known.clock_ahead_s() == 0.25


def test_head_that_was_on_its_way_for_long_does_not_hide_a_newer_one(
    office: Office, box: Box, collector: Collector
) -> None:
    box.write(5)
    newer, same_size, older = box.head(time_ms=2000), box.head(time_ms=1999), box.head(3, time_ms=9000)
    for each in (newer, same_size, older):
        collector.note_head(box.name, each, NOW)
    assert state(office).head == decode_head(newer)
    collector.note_head(box.name, box.head(time_ms=2001), NOW)
    assert state(office).head == replace(decode_head(newer), time_ms=2001)


def test_retained_head_that_comes_again_does_not_say_that_the_terminal_is_there(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.note_head(box.name, box.write(5).head(), NOW)
    collector.note_head(box.name, box.head(), NOW + 86_400)
    collector.note_presence(box.name, Presence.OFFLINE, NOW + 1)
    collector.note_presence(box.name, Presence.OFFLINE, NOW + 86_400)
    assert state(office).last_seen == NOW + 1


def test_entries_known_from_a_head_are_asked_for(box: Box, collector: Collector) -> None:
    collector.note_head(box.name, box.write(7).head(), NOW)
    outcome = collector.note_head(box.name, box.head(time_ms=T0_MS + 30_000), NOW + 30)
    assert isinstance(outcome, Collected)
    assert outcome.replay == Replay(EPOCH, 0, 6)


@pytest.mark.parametrize(
    ("topic", "body", "word"),
    [
        ("gate-1", b"\xa0", "not-a-head"),
        ("gate-2", Box().write(1).head(), "other-terminal"),
        ("gate-3", Box(name="gate-3").write(1).head(), "unknown-terminal"),
    ],
)
def test_head_that_is_not_believed_changes_nothing(office: Office, topic: str, body: bytes, word: str) -> None:
    outcome = register(office, Box()).note_head(topic, body, NOW)
    assert isinstance(outcome, Refused)
    assert outcome.word == word
    assert state(office).epoch is None


def test_presence_of_a_stranger_is_remembered_by_nobody(office: Office, collector: Collector) -> None:
    collector.note_presence("gate-2", Presence.ONLINE, NOW)
    assert state(office).presence is None


def test_new_epoch_is_taken_and_the_old_ones_missing_entries_are_told(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.collect(box.name, box.write(7).batch(0, 3), NOW)
    collector.note_head(box.name, box.head(5), NOW)
    new = replace(box, epoch=NEXT, entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 7})
    assert acknowledged(office, new, collector.collect(new.name, new.batch(), NOW)) == 1
    assert standing_alarms(office) == ["entries-missing"]
    assert (state(office).epoch, state(office).size) == (NEXT, 1)
    collector.collect(box.name, box.batch(3, 5), NOW)
    assert standing_alarms(office) == ["entries-missing"]
    collector.collect(box.name, box.batch(5, 7), NOW)
    assert standing_alarms(office) == []
    collector.note_head(box.name, box.write(1).head(), NOW)
    assert standing_alarms(office) == ["entries-missing"]


def test_new_epoch_that_is_heard_of_before_the_old_one_stays_the_newer(
    office: Office, box: Box, collector: Collector
) -> None:
    new = replace(box, epoch=NEXT, entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 2})
    collector.collect(new.name, new.batch(), NOW)
    collector.collect(box.name, box.write(2).batch(0, 1), NOW)
    assert standing_alarms(office) == ["entries-missing"]
    assert state(office).epoch == NEXT
    collector.collect(box.name, box.batch(1, 2), NOW)
    assert standing_alarms(office) == []


@pytest.mark.parametrize("new_is_seen_first", [True, False])
def test_acknowledgement_of_an_old_epoch_does_not_hide_the_new_ones(
    office: Office, box: Box, collector: Collector, *, new_is_seen_first: bool
) -> None:
    new = replace(box, epoch=NEXT, entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 2})
    order = (new.batch(), box.write(2).batch(0, 1), box.batch(1, 2))
    for second, body in enumerate(order if new_is_seen_first else (order[1], order[0], order[2])):
        collector.collect(box.name, body, NOW + second)
    *_, (_, last) = collector.acknowledgements(NOW)
    assert acknowledged(office, new, Collected(0, last, None)) == 1


def test_head_of_an_old_epoch_that_is_still_retained_says_that_it_has_ended(
    office: Office, box: Box, collector: Collector
) -> None:
    head = box.write(2).head()
    collector.note_head(box.name, head, NOW)
    collector.collect(box.name, box.batch(), NOW)
    new = replace(box, epoch=NEXT, entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 2})
    collector.collect(new.name, new.batch(), NOW)
    again = collector.note_head(box.name, head, NOW)
    assert acknowledged(office, box, again) == 2
    assert isinstance(again, Collected)
    assert again.ended
