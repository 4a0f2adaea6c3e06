import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_config.check import check_gate
from firmware_config.configuration import MAX_FILE_BYTES, read_gate
from firmware_config.gate import Board, Gate, Keys, Lane, Reader, Terminal, Timing
from firmware_config.mistakes import ConfigurationMistakes
from firmware_config.reference import EXAMPLE
from terminal.ports import Input
from tests.firmware_config.gate_file import GATE, written

LEAST = Gate(
    terminal=Terminal(
        name="kade-1",
        site=7,
        data=Path("/var/lib/xs-gate"),
        mirror=Path("/var/lib/xs-mirror"),
        root=Path("/etc/xs-terminal/root.json"),
    ),
    board=Board(kind="simulated", socket=Path("/run/board.sock")),
    lane=(
        Lane(number=1, direction="entry", reader=(Reader(name="Reader 00 00"),)),
        Lane(number=2, direction="exit", reader=(Reader(name="Reader 01 00"),)),
    ),
)


def mistakes_in(path: Path) -> list[str]:
    with pytest.raises(ConfigurationMistakes) as caught:
        read_gate(path)
    assert str(caught.value) == "\n".join(map(str, caught.value.mistakes))
    return [str(mistake).replace(str(path), "gate.toml") for mistake in caught.value.mistakes]


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = GATE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return written(folder, text)


def test_least_file_gets_the_defaults_of_the_design(tmp_path: Path) -> None:
    gate = read_gate(written(tmp_path, GATE))
    assert gate == LEAST
    assert gate.keys == Keys(folder=None, cards="card-keys.json", terminal="terminal-key")
    assert gate.timing == Timing(tap_budget_ms=2000, intent_budget_ms=2000, linger_s=60)
    assert (gate.lane[0].logic, gate.lane[0].pulse_ms, gate.lane[0].contacts) == ("impulse", 500, ())


def test_example_is_right() -> None:
    gate = read_gate(EXAMPLE)
    assert [(lane.number, lane.direction, len(lane.reader)) for lane in gate.lane] == [(1, "entry", 2), (2, "exit", 1)]


def test_contacts_are_called_as_the_port_calls_them(tmp_path: Path) -> None:
    names = tuple(str(contact) for contact in Input)
    path = changed(tmp_path, ('direction = "entry"', f'direction = "entry"\ncontacts = {json.dumps(names)}'))
    assert read_gate(path).lane[0].contacts == names


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ('name = "kade-1"', 'name = "Kade 1"'),
        ("site = 7", 'site = "7"'),
        ("/etc/xs-terminal/root.json", "/var/lib/xs-mirror/root.json"),
        ('kind = "simulated"', 'kind = "gpio"'),
        ('direction = "entry"', 'direction = "both"\npulse_ms = 50\ntravel_ms = 600\nlogic = "step"\npulse = 3'),
        ("number = 2", "number = 1\ntravel_ms = 500"),
        ("Reader 01 00", "Reader 00 00"),
    )
    assert mistakes_in(path) == [
        (
            'gate.toml: board.kind: "gpio" is not in this release: pin maps of real boards are not built yet; '
            'allowed: "simulated"'
        ),
        (
            'gate.toml: lane[1].direction: "both" is not in this release: lanes of both directions are not built yet; '
            'allowed: "entry" or "exit"'
        ),
        (
            'gate.toml: lane[1].logic: "step" is not in this release: its barrier cycle is not built yet; '
            'allowed: "impulse"'
        ),
        (
            "gate.toml: lane[1].pulse: there is no such key here, did you mean pulse_ms?; allowed: number, direction, "
            "logic, pulse_ms, travel_ms, passage_s, contacts, reader"
        ),
        "gate.toml: lane[1].pulse_ms: 50 is too small; allowed: a whole number from 200 to 1000",
        "gate.toml: lane[2].number: 1 is also lane[1].number; allowed: a number of its own for each lane",
        (
            "gate.toml: lane[2].pulse_ms: 500 lasts as long as the boom travels (500): an impulse that is still there "
            "is a level; allowed: less than travel_ms"
        ),
        (
            "gate.toml: lane[2].reader[1].name: this reader is also lane[1].reader[1].name; allowed: each reader once, "
            "in one lane"
        ),
        'gate.toml: terminal.name: "Kade 1" cannot be used; allowed: 1 to 32 of the characters a-z, 0-9 and -',
        (
            "gate.toml: terminal.root: /var/lib/xs-mirror/root.json is in the mirror, where files from outside are "
            "put; allowed: a place outside terminal.mirror"
        ),
        'gate.toml: terminal.site: "7" is text; allowed: a whole number from 1 to 4294967295',
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("site = 7", "", "terminal.site: is missing; allowed: a whole number from 1 to 4294967295"),
        ("[board]", "[bord]", "board: is missing; allowed: a table [board]"),
        ("site = 7", "site = 7.0", "terminal.site: 7.0 is a fraction; allowed: a whole number from 1 to 4294967295"),
        ("site = 7", "site = true", "terminal.site: true is true or false; allowed: a whole number"),
        ('"/var/lib/xs-gate"', '"gate"', 'terminal.data: "gate" cannot be used; allowed: an absolute path'),
        ('"/var/lib/xs-gate"', '"/a/../b"', 'terminal.data: "/a/../b" cannot be used; allowed: an absolute path'),
        ('"/run/board.sock"', f'"/{"s" * 107}"', "allowed: an absolute path of at most 107 bytes"),
        ("[[lane]]", "[[lane]]\nreadr = 1", "lane[1].readr: there is no such key here, did you mean reader?"),
        ("[board]", "[board]\nlinger_s = 9", "board.linger_s: there is no such key here, it belongs in [timing]"),
        (
            "[board]",
            "[board]\nheight = 'car'",
            "board.height: there is no such key here, it belongs in [[lane.reader]]",
        ),
        ("[[lane.reader]]", "[lane.reader]", "lane[1].reader: is written as one table [lane.reader]; allowed: 1 to 4"),
        ("[[lane.reader]]\nname", "reader = []\nxname", "lane[1].reader: there are too few; allowed: 1 to 4 tables"),
        ('"Reader 00 00"', '" Reader 00 00"', 'lane[1].reader[1].name: " Reader 00 00" cannot be used; allowed: a'),
        ('"Reader 00 00"', '"Reader 00 00"\nside = "exit"', 'side: "exit" is behind the boom of a lane for entry'),
        ("number = 1", "number = 1\ncontacts = ['fire', 'fire']", "lane[1].contacts: this cannot be used; allowed: a"),
        (
            "number = 1",
            "number = 1\ncontacts = ['loop']",
            'lane[1].contacts[1]: "loop" is none of them; allowed: "loop',
        ),
        ('"/var/lib/xs-mirror"', '"/var/lib/xs-gate/m"', "terminal.mirror: /var/lib/xs-gate/m is in terminal.data"),
        (
            "[board]",
            "[keys]\nfolder = '/var/lib/xs-mirror'\n[board]",
            "keys.folder: /var/lib/xs-mirror is in the mirror",
        ),
    ],
)
def test_mistake_names_key_fault_and_what_is_allowed(tmp_path: Path, old: str, new: str, line: str) -> None:
    told = mistakes_in(changed(tmp_path, (old, new)))
    assert any(line in each for each in told), told


@pytest.mark.parametrize(("first", "second"), [("R", "R"), ("R", "R 0A 00"), ("R 0A 00", "R"), ("R 00 00", "R 00 00")])
def test_one_reader_under_two_names(tmp_path: Path, first: str, second: str) -> None:
    told = mistakes_in(changed(tmp_path, ("Reader 00 00", first), ("Reader 01 00", second)))
    assert told == [
        (
            "gate.toml: lane[2].reader[1].name: this reader is also lane[1].reader[1].name; "
            "allowed: each reader once, in one lane"
        )
    ]


@pytest.mark.parametrize(("first", "second"), [("R 00 00", "R 0A 00"), ("R", "Rr 00 00"), ("R 00 00", "R 00 0a")])
def test_readers_that_look_alike(tmp_path: Path, first: str, second: str) -> None:
    gate = read_gate(changed(tmp_path, ("Reader 00 00", first), ("Reader 01 00", second)))
    assert [lane.reader[0].name for lane in gate.lane] == [first, second]


def test_five_lanes_are_one_too_many(tmp_path: Path) -> None:
    lane = '[[lane]]\nnumber = {0}\ndirection = "entry"\n[[lane.reader]]\nname = "R{0}"\n'
    head = GATE[: GATE.index("[[lane]]")]
    four = head + "".join(lane.format(number) for number in range(1, 5))
    assert len(read_gate(written(tmp_path, four)).lane) == 4
    assert mistakes_in(written(tmp_path, four + lane.format(5))) == [
        "gate.toml: lane: there are too many; allowed: 1 to 4 tables [[lane]]"
    ]


@pytest.mark.parametrize(("pulse_ms", "good"), [(199, False), (200, True), (1000, True), (1001, False)])
def test_pulse_is_bounded_on_both_sides(tmp_path: Path, pulse_ms: int, good: bool) -> None:
    path = changed(tmp_path, ("number = 1", f"number = 1\npulse_ms = {pulse_ms}"))
    if good:
        assert read_gate(path).lane[0].pulse_ms == pulse_ms
    else:
        assert "200 to 1000" in mistakes_in(path)[0]


def test_file_that_is_not_there() -> None:
    assert mistakes_in(Path("/nowhere/gate.toml")) == [
        "gate.toml: cannot be read: No such file or directory; allowed: a file that this user can read"
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            b"[terminal\n",
            "gate.toml: is not TOML: Expected ']' at the end of a table declaration (at line 1, column 10)",
        ),
        (b"a = 1\na = 2\n", "gate.toml: is not TOML: Cannot overwrite a value (at line 2, column 6)"),
        (b'name = "\xff"', "gate.toml: byte 9 is no UTF-8; allowed: a text file in UTF-8"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "gate.toml: is not TOML: nested too deeply"),
        (b"a = " + b"9" * 5000, "gate.toml: is not TOML: "),
        (b"a = 0x" + b"f" * 5000, "gate.toml: holds a number or a nesting too large for any gate"),
        (b"#" * (MAX_FILE_BYTES + 1), f"gate.toml: is larger than {MAX_FILE_BYTES} bytes"),
        (b"\0", "gate.toml: is not TOML: "),
    ],
)
def test_file_that_is_no_configuration(tmp_path: Path, content: bytes, line: str) -> None:
    (told,) = mistakes_in(written(tmp_path, content))
    assert told.startswith(line)
    assert told.isprintable()


def test_largest_file_is_read(tmp_path: Path) -> None:
    text = GATE + "#" * (MAX_FILE_BYTES - len(GATE))
    assert read_gate(written(tmp_path, text)) == LEAST


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=8), st.floats(), st.just("entry")),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(
        ["site", "name", "number", "direction", "pulse_ms", "reader", "contacts", "kind", "zzz", "lane"]
    ),
    value=VALUES,
    place=st.sampled_from(["[terminal]", "[board]", "[[lane]]", "[[lane.reader]]", "\n"]),
)
def test_any_value_anywhere_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object, place: str
) -> None:
    text = GATE.replace(
        place, f"{place}\n{key} = {json.dumps(value).replace('NaN', 'nan').replace('Infinity', 'inf')}", 1
    )
    path = written(tmp_path_factory.mktemp("any"), text)
    gate, mistakes = check_gate(path)
    assert isinstance(gate, Gate) != bool(mistakes)
    assert all(str(each).isprintable() for each in mistakes)
