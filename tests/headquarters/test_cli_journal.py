"""Journals and terminals on the command line."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.journal import MAX_LOST_SHOWN
from headquarters.cli.main import app
from headquarters.database import audit
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.reading import MAX_WHY, MIN_WHY
from headquarters.tables.journal import entries
from terminal.core.journal import Kind
from terminal.core.messages import Presence
from tests.headquarters.box import EPOCH, KEY, NAME, Box, register, sealing_key
from tests.headquarters.conftest import Office

NOW = 1_790_000_500
TERMINAL_KEY = KEY.public_key().public_bytes_raw().hex()


def run(office: Office, line: str) -> tuple[int, list[str], list[str]]:
    """Exit code, lines on standard output, lines on standard error."""
    arguments = ["--folder", str(office.keys.path), "--by", "tester", *line.split()]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def ok(office: Office, line: str) -> list[str]:
    code, said, errors = run(office, line)
    assert (code, errors) == (0, [])
    return said


def ours(sequence: int) -> str:
    return f"{NAME}/{EPOCH.hex()}/{sequence}"


@pytest.fixture
def box(office: Office) -> Box:
    box = Box(sealing=sealing_key(office)).write(2)
    box.tell(Kind.TAP_INTENT, {"reader": "r1", "who": b"\x01\x02"}, {"ean": 8712345678906, "person": 7})
    return box


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    collector = register(office, box)
    collector.collect(box.name, box.batch(), NOW)
    return collector


def test_terminal_comes_and_goes(office: Office) -> None:
    office.site(4711)
    assert ok(office, f"terminal add {NAME} 4711 {TERMINAL_KEY}") == [
        f"terminal {NAME} of site 4711 added; its journal is taken from now on"
    ]
    assert ok(office, "terminals") == [f"{NAME}        site 4711  never connected  seen -  entries 0  backlog 0"]
    assert ok(office, f"terminal retire {NAME} --why stolen") == [f"terminal {NAME} retired; what came before stays"]
    assert ok(office, "terminals") == [f"{NAME}        site 4711  retired  seen -  entries 0  backlog 0"]
    assert [line.split("  ")[2:] for line in ok(office, "changes --limit 2")] == [
        ["terminal retired", NAME, "stolen"],
        ["terminal added", f"{NAME} 4711 {TERMINAL_KEY}", "-"],
    ]


def test_terminals_tell_how_each_is(office: Office, box: Box, collector: Collector) -> None:
    box.write(4)
    collector.note_head(NAME, box.head(time_ms=1000 * NOW - 1500), NOW)
    collector.note_presence(NAME, Presence.OFFLINE, NOW)
    (line,) = ok(office, "terminals")
    assert "offline  seen 2026-09-21T14:21:40Z  entries 3  backlog 4" in line
    assert line.endswith("clock -1.5 s good  version 0.1.0")


def test_version_of_a_terminal_is_nothing_that_a_screen_obeys(office: Office, box: Box, collector: Collector) -> None:
    collector.note_head(NAME, box.head(software="0.1\x1b[2J\r\n" + 100 * "x"), NOW)
    (line,) = ok(office, "terminals")
    assert line.endswith("version 0.1[2J" + 58 * "x")


@pytest.mark.usefixtures("collector")
def test_list_shows_the_latest_first_and_what_is_asked_for(office: Office) -> None:
    lines = ok(office, "journal list")
    assert [line.split()[0] for line in lines] == [ours(2), ours(1), ours(0)]
    assert lines[0].split(maxsplit=4) == [
        *(ours(2), "2026-09-21T14:13:22.000Z", "tap-intent", "1", '{"who": "0102", "reader": "r1"}')
    ]
    for choice, found in (
        ("--kind start", [1, 0]),
        ("--lane 1", [2]),
        ("--limit 1", [2]),
        (f"--terminal {NAME} --from 2026-09-21T14:13:21Z", [2, 1]),
        ("--to 2026-09-21T16:13:21+02:00", [0]),
        ("--terminal gate-2", []),
    ):
        assert [line.split()[0] for line in ok(office, f"journal list {choice}")] == [ours(each) for each in found]


def test_public_map_with_keys_that_json_does_not_have_is_listed_all_the_same(
    office: Office, box: Box, collector: Collector
) -> None:
    box.tell(Kind.ALARM_RAISED, {"alarm": "reader", "more": {7: None, b"\xc3(": [{b"": b"\x01"}]}})
    collector.collect(NAME, box.batch(3), NOW)
    more = '"more": {"7": null, "c328": [{"": "01"}]}'
    assert ok(office, "journal list --limit 1")[0].endswith(f'{{{more}, "alarm": "reader"}}')
    assert ok(office, f"journal show {ours(3)}")[4].endswith(f'{{{more}, "alarm": "reader"}}')
    (alarm,) = ok(office, "alarms list")
    assert alarm.endswith(f"{{{more}}}")


@pytest.mark.usefixtures("collector")
def test_kind_that_there_is_not_is_answered_by_those_there_are(office: Office) -> None:
    code, said, (error,) = run(office, "journal list --kind tap")
    assert (code, said) == (2, [])
    assert error.startswith("xs-headquarters: --kind tap: allowed are start, tap-intent, ")


def test_list_marks_what_is_not_proven_yet(office: Office, box: Box, collector: Collector) -> None:
    box.write(3)
    collector.collect(NAME, box.batch(5), NOW)
    assert ["?" in line for line in ok(office, "journal list")] == [True, False, False, False]


def audited(office: Office) -> list[tuple[str, str, str, str]]:
    with office.database.transaction(read_only=True) as connection:
        opened = sa.select(audit).where(audit.c.what == "sealed part opened")
        return [(row.who, row.what, row.subject, row.why) for row in connection.execute(opened)]


@pytest.mark.usefixtures("collector")
def test_sealed_part_stays_shut_without_a_reason(office: Office) -> None:
    lines = ok(office, f"journal show {ours(2)}")
    assert any(line.startswith("sealed part") and line.endswith("bytes; --why opens it") for line in lines)
    assert not any("8712345678906" in line for line in lines)
    assert audited(office) == []
    code, said, errors = run(office, f"journal show {ours(2)} --why x")
    assert (code, said) == (2, [])
    assert errors == ["xs-headquarters: a sealed part is opened for a reason of 3 to 200 characters (--why)"]
    assert audited(office) == []


@pytest.mark.usefixtures("collector")
def test_sealed_part_is_opened_for_a_reason_that_is_written_down(office: Office) -> None:
    lines = ok(office, f"journal show {ours(2)} --why police-2026-17")
    assert {"ean              8712345678906", "person           7"} <= set(lines)
    assert audited(office) == [("tester", "sealed part opened", ours(2), "police-2026-17")]


@pytest.mark.usefixtures("collector")
def test_reason_has_a_length_between_bounds(office: Office) -> None:
    for length, code in ((MIN_WHY - 1, 2), (MIN_WHY, 0), (MAX_WHY, 0), (MAX_WHY + 1, 2)):
        assert run(office, f"journal show {ours(2)} --why {'x' * length}")[0] == code
    assert len(audited(office)) == 2


@pytest.mark.usefixtures("collector")
def test_attempt_to_open_with_the_wrong_key_is_written_down_too(office: Office) -> None:
    office.keys.sealing.write_text(json.dumps({"id": "00000000", "seed": "11" * 32}))
    code, said, errors = run(office, f"journal show {ours(2)} --why police-2026-17")
    assert (code, said) == (2, [])
    assert "which is not here" in errors[0]
    assert len(audited(office)) == 1


@pytest.mark.usefixtures("collector")
def test_erased_part_cannot_be_opened(office: Office) -> None:
    with office.database.transaction() as connection:
        connection.execute(entries.update().values(sealed=None))
    assert "sealed part      erased" in ok(office, f"journal show {ours(2)}")
    code, _, errors = run(office, f"journal show {ours(2)} --why police-2026-17")
    assert (code, errors) == (2, [f"xs-headquarters: entry {ours(2)} has no sealed part, or it was erased"])


@pytest.mark.usefixtures("collector")
def test_verify_says_what_there_is_and_fails_when_it_does_not_fit(office: Office) -> None:
    whole = f"{NAME}/{EPOCH.hex()}: proven 3, beyond 0, sealed parts erased 0, lost 0, in quarantine 0, mistakes "
    assert ok(office, "journal verify") == [whole + "0"]
    with office.database.transaction() as connection:
        connection.execute(entries.update().where(entries.c.sequence == 1).values(lane=9))
    assert run(office, "journal verify") == (
        1,
        [whole + "1", "  entry 1: its columns do not say what its record says"],
        [],
    )


def test_verify_tells_lost_numbers_one_by_one(office: Office, box: Box, collector: Collector) -> None:
    collector.note_head(NAME, box.write(2).head(), NOW)
    new = Box(epoch=bytes(16)).write(1)
    collector.collect(NAME, new.batch(), NOW)
    assert [line for line in ok(office, "journal verify") if "lost;" in line] == [
        f"  entry {number}: lost; the epoch has ended, and it never came" for number in (3, 4)
    ]


def test_screen_obeys_nothing_that_a_terminal_wrote(office: Office, box: Box, collector: Collector) -> None:
    box.tell(Kind.ORDER, {"order": "open\x1b[2J\x9b"}, {"reason": "caf\u00e9\u202e\x07"})
    collector.collect(NAME, box.batch(3), NOW)
    said = "\n".join([*ok(office, "journal list"), *ok(office, f"journal show {ours(3)} --why police-2026-17")])
    assert said.replace("\n", "").isprintable()
    assert '"caf\u00e9\\u202e\\u0007"' in said


def test_proof_with_a_time_that_no_calendar_has_is_shown(office: Office, box: Box, tmp_path: Path) -> None:
    far = Collector(office.database, load_cosigner(office.keys))
    register(office, box)
    far.collect(NAME, box.batch(), (1 << 63) - 1)
    file = tmp_path / "proof.json"
    ok(office, f"journal prove {ours(0)} --to {file}")
    assert f"cosigned         {(1 << 63) - 1} s by headquarters" in run(office, f"journal verify-proof {file}")[1][-1]


@pytest.mark.parametrize("more", [0, 1])
def test_so_many_lost_numbers_that_the_rest_is_counted(
    office: Office, box: Box, collector: Collector, more: int
) -> None:
    many = box.checkpoint(3 + MAX_LOST_SHOWN + more, root=bytes(32))
    collector.note_head(NAME, box.head(checkpoint=many), NOW)
    collector.collect(NAME, Box(epoch=bytes(16)).write(1).batch(), NOW)
    lines = ok(office, "journal verify")
    assert sum("lost;" in line for line in lines) == MAX_LOST_SHOWN
    assert [line for line in lines if "more lost" in line] == ["  and 1 more lost"] * more


@pytest.mark.usefixtures("collector")
def test_proof_is_made_and_verified_off_line(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    assert ok(office, f"journal prove {ours(2)} --to {file}") == [f"proof of {ours(2)} written to {file}"]
    assert ok(office, f"journal prove {ours(2)}") == file.read_text().splitlines()
    own = office.keys.signing("acknowledgement").public.hex()
    office.database.close()
    (office.keys.path / "register.db").unlink()
    said = ok(office, f"journal verify-proof {file} --terminal-key {TERMINAL_KEY} --headquarters-key {own}")
    assert said[0] == f"entry            {ours(2)}"
    assert [line for line in said if "which you gave" in line] == said[-2:]
    code, said, _ = run(office, f"journal verify-proof {file} --terminal-key {TERMINAL_KEY}")
    assert code == 3
    assert said[-1].endswith(f"key {own}, from the file: NOT CHECKED AGAINST ANYTHING YOU TRUST")
    code, said, _ = run(office, f"journal verify-proof {file} --terminal-key {own}")
    assert (code, said) == (1, ["proves nothing: the checkpoint is not signed by the terminal's key"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"terminal add Gate 4711 {TERMINAL_KEY}", "Gate: a terminal's name has 1 to 32 of a-z, 0-9 and -"),
        (f"terminal add gate-9 1 {TERMINAL_KEY}", "site 1 is not registered; add it first (site add)"),
        (
            f"terminal add {NAME} 4711 {TERMINAL_KEY}",
            f"terminal {NAME} has been registered; give another box another name",
        ),
        ("terminal add gate-9 4711 00", "00: a public key wants 64 hexadecimal digits"),
        ("terminal retire gate-9", "terminal gate-9 is not registered"),
        (f"journal show {ours(99)}", f"there is no entry {ours(99)}"),
        ("journal show gate-1/7", "gate-1/7: wants TERMINAL/EPOCH/SEQUENCE, as journal list shows it"),
        (
            f"journal prove {ours(99)}",
            "there is no such entry, or nothing is proven of it yet (journal list shows what is)",
        ),
        ("journal list --from yesterday", "yesterday: wants date, time and offset, such as 2026-09-15T08:00+02:00"),
        ("journal verify-proof nowhere", "nowhere: cannot be read: No such file or directory"),
    ],
)
@pytest.mark.usefixtures("collector")
def test_mistake_on_the_command_line_is_one_line(office: Office, line: str, said: str) -> None:
    assert run(office, line) == (2, [], [f"xs-headquarters: {said}"])


def test_address_of_another_kind_of_database_is_refused(office: Office) -> None:
    for address, said in (
        ("mysql://somebody:secret@host/name", "a database of mysql: it wants a file, or PostgreSQL"),
        (
            "postgresql://somebody:secret@host:x/name",
            "the database's address is none; it wants postgresql://USER@HOST/NAME",
        ),
    ):
        assert run(office, f"--database {address} terminals") == (2, [], [f"xs-headquarters: {said}"])
