"""A regulation as versions of a tariff: one for each stretch of days in which the same rows are valid."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, Literal

from headquarters.tariffs.days import Layout, Opening, Piece, lay_out, overlapping
from headquarters.tariffs.fares import Charge, FareLines, fare_lines
from headquarters.tariffs.regulation import Frame, Regulation, Since, Terms
from headquarters.tariffs.report import Report
from headquarters.tariffs.tables import Mistake, refused
from headquarters.tariffs.values import DAY_MIN, OPEN_YEAR, amount_text, clock_text, duration_text
from terminal.core.hours import WEEKDAYS
from terminal.core.tariff.calendar import zone
from terminal.core.tariff.document import (
    Caps,
    DayCap,
    FreeTime,
    StayPart,
    Tariff,
    TariffLine,
    Tariffs,
    TariffWindow,
)

TIME_ZONE = "Europe/Amsterdam"
"""Of all times in the tables."""
DEFAULT_VAT = "21"
MOST_DAYS = 32
"""Names that the window of one line may have."""


def import_tariffs(regulation: Regulation, report: Report, *, site: int, first_number: int) -> Tariffs:
    """The versions of a regulation from its `since` on, numbered from `first_number`; equal ones are one.

    Raises:
        ConfigurationError: with all mistakes.
    """
    versions: list[Tariff] = []
    mistakes: list[str] = []
    for begins in _changes(regulation):
        try:
            version = _Version(regulation, begins, report).tariff(first_number + len(versions))
        except Mistake as mistake:
            mistakes.append(str(mistake))
            continue
        if not versions or replace(version, number=versions[-1].number, from_=versions[-1].from_) != versions[-1]:
            versions.append(version)
    if mistakes:
        raise refused(list(dict.fromkeys(mistakes)))
    numbers = ", ".join(f"{each.number} from {each.from_.date()}" for each in versions)
    rows = [each.row.number for each in regulation.terms]
    report.mapped("REGELING", "regulationid", f"{regulation.name} is tariffs {numbers} of site {site}", rows)
    return Tariffs(site=site, tz=TIME_ZONE, tariffs=tuple(versions))


def _changes(regulation: Regulation) -> list[date]:
    """The days on which another version begins: the first, and each on which some row begins or ends."""
    rows: list[Since[Any]] = [*regulation.terms, *regulation.frames]
    for values in (regulation.fares, regulation.parts):
        rows += (each for own in values.values() for each in own)
    first = max(regulation.since, min(each.begins for each in regulation.terms))
    ends = {day for each in rows for day in (each.begins, each.ends) if day is not None}
    return [first, *sorted(day for day in ends if day > first and day.year < OPEN_YEAR)]


class _Version:
    """What is valid on one day, as a tariff."""

    def __init__(self, regulation: Regulation, begins: date, report: Report) -> None:
        self._regulation = regulation
        self._begins = begins
        self._report = report
        self._kinds = {*WEEKDAYS, *regulation.special_days.values()}
        self._frames = [each for each in regulation.frames if each.on(begins) and each.value.kind in self._kinds]

    def tariff(self, number: int) -> Tariff:
        """The version, its number as given."""
        terms = [each for each in self._regulation.terms if each.on(self._begins)]
        empty = Tariff(
            number=number,
            from_=datetime.combine(self._begins, time(), zone(TIME_ZONE)),
            vat=self._vat(),
            otherwise="free",
        )
        if not terms:
            words = f"{self._regulation.name} is not valid from {self._begins} on; nothing is due then"
            self._report.interpreted("REGELING", "enddateregulation", words)
            return empty
        fares = self._fares()
        layout = self._layout({code for code, lines in fares.items() if lines.charges})
        return replace(
            empty,
            lines=tuple(self._lines(layout, fares)),
            caps=self._caps(terms[-1]),
            max_stay=self._longest(),
            reentry_gap=self._interruption(),
            special_days=layout.special_days,
        )

    # --------------------------------------------------------------------------------------------------------- fares

    def _fares(self) -> dict[str, FareLines]:
        """What each fare comes to that a time frame names."""
        found: dict[str, FareLines] = {}
        for each in self._frames:
            code = each.value.fare
            if code is None or code in found:
                continue
            parts = [part for part in self._regulation.parts[code] if part.on(self._begins)]
            if not parts:
                raise each.row.wrong(
                    "farecalculationcode", f"{code} has no row in TARIEFDEEL that is valid on {self._begins}"
                )
            found[code] = fare_lines(code, parts, self._report)
        return found

    def _vat(self) -> str:
        """The one rate of all fares; a tariff has one."""
        rates: dict[str, str] = {}
        for each in self._frames:
            for fare in self._regulation.fares.get(each.value.fare or "", ()):
                if fare.value is not None and fare.on(self._begins):
                    rates.setdefault(fare.value, each.value.fare or "")
                    words = f"{fare.value}% is within the amounts"
                    self._report.mapped("TARIEFBEREKENING", "vatpercentage", words, [fare.row.number])
        if len(rates) > 1:
            listed = ", ".join(f"{code} {rate}" for rate, code in rates.items())
            raise Mistake(f"TARIEFBEREKENING, vatpercentage: a tariff has one rate, and here are several: {listed}")
        if not rates:
            words = f"no fare that is valid on {self._begins} says a rate: {DEFAULT_VAT}% is taken"
            self._report.interpreted("TARIEFBEREKENING", "vatpercentage", words)
        return next(iter(rates), DEFAULT_VAT)

    # ------------------------------------------------------------------------------------------------------- windows

    def _layout(self, paying: set[str]) -> Layout:
        pieces: dict[str, list[Piece]] = {}
        for each in self._frames:
            frame = each.value
            pieces.setdefault(frame.kind, []).append(
                Piece(frame.begins_min, frame.ends_min, frame.fare or "", each.row.number)
            )
            self._tell_right(each, paying)
        for kind, own in pieces.items():
            if two := overlapping(own):
                row = next(each.row for each in self._frames if each.row.number == two[1].row)
                raise row.wrong(
                    "starttimetimeframe", f"is within row {two[0].row}, also for {kind}; time frames may not overlap"
                )
        self._tell_days(set(pieces))
        kept = {kind: [each for each in own if each.fare in paying] for kind, own in pieces.items()}
        return lay_out(kept, self._regulation.special_days)

    def _tell_right(self, each: Since[Frame], paying: set[str]) -> None:
        frame, rows = each.value, [each.row.number]
        if not frame.may_claim and frame.fare in paying:
            words = "N, no right can be bought then, beside a fare: the fare is taken, since a gate sells no rights"
            self._report.interpreted("TIJDVAK", "claimrightpossible", words, rows)
        elif not frame.may_claim:
            words = "N: whoever stays then is not refused, and nothing is due"
            self._report.left_out("TIJDVAK", "claimrightpossible", words, rows)
        else:
            self._report.mapped("TIJDVAK", "claimrightpossible", "J: staying is possible then", rows)
        if frame.fare is None:
            self._report.mapped("TIJDVAK", "farecalculationcode", "has none: nothing is due then", rows)
        if frame.reset not in {"0", "N", "NEE"}:
            words = f"{frame.reset}: durations are not counted anew in a time frame; parts count from the entry"
            self._report.left_out("TIJDVAK", "resetdurationtimeframe", words, rows)

    def _tell_days(self, used: set[str]) -> None:
        for each in self._regulation.frames:
            if each.on(self._begins) and each.value.kind not in self._kinds:
                words = f"{each.value.kind} has no day in SPECIALE DAG from {self._regulation.since} on"
                self._report.left_out("TIJDVAK", "daytimeframe", words, [each.row.number])
        special = self._regulation.special_days
        for kind in sorted(set(special.values())):
            days = ", ".join(f"{day}" for day, name in sorted(special.items()) if name == kind)
            if kind in used:
                self._report.mapped("SPECIALE DAG", "namespecialday", f"{kind} replaces the weekday on {days}")
            else:
                words = f"{kind} replaces the weekday on {days}, and has no time frame here: nothing is due"
                self._report.interpreted("SPECIALE DAG", "namespecialday", words)

    # --------------------------------------------------------------------------------------------------------- lines

    def _lines(self, layout: Layout, fares: dict[str, FareLines]) -> Iterator[TariffLine]:
        for opening, days in layout.windows.items():
            fare = fares[opening.fare]
            self._tell_window(opening, days, layout.rows[opening])
            alone = layout.stands_alone(opening.fare)
            if fare.free_min:
                self._tell_free(opening.fare, fare.free_min, alone=alone)
            free = FreeTime(minutes=fare.free_min, mode="left-out") if fare.free_min and alone else None
            for some in (days[at : at + MOST_DAYS] for at in range(0, len(days), MOST_DAYS)):
                for charge in fare.charges:
                    yield _line(charge, _window(opening, some), free, whole_fare=len(fare.charges) == 1 and alone)

    def _tell_window(self, opening: Opening, days: Sequence[str], rows: Iterable[int]) -> None:
        night = ", one window" if opening.ends_min > DAY_MIN else ""
        hours = f"{clock_text(opening.begins_min)}-{_end_text(opening)}{night}"
        self._report.mapped("TIJDVAK", None, f"{', '.join(days)} {hours}: fare {opening.fare}", rows)

    def _tell_free(self, fare: str, free_min: int, *, alone: bool) -> None:
        of_window = "each of its windows, from when the stay reaches it: no other follows or precedes one"
        of_stay = "the stay, and not of each window: its windows follow others without a break"
        words = f"{fare}: nothing is due in the first {free_min} minutes of {of_window if alone else of_stay}"
        self._report.interpreted("TARIEFDEEL", "startdurationfarepart", words)

    # ------------------------------------------------------------------------------------------------ the whole stay

    def _caps(self, terms: Since[Terms]) -> Caps:
        rows = [terms.row.number]
        if terms.value.supplementary:
            words = "A: comes on top of another regulation, and stands alone here"
            self._report.interpreted("REGELING", "regulationtype", words, rows)
        if terms.value.most_a_day is None:
            return Caps()
        most = amount_text(terms.value.most_a_day)
        words = f"at most {most} in each local day from 00:00; a register may mean it of each right"
        self._report.interpreted("REGELING", "maximumdaycharge", words, rows)
        return Caps(day=DayCap(amount=most))

    def _longest(self) -> str | None:
        said = {each.value.longest_min for each in self._frames if each.value.fare is not None}
        rows = [each.row.number for each in self._frames if each.value.longest_min]
        if said <= {0}:
            self._report.mapped("TIJDVAK", "maxdurationright", "0: a stay may be of any length")
            return None
        if len(said) > 1:
            words = f"{_listed(said)} minutes in one regulation: a stay has one longest length, so none is taken"
            self._report.left_out("TIJDVAK", "maxdurationright", words, rows)
            return None
        longest = duration_text(max(said))
        words = f"a stay longer than {longest} is told of, and pays the same price; a right could not be longer"
        self._report.interpreted("TIJDVAK", "maxdurationright", words, rows)
        return longest

    def _interruption(self) -> str:
        said = {each.value.interruption_min for each in self._frames if each.value.fare is not None}
        shortest = min(said, default=0)
        rows = [each.row.number for each in self._frames if each.value.interruption_min]
        if said <= {0}:
            return "PT0S"
        several = f"the shortest of {_listed(said)}: " if len(said) > 1 else ""
        words = (
            f"{several}forbids another right for {shortest} minutes; here who comes back sooner goes on with his stay, "
            "and the time outside counts"
        )
        self._report.interpreted("TIJDVAK", "minparkinginterruption", words, rows)
        return duration_text(shortest) if shortest else "PT0S"


def _line(charge: Charge, window: TariffWindow, free: FreeTime | None, *, whole_fare: bool) -> TariffLine:
    begins_min = 0 if whole_fare and free is not None else charge.from_min
    part = None
    if begins_min or charge.to_min is not None:
        to = None if charge.to_min is None else duration_text(charge.to_min)
        part = StayPart(from_=duration_text(begins_min) if begins_min else "PT0S", to=to)
    kind: Literal["incrementing", "flat-window"] = "flat-window" if charge.each_min is None else "incrementing"
    each = None if charge.each_min is None else duration_text(charge.each_min)
    return TariffLine(kind=kind, amount=charge.amount, each=each, window=window, part=part, free=free)


def _window(opening: Opening, days: Sequence[str]) -> TariffWindow:
    return TariffWindow(
        days=tuple(days),
        start=clock_text(opening.begins_min),
        end=_end_text(opening),
        end_day=1 if opening.ends_min > DAY_MIN else 0,
    )


def _end_text(opening: Opening) -> str:
    return clock_text(opening.ends_min - DAY_MIN if opening.ends_min > DAY_MIN else opening.ends_min)


def _listed(lengths_min: Iterable[int]) -> str:
    return ", ".join(str(each) for each in sorted(lengths_min))
