"""`xs-headquarters tariff`: a file is checked, and a stay is priced by it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headquarters.cli.main import app

HOURLY = {"kind": "incrementing", "amount": "2.00", "each": "PT1H"}
FIRST = {
    "number": 1,
    "from": "2026-01-01T00:00:00+01:00",
    "vat": "21",
    "lines": [HOURLY],
    "caps": {"day": {"amount": "6.00", "reset": "00:00"}},
    "max_stay": "PT4H",
}
SECOND = {
    "number": 2,
    "from": "2027-01-01T00:00:00+01:00",
    "vat": "9",
    "free": {"minutes": 10, "mode": "left-out"},
    "lines": [{"kind": "incrementing", "amount": "0.089", "each": "PT1M"}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, FIRST, SECOND)


def written(folder: Path, *tariffs: dict[str, Any], **more: Any) -> Path:
    path = folder / "tariffs.json"
    path.write_text(json.dumps({"site": 4711, "tz": "Europe/Amsterdam", "tariffs": tariffs} | more))
    return path


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, what is on standard output, what is on standard error."""
    result = CliRunner().invoke(app, ["tariff", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_stay_is_priced_and_explained_as_json(file: Path) -> None:
    stay = ("--in", "2026-09-15T20:30:00+02:00", "--out", "2026-09-16T00:10:00Z")
    code, said, errors = run("price", file, "--number", 1, *stay, "--json")
    assert (code, errors) == (0, "")
    assert json.loads(said) == {
        "amount_cents": 1000,
        "lines": [
            {"at": "2026-09-15T20:30:00+02:00", "what": "increment, line 1 (4 times)", "amount": "8.00"},
            {"at": "2026-09-15T23:30:00+02:00", "what": "cap-day", "amount": "-2.00"},
            {"at": "2026-09-16T00:30:00+02:00", "what": "increment, line 1 (2 times)", "amount": "4.00"},
            {"at": "2026-09-16T02:10:00+02:00", "what": "rounding", "amount": "0.00"},
        ],
    }


def test_stay_is_priced_and_explained_for_a_person(file: Path) -> None:
    code, said, _ = run("price", file, "--in", "2026-09-15T20:30", "--out", "2026-09-16T02:10")
    assert (code, said.splitlines()) == (
        0,
        [
            "2026-09-15T20:30:00+02:00  increment, line 1 (4 times)          8.00",
            "2026-09-15T23:30:00+02:00  cap-day                             -2.00",
            "2026-09-16T00:30:00+02:00  increment, line 1 (2 times)          4.00",
            "2026-09-16T02:10:00+02:00  rounding                             0.00",
            "to pay, tariff 1, VAT 21% included                             10.00",
            "longer than the longest stay, PT4H; that does not change the price",
        ],
    )


def test_tariff_in_force_at_entry_is_taken_and_fractions_of_a_cent_and_second_are_shown_as_they_count(
    file: Path,
) -> None:
    _, said, _ = run("price", file, "--in", "2027-06-01T08:00:00.9", "--out", "2027-06-01T08:15:00.1", "--json")
    assert json.loads(said) == {
        "amount_cents": 45,
        "lines": [
            {"at": "2027-06-01T08:00:00+02:00", "what": "free", "amount": "0.00"},
            {"at": "2027-06-01T08:10:00+02:00", "what": "increment, line 1 (5 times)", "amount": "0.445"},
            {"at": "2027-06-01T08:15:00+02:00", "what": "rounding", "amount": "0.005"},
        ],
    }


def test_local_time_that_occurs_twice_is_the_first(file: Path) -> None:
    _, said, _ = run("price", file, "--in", "2026-10-25T02:30", "--out", "2026-10-25T02:30:00+01:00", "--json")
    assert json.loads(said)["lines"][0]["at"] == "2026-10-25T02:30:00+02:00"
    assert json.loads(said)["amount_cents"] == 200


@pytest.mark.parametrize(
    ("entry", "leaves", "number", "said"),
    [
        ("2026-09-15T08:00", "2026-09-15T07:59:59", 1, "--out 2026-09-15T07:59:59 is before --in 2026-09-15T08:00"),
        ("2026-09-15T08:00", "2026-09-15T09:00", 3, "has no tariff 3; it has 1 from 2026-01-01T00:00:00+01:00, 2 from"),
        ("2025-09-15T08:00", "2025-09-15T09:00", None, "no tariff is in force at 2025-09-15T08:00; it has 1 from"),
        ("yesterday", "2025-09-15T09:00", 1, "yesterday: wants date and time, such as 2026-09-15T08:00+02:00"),
        ("2026-03-29T02:30", "2026-03-29T09:00", 1, "does not occur in Europe/Amsterdam, whose clock jumps over it"),
        ("2026-03-29T02:30", "0001-01-01T00:00+02:00", 1, "2026-03-29T02:30: does not occur"),
        ("0001-01-01T00:00+02:00", "2026-03-29T02:00", 1, "0001-01-01T00:00+02:00: wants a year"),
        ("1999-12-31T23:59:59Z", "2026-03-29T02:00", 1, "1999-12-31T23:59:59Z: wants a year from 2000 to 2199"),
    ],
)
def test_what_cannot_be_priced_is_said(file: Path, entry: str, leaves: str, number: int | None, said: str) -> None:
    which = () if number is None else ("--number", number)
    code, output, error = run("price", file, "--in", entry, "--out", leaves, *which)
    assert (code, output, error.count("\n")) == (2, "", 1)
    assert said in error


def test_file_that_is_right(file: Path) -> None:
    tariffs = "1 from 2026-01-01T00:00:00+01:00, 2 from 2027-01-01T00:00:00+01:00"
    assert run("check", file) == (0, f"{file}: is right; site 4711, Europe/Amsterdam, tariffs: {tariffs}\n", "")


def test_all_mistakes_of_a_file(tmp_path: Path) -> None:
    evening = HOURLY | {"window": {"days": ["mon"], "start": "18:00", "end": "19:00"}}
    wrong = FIRST | {"lines": [HOURLY, evening], "number": 2, "max_stay": "PT0S"}
    code, output, error = run("check", written(tmp_path, SECOND, wrong))
    assert (code, output) == (2, "")
    assert error.splitlines() == [
        "xs-headquarters: tariffs: tariffs: number 2 is used twice (and 2 more)",
        "  tariffs: number 2 is used twice",
        "  tariff 2: max_stay is zero; leave it out where there is none",
        "  tariff 2: lines 1 and 2 both apply on mon from 18:00 to 19:00; at most one incrementing line may",
    ]
    assert run("price", written(tmp_path, wrong), "--in", "2026-09-15T08:00", "--out", "2026-09-15T08:00")[0] == 2


def test_file_that_is_not_there(tmp_path: Path) -> None:
    code, _, error = run("check", tmp_path / "none.json")
    assert (code, "cannot be read" in error) == (2, True)
