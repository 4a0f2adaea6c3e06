"""What every document type shares: unknown keys are refused, and the docstring under a field describes it.

The types stay plain dataclasses without any validation library in them; the class variable is the convention by
which `terminal.trust.documents` and `firmware_config.configuration` are told how strict to be.
"""

import re
from typing import Annotated, Any, ClassVar
from zoneinfo import available_timezones

from annotated_types import Ge, Le, MaxLen, MinLen, Predicate

from terminal.core.credential import ean_check_digit_ok


class Document:
    """Base of all document types; adds strictness, no fields."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "use_attribute_docstrings": True}


def is_time_of_day(text: str) -> bool:
    """Tell whether `text` is `HH:MM`, from 00:00 to 24:00."""
    match = re.fullmatch(r"(\d\d):(\d\d)", text)
    return match is not None and (int(match[1]) < 24 and int(match[2]) < 60 or text == "24:00")


def is_ean(text: str) -> bool:
    """Tell whether `text` is 13 digits with a right check digit."""
    return len(text) == 13 and text.isascii() and text.isdigit() and ean_check_digit_ok(int(text))


def is_time_zone(text: str) -> bool:
    """Tell whether `text` is a name of the IANA time zone database."""
    return text in available_timezones()


Text = Annotated[str, MinLen(1), MaxLen(200)]
Ean = Annotated[str, Predicate(is_ean)]
TimeOfDay = Annotated[str, Predicate(is_time_of_day)]
TimeZone = Annotated[str, Predicate(is_time_zone)]
SiteNumber = Annotated[int, Ge(1), Le(2**32 - 1)]
ZoneNumber = Annotated[int, Ge(0), Le(255)]
LaneNumber = Annotated[int, Ge(1), Le(255)]
