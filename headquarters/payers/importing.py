"""Credit checks and arrears out of a CSV file: read whole, all mistakes at once, stored in one transaction or not.

Columns by name, in any order: `ean`; `credit`, `limit`, `until`, `reference` of a check; `arrears`, `since`. What
is empty stays as it is, so a file may bring either; arrears of 0 end them. Days are as 2026-12-31.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from headquarters.database import Change, Database, note
from headquarters.payers.changes import known, store
from headquarters.payers.standing import Arrears, Credit, CreditCheck, Standing
from terminal.errors import ConfigurationError

COLUMNS = ("ean", "credit", "limit", "until", "reference", "arrears", "since")
MAX_MISTAKES = 100
_AMOUNT = re.compile(r"\d{1,10}(\.\d\d)?", re.ASCII)


class Mistake(ConfigurationError):
    """An amount or a day is none, or what stands together does not fit."""


def import_standings(database: Database, content: bytes, change: Change) -> int:
    """Store what a file says of payers, each with a line in the list of changes; gives how many payers.

    Raises:
        ConfigurationError: with all mistakes, a line each; then nothing was changed.
        StorageError: the database is at fault; likewise.
    """
    mistakes: list[str] = []
    seen: set[str] = set()
    with database.transaction() as connection:
        for number, texts in _rows(content):
            try:
                if texts["ean"] in seen:
                    raise Mistake(f"{texts['ean']} stands here twice")
                seen.add(texts["ean"])
                before = known(connection, texts["ean"]).standing
                after, what = _after(before, texts)
            except ConfigurationError as error:
                mistakes.append(f"line {number}: {error}")
                continue
            store(connection, texts["ean"], after)
            note(connection, change, what, texts["ean"])
        if mistakes:  # undoes what stands above
            raise _refused(mistakes)
    return len(seen)


def cents(text: str) -> int:
    """Cents of an amount that a person wrote in euro.

    Raises:
        Mistake: it is none.
    """
    if _AMOUNT.fullmatch(text) is None:
        raise Mistake(f"{text[:20]!r} is no amount in euro, such as 2500 or 2500.00")
    return int(Decimal(text) * 100)


def day(text: str) -> date:
    """A day that a person wrote.

    Raises:
        Mistake: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Mistake(f"{text[:20]!r} is no day, such as 2026-12-31") from None


def _rows(content: bytes) -> list[tuple[int, Mapping[str, str]]]:
    try:
        lines = csv.DictReader(content.decode("utf-8-sig").splitlines(), strict=True)
        names = lines.fieldnames or ()
        if "ean" not in names or not set(names) <= set(COLUMNS) or len(set(names)) < len(names):
            raise ConfigurationError(f"the first line names the columns: ean, and of these: {', '.join(COLUMNS[1:])}")
        rows = [(lines.line_num, each) for each in lines]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"no CSV file in UTF-8 with commas: {error}") from None
    crooked = [number for number, each in rows if None in each or None in each.values()]
    if crooked:
        raise _refused([f"line {number}: has not as many fields as the first line" for number in crooked])
    return [(number, {name: text.strip() for name, text in each.items()}) for number, each in rows]


def _refused(mistakes: Sequence[str]) -> ConfigurationError:
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return ConfigurationError(f"nothing was changed; {mistakes[0]}{more}", tuple(mistakes[:MAX_MISTAKES]))


def _after(before: Standing, texts: Mapping[str, str]) -> tuple[Standing, str]:
    """How a payer stands after a line of the file, and what that is called."""
    told = {name: text for name, text in texts.items() if text}
    changed = []
    standing = before
    if told.keys() & {"credit", "limit", "until", "reference"}:
        check = _check(told)
        standing = replace(standing, check=check)
        changed.append(f"payer's credit {check.result}")
    if told.keys() & {"arrears", "since"}:
        arrears = _arrears(told)
        standing = replace(standing, arrears=arrears)
        changed.append("payer in arrears" if arrears else "payer no longer in arrears")
    if not changed:
        raise Mistake("says neither credit nor arrears")
    return standing, "; ".join(changed)


def _check(told: Mapping[str, str]) -> CreditCheck:
    if told.get("credit") not in set(Credit):
        raise Mistake(f"credit: allowed are {', '.join(Credit)}")
    limit, until = told.get("limit"), told.get("until")
    check = CreditCheck(
        Credit(told["credit"]),
        None if limit is None else cents(limit),
        None if until is None else day(until),
        told.get("reference"),
    )
    _refuse(tuple(check.mistakes()))
    return check


def _arrears(told: Mapping[str, str]) -> Arrears | None:
    amount = cents(told.get("arrears", ""))
    since = told.get("since")
    if (since is None) != (amount == 0):
        raise Mistake("arrears want an amount and since when; none any more is 0, without a day")
    if since is None:
        return None
    arrears = Arrears(amount, day(since))
    _refuse(tuple(arrears.mistakes()))
    return arrears


def _refuse(mistakes: tuple[str, ...]) -> None:
    if mistakes:
        raise Mistake("; ".join(mistakes))
