"""What must hold of every price, and a second, naive reckoning of it (`naive`), on tariffs drawn at random."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from terminal.core.tariff.document import duration_s
from terminal.core.tariff.explanation import MICRO, MICRO_A_CENT, Line, What
from terminal.core.tariff.pricing import Price, price
from tests.core.tariff.chance import DRAWS, Case, cases, stays
from tests.core.tariff.naive import Naive

often = settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))
AMOUNTS = {What.INCREMENT, What.FLAT, What.FLAT_WINDOW}
CAPS = {What.CAP_WINDOW, What.CAP_DAY, What.CAP_24H}


def _price(case: Case, stay_s: int) -> Price:
    note(f"{case.document}, enters at {case.entry_s}, stays {stay_s} s")
    return price(case.tariff, case.time_zone, case.entry_s, case.entry_s + stay_s)


def _naive(case: Case, stay_s: int) -> Naive:
    return Naive(case.document, 1, case.entry_s, case.entry_s + stay_s)


def _fell_due(case: Case, worth: Price) -> Iterator[tuple[int, int, Fraction]]:
    """When, by which line, how much: every amount of the explanation by itself."""
    for line in worth.lines:
        if line.what in AMOUNTS:
            assert line.line is not None
            each = case.tariff.lines[line.line - 1].each
            for place in range(line.times):
                at_s = line.at_s + place * (duration_s(each) if each else 0)
                yield at_s, line.line, Fraction(line.amount_micro, line.times * MICRO)


@often
@given(st.data())
def test_naive_reckoning_comes_to_the_same_amount_of_the_same_parts(data: st.DataObject) -> None:
    case = data.draw(cases())
    stay_s = data.draw(stays(case))
    worth, naive = _price(case, stay_s), _naive(case, stay_s)
    assert worth.amount_cents == naive.cents()
    assert list(_fell_due(case, worth)) == [(due.at, due.line + 1, due.amount) for due, _ in naive.charged()]


@often
@given(st.data())
def test_later_exit_never_costs_less(data: st.DataObject) -> None:
    case = data.draw(cases())
    exits = sorted(data.draw(st.lists(stays(case), min_size=2, max_size=12)))
    near = [stay_s + more_s for stay_s in exits for more_s in (0, 1, case.unit_s)]
    amounts = [_price(case, stay_s).amount_cents for stay_s in sorted(near)]
    assert amounts == sorted(amounts)


@often
@given(st.data())
def test_explanation_adds_up_in_order_of_time_and_ends_with_the_rounding(data: st.DataObject) -> None:
    case = data.draw(cases())
    stay_s = data.draw(stays(case))
    worth = _price(case, stay_s)
    *lines, last = worth.lines
    assert sum(line.amount_micro for line in worth.lines) == worth.amount_cents * MICRO_A_CENT
    assert (last.what, last.at_s) == (What.ROUNDING, case.entry_s + stay_s)
    assert -MICRO_A_CENT // 2 < last.amount_micro <= MICRO_A_CENT // 2
    assert [line.at_s for line in lines] == sorted(line.at_s for line in lines)
    assert all(case.entry_s <= line.at_s < last.at_s for line in lines)


@often
@given(st.data())
def test_no_window_day_or_24_hours_costs_more_than_its_cap(data: st.DataObject) -> None:
    case = data.draw(cases())
    stay_s = data.draw(stays(case))
    naive = _naive(case, stay_s)
    spent: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for at_s, number, amount in _charged_amounts(case, _price(case, stay_s)):
        line = case.tariff.lines[number - 1]
        window = next(day for day, (a, b) in naive.windows[number - 1].items() if a <= at_s < b)
        spent["window", number, window, line.cap] += amount
        if (cap := case.tariff.caps.day) is not None:
            spent["day", naive._day_of(at_s, cap.reset), cap.amount] += amount
        spent["24 h", (at_s - case.entry_s) // 86_400, case.tariff.caps.h24] += amount
    for (*_, most), amount in spent.items():
        assert most is None or amount <= Fraction(str(most)) * MICRO


def _charged_amounts(case: Case, worth: Price) -> Iterator[tuple[int, int, int]]:
    """When, by which line, how many millionths are charged: amounts, and what a cap takes off the one before it."""
    before: Line | None = None
    for line in worth.lines:
        if line.what in AMOUNTS:
            assert line.line is not None
            before = line
            each = case.tariff.lines[line.line - 1].each
            for place in range(line.times):
                at_s = line.at_s + place * (duration_s(each) if each else 0)
                yield at_s, line.line, line.amount_micro // line.times
        elif line.what in CAPS:
            assert before is not None
            assert before.line is not None
            yield line.at_s, before.line, line.amount_micro
