"""What a fare says, part by part, as what the lines of a tariff say: amount, increment, part of the stay, free minutes.

A step is charged when it begins. The last step of a part may be shorter than the others and costs as much; so it is a
line of its own. A first part that costs nothing is free time; in which stays, is for whoever lays out the windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from headquarters.tariffs.regulation import FarePart, Since
from headquarters.tariffs.report import Report
from headquarters.tariffs.values import MOST_DECIMALS, amount_text, duration_text
from terminal.core.tariff.document import MAX_DURATION_S

LONGEST_MIN = MAX_DURATION_S // 60
"""Of an increment or a part; what is longer is once, or has no end."""
LONGEST_FREE_MIN = 7 * 24 * 60
_TABLE = "TARIEFDEEL"


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a tariff but for its window: `each_min` None is once a window, `to_min` None to the stay's end."""

    amount: str
    each_min: int | None
    from_min: int
    to_min: int | None


@dataclass(frozen=True, slots=True)
class FareLines:
    """What a fare comes to; no charges: it is free. `free_min`: nothing is due in that much at the beginning."""

    charges: tuple[Charge, ...]
    free_min: int


def fare_lines(code: str, parts: Sequence[Since[FarePart]], report: Report) -> FareLines:
    """The lines of one fare, out of those of its parts that are valid at one moment.

    Raises:
        Mistake: the parts overlap, or leave a hole.
    """
    ordered = sorted(parts, key=lambda each: each.value.from_min)
    _unbroken(ordered)
    _add_up(code, ordered, report)
    costly = [place for place, each in enumerate(ordered) if _rounded(code, each, report) > 0]
    if not costly:
        words = f"{code}: nothing is due in its time frames"
        report.mapped(_TABLE, "amountfarepart", words, [each.row.number for each in ordered])
        return FareLines((), 0)
    paid = ordered[costly[0] : costly[-1] + 1]
    charges = tuple(charge for each in paid for charge in _charges(code, each, report))
    if paid[-1].value.to_min is not None:
        words = f"{code}: nothing more is due from minute {paid[-1].value.to_min} on"
        report.mapped(_TABLE, "enddurationfarepart", words, [each.row.number for each in ordered[costly[-1] :]])
    return FareLines(charges, min(paid[0].value.from_min, LONGEST_FREE_MIN))


def _unbroken(ordered: Sequence[Since[FarePart]]) -> None:
    for before, each in pairwise(ordered):
        if before.value.to_min != each.value.from_min:
            ends = "has no end" if before.value.to_min is None else f"ends at minute {before.value.to_min}"
            begins = f"this part begins at minute {each.value.from_min}"
            raise each.row.wrong(
                "startdurationfarepart", f"{begins}, but the one before it, row {before.row.number}, {ends}"
            )


def _add_up(code: str, ordered: Sequence[Since[FarePart]], report: Report) -> None:
    """Compare what the table says all earlier parts come to with what they do; it is not needed."""
    before = Decimal(0)
    for each in ordered:
        part = each.value
        if part.before is not None:
            fits = abs(part.before - before) < MOST_DECIMALS * 1000  # the tables round their steps
            if fits:
                report.mapped(
                    _TABLE, "amountcumulative", f"{code}: is what the parts before come to", [each.row.number]
                )
            else:
                words = (
                    f"{code}: says that the parts before minute {part.from_min} come to {amount_text(part.before)}; "
                    f"they come to {amount_text(before)}, and that is taken"
                )
                report.interpreted(_TABLE, "amountcumulative", words, [each.row.number])
        if part.to_min is not None:
            length_min = part.to_min - part.from_min
            before += part.euros * -(-length_min // (part.step_min or length_min))


def _rounded(code: str, each: Since[FarePart], report: Report) -> Decimal:
    """The amount of a step with the six decimals that a tariff can have."""
    taken = Decimal(amount_text(each.value.euros))
    if taken != each.value.euros:
        words = f"{code}: {each.value.euros} a step is taken as {taken}: an amount has at most six decimals"
        report.interpreted(_TABLE, "amountfarepart", words, [each.row.number])
    return taken


def _charges(code: str, each: Since[FarePart], report: Report) -> Iterator[Charge]:
    part, row = each.value, each.row
    to_min = None if part.to_min is None or part.to_min > LONGEST_MIN else part.to_min
    if part.from_min >= LONGEST_MIN:
        raise row.wrong("startdurationfarepart", "is more than a year from the beginning of the stay")
    euros, begins = amount_text(part.euros), f"from minute {part.from_min} on"
    if to_min is None and not 0 < part.step_min <= LONGEST_MIN:
        words = f"{code}: {euros} once for each time frame, {begins}"
        report.interpreted(_TABLE, "stepsizefarepart", f"{words}: no step is said, or none that ends", [row.number])
        yield Charge(euros, None, part.from_min, None)
        return
    length_min = None if to_min is None else to_min - part.from_min
    step_min = part.step_min or length_min or LONGEST_MIN
    words = f"{code}: {euros} for each {step_min} min begun, {begins}"
    report.mapped(_TABLE, "amountfarepart", words, [row.number])
    if length_min is None:
        yield Charge(euros, step_min, part.from_min, None)
        return
    whole, rest_min = divmod(length_min, step_min)
    if whole:
        yield Charge(euros, step_min, part.from_min, part.from_min + whole * step_min)
    if rest_min:
        words = f"{code}: the last step before minute {to_min} is only {duration_text(rest_min)} long and costs as much"
        report.interpreted(_TABLE, "stepsizefarepart", words, [row.number])
        yield Charge(euros, rest_min, part.from_min + whole * step_min, to_min)
