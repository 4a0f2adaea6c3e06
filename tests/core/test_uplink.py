"""What goes to headquarters next: every entry, in order, new ones first, whatever broker and headquarters do."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_BATCH_OVERHEAD, MAX_ENTRY_OVERHEAD
from terminal.core.uplink import (
    FIRST_PAUSE_S,
    MAX_BACKLOG_IN_FLIGHT,
    MAX_LIVE_IN_FLIGHT,
    MAX_PAUSE_S,
    MAX_WINDOW,
    SILENCE_S,
    UNTAKEN_S,
    Sent,
    Stream,
    Uplink,
    Wanted,
    fits,
)

LARGE = MAX_BATCH_BYTES - MAX_BATCH_OVERHEAD
STEP = 5
"""Entries in a batch of these tests, a checkpoint at the end of each."""


@dataclass
class Line:
    """An uplink with a journal; `pull` sends what is wanted, up to the next checkpoint after STEP entries."""

    size: int
    acknowledged: int = 0
    now_s: float = 1000.0
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.uplink = Uplink(self.acknowledged)
        self.uplink.connected(self.size, self.now_s)

    def one(self) -> Sent | None:
        wanted = self.uplink.next(self.size, self.now_s)
        if wanted is None:
            return None
        sent = self.uplink.sent(wanted, min(wanted.first + STEP, wanted.limit), self.now_s)
        self.sent.append(sent)
        return sent

    def pull(self, *, taken: bool = True) -> list[tuple[str, int, int]]:
        """Everything that goes out now, each taken by the broker at once."""
        out = []
        while sent := self.one():
            out.append((sent.stream.value, sent.first, sent.end))
            if taken:
                self.uplink.taken(sent)
        return out


def test_backlog_goes_in_order() -> None:
    assert Line(12).pull() == [("backlog", 0, 5), ("backlog", 5, 10), ("backlog", 10, 12)]


def test_entry_written_while_backlog_drains_goes_ahead_of_it() -> None:
    line = Line(500)
    assert [line.one(), line.one()] == line.sent
    line.size = 502
    assert [(sent.stream, sent.first) for sent in (line.one(), line.one()) if sent] == [
        (Stream.LIVE, 500),
        (Stream.BACKLOG, 10),
    ]


def test_broker_that_takes_nothing_gets_no_more_than_it_may_hold() -> None:
    line = Line(500)
    line.pull(taken=False)
    line.size = 600
    line.pull(taken=False)
    streams = [sent.stream for sent in line.sent]
    assert streams.count(Stream.BACKLOG) == MAX_BACKLOG_IN_FLIGHT
    assert streams.count(Stream.LIVE) == MAX_LIVE_IN_FLIGHT
    assert not line.uplink.is_stuck(line.now_s + UNTAKEN_S - 0.1)
    assert line.uplink.is_stuck(line.now_s + UNTAKEN_S)


def test_headquarters_that_acknowledges_nothing_gets_a_window_and_then_a_batch_in_thirty_seconds() -> None:
    line = Line(5000)
    assert len(line.pull()) == MAX_WINDOW
    line.now_s += SILENCE_S - 0.1
    assert line.pull() == []
    line.now_s += 0.1
    assert line.pull() == [("backlog", 0, 5)]
    line.now_s += SILENCE_S
    assert line.pull() == [("backlog", 0, 5)]
    line.uplink.acknowledged(5, line.now_s)
    assert line.pull() == [("backlog", 5, 10), ("backlog", 10, 15)]


def test_live_entries_that_were_not_acknowledged_are_sent_again_in_order_with_what_was_before() -> None:
    line = Line(0)
    line.size = 3
    assert line.pull() == [("live", 0, 3)]
    line.size = 7
    assert line.pull() == [("live", 3, 7)]
    line.now_s += SILENCE_S
    assert line.pull() == [("backlog", 0, 5)]
    line.uplink.acknowledged(5, line.now_s)
    assert line.pull() == [("backlog", 5, 7)]


def test_silence_counts_from_the_first_that_waits() -> None:
    line = Line(0)
    line.now_s += 10 * SILENCE_S
    line.size = 1
    assert line.pull() == [("live", 0, 1)]
    line.now_s += SILENCE_S - 0.1
    assert line.pull() == []


def test_nothing_is_sent_again_once_all_is_acknowledged() -> None:
    line = Line(4)
    line.pull()
    line.uplink.acknowledged(4, line.now_s)
    line.now_s += 10 * SILENCE_S
    assert line.pull() == []


def test_older_acknowledgement_does_not_move_the_cursor_back() -> None:
    line = Line(20)
    line.uplink.acknowledged(10, line.now_s)
    line.uplink.acknowledged(5, line.now_s)
    assert line.uplink.cursor == 10
    assert line.pull() == [("backlog", 10, 15), ("backlog", 15, 20)]


def test_connection_that_ends_takes_what_was_in_flight_with_it() -> None:
    line = Line(20)
    assert len(line.pull(taken=False)) == MAX_BACKLOG_IN_FLIGHT
    line.uplink.lost()
    assert line.pull() == []
    line.uplink.connected(line.size, line.now_s)
    assert line.pull() == [("backlog", n, n + 5) for n in (0, 5, 10, 15)]


def test_refused_batch_is_tried_again_after_pauses_that_grow() -> None:
    line = Line(5)
    pauses = []
    for _ in range(9):
        sent = line.one()
        assert sent is not None
        line.uplink.refused(sent, line.now_s)
        began_s = line.now_s
        while line.uplink.next(line.size, line.now_s) is None:
            line.now_s += 0.5
        pauses.append(line.now_s - began_s)
    assert pauses == [1, 2, 4, 8, 16, 32, MAX_PAUSE_S, MAX_PAUSE_S, MAX_PAUSE_S]
    line.pull()
    assert line.uplink._pause_s == FIRST_PAUSE_S


def test_many_refused_at_once_are_one_reason_to_pause() -> None:
    line = Line(500)
    line.pull(taken=False)
    for sent in line.sent:
        line.uplink.refused(sent, line.now_s)
    line.now_s += FIRST_PAUSE_S
    assert line.pull(taken=False) == [("backlog", n, n + 5) for n in (0, 5, 10, 15)]


def test_what_headquarters_asks_for_goes_ahead_of_the_backlog_and_behind_what_is_new() -> None:
    line = Line(1000)
    line.pull()
    line.uplink.asked_again(20, 27)
    line.uplink.acknowledged(5, line.now_s)
    line.size = 1003
    assert line.pull() == [
        ("live", 1000, 1003),
        ("replay", 20, 25),
        ("replay", 25, 30),
        ("backlog", 5 * MAX_WINDOW, 5 * MAX_WINDOW + 5),
    ]


def test_what_headquarters_asks_for_and_is_not_there_is_the_end_of_that_wish() -> None:
    line = Line(0)
    line.uplink.asked_again(7, 9)
    line.size = 0
    wanted = line.uplink.next(0, line.now_s)
    assert wanted == Wanted(Stream.REPLAY, 7, 0)
    line.uplink.unavailable(wanted)
    assert line.pull() == []


@pytest.mark.parametrize(
    ("weights", "sizes", "limit", "end"),
    [
        ([10] * 3, [1, 2, 3], 3, 3),
        ([10] * 3, [1, 2, 3], 2, 2),
        ([10] * 3, [2], 3, 2),
        ([10] * 3, [], 3, None),
        ([10] * 3, [0], 3, None),
        ([10] * (MAX_BATCH_ENTRIES + 1), [MAX_BATCH_ENTRIES, MAX_BATCH_ENTRIES + 1], 1000, MAX_BATCH_ENTRIES),
        ([LARGE - MAX_ENTRY_OVERHEAD, 1], [1, 2], 2, 1),
        ([LARGE - MAX_ENTRY_OVERHEAD + 1], [1], 1, None),
    ],
)
def test_batch_ends_at_the_last_checkpoint_within_its_bounds(
    weights: list[int], sizes: list[int], limit: int, end: int | None
) -> None:
    assert fits(0, weights, sizes, limit) == end


class AnyBroker(RuleBasedStateMachine):
    """Any order of connections, acknowledgements, losses, refusals and silence; in the end all is acknowledged."""

    on_the_way = Bundle("on_the_way")

    def __init__(self) -> None:
        super().__init__()
        self.uplink = Uplink(0)
        self.size = 0
        self.now_s = 0.0
        self.connected = False
        self.arrived: set[int] = set()

    @rule(count=st.integers(1, 40))
    def write(self, count: int) -> None:
        self.size += count

    @rule()
    def connect(self) -> None:
        self.connected = True
        self.uplink.connected(self.size, self.now_s)

    @rule()
    def lose(self) -> None:
        self.connected = False
        self.uplink.lost()

    @rule(seconds=st.sampled_from([0.1, 1.0, SILENCE_S, 100.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(target=on_the_way, step=st.integers(1, 9))
    def send(self, step: int) -> Sent | None:
        wanted = self.uplink.next(self.size, self.now_s)
        if wanted is None:
            return None
        assert self.connected
        assert wanted.first < wanted.limit <= self.size or wanted.stream is Stream.REPLAY
        if wanted.stream is not Stream.LIVE:
            live = sum(each.stream is Stream.LIVE for each in self.uplink._in_flight)
            assert self.uplink._live >= self.size or live == MAX_LIVE_IN_FLIGHT, "backlog ahead of a new entry"
        if wanted.first >= self.size:
            self.uplink.unavailable(wanted)
            return None
        return self.uplink.sent(wanted, min(wanted.first + step, wanted.limit), self.now_s)

    @rule(sent=consumes(on_the_way), arrives=st.booleans())
    def take(self, sent: Sent | None, arrives: bool) -> None:
        """A broker may drop what it took."""
        if sent is not None:
            self.uplink.taken(sent)
            if arrives:
                self.arrived.update(range(sent.first, sent.end))

    @rule(sent=consumes(on_the_way))
    def refuse(self, sent: Sent | None) -> None:
        if sent is not None:
            self.uplink.refused(sent, self.now_s)

    @precondition(lambda self: self.size)
    @rule(first=st.integers(0, 300), count=st.integers(0, 20))
    def ask_again(self, first: int, count: int) -> None:
        self.uplink.asked_again(first, first + count)

    @rule()
    def acknowledge(self) -> None:
        self.uplink.acknowledged(self._gapless(), self.now_s)

    @invariant()
    def no_more_in_flight_than_allowed(self) -> None:
        live = sum(each.stream is Stream.LIVE for each in self.uplink._in_flight)
        assert live <= MAX_LIVE_IN_FLIGHT
        assert len(self.uplink._in_flight) - live <= MAX_BACKLOG_IN_FLIGHT

    def teardown(self) -> None:
        """From now on everybody does as he should, save that nobody brings back what was dropped."""
        if not self.connected:
            self.connect()
        for _ in range(10_000):
            if self.uplink.cursor == self.size:
                break
            if self.uplink.is_stuck(self.now_s):
                self.connect()
            sent = self.send(9)
            if sent is not None:
                self.take(sent, arrives=True)
                self.acknowledge()
            else:
                self.now_s += 1.0
        assert self.uplink.cursor == self.size

    def _gapless(self) -> int:
        size = 0
        while size in self.arrived:
            size += 1
        return size


TestAnyBroker = AnyBroker.TestCase
TestAnyBroker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.integers(0, 40_000), max_size=600), st.sets(st.integers(0, 620), max_size=50), st.integers(1, 620))
@settings(max_examples=50, deadline=None)
def test_no_batch_is_larger_than_the_broker_takes(weights: list[int], sizes: set[int], limit: int) -> None:
    end = fits(0, weights, sizes, limit)
    if end is not None:
        assert end in sizes
        assert 0 < end <= min(limit, len(weights), MAX_BATCH_ENTRIES)
        assert sum(weights[:end]) + end * MAX_ENTRY_OVERHEAD <= LARGE
