"""The look-up of visits against its definition, visit by visit, and at the largest document."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.policy import Visit, Visits, Zone
from terminal.core.visits import VisitBook, VisitWindow
from tests.core.people import EAN, NOON, OTHER_EAN

MINUTE = timedelta(minutes=1)


def one_by_one(visits: list[Visit], ean: int, zone: Zone, now: datetime) -> VisitWindow:
    """What the design says, told anew without any order or index."""
    here = [visit for visit in visits if visit.zone in {None, zone.number}]
    current = [v for v in here if v.begins <= now < v.ends + zone.late_grace_min * MINUTE]
    own = [visit for visit in here if int(visit.ean) == ean]
    if any(visit in own for visit in current):
        return VisitWindow.NOW
    if any(visit.begins - zone.early_wait_min * MINUTE <= now < visit.begins for visit in own):
        return VisitWindow.EARLY_WAIT
    if any(now < visit.begins for visit in own):
        return VisitWindow.EARLY
    if own:
        return VisitWindow.LATE
    return VisitWindow.OTHER_COMPANY if current else VisitWindow.NONE


announced = st.builds(
    lambda ean, zone, begins, lasts: Visit(
        reference="R",
        ean=f"{ean:013d}",
        zone=zone,
        begins=NOON + begins * MINUTE,
        ends=NOON + (begins + lasts) * MINUTE,
    ),
    st.sampled_from([EAN, OTHER_EAN]),
    st.sampled_from([None, 1, 2]),
    st.integers(-9, 9),
    st.integers(1, 9),
)


@given(st.lists(announced, max_size=6), st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_book_says_of_every_tap_what_its_visits_say_one_by_one(visits: list[Visit], wait: int, grace: int) -> None:
    zone = Zone(number=1, name="Yard", visits="required", early_wait_min=wait, late_grace_min=grace)
    book = VisitBook(Visits(site=4711, visits=tuple(visits)))
    assert book.window(EAN, zone, NOON.timestamp()) is one_by_one(visits, EAN, zone, NOON)


class Instant(float):
    """Counts how often it was held against another one."""

    compared = 0

    def __lt__(self, other: float) -> bool:
        self.compared += 1
        return super().__lt__(other)

    def __le__(self, other: float) -> bool:
        self.compared += 1
        return super().__le__(other)

    def __gt__(self, other: float) -> bool:
        self.compared += 1
        return super().__gt__(other)

    def __ge__(self, other: float) -> bool:
        self.compared += 1
        return super().__ge__(other)


def test_card_of_a_company_that_nobody_announced_does_not_hold_up_a_gate_with_100_000_visits() -> None:
    begins = datetime(2026, 9, 1, tzinfo=UTC)
    visits = tuple(
        Visit(reference=str(n), ean=f"{OTHER_EAN:013d}", begins=begins + n * MINUTE, ends=begins + (n + 1) * MINUTE)
        for n in range(100_000)
    )
    book, zone = VisitBook(Visits(site=4711, visits=visits)), Zone(number=1, name="Yard", visits="required")
    for ean, window in ((EAN, VisitWindow.NONE), (OTHER_EAN, VisitWindow.EARLY)):
        now_s = Instant(begins.timestamp() - 1)
        assert book.window(ean, zone, now_s) is window
        assert 0 < now_s.compared < 100
