"""What every document type shares: unknown keys are refused, and the docstring under a field describes it.

The types stay plain dataclasses without any validation library in them; the class variable is the convention by
which `terminal.trust.documents` and `firmware_config.configuration` are told how strict to be.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar
from zoneinfo import available_timezones

from annotated_types import Ge, Le, MaxLen, MinLen, Predicate

from terminal.core.credential import ean_check_digit_ok


class Document:
    """Base of all document types; adds strictness, no fields."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "use_attribute_docstrings": True}


@dataclass(frozen=True)
class Form(Predicate):
    """A predicate on texts that can say, in words and as a JSON Schema pattern, what it asks for.

    The two methods are the protocol by which pydantic asks an annotation for its part of a schema.
    """

    words: str
    pattern: str

    def _checked(self, text: str) -> str:
        if not self.func(text):
            raise ValueError(self.words)
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> dict[str, Any]:
        checked = {"type": "no-info", "function": self._checked}
        return {"type": "function-after", "function": checked, "schema": handler(source)}

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return handler(schema) | {"pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True)
class Parsed:
    """A text of one exact form that `read` turns into a value; more than the form is refused by its ValueError."""

    read: Callable[[str], Any]
    words: str
    pattern: str
    format: str
    """The name that JSON Schema has for it."""

    def _value(self, text: str) -> Any:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(self.words)
        try:
            return self.read(text)
        except ValueError:
            raise ValueError(self.words) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> dict[str, Any]:
        value = {"type": "no-info", "function": self._value}
        written = {"type": "function-plain", "function": _iso_format, "return_schema": {"type": "str"}}
        return {"type": "function-after", "function": value, "schema": {"type": "str"}, "serialization": written}

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return handler(schema) | {"format": self.format, "pattern": f"^(?:{self.pattern})$"}


def _iso_format(value: datetime | date) -> str:
    return value.isoformat()


def is_time_of_day(text: str) -> bool:
    """Tell whether `text` is `HH:MM`, from 00:00 to 24:00."""
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})", text)
    return match is not None and ((int(match[1]) < 24 and int(match[2]) < 60) or text == "24:00")


def is_ean(text: str) -> bool:
    """Tell whether `text` is 13 digits with a right check digit."""
    return len(text) == 13 and text.isascii() and text.isdigit() and ean_check_digit_ok(int(text))


@lru_cache(maxsize=64)  # to list all zones takes 10 ms, and headquarters asks for each of its sites at each publish
def is_time_zone(text: str) -> bool:
    """Tell whether `text` is a name of the IANA time zone database; a new database counts from the next start on."""
    return text in available_timezones()


Text = Annotated[str, MinLen(1), MaxLen(200)]
_DAY = "2[01][0-9]{2}-[0-9]{2}-[0-9]{2}"  # years in which no time zone leads out of what a datetime holds
FIRST_S, END_S = 946_684_800, 7_258_118_400
"""The same years, 2000 to 2199, in seconds since 1970; half-open."""
MAX_ROOT_BYTES = 512_000
"""Of a root.json, at the gate and wherever one is looked at for it."""
Day = Annotated[date, Parsed(date.fromisoformat, "should be a day, as 2026-12-25", _DAY, "date")]
Instant = Annotated[
    datetime,
    Parsed(
        datetime.fromisoformat,
        "should be an instant with its offset, as 2026-03-29T01:00:00+01:00 or 2026-03-29T00:00:00Z",
        _DAY + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
        "date-time",
    ),
]
Ean = Annotated[str, Form(is_ean, "should be an EAN: 13 digits, the last of them the check digit", "[0-9]{13}")]
TimeOfDay = Annotated[
    str, Form(is_time_of_day, "should be a time of day, 00:00 to 24:00", "(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
]
TimeZone = Annotated[
    str, Form(is_time_zone, "should be a time zone of the IANA database, as Europe/Amsterdam", "[A-Za-z0-9_+/-]{1,64}")
]
SiteNumber = Annotated[int, Ge(1), Le(2**32 - 1)]
ZoneNumber = Annotated[int, Ge(0), Le(255)]
LaneNumber = Annotated[int, Ge(1), Le(255)]
