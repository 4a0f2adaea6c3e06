"""Why an amount is what it is: lines whose amounts add up to it (design 6, 'Tariffs', 10)."""

from dataclasses import dataclass
from enum import StrEnum

MICRO = 1_000_000
"""Amounts are whole millionths of the currency unit: rates have at most six decimals, so every sum is exact."""
MICRO_A_CENT = MICRO // 100


class What(StrEnum):
    """What a line of an explanation is for; the values stand in the journal."""

    FREE = "free"
    """Time for which nothing is due."""
    INCREMENT = "increment"
    FLAT = "flat"
    FLAT_WINDOW = "flat-window"
    CAP_WINDOW = "cap-window"
    """What is taken off since the line has come to the most it costs in one window; at most 0, as the next two."""
    CAP_DAY = "cap-day"
    CAP_24H = "cap-24h"
    ROUNDING = "rounding"
    """Up or down to whole cents; the last line."""
    UNITS = "units"
    """Of a service, at its price for one."""
    THOUSANDTHS = "thousandths"
    """Thousandths of a unit that a meter counted, at a thousandth of its price for one."""
    SHORTENED = "shortened"
    """Lines that are left out here, summed up."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: from `at_s`, seconds since the epoch, `times` one after another, together `amount_micro`.

    `line` is the number of the tariff's line behind it, from 1; None where there is none.
    """

    at_s: int
    what: What
    line: int | None
    times: int
    amount_micro: int
