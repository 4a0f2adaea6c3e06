"""The picture: what somebody sees who stands beside the lane, in 79 columns and 24 lines, whatever goes on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demonstration.advice import advice, foremost
from demonstration.keys import help_lines, key_lines
from demonstration.picture import HEIGHT, WIDTH, pages, picture, plain
from demonstration.view import Shown
from demonstration.words import ALARMS, PHASES, RESULTS
from terminal.core.barrier_answers import STANDING
from terminal.core.barrier_signals import Alarm
from terminal.core.barrier_table import TABLE
from terminal.core.barrier_words import Phase, Result
from terminal.core.reasons import Reason
from terminal.lane.journal import UNTAPPED

KEYS = key_lines(("anna", "bram", "chiara", "dmitri", "eva"), "articulated", "entry")
VAN: Mapping[str, Any] = {"leaving": False, "front_m": -1.5, "rear_m": -7.5, "metal": [[-7.5, -1.5]]}


def look(**more: Any) -> dict[str, Any]:
    return {
        "raised": 0.0,
        "boom": "down",
        "mains": True,
        "outputs": {"light_red": True, "light_green": False},
        "levels": {"loop_arm": False, "loop_safety": False, "loop_behind": False, "fire": False, "swing_off": False},
        "vehicles": {},
        **more,
    }


def shown(**more: Any) -> Shown:
    moment = Shown(title="Kade 7", direction="entry", look=look(), phase="closed", keys=KEYS)
    return replace(moment, **more)


def drawn(**more: Any) -> str:
    return "\n".join(line.plain.rstrip() for line in picture(shown(**more)))


def test_van_waits_before_a_boom_that_is_down() -> None:
    levels = {**look()["levels"], "loop_arm": True}
    rows = drawn(look=look(vehicles={"anna": VAN}, levels=levels)).splitlines()
    assert rows[1:11] == [
        " outside                                                                inside",
        "",
        "                                 ● RED: wait    the boom is down",
        "──────────────────────────────────────────────●────────────────────────────────",
        "                                        anna  █",
        "                                   ┌───────▶  █",
        "                                   └───────▶  █",
        "───────────────────────────────────────────────────────────────────────────────",
        " loops in the road                   ██████ ──── ──────",
        " (full: a vehicle is on it)         BEFORE under  behind",
    ]


def test_boom_that_is_up_leaves_the_road_free_and_the_light_is_green() -> None:
    outputs = {"light_red": False, "light_green": True}
    rows = drawn(look=look(raised=1.0, boom="up", outputs=outputs)).splitlines()
    assert [row.count("█") for row in rows[1:8]] == [1, 1, 1, 0, 0, 0, 0]
    assert "● GREEN: drive  █ the boom is up" in rows[3]


def test_truck_that_leaves_points_the_other_way_and_its_coupling_is_seen() -> None:
    truck = {"leaving": True, "front_m": 1.5, "rear_m": 18.0, "metal": [[1.5, 7.7], [11.7, 18.0]]}
    rows = drawn(direction="both", look=look(vehicles={"eva": truck})).splitlines()
    assert "◀────────┐══════┌───────┐" in rows[6]


def test_contact_that_is_not_fitted_is_not_drawn() -> None:
    without = {name: on for name, on in look()["levels"].items() if name != "loop_safety"}
    assert "──── ──────" not in drawn(look=look(levels=without))


def test_what_is_wrong_is_said_in_words() -> None:
    assert "BARRIER WITHOUT MAINS" in drawn(look=look(mains=False))
    assert "THE ARM IS OFF" in drawn(look=look(levels={**look()["levels"], "swing_off": True}))
    assert "THE GATE HAS NO POWER" in drawn(gate_on=False)
    assert "tailgate, fire" in drawn(alarms=("tailgate", "fire"))
    assert "bram: SORRY. The list of cards says blocked" in drawn(answer=("bram", "refuse", "blocked"))


def test_trouble_that_somebody_made_stands_beside_the_loops() -> None:
    def beside(*trouble: str) -> list[str]:
        return [row[57:].strip() for row in drawn(trouble=trouble).splitlines()[9:11]]

    assert beside() == ["", ""]
    assert beside("closed_limit stuck off") == ["closed_limit stuck off", ""]
    assert beside("the boom is jammed", "fire") == ["the boom is jammed", "fire"]
    assert beside("the boom is jammed", "fire", "no mains") == ["the boom is jammed", "and 2 more"]


def test_lane_that_takes_no_cards_does_not_look_ready_for_one() -> None:
    assert "ready for a card" in drawn()
    paused = drawn(paused=True)
    assert "PAUSED by the guard, no cards are taken; closed" in paused
    assert "ready for a card" not in paused


def test_newest_line_is_read_from_its_beginning_where_there_is_no_room_for_all_of_it() -> None:
    newest = "newest " + "word " * 100
    assert "newest word" in drawn(lines=(("before", ""), (newest, "")))
    assert "before" not in drawn(lines=(("before", ""), (newest, ""))).replace("before under", "")
    assert "before it" in drawn(lines=(("before it", ""), ("newest", "")))


@pytest.mark.parametrize("height", [HEIGHT, 34])
def test_every_key_is_explained_on_pages_that_fit(height: int) -> None:
    shown = pages("Every key", help_lines(), height)
    assert all(len(page) <= height for page in shown)
    assert max(len(line) for page in shown for line in page) <= WIDTH
    assert [line.plain for page in shown for line in page[1:]] == list(help_lines())


@pytest.mark.parametrize("outcome", ["desk", "refuse"])
def test_who_is_told_that_the_other_side_has_the_lane_is_told_to_wait_and_to_try_again(outcome: str) -> None:
    answer = ("eva", outcome, "lane-busy")
    assert "Last card eva: PLEASE WAIT." in drawn(answer=answer)
    assert "DESK" not in drawn(answer=answer)
    assert advice(look(vehicles={"eva": VAN}), "closed", answer, "eva").startswith("eva's digit, or t: holds up")


def test_everything_the_lane_may_say_has_words() -> None:
    alarms = {effect.name for row in TABLE for effect in row.does if isinstance(effect, Alarm)} | set(STANDING)
    assert alarms <= set(ALARMS)
    assert set(PHASES) == set(Phase)
    assert set(RESULTS) == {*Result, UNTAPPED}


@given(
    front_m=st.floats(-60, 60),
    raised=st.floats(0, 1),
    direction=st.sampled_from(["entry", "exit", "both"]),
    phase=st.sampled_from(list(Phase)),
    reason=st.sampled_from(list(Reason)),
    height=st.integers(HEIGHT, 60),
    lines=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300), max_size=9),
    alarms=st.lists(st.sampled_from(sorted(ALARMS)), unique=True),
    paused=st.booleans(),
)
def test_picture_fits_and_is_of_the_height_that_was_asked_for(
    *,
    front_m: float,
    raised: float,
    direction: str,
    phase: Phase,
    reason: Reason,
    height: int,
    lines: list[str],
    alarms: list[str],
    paused: bool,
) -> None:
    metal = [[front_m - 7.6, front_m], [front_m - 18.75, front_m - 10.3]]
    truck = {"leaving": False, "front_m": front_m, "rear_m": front_m - 18.75, "metal": metal}
    scene = look(raised=raised, vehicles={"anna": truck})
    moment = shown(
        direction=direction,
        look=scene,
        phase=phase.value,
        answer=("anna", "refuse", reason.value),
        owed=("anna",),
        alarms=tuple(alarms),
        paused=paused,
        lines=tuple((line, "") for line in lines),
        advice=advice(scene, phase.value, None, "anna"),
    )
    drawing = picture(moment, height)
    assert len(drawing) == height
    assert [line.plain.split()[0] for line in drawing[-len(KEYS) :]] == [group for group, _ in KEYS]
    assert max(len(line) for line in drawing) <= WIDTH
    assert all(plain(line).plain.isascii() for line in drawing)


@pytest.mark.parametrize("line", KEYS, ids=[group for group, _ in KEYS])
def test_no_key_is_cut_off(line: tuple[str, str]) -> None:
    assert len(line[1]) + 9 <= WIDTH


def test_a_drivers_key_is_for_whom_was_told_nothing_and_is_owed() -> None:
    vehicles = {"anna": {**VAN, "front_m": 2.0}, "bram": VAN, "eva": {**VAN, "front_m": -12.0}}
    scene = look(vehicles=vehicles)
    assert foremost(scene, owed=(), going=()) == "anna"
    assert foremost(scene, owed=("eva",), going=("anna",)) == "eva"
    assert foremost(scene, owed=(), going=("anna",)) == "bram"
    assert foremost(look(), owed=(), going=()) is None


def test_advice_says_how_to_get_out_of_what_does_not_end_by_itself() -> None:
    burning = look(levels={**look()["levels"], "fire": True})
    assert advice(burning, "emergency-open", None, None).startswith("F")
    assert advice(look(), "emergency-open", None, None).startswith("C")
    assert advice(look(), "locked", None, None).startswith("U")
    assert advice(look(mains=False), "closed", None, None).startswith("M")
    assert advice(look(), "closed", None, None, paused=True).startswith("G")
    assert advice(look(), "boot", None, None, gate_on=False).startswith("K")
    assert advice(look(vehicles={"bram": VAN}), "open", None, "bram").startswith("nobody was let in; wait")
    assert advice(look(vehicles={"bram": VAN}), "open", None, "bram", owed=("bram",)).startswith("d: bram")
    both = look(vehicles={"anna": VAN, "bram": VAN})
    assert advice(both, "open", None, "bram", owed=("anna",)).startswith("watch anna; bram was not let in")
    assert advice(both, "open", None, "bram", owed=("somebody let in by the guard",)).startswith("d: bram drives on")
    assert advice(look(vehicles={"bram": VAN}), "closed", ("bram", "refuse", "blocked"), "bram").startswith("b:")
