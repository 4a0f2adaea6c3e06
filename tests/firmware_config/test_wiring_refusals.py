"""Boards and wirings that drive an input, share a line, or name a terminal that is not there."""

from pathlib import Path

import pytest

from firmware_config.board_map import BOARDS
from firmware_config.configuration import read_gate
from tests.firmware_config.gate_file import GATE, GPIO_GATE, mistakes_in, spoiled, written

RELAYS = 'allowed: "K11", "K12", "K13", "K15", "K16", "K18", "K22"'
INPUTS = 'allowed: "IN19", "IN21", "IN23", "IN32", "IN33", "IN35", "IN36", "IN37", "IN38", "IN40"'
OWN = "allowed: a terminal of its own for each relay and contact"
MAPS = 'allowed: "kincony-server-mini", "pi4-header", "pi5-header", or the absolute path of a pin map of your own'


def told(folder: Path, *changes: tuple[str, str]) -> list[str]:
    return [each.removeprefix("gate.toml: ") for each in mistakes_in(spoiled(folder, GPIO_GATE, *changes))]


def test_gate_with_a_real_board(tmp_path: Path) -> None:
    board = read_gate(written(tmp_path, GPIO_GATE)).board
    assert (board.kind, board.map, board.socket, board.debounce_ms) == ("gpio", "pi5-header", None, 20)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'close = "K12"',
            'close = "IN19"',
            (
                f'lane[1].wiring.close: "IN19" is a terminal for a contact: driving it would work against what is '
                f"wired there; {RELAYS}"
            ),
        ),
        (
            'fire = "IN33"',
            'fire = "K15"',
            f'lane[1].wiring.fire: "K15" is a relay, which is driven: it can tell of no contact; {INPUTS}',
        ),
        (
            'open = "K16"',
            'open = "K21"',
            f'lane[2].wiring.open: "K21" is no terminal of this board, did you mean "K22"?; {RELAYS}',
        ),
        ('open = "K16"', 'open = "K11"', f'lane[2].wiring.open: "K11" is also lane[1].wiring.open; {OWN}'),
        ('fire = "IN33"', 'fire = "IN21"', f'lane[1].wiring.fire: "IN21" is also lane[1].wiring.loop_safety; {OWN}'),
        ('fire = "IN33"\n', "", f"lane[1].wiring.fire: is missing, and contacts names it; {INPUTS}"),
        ('close = "K12"\n', "", f"lane[1].wiring.close: is missing, and outputs names it; {RELAYS}"),
        (
            'open = "K16"',
            'open = "K16"\nbuzzer = "K18"',
            (
                "lane[2].wiring.buzzer: is wired, and outputs does not name it; "
                'allowed: "buzzer" in outputs, or leave it out'
            ),
        ),
        (
            'open = "K16"',
            'open = "K16"\ncall = "IN40"',
            (
                "lane[2].wiring.call: is wired, and contacts does not name it; "
                'allowed: "call" in contacts, or leave it out'
            ),
        ),
        (
            '[lane.wiring]\nopen = "K16"',
            "",
            "lane[2].wiring: is missing for a gpio board; allowed: a table [lane.wiring]",
        ),
        ('map = "pi5-header"', "", "board.map: is missing for a gpio board; allowed: the name of a pin map"),
        (
            "pi5-header",
            "pi5-heater",
            f'board.map: there is no pin map "pi5-heater", did you mean "pi5-header"?; {MAPS}',
        ),
        ("pi5-header", "/nowhere/b.toml", f'board.map: there is no pin map "/nowhere/b.toml"; {MAPS}'),
        (
            'map = "pi5-header"',
            'map = "pi5-header"\nsocket = "/run/b"',
            'board.socket: belongs to a simulated board; allowed: leave it out, or kind = "simulated"',
        ),
    ],
)
def test_wiring_that_does_not_fit_the_board(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert line in told(tmp_path, (old, new))


GAP = "is not longer than board.debounce_ms (300): such a gap would never be seen; allowed: more than board.debounce_ms"


SWALLOWING = ('map = "pi5-header"', 'map = "pi5-header"\ndebounce_ms = 300')


def lane_with(reader: str, gap: str) -> tuple[tuple[str, str], ...]:
    name = 'name = "Reader 00 00"'
    return SWALLOWING, ("number = 1", f"number = 1\n{gap}"), (name, f"{name}\n{reader}")


@pytest.mark.parametrize(
    ("reader", "gap", "wrong"),
    [
        ('height = "car"', "", "is left out, and then 300, which"),
        ('height = "car"', "gap_ms = 300", "300"),
        ('height = "truck"', "gap_ms = 300", "300"),
    ],
)
def test_gap_that_debouncing_swallows(tmp_path: Path, reader: str, gap: str, wrong: str) -> None:
    assert told(tmp_path, *lane_with(reader, gap)) == [f"lane[1].gap_ms: {wrong} {GAP}"]


@pytest.mark.parametrize(("reader", "gap"), [("", ""), ('height = "truck"', ""), ('height = "car"', "gap_ms = 301")])
def test_gap_that_outlasts_debouncing(tmp_path: Path, reader: str, gap: str) -> None:
    assert read_gate(spoiled(tmp_path, GPIO_GATE, *lane_with(reader, gap))).board.debounce_ms == 300


def test_loop_that_would_be_called_stuck_while_a_truck_waits_on_it(tmp_path: Path) -> None:
    def stuck(value: int) -> tuple[str, str]:
        return ('direction = "exit"', f'direction = "exit"\nstuck_s = {value}')

    assert told(tmp_path, stuck(599)) == [
        (
            "lane[2].stuck_s: 599 is too short: a truck that waits for its slot would be called a stuck loop; "
            "allowed: at least 600"
        )
    ]
    assert read_gate(spoiled(tmp_path, GPIO_GATE, stuck(600))).lane[1].stuck_s == 600


def test_open_and_hold_open_on_one_input_of_the_controller(tmp_path: Path) -> None:
    assert told(
        tmp_path, ('"close"]', '"close", "hold_open"]'), ('close = "K12"', 'close = "K12"\nhold_open = "K11"')
    ) == [
        (
            'lane[1].wiring.hold_open: "K11" is also lane[1].wiring.open, and a level on an input for impulses can '
            f"mean open for ever; {OWN}"
        )
    ]


def test_relay_on_the_terminal_of_a_contact_is_told_twice_for_two_reasons(tmp_path: Path) -> None:
    shared, driven = sorted(told(tmp_path, ('fire = "IN33"', 'fire = "K11"')))[::-1]
    assert shared == f'lane[1].wiring.fire: "K11" is also lane[1].wiring.open; {OWN}'
    assert "is a relay, which is driven" in driven


def test_own_pin_map_where_files_from_outside_are_put(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text((BOARDS / "pi5-header.toml").read_text())
    assert told(tmp_path, ("pi5-header", str(own)), ("/var/lib/xs-mirror", str(tmp_path))) == [
        f"board.map: {own} is in the mirror, where files from outside are put; allowed: a place outside terminal.mirror"
    ]


def test_broken_pin_map_is_told_with_its_own_mistakes(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'name = "own"\nmodels = ["Raspberry Pi 5"]\nchip = "pinctrl-rp1"\n[relays]\nK1 = { gpio = 5, active = "high" }'
    )
    assert told(tmp_path, ("pi5-header", str(own)))[0] == (
        f"{own}: relays.K1.gpio: GPIO 5 is pulled up at power-on: a relay there could fire; "
        "allowed: GPIO 9 to 27 without 14 and 15"
    )


@pytest.mark.parametrize(("debounce_ms", "good"), [(0, False), (1, True), (299, True), (501, False)])
def test_debouncing_is_bounded(tmp_path: Path, debounce_ms: int, good: bool) -> None:
    change = ('map = "pi5-header"', f'map = "pi5-header"\ndebounce_ms = {debounce_ms}')
    if good:
        assert read_gate(spoiled(tmp_path, GPIO_GATE, change)).board.debounce_ms == debounce_ms
    else:
        assert any("a whole number from 1 to 500" in each for each in told(tmp_path, change))


def test_long_debouncing_with_longer_gaps(tmp_path: Path) -> None:
    longer = [("outputs = [", "gap_ms = 501\noutputs = ["), ('direction = "exit"', 'direction = "exit"\ngap_ms = 501')]
    board = read_gate(
        spoiled(tmp_path, GPIO_GATE, ('map = "pi5-header"', 'map = "pi5-header"\ndebounce_ms = 500'), *longer)
    ).board
    assert board.debounce_ms == 500


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            'socket = "/run/board.sock"',
            "",
            "board.socket: is missing for a simulated board; allowed: the socket of the",
        ),
        (
            "[board]",
            '[board]\nmap = "pi5-header"',
            "board.map: belongs to a gpio board; allowed: leave it out, or kind",
        ),
        ("[board]", "[board]\ndebounce_ms = 20", "board.debounce_ms: belongs to a gpio board; allowed: leave it out"),
        (
            'direction = "exit"',
            'direction = "exit"\nwiring = { open = "K1" }',
            "lane[2].wiring: the simulated board has no terminals; allowed: leave it out, or board.kind",
        ),
    ],
)
def test_simulated_board_with_keys_of_a_real_one(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert any(line in each for each in mistakes_in(spoiled(tmp_path, GATE, (old, new))))
