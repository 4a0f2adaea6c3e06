"""What the tables say of one regulation, as typed values, each with the days on which it is valid.

Rows of other regulations and of other municipalities are passed over unread. What is valid no more is left out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

from headquarters.tariffs.report import Report
from headquarters.tariffs.tables import Mistake, Row, refused
from headquarters.tariffs.values import DAY_MIN, after, amount, minute_of_day, minutes, moment
from terminal.errors import ConfigurationError

T = TypeVar("T")
FIRST_YEAR, END_YEAR = 2000, 2200
"""Of days in a tariff; half-open."""
OPEN_MIN = 999_999
"""The end of a part of a fare that has none."""
MAX_NAME = 60
"""Of a special day, whose name stands in tariffs and on receipts."""
WEEKDAYS: Mapping[str, str] = {
    "MAANDAG": "mon",
    "DINSDAG": "tue",
    "WOENSDAG": "wed",
    "DONDERDAG": "thu",
    "VRIJDAG": "fri",
    "ZATERDAG": "sat",
    "ZONDAG": "sun",
}
_OF_A_REGULATION = ("REGELING", "TIJDVAK", "GEBIED REGELING")
_OF_A_FARE = ("TARIEFBEREKENING", "TARIEFDEEL")
_YES, _NO = ("J", "JA"), ("N", "NEE")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Since(Generic[T]):
    """A value and when it is valid: from `begins` until before `ends`; None: it has no end."""

    row: Row
    begins: date
    ends: date | None
    value: T

    def on(self, day: date) -> bool:
        """Tell whether it is valid on that day."""
        return self.begins <= day and (self.ends is None or day < self.ends)


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of a kind of day, and the fare in it; None: nothing is due."""

    kind: str
    begins_min: int
    ends_min: int
    fare: str | None
    may_claim: bool
    longest_min: int
    interruption_min: int
    reset: str


@dataclass(frozen=True, slots=True)
class FarePart:
    """What is due in a part of the stay, for each step begun; `to_min` None: to its end."""

    from_min: int
    to_min: int | None
    euros: Decimal
    step_min: int
    before: Decimal | None
    """What all parts before it come to, as the table says."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a regulation as a whole."""

    description: str
    supplementary: bool
    most_a_day: Decimal | None


@dataclass(frozen=True, slots=True)
class Regulation:
    """All of one regulation that is valid on some day from `since` on."""

    name: str
    since: date
    terms: Sequence[Since[Terms]]
    frames: Sequence[Since[Frame]]
    fares: Mapping[str, Sequence[Since[str | None]]]
    """The VAT of each fare."""
    parts: Mapping[str, Sequence[Since[FarePart]]]
    special_days: Mapping[date, str]


def read_regulation(
    tables: Mapping[str, tuple[Row, ...]], report: Report, since: date, name: str | None, manager: str | None
) -> Regulation:
    """One regulation out of the tables: the one that is named, or the only one there is.

    Raises:
        ConfigurationError: with all mistakes; or it must be said which, or there is none.
    """
    manager, name = _which(tables["REGELING"], name, manager)
    reading = _Reading(report, since)
    mine = {table: [row for row in rows if row.text("areamanagerid") == manager] for table, rows in tables.items()}
    here = {table: [row for row in mine[table] if row.text("regulationid") == name] for table in _OF_A_REGULATION}
    terms = reading.valid(here["REGELING"], "startdateregulation", "enddateregulation", _terms)
    frames = reading.valid(here["TIJDVAK"], "startdatetimeframe", "enddatetimeframe", _frame)
    codes = {frame.value.fare for frame in frames if frame.value.fare is not None}
    of_fare = {table: _by_fare(mine[table]) for table in _OF_A_FARE}
    fares, parts = {}, {}
    for code in sorted(codes):
        rows = of_fare["TARIEFBEREKENING"].get(code, [])
        fares[code] = reading.valid(rows, "startdatefare", "enddatefare", _vat)
        rows = of_fare["TARIEFDEEL"].get(code, [])
        parts[code] = reading.valid(rows, "startdatefarepart", "enddatefarepart", _part)
    special_days = reading.special_days(mine["SPECIALE DAG"], {frame.value.kind for frame in frames})
    reading.refuse()
    for table in _OF_A_FARE:
        others = [row.number for code, rows in of_fare[table].items() if code not in codes for row in rows]
        if others:
            report.left_out(table, None, f"fares that no time frame of {name} names", others)
    for table in _OF_A_REGULATION:
        if others := [row.number for row in mine[table] if row.text("regulationid") != name]:
            report.left_out(table, None, f"other regulations than {name}", others)
    for table, every in tables.items():
        if len(every) > len(mine[table]):
            report.left_out(table, None, f"{len(every) - len(mine[table])} rows of other managers than {manager}")
    _tell_areas(here["GEBIED REGELING"], name, report)
    if not any(each.ends is None or each.ends > since for each in terms):
        raise ConfigurationError(f"regulation {name} is not valid on {since} nor later; nothing was imported")
    return Regulation(name, since, terms, frames, fares, parts, special_days)


def _which(rows: Sequence[Row], name: str | None, manager: str | None) -> tuple[str, str]:
    """The municipality and the regulation that are meant."""
    known = {(row.text("areamanagerid"), row.text("regulationid")): row.texts.get("regulationdesc", "") for row in rows}
    meant = [(m, r) for m, r in known if name in {None, r} and manager in {None, m}]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(f"{r} ({known[m, r]}; manager {m})" for m, r in (meant or known))
    if meant:
        raise ConfigurationError(f"say which with --regulation, and --manager where two have it: {listed[:2000]}")
    asked = " of ".join(each for each in (name, manager) if each is not None) or "any"
    raise ConfigurationError(f"there is no regulation {asked}; there are: {listed[:2000] or 'none'}")


class _Reading:
    """Reads rows one after the other, keeps what is wrong with any, and tells of those that are over."""

    def __init__(self, report: Report, since: date) -> None:
        self._report = report
        self._since = since
        self._mistakes: list[str] = []

    def refuse(self) -> None:
        """Say all mistakes, if there are any."""
        if self._mistakes:
            raise refused(self._mistakes)

    def valid(self, rows: Iterable[Row], begins: str, ends: str, read: Callable[[Row, Report], T]) -> list[Since[T]]:
        """The values of rows of one subject that are valid from `since` on."""
        found: list[Since[T]] = []
        for row in rows:
            try:
                start, end = moment(row, begins), moment(row, ends)
                if start is None:
                    raise row.wrong(begins, "is missing")
                if start.clock:
                    self._report.interpreted(row.table, begins, "counts from the beginning of its day", [row.number])
                if self._over(row, start.day, after(end)):
                    continue
                found.append(Since(row, start.day, after(end), read(row, self._report)))
            except Mistake as mistake:
                self._mistakes.append(str(mistake))
        return self._to_the_last_day(found, ends)

    def _over(self, row: Row, begins: date, ends: date | None) -> bool:
        over = ends is not None and (ends <= self._since or ends <= begins)
        if over:
            self._report.left_out(row.table, None, f"was over before {self._since}, or was never valid", [row.number])
        return over

    def _to_the_last_day(self, found: list[Since[T]], field: str) -> list[Since[T]]:
        """An end is the first day without, unless what follows begins only the day after."""
        begun = {each.begins for each in found}
        for place, each in enumerate(found):
            if each.ends and each.ends not in begun and each.ends + _ONE_DAY in begun:
                words = "the next begins on the day after, so this is the last day and not the first without"
                self._report.interpreted(each.row.table, field, words, [each.row.number])
                found[place] = replace(each, ends=each.ends + _ONE_DAY)
        return found

    def special_days(self, rows: Iterable[Row], kinds: set[str]) -> dict[date, str]:
        """The kind of day that each date is which is none of the week's."""
        found: dict[date, str] = {}
        for row in rows:
            try:
                when, name = moment(row, "datespecialday"), _kind(row, "namespecialday")
                if when is None or not FIRST_YEAR <= when.day.year < END_YEAR:
                    raise row.wrong("datespecialday", f"wants a year from {FIRST_YEAR} to {END_YEAR - 1}")
                if when.day < self._since - _ONE_DAY:  # a night that began then is not over
                    self._report.left_out(row.table, None, f"was over before {self._since}", [row.number])
                elif when.day in found and found[when.day] != name:
                    taken, other = (name, found[when.day]) if name in kinds else (found[when.day], name)
                    found[when.day] = taken
                    words = f"{when.day} is {taken}, and so not {other}: a day is of one kind"
                    self._report.interpreted(row.table, "namespecialday", words, [row.number])
                else:
                    found[when.day] = name
            except Mistake as mistake:
                self._mistakes.append(str(mistake))
        return found


def _terms(row: Row, report: Report) -> Terms:
    most = amount(row, "maximumdaycharge")
    if most == 0:
        report.interpreted("REGELING", "maximumdaycharge", "0 is read as no maximum", [row.number])
    kind = row.texts.get("regulationtype", "B").upper()
    return Terms(row.texts.get("regulationdesc", ""), kind == "A", most or None)


def _frame(row: Row, _report: Report) -> Frame:
    begins_min, ends_min = minute_of_day(row, "starttimetimeframe"), minute_of_day(row, "endtimetimeframe")
    if ends_min <= begins_min:
        raise row.wrong("endtimetimeframe", "is not after starttimetimeframe; a night is two rows, cut at 2400 and 0")
    claim = row.texts.get("claimrightpossible", "J").upper()
    if claim not in (*_YES, *_NO):
        raise row.wrong("claimrightpossible", f"{claim[:10]!r} is neither J nor N")
    return Frame(
        _kind(row, "daytimeframe"),
        begins_min,
        min(ends_min, DAY_MIN),
        row.texts.get("farecalculationcode"),
        claim in _YES,
        minutes(row, "maxdurationright") or 0,
        minutes(row, "minparkinginterruption") or 0,
        row.texts.get("resetdurationtimeframe", "0"),
    )


def _kind(row: Row, field: str) -> str:
    name = row.text(field).upper()
    if len(name) > MAX_NAME:
        raise row.wrong(field, f"has more than {MAX_NAME} characters")
    return WEEKDAYS.get(name, name)


def _part(row: Row, _report: Report) -> FarePart:
    from_min, to_min = minutes(row, "startdurationfarepart") or 0, minutes(row, "enddurationfarepart")
    open_end = to_min is None or to_min >= OPEN_MIN
    if to_min is not None and to_min <= from_min:
        raise row.wrong("enddurationfarepart", "is not after startdurationfarepart")
    euros, step_min = amount(row, "amountfarepart"), minutes(row, "stepsizefarepart")
    if euros is None:
        raise row.wrong("amountfarepart", "is missing")
    before = amount(row, "amountcumulative")
    return FarePart(from_min, None if open_end else to_min, euros, step_min or 0, before)


def _vat(row: Row, _report: Report) -> str | None:
    vat = amount(row, "vatpercentage")
    if vat is not None and vat > 100:
        raise row.wrong("vatpercentage", "is more than 100")
    return None if vat is None else f"{vat.normalize():f}"


def _by_fare(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.text("farecalculationcode"), []).append(row)
    return found


def _tell_areas(rows: Iterable[Row], name: str, report: Report) -> None:
    for row in rows:
        words = f"{name} is for area {row.texts.get('areaid', '-')}; that the site lies there is for you to say"
        report.left_out("GEBIED REGELING", "areaid", words, [row.number])
