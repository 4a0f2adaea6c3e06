"""`tariffs.json` as typed values (design 6, Tariffs): what a tariff says, not yet what it costs.

Modelled on the rate tables of APDS / ISO 5206-1. Amounts are decimal texts in the document's currency, never floats,
since a rate may be a fraction of a cent; durations are ISO 8601 texts (`PT1H`); both are turned into numbers by
`money.amount_of` and `duration_s`. Names that Python reserves end in an underscore here and not in the JSON.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, get_args

from annotated_types import Ge, Le, MaxLen, MinLen

from terminal.core.document import Day, Document, Form, Instant, SiteNumber, Text, TimeOfDay, TimeZone
from terminal.core.hours import Weekday
from terminal.core.money import Amount, Percentage

MAX_DURATION_S = 366 * 24 * 3600
_DURATION = re.compile(r"P(?=.)(?:(\d{1,3})D)?(?:T(?=.)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?", re.ASCII)


def duration_s(text: str) -> int:
    """Whole seconds of an ISO 8601 duration of days, hours, minutes and seconds.

    Raises:
        ValueError: `text` is no such duration, or longer than a year.
    """
    match = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if match is None or total > MAX_DURATION_S:
        raise ValueError(f"not a duration such as PT1H of at most a year: {text!r}")
    return total


def is_duration(text: str) -> bool:
    """Tell whether `text` is an ISO 8601 duration that `duration_s` takes."""
    try:
        return duration_s(text) >= 0
    except ValueError:
        return False


def _json_name(name: str) -> str:
    return name.rstrip("_")


Duration = Annotated[
    str,
    Form(
        is_duration,
        "should be a duration of at most a year, as PT1H30M or P2D",
        "P(?=.)(?:[0-9]{1,3}D)?(?:T(?=.)(?:[0-9]{1,4}H)?(?:[0-9]{1,5}M)?(?:[0-9]{1,6}S)?)?",
    ),
]
TariffNumber = Annotated[int, Ge(1), Le(2**16 - 1)]  # two bytes in the stay record, where 0 is none
FreeMode = Literal["left-out", "when-gone"]
Kind = Literal["incrementing", "flat", "flat-window"]


class _TariffDocument(Document):
    """Like Document, with names that Python reserves."""

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {
        **Document.__pydantic_config__,
        "alias_generator": _json_name,
        "serialize_by_alias": True,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTime(_TariffDocument):
    """Minutes for which nothing is due; `mode` says what becomes of them in a longer stay."""

    minutes: Annotated[int, Ge(0), Le(7 * 24 * 60)]
    mode: FreeMode


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffWindow(_TariffDocument):
    """A window that recurs, half-open; it belongs to the day it begins on."""

    days: Annotated[tuple[Text, ...], MinLen(1), MaxLen(32)]
    """Weekdays, or day types of this tariff's `special_days`."""
    start: TimeOfDay
    end: TimeOfDay
    end_day: Annotated[int, Ge(0), Le(1)] = 0
    """1 when `end` is on the day after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayPart(_TariffDocument):
    """A part of the stay, in elapsed time from the start of the count; half-open."""

    from_: Duration
    to: Duration | None = None
    """None: to the end of the stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffLine(_TariffDocument):
    """One line of a tariff: an amount, and when it is due."""

    kind: Kind
    amount: Amount
    each: Duration | None = None
    """The increment that `amount` buys; for incrementing lines only."""
    window: TariffWindow | None = None
    part: StayPart | None = None
    free: FreeTime | None = None
    cap: Amount | None = None
    """The most that this line costs in one window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCap(_TariffDocument):
    """The most that a local day costs; the day begins at `reset`."""

    amount: Amount
    reset: TimeOfDay = "00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps(_TariffDocument):
    """The most that is due in a local day, and in each 24 hours from entry."""

    day: DayCap | None = None
    h24: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff(_TariffDocument):
    """One version of a tariff; the one in force at entry counts for the whole stay."""

    number: TariffNumber
    from_: Instant
    vat: Percentage
    otherwise: Literal["free"] | None = None
    """`free`: hours that no line covers are meant to cost nothing."""
    per: Literal["vehicle", "person"] = "vehicle"
    free: FreeTime | None = None
    lines: Annotated[tuple[TariffLine, ...], MaxLen(100)] = ()
    caps: Caps = field(default_factory=Caps)
    max_stay: Duration | None = None
    exit_grace: Duration = "PT0S"
    reentry_gap: Duration = "PT0S"
    special_days: Mapping[Day, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariffs(_TariffDocument):
    """`sites/<number>/tariffs.json`: every version that a stay or a charge can still need."""

    site: SiteNumber
    currency: Literal["EUR"] = "EUR"
    tz: TimeZone
    tariffs: Annotated[tuple[Tariff, ...], MaxLen(1000)] = ()


def tariff_mistakes(document: Tariffs) -> tuple[str, ...]:
    """What is wrong between the fields, a line each; what needs the week laid out is the tariff engine's to find."""
    numbers = Counter(tariff.number for tariff in document.tariffs)
    begins = Counter(tariff.from_ for tariff in document.tariffs)
    mistakes = [f"tariffs: number {number} is used twice" for number, times in sorted(numbers.items()) if times > 1]
    mistakes += [
        f"tariffs: two begin at {instant.isoformat()}; only one can be in force"
        for instant, times in sorted(begins.items())
        if times > 1
    ]
    for tariff in document.tariffs:
        where = f"tariff {tariff.number}"
        if tariff.max_stay is not None and duration_s(tariff.max_stay) == 0:
            mistakes.append(f"{where}: max_stay is zero; leave it out where there is none")
        if not tariff.lines and tariff.otherwise != "free":
            mistakes.append(f'{where}: has no lines; say "otherwise": "free" if that is meant')
        known_days = {*get_args(Weekday), *tariff.special_days.values()}
        for place, line in enumerate(tariff.lines, start=1):
            mistakes += [f"{where}, line {place}: {mistake}" for mistake in line_mistakes(line, known_days)]
    return tuple(mistakes)


def line_mistakes(line: TariffLine, known_days: set[str]) -> Iterator[str]:
    """What is wrong between the fields of one line, whose window may name `known_days`."""
    if line.kind == "incrementing" and (line.each is None or duration_s(line.each) == 0):
        yield "an incrementing line needs each, longer than zero"
    if line.kind != "incrementing" and line.each is not None:
        yield f"each is for incrementing lines; this one is {line.kind}"
    if line.kind == "flat-window" and line.window is None:
        yield "a flat-window line needs a window"
    if line.window is not None:
        yield from _window_mistakes(line.window, known_days)
    if line.part is not None and line.part.to is not None and duration_s(line.part.to) <= duration_s(line.part.from_):
        yield f"the part ends at {line.part.to}, not after its start {line.part.from_}"


def _window_mistakes(window: TariffWindow, known_days: set[str]) -> Iterator[str]:
    unknown = sorted(set(window.days) - known_days)
    if unknown:
        yield f"unknown days: {', '.join(unknown)}; allowed: {', '.join(sorted(known_days))}"
    if window.end_day == 0 and window.end <= window.start:
        yield f"the window ends at {window.end}, not after its start {window.start}; overnight needs end_day 1"
    if window.end_day == 1 and window.end > window.start:
        yield "the window is longer than 24 hours"
