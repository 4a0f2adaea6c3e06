from pathlib import Path
from typing import Literal, get_args

import pytest

from firmware_config.allowed import element, key_types, unwrapped
from firmware_config.configuration import read_gate
from firmware_config.gate import Board, Caller, Gate, Keys, Lane, Reader, Socket, Terminal, Timing, Wiring
from firmware_config.reference import EXAMPLES
from firmware_config.service import ServiceWiring
from firmware_config.values import Question
from terminal.core.barrier_words import GuardOrder, Logic
from terminal.ports import Input, Output
from tests.firmware_config.gate_file import GATE, mistakes_in, spoiled, written

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


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    return spoiled(folder, GATE, *changes)


def test_least_file_gets_the_defaults_of_the_design(tmp_path: Path) -> None:
    gate = read_gate(written(tmp_path, GATE))
    assert gate == LEAST
    assert gate.keys == Keys(folder=None, cards="card-keys.json", terminal="terminal-key", journal="journal-key")
    assert gate.timing == Timing(tap_budget_ms=2000, intent_budget_ms=2000, linger_s=60)
    assert (gate.lane[0].logic, gate.lane[0].pulse_ms, gate.lane[0].contacts) == ("impulse", 500, ())


def test_examples_are_right() -> None:
    lanes = {path.stem: read_gate(path).lane for path in EXAMPLES.glob("*.toml")}
    assert {
        name: [(lane.direction, lane.logic, len(lane.reader)) for lane in each] for name, each in lanes.items()
    } == {
        "one-lane-simulated": [("entry", "impulse", 1)],
        "both-ways-hold": [("both", "hold", 2)],
        "pi5-two-lanes": [("entry", "impulse", 2), ("exit", "impulse", 1)],
        "pi5-trailer-power": [],
    }


def test_names_are_those_of_the_port_and_of_the_barrier() -> None:
    hints = key_types(Lane)
    contacts, outputs = get_args(element(hints["contacts"])), get_args(element(hints["outputs"]))
    assert (*contacts, "meter") == tuple(map(str, Input))
    assert (*outputs, "service") == tuple(map(str, Output))
    assert tuple(key_types(Wiring)) == (*outputs, *contacts)
    assert tuple(key_types(ServiceWiring)) == ("service", "meter")
    assert get_args(unwrapped(hints["logic"])[0]) == tuple(map(str, Logic))
    assert get_args(Question) == ("state", "watch", "access", "alarm", "acknowledge", "command", *map(str, GuardOrder))


@pytest.mark.parametrize(
    ("heights", "gap_ms", "clear_ms"),
    [(("truck", "car"), None, 1500), (("car", "car"), None, 300), (("truck",), 700, 700), (("car",), 100, 100)],
)
def test_loop_is_clear_after_what_the_tallest_vehicle_needs(
    heights: tuple[Literal["car", "truck"], ...], gap_ms: int | None, clear_ms: int
) -> None:
    readers = tuple(Reader(name=f"R{place}", height=height) for place, height in enumerate(heights))
    assert Lane(number=1, direction="entry", gap_ms=gap_ms, reader=readers).clear_ms() == clear_ms


def test_callers_and_what_they_may_ask(tmp_path: Path) -> None:
    callers = '[[caller]]\nuser = "xs-status"\nmay = ["state", "lock"]\n[[caller]]\nuser = "guard"\nmay = ["confirm"]\n'
    gate = read_gate(changed(tmp_path, ("[board]", f'[socket]\npath = "/run/g.sock"\n{callers}[board]')))
    assert gate.socket == Socket(path=Path("/run/g.sock"))
    assert gate.caller == (Caller(user="xs-status", may=("state", "lock")), Caller(user="guard", may=("confirm",)))
    assert (LEAST.socket, LEAST.caller) == (Socket(path=Path("/run/xs-gate/gate.sock")), ())


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ('name = "kade-1"', 'name = "Kade 1"'),
        ("site = 7", 'site = "7"'),
        ("/etc/xs-terminal/root.json", "/var/lib/xs-mirror/root.json"),
        ('kind = "simulated"', 'kind = "real"'),
        ('direction = "entry"', 'direction = "in"\npulse_ms = 50\ntravel_ms = 600\nlogic = "toggle"\npulse = 3'),
        ("number = 2", "number = 1\ntravel_ms = 500"),
        ("Reader 01 00", "Reader 00 00"),
    )
    assert mistakes_in(path) == [
        'gate.toml: board.kind: "real" is none of them; allowed: "simulated" or "gpio"',
        'gate.toml: lane[1].direction: "in" is none of them; allowed: "entry", "exit" or "both"',
        ('gate.toml: lane[1].logic: "toggle" is none of them; allowed: "impulse", "impulse-count", "step" or "hold"'),
        (
            "gate.toml: lane[1].pulse: there is no such key here, did you mean pulse_ms?; allowed: number, direction, "
            "logic, outputs, contacts, normally_closed, pulse_ms, travel_ms, passage_s, closing_s, gap_ms, too_long_s, "
            "under_boom_s, stuck_s, wiring, reader"
        ),
        "gate.toml: lane[1].pulse_ms: 50 is too small; allowed: a whole number from 200 to 1000",
        "gate.toml: lane[2].number: 1 is also lane[1].number; allowed: a number of its own for each place",
        (
            "gate.toml: lane[2].pulse_ms: 500 lasts as long as the boom travels (500): an impulse that is still there "
            "is a level; allowed: less than travel_ms"
        ),
        (
            "gate.toml: lane[2].reader[1].name: this reader is also lane[1].reader[1].name; allowed: each reader once, "
            "in one place"
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
        ("number = 1", "number = 1\ncontacts = ['fire', 'fire']", 'lane[1].contacts: "fire" stands twice; allowed: a'),
        (
            "number = 1",
            "number = 1\noutputs = []",
            'lane[1].outputs: there are too few; allowed: a list of any of "open"',
        ),
        (
            "number = 1",
            "number = 1\ncontacts = ['loup']",
            'lane[1].contacts[1]: "loup" is none of them; allowed: "loop',
        ),
        (
            "number = 1",
            "number = 1\ncontacts = ['fire', 'loop_amr']",
            'lane[1].contacts[2]: "loop_amr" is none of them, did you mean "loop_arm"?; allowed: "loop',
        ),
        ('"/var/lib/xs-mirror"', '"/var/lib/xs-gate/m"', "terminal.mirror: /var/lib/xs-gate/m is in terminal.data"),
        (
            "site = 7",
            "site = 7\nview = '/var/lib/xs-gate/v.db'",
            "terminal.view: /var/lib/xs-gate/v.db is in terminal.d",
        ),
        (
            "site = 7",
            "site = 7\nview = '/var/lib/xs-mirror/v.db'",
            "terminal.view: /var/lib/xs-mirror/v.db is in the m",
        ),
        (
            "[board]",
            "[keys]\nfolder = '/var/lib/xs-mirror'\n[board]",
            "keys.folder: /var/lib/xs-mirror is in the mirror",
        ),
        (
            "[board]",
            "[socket]\npath = '/var/lib/xs-mirror/s'\n[board]",
            "socket.path: /var/lib/xs-mirror/s is in the mirror",
        ),
        (
            "[board]",
            "[socket]\npath = '/var/lib/xs-gate/s'\n[board]",
            "socket.path: /var/lib/xs-gate/s is in terminal.data",
        ),
        (
            "[board]",
            "[socket]\npath = '/run/board.sock'\n[board]",
            "board.socket: is the gate's own socket, socket.path",
        ),
        ("/run/board.sock", "/run/xs-gate/gate.sock", "board.socket: is the gate's own socket, socket.path"),
        (
            "[board]",
            "[[caller]]\nuser = 'A'\nmay = ['state']\n[board]",
            'caller[1].user: "A" cannot be used; allowed: the',
        ),
        (
            "[board]",
            "[[caller]]\nuser = 'a'\nmay = []\n[board]",
            "caller[1].may: there are too few; allowed: a list of any",
        ),
        ("[board]", "[[caller]]\nuser = 'a'\nmay = ['shut']\n[board]", 'caller[1].may[1]: "shut" is none of them'),
        (
            "[board]",
            "[[caller]]\nuser = 'a'\nmay = ['lock']\n[[caller]]\nuser = 'a'\nmay = ['open']\n[board]",
            'caller[2].user: "a" is also caller[1].user; allowed: one table for each user',
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
            "allowed: each reader once, in one place"
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
        "gate.toml: lane: there are too many; allowed: 0 to 4 tables [[lane]]"
    ]


@pytest.mark.parametrize(
    ("key", "least", "most"),
    [
        ("pulse_ms", 200, 1000),
        ("travel_ms", 500, 60_000),
        ("passage_s", 5, 600),
        ("closing_s", 5, 600),
        ("gap_ms", 100, 10_000),
        ("too_long_s", 10, 3600),
        ("under_boom_s", 30, 300),
        ("stuck_s", 30, 86_400),
    ],
)
def test_times_of_a_lane_are_bounded_on_both_sides(tmp_path: Path, key: str, least: int, most: int) -> None:
    def read(value: int) -> Path:
        times = {"pulse_ms": 200, "travel_ms": 2000, "closing_s": 90, key: value}
        return changed(tmp_path, ("number = 1", "\n".join(("number = 1", *(f"{k} = {v}" for k, v in times.items())))))

    for value in (least, most):
        assert getattr(read_gate(read(value)).lane[0], key) == value
    for value in (least - 1, most + 1):
        assert any(f"allowed: a whole number from {least} to {most}" in each for each in mistakes_in(read(value)))


BROKER = """
[broker]
host = "mqtt.example.nl"
ca = "/etc/xs-terminal/broker/ca.pem"
certificate = "/etc/xs-terminal/broker/certificate.pem"
key = "/etc/xs-terminal/broker/key.pem"
"""
VIEW = ('root = "/etc/xs-terminal/root.json"', 'root = "/etc/xs-terminal/root.json"\nview = "/var/lib/xs-view/view.db"')


def test_broker_is_at_the_port_for_mqtt_over_tls(tmp_path: Path) -> None:
    broker = read_gate(spoiled(tmp_path, GATE + BROKER, VIEW)).broker
    assert broker is not None
    assert (broker.host, broker.port, broker.key.name) == ("mqtt.example.nl", 8883, "key.pem")


def test_broker_without_a_view_has_nothing_to_send(tmp_path: Path) -> None:
    assert mistakes_in(written(tmp_path, GATE + BROKER)) == [
        "gate.toml: terminal.view: is missing, and [broker] is there; allowed: a view, out of which is sent"
    ]


@pytest.mark.parametrize("host", ["", "mqtts://mqtt.example.nl", "mqtt.example.nl:8883", "two words", "-a"])
def test_host_of_the_broker_is_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    (mistake,) = mistakes_in(spoiled(tmp_path, GATE + BROKER, VIEW, ("mqtt.example.nl", host)))
    assert mistake.startswith("gate.toml: broker.host: ")


@pytest.mark.parametrize("host", ["broker", "10.0.0.7", "fd00::7", "a" * 63])
def test_host_of_the_broker_in_any_form(tmp_path: Path, host: str) -> None:
    read = read_gate(spoiled(tmp_path, GATE + BROKER, VIEW, ("mqtt.example.nl", host)))
    assert read.broker is not None
    assert read.broker.host == host


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("/var/lib/xs-mirror", "is in the mirror"),
        ("/var/lib/xs-gate", "where `sync` cannot read it"),
    ],
)
def test_key_for_the_broker_in_a_folder_where_it_may_not_be(tmp_path: Path, folder: str, says: str) -> None:
    (mistake,) = mistakes_in(spoiled(tmp_path, GATE + BROKER, VIEW, ("/etc/xs-terminal/broker/key", f"{folder}/key")))
    assert says in mistake
