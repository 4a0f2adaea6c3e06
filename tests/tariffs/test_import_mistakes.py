"""What cannot be imported: one clear line with file, row and field, and no file written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.tariffs.report import Report
from headquarters.tariffs.tables import MAX_BYTES, read_tables
from terminal.errors import ConfigurationError
from terminal.trust.documents import TARIFFS
from tests.tariffs.municipality import Municipality, fare, frame, imported, part, special_day


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, what is on standard output, what is on standard error."""
    result = CliRunner().invoke(app, ["tariff", "import", *map(str, arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def refusal(folder: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        imported(folder)
    return caught.value


def change_frame(**more: str) -> Callable[[Municipality], None]:
    return lambda haven: haven.frames.append(frame("DINSDAG", "800", "1800") | more)


def change_part(**more: str) -> Callable[[Municipality], None]:
    return lambda haven: haven.parts[0].update(more)


def in_two(begins: str) -> Callable[[Municipality], None]:
    return lambda haven: haven.parts.append(part("UUR", begins, "999999", "1", "60"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_frame(starttimetimeframe="2530"), "tijdvak.json, row 2, starttimetimeframe: '2530' is no time of day"),
        (change_frame(starttimetimeframe="1960"), "tijdvak.json, row 2, starttimetimeframe: '1960' is no time of day"),
        (change_frame(endtimetimeframe="2401"), "tijdvak.json, row 2, endtimetimeframe: '2401' is no time of day"),
        (
            change_frame(endtimetimeframe="800"),
            "tijdvak.json, row 2, endtimetimeframe: is not after starttimetimeframe",
        ),
        (change_frame(endtimetimeframe=" "), "tijdvak.json, row 2, endtimetimeframe: is missing"),
        (change_frame(daytimeframe="X" * 61), "tijdvak.json, row 2, daytimeframe: has more than 60 characters"),
        (change_frame(startdatetimeframe="20260231"), "row 2, startdatetimeframe: '20260231' is no day such as"),
        (change_frame(startdatetimeframe="1 May"), "row 2, startdatetimeframe: '1 May' is no day such as"),
        (change_frame(startdatetimeframe=""), "tijdvak.json, row 2, startdatetimeframe: is missing"),
        (change_frame(claimrightpossible="?"), "tijdvak.json, row 2, claimrightpossible: '?' is neither J nor N"),
        (change_frame(maxdurationright="-1"), "row 2, maxdurationright: '-1' is not whole minutes such as 60"),
        (change_frame(farecalculationcode="WEG"), "row 2, farecalculationcode: WEG has no row in TARIEFDEEL that is"),
        (
            change_frame(daytimeframe="MAANDAG"),
            "tijdvak.json, row 2, starttimetimeframe: is within row 1, also for mon",
        ),
        (
            change_part(amountfarepart="-2"),
            "tariefdeel.json, row 1, amountfarepart: '-2' is not an amount such as 1.50",
        ),
        (change_part(amountfarepart="1,50"), "tariefdeel.json, row 1, amountfarepart: '1,50' is not an amount"),
        (change_part(amountfarepart=""), "tariefdeel.json, row 1, amountfarepart: is missing"),
        (change_part(stepsizefarepart="0.5"), "row 1, stepsizefarepart: '0.5' is not whole minutes such as 60"),
        (change_part(enddurationfarepart="0"), "row 1, enddurationfarepart: is not after startdurationfarepart"),
        (
            in_two("60"),
            "row 2, startdurationfarepart: this part begins at minute 60, but the one before it, row 1, has no",
        ),
        (lambda haven: haven.fares[0].update(vatpercentage="101"), "row 1, vatpercentage: is more than 100"),
        (lambda haven: haven.regulation.update(maximumdaycharge="x"), "regeling.json, row 1, maximumdaycharge: 'x' is"),
        (
            lambda haven: haven.special_days.append(special_day("22000101", "FEEST")),
            "speciale_dag.json, row 1, datespecialday: wants a year from 2000 to 2199",
        ),
        (lambda haven: haven.frames[0].update(daytimeframe=["MAANDAG"]), "row 1, daytimeframe: is neither a text nor"),
        (lambda haven: haven.frames[0].pop("regulationid"), "tijdvak.json, row 1, regulationid: is missing"),
        (
            lambda haven: haven.regulation.update(enddateregulation="20260915"),
            "regulation HAVEN is not valid on 2026-09-15 nor later; nothing was imported",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_row_and_field(
    tmp_path: Path, change: Callable[[Municipality], None], words: str
) -> None:
    haven = Municipality()
    change(haven)
    assert words in str(refusal(haven.write(tmp_path)))


def test_hole_between_parts(tmp_path: Path) -> None:
    haven = Municipality()
    haven.parts = [part("UUR", "0", "60", "1", "60"), part("UUR", "90", "999999", "1", "60")]
    assert "this part begins at minute 90, but the one before it, row 1, ends at minute 60" in str(
        refusal(haven.write(tmp_path))
    )


def test_two_rates_of_vat_are_no_tariff(tmp_path: Path) -> None:
    haven = Municipality()
    haven.fares.append(fare("LAAG", vatpercentage="9"))
    haven.parts.append(part("LAAG", "0", "999999", "1", "60"))
    haven.frames.append(frame("DINSDAG", "800", "1800", "LAAG"))
    assert "a tariff has one rate, and here are several: UUR 21, LAAG 9" in str(refusal(haven.write(tmp_path)))


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    haven = Municipality()
    change_frame(starttimetimeframe="2530")(haven)
    change_part(amountfarepart="x")(haven)
    error = refusal(haven.write(tmp_path))
    assert [mistake.partition(":")[0] for mistake in error.mistakes] == [
        "tijdvak.json, row 2, starttimetimeframe",
        "tariefdeel.json, row 1, amountfarepart",
    ]
    assert str(error).endswith("(and 1 more)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "tijdvak.json: is not JSON"),
        ("[" * 100_000, "tijdvak.json: is not JSON"),
        ("{}", "tijdvak.json: is not an array of rows"),
        ("[1]", "tijdvak.json, row 1: is not a row of fields"),
        ('[{"areamanagerid": true}]', "tijdvak.json, row 1, areamanagerid: is neither a text nor a number"),
        ('[{"areamanagerid": NaN}]', "tijdvak.json, row 1, areamanagerid: is neither a text nor a number"),
        ('[{"regulationid": "A", "regulationid": "B"}]', "tijdvak.json, row 1, regulationid: stands there twice"),
        ("\x80", "tijdvak.json: is not JSON"),
    ],
)
def test_file_that_is_no_table(tmp_path: Path, content: str, words: str) -> None:
    folder = Municipality().write(tmp_path)
    (folder / "tijdvak.json").write_bytes(content.encode("latin-1"))
    assert words in str(refusal(folder))


def test_numbers_are_as_good_as_texts(tmp_path: Path) -> None:
    haven = Municipality()
    haven.frames[0] |= {"starttimetimeframe": 800, "farecalculationcode": None}
    assert imported(haven.write(tmp_path))[0].tariffs[0].lines == ()


def test_file_of_the_largest_size_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    folder = Municipality().write(tmp_path)
    path = folder / "speciale_dag.json"
    path.write_bytes(b"[]".rjust(MAX_BYTES))
    assert read_tables(folder, Report())["SPECIALE DAG"] == ()
    path.write_bytes(b"[]".rjust(MAX_BYTES + 1))
    assert "speciale_dag.json: has more than 33554432 bytes; ask for one municipality" in str(refusal(folder))


def test_tables_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    folder = Municipality().write(tmp_path)
    (folder / "tijdvak.json").unlink()
    (folder / "regeling.json").unlink()
    assert [mistake.partition(": ")[2] for mistake in refusal(folder).mistakes] == [
        "has no table REGELING; its file is regeling.json",
        "has no table TIJDVAK; its file is tijdvak.json",
    ]


def test_table_that_is_there_twice(tmp_path: Path) -> None:
    folder = Municipality().write(tmp_path)
    (folder / "TIJDVAK.json").write_text("[]")
    assert "TIJDVAK.json and tijdvak.json: both are TIJDVAK" in str(refusal(folder))


def test_one_of_several_regulations_must_be_said(tmp_path: Path) -> None:
    haven = Municipality()
    haven.regulations.append(haven.regulation | {"regulationid": "LOODS", "regulationdesc": "Bij de loods"})
    folder, out = haven.write(tmp_path), tmp_path / "tariffs.json"
    both = "HAVEN (Aan de haven; manager 9922), LOODS (Bij de loods; manager 9922)"
    assert run(folder, "--out", out)[2] == (
        f"xs-headquarters: say which with --regulation, and --manager where two have it: {both}\n"
    )
    other = run(folder, "--out", out, "--regulation", "KADE")[2]
    assert other == f"xs-headquarters: there is no regulation KADE; there are: {both}\n"
    assert not out.exists()


def test_file_and_report_of_the_command(tmp_path: Path) -> None:
    folder, out = Municipality().write(tmp_path / "rdw"), tmp_path / "tariffs.json"
    code, said, errors = run(folder, "--from", "2026-09-15", "--site", 4712, "--number", 7, "--out", out, "--json")
    assert (code, errors) == (0, "")
    tariffs = TARIFFS.parse(out.read_bytes())
    assert (tariffs.site, tariffs.tz, [each.number for each in tariffs.tariffs]) == (4712, "Europe/Amsterdam", [7])
    report = json.loads(said)
    assert {key: report[key] for key in ("file", "regulation", "tariffs")} == {
        "file": str(out),
        "regulation": "HAVEN",
        "tariffs": [7],
    }
    assert {
        "how": "mapped",
        "table": "TIJDVAK",
        "field": None,
        "rows": [1],
        "words": "mon 08:00-18:00: fare UUR",
    } in report["remarks"]


def test_report_for_a_person(tmp_path: Path) -> None:
    folder, out = Municipality().write(tmp_path / "rdw"), tmp_path / "tariffs.json"
    lines = run(folder, "--from", "2026-09-15", "--out", out)[1].splitlines()
    assert [line for line in lines if not line.startswith("  ")][:-1] == ["mapped:", "left out:"]
    assert "  TIJDVAK, row 1: mon 08:00-18:00: fare UUR" in lines


def test_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    folder, out = Municipality().write(tmp_path / "rdw"), tmp_path / "tariffs.json"
    out.write_text("precious")
    code, _, error = run(folder, "--out", out)
    assert (code, "exists already" in error, out.read_text()) == (2, True, "precious")


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path) -> None:
    haven = Municipality()
    change_part(amountfarepart="20000")(haven)
    folder, out = haven.write(tmp_path / "rdw"), tmp_path / "tariffs.json"
    code, _, error = run(folder, "--out", out)
    assert (code, out.exists()) == (2, False)
    assert "what the tables say is no tariff that gates believe: tariff 1, line 1, amount: 20000.00 is absurd" in error


@pytest.mark.parametrize(
    ("arguments", "words"), [(("--from", "soon"), "soon: wants a day"), ((), "cannot be read as a")]
)
def test_what_the_command_cannot_take(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    folder = Municipality().write(tmp_path / "rdw") if arguments else tmp_path / "none"
    code, _, error = run(folder, *arguments, "--out", tmp_path / "tariffs.json")
    assert (code, words in error) == (2, True)
