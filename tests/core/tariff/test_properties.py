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


@often
@given(st.data())
def test_naive_reckoning_comes_to_the_same_and_the_explanation_adds_up_below_the_caps(data: st.DataObject) -> None:
    case = data.draw(cases())
    stay_s = data.draw(stays(case))
    worth = _price(case, stay_s)
    naive = Naive(case.document, 1, case.entry_s, case.entry_s + stay_s)
    assert worth.amount_cents == naive.cents()
    assert list(_fell_due(case, worth)) == [(due.at, due.line + 1, due.amount) for due, _ in naive.charged()]
    _adds_up(worth, case.entry_s, case.entry_s + stay_s)
    _is_below_its_caps(case, worth, naive)


@often
@given(st.data())
def test_later_exit_never_costs_less(data: st.DataObject) -> None:
    case = data.draw(cases())
    exits = sorted(data.draw(st.lists(stays(case), min_size=2, max_size=12)))
    near = [stay_s + more_s for stay_s in exits for more_s in (0, 1, case.unit_s)]
    amounts = [_price(case, stay_s).amount_cents for stay_s in sorted(near)]
    assert amounts == sorted(amounts)


def _adds_up(worth: Price, entry_s: int, exit_s: int) -> None:
    *lines, last = worth.lines
    assert sum(line.amount_micro for line in worth.lines) == worth.amount_cents * MICRO_A_CENT
    assert (last.what, last.at_s) == (What.ROUNDING, exit_s)
    assert -MICRO_A_CENT // 2 < last.amount_micro <= MICRO_A_CENT // 2
    assert [line.at_s for line in lines] == sorted(line.at_s for line in lines)
    assert all(entry_s <= line.at_s < exit_s for line in lines)


def _is_below_its_caps(case: Case, worth: Price, naive: Naive) -> None:
    spent: defaultdict[tuple[object, ...], Fraction] = defaultdict(Fraction)
    for at_s, number, amount in _charged(case, worth):
        line = case.tariff.lines[number - 1]
        window = next(day for day, (a, b) in naive.windows[number - 1].items() if a <= at_s < b)
        spent["window", number, window, line.cap] += amount
        if (cap := case.tariff.caps.day) is not None:
            spent["day", naive.day_of(at_s, cap.reset), cap.amount] += amount
        spent["24 h", (at_s - case.entry_s) // 86_400, case.tariff.caps.h24] += amount
    for (*_, most), amount in spent.items():
        assert most is None or 0 <= amount <= Fraction(str(most))


def _fell_due(case: Case, worth: Price) -> Iterator[tuple[int, int, Fraction]]:
    """When, by which line, how much: every amount of the explanation by itself."""
    return (each for line in worth.lines if line.what in AMOUNTS for each in _each(case, line))


def _charged(case: Case, worth: Price) -> Iterator[tuple[int, int, Fraction]]:
    """The same, and what a cap takes off the one before it."""
    number = 0
    for line in worth.lines:
        if line.what in AMOUNTS:
            number = line.line or 0
            yield from _each(case, line)
        elif line.what in CAPS:
            yield line.at_s, number, Fraction(line.amount_micro, MICRO)


def _each(case: Case, line: Line) -> Iterator[tuple[int, int, Fraction]]:
    assert line.line is not None
    step_s = duration_s(case.tariff.lines[line.line - 1].each or "PT0S")
    for place in range(line.times):
        yield line.at_s + place * step_s, line.line, Fraction(line.amount_micro, line.times * MICRO)
