"""Who watches hears all of it in order, or is let go; who tells waits for nobody."""

import threading

from terminal.live import Live

SOON_S = 10.0


def test_everybody_who_watches_hears_everything_in_its_order() -> None:
    live = Live()
    with live.watching() as first, live.watching() as second:
        for number in range(3):
            live.tell({"news": number})
        heard = [[each["news"] for _ in range(3) if (each := watcher.next(0))] for watcher in (first, second)]
    assert heard == [[0, 1, 2], [0, 1, 2]]


def test_nobody_watches_and_nothing_is_kept() -> None:
    live = Live()
    live.tell({"news": "before"})
    watched = [live.watched]
    with live.watching() as watcher:
        watched.append(live.watched)
        assert watcher.next(0) is None
    watched.append(live.watched)
    assert watched == [False, True, False]


def test_watcher_that_is_too_slow_misses_nothing_unnoticed() -> None:
    live = Live(most_waiting=2)
    with live.watching() as slow, live.watching() as other:
        for number in range(3):
            live.tell({"news": number})
            assert other.next(0) == {"news": number}
        assert (slow.too_slow, other.too_slow) == (True, False)
        assert [slow.next(0), slow.next(0), slow.next(0)] == [{"news": 0}, {"news": 1}, None]
        live.tell({"news": "later"})
        assert slow.next(0) is None, "after a gap nothing must follow that looks as if there were none"


def test_watcher_waits_until_there_is_news() -> None:
    live = Live()
    with live.watching() as watcher:
        telling = threading.Thread(target=live.tell, args=({"news": "lane"},))
        telling.start()
        assert watcher.next(SOON_S) == {"news": "lane"}
        telling.join()
