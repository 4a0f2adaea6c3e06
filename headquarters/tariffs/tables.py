"""The published tables as rows of texts: a JSON array a table, as the site gives them (docs/tariff-import.md).

Values are texts; a number is taken for one, null and blanks for nothing. Files are read whole and are bounded. What a
row is about is not looked at here, so a mistake in a row of somebody else disturbs nobody.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headquarters.tariffs.report import Report
from terminal.errors import ConfigurationError

MAX_BYTES = 32 * 1024 * 1024
"""Of a file. All municipalities together are more; ask the site for one, by `areamanagerid`."""
MAX_MISTAKES = 50
SHOWN = 40  # characters of a wrong value that a message repeats

_FRAME = ("daytimeframe", "starttimetimeframe", "endtimetimeframe", "startdatetimeframe", "enddatetimeframe")
_RIGHT = ("claimrightpossible", "maxdurationright", "minparkinginterruption", "resetdurationtimeframe")
_PART = ("startdatefarepart", "enddatefarepart", "startdurationfarepart", "enddurationfarepart")
_FARE = ("startdatefare", "enddatefare", "farecalculationdesc", "periodnametariff", "vatpercentage")
_REGULATION = ("startdateregulation", "enddateregulation", "regulationdesc", "regulationtype", "maximumdaycharge")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "REGELING": ("areamanagerid", "regulationid", *_REGULATION),
    "TIJDVAK": ("areamanagerid", "regulationid", *_FRAME, "farecalculationcode", *_RIGHT),
    "TARIEFBEREKENING": ("areamanagerid", "farecalculationcode", *_FARE),
    "TARIEFDEEL": (
        *("areamanagerid", "farecalculationcode", *_PART, "amountfarepart", "stepsizefarepart", "amountcumulative"),
    ),
    "GEBIED REGELING": (
        *("areamanagerid", "areaid", "regulationid", "usageid"),
        *("startdatearearegulation", "enddatearearegulation"),
    ),
    "SPECIALE DAG": ("areamanagerid", "datespecialday", "namespecialday"),
}
"""The tables that tariffs are made of, and the fields that have been published of each."""
OPTIONAL = ("GEBIED REGELING", "SPECIALE DAG")
_NOT_HERE = "says nothing about what is due"
UNUSED: Mapping[tuple[str, str], str] = {
    ("REGELING", "regulationdesc"): "is for people; a tariff has no name",
    ("TARIEFBEREKENING", "farecalculationdesc"): "is for people; compare it with what the report says of the fare",
    ("TARIEFBEREKENING", "periodnametariff"): _NOT_HERE,
    ("GEBIED REGELING", "usageid"): _NOT_HERE,
    ("GEBIED REGELING", "startdatearearegulation"): "since when an area has the regulation is for you to look at",
    ("GEBIED REGELING", "enddatearearegulation"): "until when an area has the regulation is for you to look at",
}
"""Fields that are known, and of no use here."""


class Mistake(ConfigurationError):
    """A value that cannot be, with file, row and field."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` from 1, as it stands in the file; `texts` without what is empty."""

    table: str
    file: str
    number: int
    texts: Mapping[str, str]

    def wrong(self, field: str, words: str) -> Mistake:
        """What is wrong with a field, to be raised."""
        return Mistake(f"{self.file}, row {self.number}, {field}: {words}")

    def text(self, field: str) -> str:
        """What must be there.

        Raises:
            Mistake: it is not.
        """
        if field not in self.texts:
            raise self.wrong(field, "is missing")
        return self.texts[field]


def refused(mistakes: Sequence[str]) -> ConfigurationError:
    """One error out of all mistakes that were found."""
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return ConfigurationError(f"nothing was imported; {mistakes[0]}{more}", tuple(mistakes[:MAX_MISTAKES]))


def read_tables(folder: Path, report: Report) -> Mapping[str, tuple[Row, ...]]:
    """The rows of all tables in `folder`; what is in no table that tariffs are made of is told of.

    Raises:
        ConfigurationError: with all mistakes; a table is missing, stands there twice, is too large or is no table.
    """
    files: dict[str, list[Path]] = {}
    for path in _json_files(folder):
        files.setdefault(_table(path.stem), []).append(path)
    mistakes = [f"{folder}: has no table {name}; its file is {_name(name)}" for name in FIELDS if name not in files]
    mistakes = [each for each in mistakes if not any(f"table {name};" in each for name in OPTIONAL)]
    tables: dict[str, tuple[Row, ...]] = dict.fromkeys(OPTIONAL, ())
    for name, paths in files.items():
        if name not in FIELDS:
            report.left_out(name, None, "is none of the tables that tariffs are made of")
        elif len(paths) > 1:
            mistakes.append(f"{paths[0].name} and {paths[1].name}: both are {name}")
        else:
            try:
                tables[name] = _rows(paths[0], name)
            except ConfigurationError as error:
                mistakes.append(str(error))
    if mistakes:
        raise refused(mistakes)
    _tell_fields(tables, files, report)
    return tables


def _json_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".json" and path.is_file())
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be read as a folder: {error.strerror}") from None


def _table(stem: str) -> str:
    """`gebied_regeling` and `Open_Data_Parkeren__GEBIED_REGELING` alike."""
    words = [word for word in re.split(r"[\W_]+", stem.upper()) if word]
    return " ".join(words[3:] if words[:3] == ["OPEN", "DATA", "PARKEREN"] else words)


def _name(table: str) -> str:
    return table.lower().replace(" ", "_") + ".json"


def _rows(path: Path, table: str) -> tuple[Row, ...]:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path.name}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(
            f"{path.name}: has more than {MAX_BYTES} bytes; ask for one municipality, by areamanagerid"
        )
    try:
        rows = json.loads(content, parse_int=str, parse_float=str, object_pairs_hook=_fields)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path.name}: is not JSON: {error}") from None
    if not isinstance(rows, list):
        raise ConfigurationError(f"{path.name}: is not an array of rows")
    return tuple(_row(table, path.name, number, row) for number, row in enumerate(rows, start=1))


class _Twice(dict[str, Any]):
    """A row in which a field stands twice; all that is left of it is which."""


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    return _Twice({next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1): None})


def _row(table: str, file: str, number: int, fields: Any) -> Row:
    if not isinstance(fields, dict):
        raise Mistake(f"{file}, row {number}: is not a row of fields")
    texts: dict[str, str] = {}
    row = Row(table, file, number, texts)
    for name, value in fields.items():
        if isinstance(fields, _Twice):
            raise row.wrong(name, "stands there twice")
        if not (value is None or isinstance(value, str)):
            raise row.wrong(name[:SHOWN], "is neither a text nor a number")
        if value is not None and value.strip():
            texts[name] = value.strip()
    return row


def _tell_fields(tables: Mapping[str, tuple[Row, ...]], files: Mapping[str, list[Path]], report: Report) -> None:
    for name, rows in tables.items():
        if name not in files:
            report.left_out(name, None, "has no file here")
        for field, times in sorted(Counter(field for row in rows for field in row.texts).items()):
            if (name, field) in UNUSED:
                report.left_out(name, field, UNUSED[name, field])
            elif field not in FIELDS[name]:
                report.left_out(name, field[:SHOWN], f"is a field that nobody here knows; {times} rows have it")
