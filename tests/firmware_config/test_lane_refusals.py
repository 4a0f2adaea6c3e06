"""Lanes whose boom could stay open for ever, come down on somebody, or be tapped for by nobody."""

from pathlib import Path

import pytest

from firmware_config.configuration import read_gate
from tests.firmware_config.gate_file import GATE, mistakes_in, spoiled

SEEN = 'contacts = ["loop_safety"]'
ENTRY = 'direction = "entry"'
READER = '"Reader 00 00"'
UNSEEN = (
    'without "loop_safety": the boom could come down on a vehicle that the terminal does not see; '
    'allowed: "loop_safety" as well'
)
SAY_SIDE = (
    'side: is left out in a lane for both directions; allowed: "entry" or "exit": whose side of the boom it stands at'
)


def lane_with(folder: Path, *lines: str, readers: str = "") -> Path:
    """The gate whose first lane has these lines as well, and after its own reader these."""
    return spoiled(folder, GATE, ("number = 1", "\n".join(("number = 1", *lines))), (READER, f"{READER}\n{readers}"))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ['outputs = ["light_red"]'],
            'outputs: "open" is missing: no order could open the boom; allowed: a list with "open"',
        ),
        (
            ["pulse_ms = 500", "travel_ms = 500"],
            (
                "pulse_ms: 500 lasts as long as the boom travels (500): an impulse that is still there is a level; "
                "allowed: less than travel_ms"
            ),
        ),
        (
            ['logic = "impulse-count"', SEEN],
            (
                'outputs: impulse-count without "close": after a no-show the controller waits, open, for the vehicle '
                'it still counts; allowed: "close" as well, wired to the controller\'s input for closing'
            ),
        ),
        (['outputs = ["open", "close"]', 'contacts = ["loop_arm"]'], f'contacts: a "close" relay {UNSEEN}'),
        (['outputs = ["open", "hold_open"]'], f'contacts: a "hold_open" relay {UNSEEN}'),
        (['logic = "hold"'], f"contacts: the logic hold {UNSEEN}"),
        (
            ['logic = "step"', SEEN],
            (
                'contacts: step without "closed_limit": nothing would tell whether a pulse opens the boom or brings it '
                'down; allowed: "closed_limit" as well'
            ),
        ),
        (
            ["travel_ms = 30000", "closing_s = 30"],
            (
                "closing_s: 30 is over before the boom is down, which takes about as long as up (30000 ms); "
                "allowed: more than travel_ms, and the controller's own waiting"
            ),
        ),
        (
            [SEEN, 'normally_closed = ["fire"]'],
            (
                'normally_closed: "fire" is not among the contacts of this lane; '
                "allowed: names that stand in contacts as well"
            ),
        ),
    ],
)
def test_lane_that_would_work_against_its_controller(tmp_path: Path, lines: list[str], told: str) -> None:
    assert mistakes_in(lane_with(tmp_path, *lines)) == [f"gate.toml: lane[1].{told}"]


@pytest.mark.parametrize(
    "lines",
    [
        ["pulse_ms = 500", "travel_ms = 501"],
        ["pulse_ms = 1000", "travel_ms = 500", 'logic = "hold"', SEEN],
        ['logic = "impulse-count"', SEEN, 'outputs = ["open", "close"]'],
        ['logic = "step"', 'contacts = ["closed_limit"]'],
        ['logic = "step"', 'contacts = ["closed_limit", "loop_safety"]', 'outputs = ["open", "hold_open"]'],
        ["travel_ms = 29999", "closing_s = 30"],
        ['contacts = ["fire", "tamper"]', 'normally_closed = ["tamper", "fire"]'],
    ],
)
def test_lane_that_is_just_right(tmp_path: Path, lines: list[str]) -> None:
    assert read_gate(lane_with(tmp_path, *lines)).lane[0].number == 1


BOTH = (ENTRY, 'direction = "both"')


def reader_with(side: str) -> tuple[str, str]:
    return (READER, f'{READER}\nside = "{side}"')


SECOND = (READER, f'{READER}\n[[lane.reader]]\nname = "Reader 02 00"\nside = "exit"')


def test_lane_for_both_directions_with_a_reader_at_each_side(tmp_path: Path) -> None:
    lane = read_gate(spoiled(tmp_path, GATE, BOTH, SECOND, reader_with("entry"))).lane[0]
    assert [(reader.name, reader.side) for reader in lane.reader] == [
        ("Reader 00 00", "entry"),
        ("Reader 02 00", "exit"),
    ]


def test_lane_for_both_directions_with_readers_at_one_side(tmp_path: Path) -> None:
    assert mistakes_in(spoiled(tmp_path, GATE, BOTH, SECOND, reader_with("exit"))) == [
        (
            'gate.toml: lane[1].reader: none stands at the side "entry": vehicles that come from there could not tap; '
            "allowed: a reader at each side where this lane's vehicles come from"
        )
    ]


def test_lane_for_both_directions_with_a_reader_that_says_no_side(tmp_path: Path) -> None:
    assert mistakes_in(spoiled(tmp_path, GATE, BOTH, SECOND)) == [f"gate.toml: lane[1].reader[1].{SAY_SIDE}"]


def test_lane_for_one_direction_with_a_second_reader_at_the_wrong_side(tmp_path: Path) -> None:
    lane = read_gate(spoiled(tmp_path, GATE, SECOND)).lane[0]
    assert [(reader.name, reader.side) for reader in lane.reader] == [("Reader 00 00", None), ("Reader 02 00", "exit")]


def test_lane_for_one_direction_with_its_only_reader_at_the_wrong_side(tmp_path: Path) -> None:
    assert mistakes_in(spoiled(tmp_path, GATE, reader_with("exit"))) == [
        (
            'gate.toml: lane[1].reader: none stands at the side "entry": vehicles that come from there could not tap; '
            "allowed: a reader at each side where this lane's vehicles come from"
        )
    ]
