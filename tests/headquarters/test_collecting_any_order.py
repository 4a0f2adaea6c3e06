"""A journal's batches delivered in any order, twice, overlapping, by two workers: the whole journal, once."""

import itertools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from headquarters.database import Database
from headquarters.journal.collecting import Collected, Outcome
from headquarters.repository.ceremony import init_keys
from tests.headquarters.box import Box, acknowledged, put_aside, register, standing_alarms, stored
from tests.headquarters.conftest import Office

NOW = 1_790_000_500
LENGTH = 24
JOURNAL = Box().write(LENGTH)


@contextmanager
def new_office() -> Iterator[Office]:
    with tempfile.TemporaryDirectory() as folder:
        now = datetime.fromtimestamp(NOW, UTC)
        keys = init_keys(Path(folder) / "hq", now)
        office = Office(keys, Database(keys.path / "register.db"), Path(folder), now)
        try:
            yield office
        finally:
            office.database.close()


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Stretches of the journal that cover it, and more that overlap them, shuffled; any of them more than once."""
    ends = sorted(draw(st.sets(st.integers(1, LENGTH - 1), max_size=8)) | {LENGTH})
    cover = list(itertools.pairwise([0, *ends]))
    pairs = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, LENGTH)).filter(lambda pair: pair[0] < pair[1])
    more = draw(st.lists(pairs, max_size=8))
    again = draw(st.lists(st.sampled_from(cover), max_size=4))
    return draw(st.permutations([*cover, *more, *again]))


@settings(max_examples=25, deadline=None)
@given(order=deliveries(), whose=st.lists(st.booleans(), min_size=24, max_size=24))
def test_any_order_of_delivery_ends_with_the_whole_journal(order: list[tuple[int, int]], whose: list[bool]) -> None:
    with new_office() as office:
        collector = register(office, JOURNAL)
        shares = [
            [stretch for stretch, mine in zip(order, itertools.cycle(whose), strict=False) if mine is side]
            for side in (True, False)
        ]
        outcomes: list[Outcome] = []

        def work(share: list[tuple[int, int]]) -> None:
            for first, end in share:
                outcomes.append(collector.collect(JOURNAL.name, JOURNAL.batch(first, end), NOW))

        workers = [threading.Thread(target=work, args=(share,)) for share in shares]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert all(isinstance(outcome, Collected) for outcome in outcomes)
        assert sum(outcome.new for outcome in outcomes if isinstance(outcome, Collected)) == LENGTH
        assert max(acknowledged(office, JOURNAL, outcome) for outcome in outcomes) == LENGTH
        assert stored(office, JOURNAL) == dict(enumerate(JOURNAL.entries))
        assert put_aside(office) == []
        assert standing_alarms(office) == []
        ((_, last),) = collector.acknowledgements(NOW)
        assert acknowledged(office, JOURNAL, Collected(0, last, None)) == LENGTH
        assert collector.replays(NOW + 60) == []
