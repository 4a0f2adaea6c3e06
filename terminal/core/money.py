"""Amounts as the documents of headquarters have them: decimal texts, never floats.

A rate may be a fraction of a cent, so an amount has up to six decimals.
"""

import re
from decimal import Decimal
from typing import Annotated

from terminal.core.document import Form

_AMOUNT = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)


def amount_of(text: str) -> Decimal:
    """The exact number behind an amount or a rate."""
    return Decimal(text)


def is_amount(text: str) -> bool:
    """Tell whether `text` is a decimal amount: no sign, at most six digits on either side of the point."""
    return _AMOUNT.fullmatch(text) is not None


def is_percentage(text: str) -> bool:
    """Tell whether `text` is a decimal number from 0 to 100."""
    return is_amount(text) and Decimal(text) <= 100


Amount = Annotated[
    str,
    Form(
        is_amount,
        "should be an amount as a text, as 2.50, of at most 6 digits on each side",
        r"[0-9]{1,6}(?:\.[0-9]{1,6})?",
    ),
]
Percentage = Annotated[
    str,
    Form(
        is_percentage,
        "should be a percentage as a text, 0 to 100, as 21",
        r"0{0,3}(?:100(?:\.0{1,6})?|[0-9]{1,2}(?:\.[0-9]{1,6})?)",
    ),
]
