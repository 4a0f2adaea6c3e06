from terminal.edges.heartbeat import Heartbeats


class Monotonic:
    def __init__(self) -> None:
        self.s = 50.0

    def __call__(self) -> float:
        return self.s


def test_parts_that_stopped_are_named() -> None:
    clock = Monotonic()
    hearts = Heartbeats(clock)
    hearts.expect("reader", 5)
    hearts.expect("journal", 10)
    hearts.expect("lane 1", 5)
    clock.s += 5
    assert hearts.stale() == ()
    hearts.beat("lane 1")
    clock.s += 0.1
    assert hearts.stale() == ("reader",)
    clock.s += 5
    assert hearts.stale() == ("journal", "lane 1", "reader")
    hearts.beat("reader")
    assert hearts.stale() == ("journal", "lane 1")


def test_part_that_never_began_is_stale_after_its_limit() -> None:
    clock = Monotonic()
    hearts = Heartbeats(clock)
    hearts.expect("reader", 2)
    clock.s += 2.1
    assert hearts.stale() == ("reader",)
