import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.sites import plain_policy
from terminal.trust.documents import POLICY
from terminal.trust.status_list import Changes
from tests.headquarters.conftest import JANSEN, PIETERS, Office

DOCUMENT = Path(__file__).parents[2] / "docs" / "headquarters.md"
POLICY_4711 = POLICY.dump(plain_policy(4711, "Tankpark", "Europe/Amsterdam"))


def _run(office: Office, line: str) -> tuple[int, list[str], list[str]]:
    """Exit code, lines on standard output, lines on standard error."""
    arguments = ["--folder", str(office.keys.path), "--by", "tester", *line.split()]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def _ok(office: Office, line: str) -> list[str]:
    code, said, errors = _run(office, line)
    assert (code, errors) == (0, [])
    return said


def _changes(office: Office) -> tuple[tuple[int, int], ...]:
    return Changes.decode((office.published / "shared/revocation/cards-changes").read_bytes()).changes


def test_day_at_headquarters(office: Office) -> None:
    mirror, out = office.folder / "stick", office.published
    card = office.issued(1)
    number = card.card_number.hex()
    assert _ok(office, f"company add {PIETERS} Pieters") == [f"company {PIETERS} added with index 1"]
    assert _ok(office, "site add 4711 --name Tankpark") == ["site 4711 added; publish makes its repository"]
    assert _ok(office, "site list") == ["      4711  Europe/Amsterdam  Tankpark"]
    assert _ok(office, f"publish --to {out} --mirror 4711={mirror}") == [
        f"published to {out}; sites: 4711; files written: 16",
        f"mirror of site 4711 in {mirror}; files written: 16",
    ]
    for verb, state, status in (
        (f"card activate {number} --why paid", "valid", 0),
        (f"card block --ean {JANSEN} --personal-number 7", "blocked", 1),
        (f"card suspend {number}", "suspended", 2),
    ):
        assert _ok(office, verb) == [f"card {number}: {state}; publish brings it to the gates"]
        _ok(office, f"publish --to {out}")
        assert _changes(office) == ((card.card_index, status),)
    (listed,) = _ok(office, f"card list --ean {JANSEN} --status suspended")
    assert listed.split() == [number, "0", "suspended", "dsp", JANSEN, "2030-03-17T17:46:40Z"]
    assert "uid              00000000000001" in _ok(office, f"card show {number}")
    assert _ok(office, f"card retire {number} --why lost") == [f"card {number} retired; publish brings it to the gates"]
    assert [line.split("  ")[1:] for line in _ok(office, "changes --limit 3")] == [
        ["tester", "card retired", number, "lost"],
        ["tester", "card suspended", number, "-"],
        ["tester", "card blocked", number, "-"],
    ]


def test_companies_come_and_go(office: Office) -> None:
    for verb, state in (("block", "ended"), ("arrears", "arrears"), ("activate", "valid")):
        assert _ok(office, f"company {verb} {JANSEN}") == [f"company {JANSEN}: {state}; publish brings it to the gates"]
        assert _ok(office, "company list") == [f"{JANSEN}         0  {state:<10}  Jansen Transport"]


def test_visits_come_and_go(office: Office) -> None:
    office.site(4711)
    window = "--from 2026-09-15T08:00+02:00 --to 2026-09-15T10:00+02:00"
    _ok(office, f"visit add 4711 A1 --ean {JANSEN} --zone 1 {window}")
    assert _ok(office, "visit list 4711") == [
        f"A1  {JANSEN}  zone 1  2026-09-15T06:00:00+00:00  2026-09-15T08:00:00+00:00"
    ]
    _ok(office, "visit remove 4711 A1")
    assert _ok(office, "visit list 4711") == []
    _ok(office, f"site company 4711 {JANSEN}")


def test_policy_and_tariffs_are_replaced_from_files(office: Office) -> None:
    policy, tariffs = office.folder / "policy.json", office.folder / "tariffs.json"
    policy.write_bytes(POLICY_4711)
    tariffs.write_text('{"site": 4711, "tz": "Europe/Amsterdam"}')
    _ok(office, f"site add 4711 --policy {policy}")
    _ok(office, f"site policy 4711 {policy}")
    _ok(office, f"site tariffs 4711 {tariffs}")
    policy.write_bytes(POLICY_4711.replace(b'"level":"1"', b'"level":"4"').replace(b'"name"', b'"naam"', 1))
    code, said, errors = _run(office, f"site policy 4711 {policy}")
    assert (code, said) == (2, [])
    assert errors[0].startswith("xs-headquarters: policy: ")
    assert errors[0].endswith("(and 2 more)")
    assert [line.split(":")[0] for line in errors[1:]] == ["  name", "  level", "  naam"]


def test_keys_are_made_once_and_a_terminal_gets_its_own(office: Office) -> None:
    folder, file = office.folder / "new", office.folder / "card-keys.json"
    assert _ok(office, f"keys init {folder}")[0].startswith(f"keys made in {folder}; ")
    code, _, errors = _run(office, f"keys init {folder}")
    assert (code, len(errors)) == (2, 1)
    assert "never overwritten" in errors[0]
    _ok(office, f"keys terminal {file} --stay --template")
    assert set(json.loads(file.read_text())) == {"read", "stay", "site", "template"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _run(office, f"keys terminal {file}")[0] == 2
    assert _ok(office, "keys renew-root") == ["root version 2 signed; publish brings it to the gates"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("card block 0011223344556677", "not registered: 0011223344556677; nothing was changed"),
        ("card block 00", "00: a card number wants 16 hexadecimal digits"),
        ("card block 001122334455667z", "001122334455667z: a card number wants 16 hexadecimal digits"),
        ("card block", "say which cards: by their numbers, or by --ean and --personal-number"),
        (f"card block --ean {JANSEN}", "say which cards: by their numbers, or by --ean and --personal-number"),
        ("card block --all", "--all is for one employer: say --ean, and neither cards nor a person"),
        (
            f"card block --all --ean {JANSEN} --personal-number 7",
            "--all is for one employer: say --ean, and neither cards nor a person",
        ),
        (f"card block --all --ean {PIETERS}", f"company {PIETERS} is not registered; add it first (company add)"),
        (f"card show --ean {JANSEN} --personal-number 9", "this person has no card in the register"),
        ("card list --status lost", "--status lost: allowed are valid, blocked, suspended, not-activated"),
        ("card retire 0011223344556677", "card 0011223344556677 is not registered"),
        (f"company block {PIETERS}", f"company {PIETERS} is not registered; add it first (company add)"),
        ("company add 123 x", "123 is no EAN: it wants 13 digits, the last of them the check digit"),
        ("site add 4711", "say either --policy, or --name and --time-zone"),
        ("site policy 4711 nowhere.json", "nowhere.json: cannot be read: No such file or directory"),
        ("visit list 1", "site 1 is not registered; add it first (site add)"),
        (
            f"visit add 1 A --ean {JANSEN} --from 2026-09-15T08:00 --to x",
            "2026-09-15T08:00: wants date, time and offset, such as 2026-09-15T08:00+02:00",
        ),
        ("publish --to x --mirror 4711", "--mirror 4711: wants NUMBER=FOLDER, such as 4711=/media/stick"),
    ],
)
def test_mistake_on_the_command_line_is_one_line(office: Office, line: str, said: str) -> None:
    assert _run(office, line) == (2, [], [f"xs-headquarters: {said}"])


def test_wrong_folder_or_key_is_one_line_that_names_it(office: Office) -> None:
    result = CliRunner().invoke(app, ["--folder", "/nowhere", "site", "list"])
    assert (result.exit_code, result.stderr) == (
        2,
        "xs-headquarters: /nowhere/register.db: the register cannot be opened: No such file or directory\n",
    )
    office.site(4711)
    (office.keys.path / "snapshot.json").chmod(0o644)
    code, _, errors = _run(office, f"publish --to {office.published}")
    assert (code, len(errors)) == (2, 1)
    assert "snapshot.json: others may read or change it (mode 0644); do: chmod 600" in errors[0]
    (office.folder / "file").touch()
    code, _, errors = _run(office, f"publish --to {office.folder / 'file'}")
    assert (code, errors) == (2, [f"xs-headquarters: {office.folder / 'file'} cannot be used as a folder: File exists"])


def test_person_with_two_cards_is_blocked_at_once_and_activated_one_by_one(office: Office) -> None:
    first, second = (office.issued(chip).card_number.hex() for chip in (1, 2))
    person = f"--ean {JANSEN} --personal-number 7"
    assert len(_ok(office, f"card block {person}")) == 2
    assert _run(office, f"card activate {person}") == (
        2,
        [],
        [f"xs-headquarters: this person has 2 cards; activate one by its number: {first}, {second}"],
    )
    _ok(office, f"card activate {second}")


def test_all_cards_of_an_employer_are_blocked_and_no_other(office: Office) -> None:
    _ok(office, f"company add {PIETERS} Pieters")
    cards = [office.issued(1, 7), office.issued(2, 8), office.allocated(3, 9)]
    other = office.issued(4, 7, PIETERS)
    _ok(office, f"card block {cards[0].card_number.hex()}")
    assert _ok(office, f"card block --all --ean {JANSEN} --why bankrupt") == [
        f"cards of {JANSEN} blocked: 2; publish brings it to the gates"
    ]
    states = [line.split()[2] for line in _ok(office, "card list")]
    assert states == ["blocked", "blocked", "blocked", "not-activated"]
    assert other.card_index == 3
    (change,) = _ok(office, "changes --limit 1")
    assert change.split("  ")[1:] == ["tester", "all cards blocked", f"{JANSEN} (2 cards)", "bankrupt"]


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, (*path, name))
    if not getattr(command, "commands", {}):
        yield " ".join(path)


def test_every_command_is_documented() -> None:
    table = DOCUMENT.read_text().split("| command |")[1].split("\n\n")[0]
    described = set(re.findall(r"^\| `([a-z-]+(?: [a-z-]+)?)", table, re.MULTILINE))
    assert described == set(_commands(get_command(app)))
