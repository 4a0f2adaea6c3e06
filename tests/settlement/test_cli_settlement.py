"""`settle`, `statement`, `ledger` as a person types them."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headquarters.cli.main import app
from tests.settlement.ground import JANSEN, SELLER, Ground, at
from tests.settlement.recompute import recompute

GROUND = "--ground legal-order --reference audit-7 --requester inspector --approver k.bakker"


def run(ground: Ground, line: str) -> tuple[int, str, str]:
    where = ["--folder", str(ground.office.keys.path), "--database", str(ground.office.folder / "register.db")]
    result = CliRunner().invoke(app, [*where, "--by", "tester", *line.split()], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def typed(ground: Ground) -> Ground:
    ground.payer()
    ground.charge(1000, at(15))
    ground.arrive()
    told = {name: value for name, value in SELLER.model_dump().items() if value is not None}
    (ground.office.keys.path / "seller.toml").write_text(
        "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())
    )
    return ground


def test_from_settling_to_paper_and_audit(typed: Ground, tmp_path: Path) -> None:
    assert run(typed, "settle") == (0, "1 charges and credits settled\n", "")
    for form, suffix in (("pdf", "pdf"), ("csv", "csv"), ("ubl", "xml")):
        code, said, _ = run(typed, f"statement --payer {JANSEN} --month 2026-09 --format {form} --out {tmp_path}")
        assert (code, "10.00 EUR" in said) == (0, True)
        assert (tmp_path / said.split()[-1]).suffix == f".{suffix}"
    code, said, _ = run(typed, "ledger verify")
    assert (code, said.splitlines()[-1]) == (
        0,
        "1 charges and credits: 1 on 1 statements, 0 open; 0 could not be settled",
    )
    out = tmp_path / "audit.jsonl"
    assert run(typed, f"ledger export --month 2026-09 {GROUND} --out {out}")[0] == 0
    assert (out.stat().st_mode & 0o777, recompute(out.read_text().splitlines()).mistakes) == (0o600, [])
    assert "asked by inspector; approved by k.bakker" in run(typed, "changes")[1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"statement --payer {JANSEN} --out x", "of a --month or of a --week"),
        (f"statement --payer {JANSEN} --month 2026-09 --week 2026-W38 --out x", "of a --month or of a --week"),
        (f"statement --payer {JANSEN} --month 2026-09 --format xls --out x", "allowed are csv, pdf, ubl"),
        (f"statement --payer {JANSEN} --month 2026-09 --format ubl --preview --out x", "has no preview"),
        ("statement --payer 8712345678900 --month 2026-09 --out x", "check digit"),
        ("ledger export --month 2026-09 --ground fun --requester abc --approver abd --out x", "--ground fun"),
    ],
)
def test_mistake_is_one_clear_line(typed: Ground, line: str, why: str) -> None:
    code, _, errors = run(typed, line)
    assert (code, errors.count("\n")) == (2, 1)
    assert why in errors


def test_seller_that_is_missing_or_wrong_is_told(typed: Ground, tmp_path: Path) -> None:
    path = typed.office.keys.path / "seller.toml"
    line = f"statement --payer {JANSEN} --month 2026-09 --out {tmp_path}"
    path.write_text(path.read_text().replace("NL91", "NL92").replace('country = "NL"', 'country = "Nederland"'))
    code, _, errors = run(typed, line)
    assert code == 2
    assert "iban" in errors
    assert "country" in errors
    path.unlink()
    assert "who sends the statements" in run(typed, line)[2]


def test_settle_tells_what_cannot_be_settled(typed: Ground) -> None:
    typed.credit(41, 5, at(15))
    typed.arrive()
    code, said, errors = run(typed, "settle")
    assert (code, said) == (1, "1 charges and credits settled\n")
    assert "names no charge" in errors


@contextmanager
def watching(ground: Ground) -> Iterator["subprocess.Popen[str]"]:
    """`settle --watch` as a process; killed in the end, unless it ended before."""
    where = ["--folder", str(ground.office.keys.path), "--database", str(ground.office.folder / "register.db")]
    command = [sys.executable, "-m", "headquarters", *where, "settle", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_charge_that_arrives_later_is_settled_by_whoever_watches_until_he_is_told_to_stop(typed: Ground) -> None:
    with watching(typed) as process:
        assert said(process) == "1 charges and credits settled\n"
        typed.charge(2000, at(16))
        typed.arrive()
        assert said(process) == "1 charges and credits settled\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert [item.amount_cents for item in typed.items()] == [1000, 2000]


def test_two_that_watch_settle_each_charge_once(typed: Ground) -> None:
    with watching(typed) as first, watching(typed) as second:
        assert {said(first), said(second)} == {"1 charges and credits settled\n", "0 charges and credits settled\n"}
        for day in range(1, 29):
            typed.charge(100, at(day))
        typed.arrive()
        settled = 0
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
        for process in (first, second):
            assert process.wait(60) == 0
            assert process.stdout is not None
            settled += sum(int(line.split()[0]) for line in process.stdout)
        assert settled <= 28
    assert run(typed, "settle")[0] == 0
    assert sorted(item.amount_cents for item in typed.items()) == [*[100] * 28, 1000]
    assert run(typed, "ledger verify")[0] == 0
