"""An epoch that has ended goes to headquarters once, whether or not anybody acknowledges it, and then seldom."""

from itertools import pairwise

import pytest

from terminal.core.past_uplink import AGAIN_S, PastUplink
from terminal.core.uplink import FIRST_PAUSE_S, MAX_PAUSE_S, UNTAKEN_S, Stream, Wanted

BATCH = 500


def sent_until_quiet(past: PastUplink, now_s: float) -> list[tuple[Stream, int, int]]:
    """What goes out while the broker takes everything and nobody acknowledges."""
    went = []
    while (wanted := past.next(now_s)) is not None:
        end = min(wanted.first + BATCH, wanted.limit)
        past.taken(past.sent(wanted, end, now_s), now_s)
        went.append((wanted.stream, wanted.first, end))
    return went


def backlog(*ends: int) -> list[tuple[Stream, int, int]]:
    return [(Stream.BACKLOG, first, end) for first, end in pairwise(ends)]


def test_all_of_it_goes_once_though_nobody_acknowledges() -> None:
    past = PastUplink(1200, 100)
    assert sent_until_quiet(past, 5.0) == backlog(100, 600, 1100, 1200)
    assert sent_until_quiet(past, 5.0 + AGAIN_S - 1) == []
    assert sent_until_quiet(past, 5.0 + AGAIN_S) == backlog(100, 600, 1100, 1200)


def test_what_is_acknowledged_is_not_sent_again() -> None:
    past = PastUplink(1200, 0)
    sent_until_quiet(past, 0.0)
    past.acknowledged(1000)
    past.acknowledged(200)
    assert sent_until_quiet(past, AGAIN_S) == backlog(1000, 1200)
    past.acknowledged(1200)
    assert sent_until_quiet(past, 9 * AGAIN_S) == []


def test_one_batch_at_a_time_is_on_its_way() -> None:
    past = PastUplink(1200, 0)
    wanted = past.next(0.0)
    assert wanted == Wanted(Stream.BACKLOG, 0, 1200)
    sent = past.sent(wanted, 500, 0.0)
    assert past.next(1.0) is None
    assert not past.is_stuck(UNTAKEN_S - 1)
    assert past.is_stuck(UNTAKEN_S)
    past.taken(sent, 1.0)
    assert past.next(1.0) == Wanted(Stream.BACKLOG, 500, 1200)


def test_batch_that_was_on_its_way_when_the_connection_ended_goes_again() -> None:
    past = PastUplink(1200, 0)
    wanted = past.next(0.0)
    assert wanted is not None
    sent = past.sent(wanted, 500, 0.0)
    past.lost()
    past.taken(sent, 1.0)  # of the connection before
    assert past.next(1.0) == wanted


def test_new_connection_is_no_reason_to_send_all_of_it_again() -> None:
    past = PastUplink(1200, 0)
    sent_until_quiet(past, 0.0)
    past.lost()
    assert past.next(1.0) is None


def test_batch_that_the_broker_refuses_goes_again_after_pauses_that_grow() -> None:
    past, now_s, pauses = PastUplink(1200, 0), 0.0, []
    for _ in range(10):
        wanted = past.next(now_s)
        assert wanted == Wanted(Stream.BACKLOG, 0, 1200)
        past.refused(past.sent(wanted, 500, now_s), now_s)
        begun_s = now_s
        while past.next(now_s) is None:
            now_s += FIRST_PAUSE_S
        pauses.append(now_s - begun_s)
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert max(pauses) == MAX_PAUSE_S


def test_what_headquarters_asks_for_goes_at_once_though_all_was_sent() -> None:
    past = PastUplink(1200, 1000)
    sent_until_quiet(past, 0.0)
    past.asked_again(3, 502)
    assert sent_until_quiet(past, 1.0) == [(Stream.REPLAY, 3, 503)]


@pytest.mark.parametrize("asked", [True, False])
def test_batch_that_is_not_in_the_view_is_waited_for_but_a_wish_is_not(asked: bool) -> None:
    past = PastUplink(1200, 0)
    if asked:
        past.asked_again(3, 7)
    wanted = past.next(0.0)
    assert wanted is not None
    past.unavailable(wanted, 0.0)
    assert past.next(0.0) is None
    assert past.next(FIRST_PAUSE_S) == Wanted(Stream.BACKLOG, 0, 1200)
