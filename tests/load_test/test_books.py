"""What a load test counts: latencies, percentiles, and what is lost, doubled or invented."""

from collections import Counter

from load_test.books import Books, percentile
from load_test.machine import Taken
from load_test.report import Report
from load_test.terminal import Written


def books_of(*whats: str) -> Books:
    books = Books()
    for number, what in enumerate(whats):
        books.written(Written("sim-0001", number, 100.0 + number, what))
    return books


def report(books: Books, stored: "Counter[tuple[str, str]]", connected: int = 1) -> Report:
    taken = Taken(1.0, 2.0, 3.0)
    state = [{"connected": connected, "threads": 7, "files": 9}]
    return Report.of(
        1, 1, connect_s=1, lasted_s=2, state=state, books=books, stored=stored, taken={"terminals": (taken, taken)}
    )


def stored(*whats: str) -> "Counter[tuple[str, str]]":
    return Counter(("sim-0001", what) for what in whats)


def test_everything_there_once_and_acknowledged_is_sound() -> None:
    books = books_of("a", "b")
    books.acknowledged("sim-0001", 2, 102.5)
    assert report(books, stored("a", "b")).sound


def test_lost_doubled_and_invented_entries_are_told_apart() -> None:
    found = report(books_of("a", "b", "c"), stored("a", "a", "b", "x"))
    assert (found.lost, found.doubled, found.invented, found.sound) == (1, 1, 1, False)


def test_an_entry_that_is_stored_and_not_acknowledged_is_not_sound() -> None:
    books = books_of("a", "b")
    books.acknowledged("sim-0001", 1, 102.5)
    found = report(books, stored("a", "b"))
    assert (found.acknowledged, found.sound) == (1, False)


def test_a_terminal_that_is_gone_is_not_sound() -> None:
    books = books_of("a")
    books.acknowledged("sim-0001", 1, 102.5)
    assert not report(books, stored("a"), connected=0).sound


def test_an_entry_counts_from_the_first_acknowledgement_above_it() -> None:
    books = books_of("a", "b")
    for size, at_s in ((1, 100.5), (2, 103.0), (2, 109.0)):
        books.acknowledged("sim-0001", size, at_s)
    assert books.to_acknowledged_s() == [0.5, 2.0]


def test_an_entry_is_seen_when_it_is_first_shown() -> None:
    books = books_of("a", "b")
    books.seen([("sim-0001", 1)], 101.25)
    books.seen([("sim-0001", 1), ("gate-7", 0)], 150.0)
    assert (books.to_database_s(), books.oldest_unseen_s()) == ([0.25], 100.0)


def test_percentiles_are_samples_by_nearest_rank() -> None:
    assert [percentile([3.0, 1.0, 2.0], share) for share in (50, 99)] == [2.0, 3.0]
    assert percentile([], 50) is None
