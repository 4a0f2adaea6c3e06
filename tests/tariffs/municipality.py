"""An invented municipality in the published shape, to be changed before it is written: every value a text."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from headquarters.tariffs.importing import import_tariffs
from headquarters.tariffs.regulation import read_regulation
from headquarters.tariffs.report import Remark, Report
from headquarters.tariffs.tables import read_tables
from terminal.core.tariff.document import Tariffs
from terminal.trust.documents import TARIFFS

MANAGER = "9922"
NAME = "HAVEN"
SINCE = date(2026, 9, 15)
WEEK = ("MAANDAG", "DINSDAG", "WOENSDAG", "DONDERDAG", "VRIJDAG", "ZATERDAG", "ZONDAG")
DAY_MIN = 24 * 60


def frame(day: str, begins: str, ends: str, fare: str | None = "UUR", **more: str) -> dict[str, Any]:
    """A time frame, valid for ever."""
    return {
        "regulationid": NAME,
        "daytimeframe": day,
        "starttimetimeframe": begins,
        "endtimetimeframe": ends,
        "startdatetimeframe": "20260101000000",
        "enddatetimeframe": "29991231235959",
        "claimrightpossible": "J",
        "maxdurationright": "0",
        "minparkinginterruption": "0",
        "resetdurationtimeframe": "0",
        **({} if fare is None else {"farecalculationcode": fare}),
        **more,
    }


def part(fare: str, begins: str, ends: str, amount: str, step: str, **more: str) -> dict[str, Any]:
    """A part of a fare, valid for ever."""
    return {
        "farecalculationcode": fare,
        "startdatefarepart": "20260101",
        "enddatefarepart": "29991231",
        "startdurationfarepart": begins,
        "enddurationfarepart": ends,
        "amountfarepart": amount,
        "stepsizefarepart": step,
        **more,
    }


def fare(code: str, **more: str) -> dict[str, Any]:
    """A fare, valid for ever."""
    valid = {"startdatefare": "2026-01-01T00:00:00.000", "enddatefare": "29991231"}
    return {"farecalculationcode": code, **valid, "vatpercentage": "21", **more}


def special_day(day: str, name: str) -> dict[str, Any]:
    """A day that is none of the week's."""
    return {"datespecialday": day, "namespecialday": name}


class Municipality:
    """Its tables; `UUR` is 2.00 an hour begun on Mondays from 8 to 18."""

    def __init__(self) -> None:
        self.regulation: dict[str, Any] = {
            "regulationid": NAME,
            "regulationdesc": "Aan de haven",
            "regulationtype": "B",
            "startdateregulation": "01-01-2026",
            "enddateregulation": "29991231",
        }
        self.regulations = [self.regulation]
        self.frames = [frame("MAANDAG", "800", "1800")]
        self.fares = [fare("UUR")]
        self.parts = [part("UUR", "0", "999999", "2.00000000", "60")]
        self.special_days: list[dict[str, Any]] = []

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """By the name of the file."""
        tables = {
            "regeling": self.regulations,
            "tijdvak": self.frames,
            "tariefberekening": self.fares,
            "tariefdeel": self.parts,
            "speciale_dag": self.special_days,
        }
        return {name: [{"areamanagerid": MANAGER, **row} for row in rows] for name, rows in tables.items()}

    def write(self, folder: Path) -> Path:
        """The tables as files."""
        folder.mkdir(exist_ok=True)
        for name, rows in self.tables().items():
            (folder / f"{name}.json").write_text(json.dumps(rows))
        return folder


def imported(folder: Path, since: date = SINCE, name: str | None = None) -> tuple[Tariffs, tuple[Remark, ...]]:
    """What a folder comes to, as gates read it, and what is said of it."""
    report = Report()
    regulation = read_regulation(read_tables(folder, report), report, since, name, None)
    tariffs = import_tariffs(regulation, report, site=4711, first_number=1)
    return TARIFFS.parse(TARIFFS.dump(tariffs)), report.remarks()


def said(remarks: tuple[Remark, ...], field: str) -> list[tuple[str, tuple[int, ...], str]]:
    """What is said of a field."""
    return [(each.how.value, each.rows, each.words) for each in remarks if each.field == field]


class Clockwork:
    """Another reckoning of the tables, minute by minute, for fares of one part: no windows, only rows and a chain."""

    def __init__(self, municipality: Municipality) -> None:
        self._frames = municipality.frames
        self._steps = {
            each["farecalculationcode"]: (float(each["amountfarepart"]) * 100, int(each["stepsizefarepart"]))
            for each in municipality.parts
        }
        self._special = {
            date.fromisoformat(each["datespecialday"]): each["namespecialday"] for each in municipality.special_days
        }

    def charges(self, entered: date, entered_min: int, length_min: int) -> list[tuple[int, int]]:
        """After which minute of the stay how many cents more are due."""
        found, chain_min = [], 0
        for minute in range(length_min):
            days, of_day = divmod(entered_min + minute, DAY_MIN)
            row = self._row(entered + timedelta(days=days), of_day)
            if minute >= chain_min and row is not None:
                cents, step_min = self._steps[row["farecalculationcode"]]
                found.append((minute, round(cents)))
                chain_min = minute + step_min
        return found

    def _row(self, day: date, minute: int) -> dict[str, Any] | None:
        kind = self._special.get(day, WEEK[day.weekday()])
        for row in self._frames:
            begins, ends = (int(row[f"{which}timetimeframe"]) for which in ("start", "end"))
            if row["daytimeframe"] == kind and _minute(begins) <= minute < _minute(ends):
                return row
        return None


def _minute(clock: int) -> int:
    return clock // 100 * 60 + clock % 100
