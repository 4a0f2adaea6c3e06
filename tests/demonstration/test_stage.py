"""The whole system on one desk: everybody of the cast, through the real daemon, gate and board."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demonstration.cast import CAST, Person
from demonstration.checking import disagreements
from demonstration.hearing import ANSWERS
from demonstration.narrators import JsonNarrator
from demonstration.processes import DidNotHappen
from demonstration.stage import Stage
from demonstration.steps import Steps
from simulation.pcscd import PcscDaemon
from simulation.scene_seen import Seen
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError, HardwareError, XsError

pytestmark = pytest.mark.pcsc


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


@pytest.fixture(scope="module")
def stage(pcscd: PcscDaemon, seen: Seen, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("demonstration") / "stage", hear=seen.hear) as stage:
        yield stage


@pytest.fixture
def steps(stage: Stage, seen: Seen) -> Steps:
    return Steps(stage, seen, JsonNarrator())


def test_guard_holds_the_boom_open_and_lets_go_of_it(steps: Steps) -> None:
    steps.carry_out("order hold reason='a convoy'")
    steps.carry_out("van zack comes reacts=0")
    steps.carry_out("zack goes")
    steps.carry_out("wait untapped within=20")
    steps.carry_out("order release reason='the convoy is in'")
    steps.carry_out("wait lane closed within=20")
    with pytest.raises(DidNotHappen, match="the boom is not held open"):
        steps.carry_out("order release reason='once more'")


def test_gate_killed_while_the_boom_is_open_for_somebody_settles_his_passage_as_unknown(steps: Steps) -> None:
    steps.carry_out("card eva kind=car")
    steps.carry_out("wait lane open within=20")
    steps.carry_out("cut power")
    with pytest.raises(HardwareError, match="no power"):
        steps.carry_out("tap eva")
    steps.carry_out("power back")
    steps.carry_out("expect eva unknown")
    steps.carry_out("eva backs out")
    steps.carry_out("wait eva gone within=60")  # who is still on her way out would meet whoever comes next
    steps.carry_out("wait lane closed within=60")


def test_card_held_up_while_another_still_lies_there_waits_for_its_turn(stage: Stage) -> None:
    lane, gate = stage.lane, stage.lane.gate
    assert gate is not None
    mark = gate.mark()
    with ThreadPoolExecutor() as people:
        for told in [people.submit(lane.tap, name, None, None) for name in ("bram", "chiara")]:
            told.result()
    assert len([event for event in gate.since(mark) if event["event"] in ANSWERS]) == 2


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("fly away", "fly: no step begins so"),
        ("card", "card whom? A name is missing"),
        ("card nobody", "there is nobody called nobody"),
        ("stick loop_moon on", "should be one of loop_arm"),
        ("expect anna passed within=0.1", "it did not happen"),
    ],
)
def test_step_that_cannot_be_carried_out_says_why(steps: Steps, step: str, line: str) -> None:
    with pytest.raises(XsError, match=re.escape(line)):
        steps.carry_out(step)


@pytest.mark.parametrize("person", CAST, ids=lambda person: person.name)
def test_everybody_gets_the_answer_that_his_card_deserves(stage: Stage, person: Person) -> None:
    answer = stage.tap(person.name)
    assert (answer["outcome"], answer["reason"]) == person.expected


def test_card_blocked_at_headquarters_is_refused_at_the_next_tap_and_good_again_once_activated(stage: Stage) -> None:
    stage.set_status("anna", CardStatus.BLOCKED)
    assert stage.tap("anna")["reason"] == "blocked"
    stage.set_status("anna", CardStatus.VALID)
    assert stage.tap("anna")["reason"] == "ok"


def test_card_issued_with_typed_data_is_decided_by_these_and_not_by_its_name(stage: Stage) -> None:
    stage.issue("bram2", {"product": "portkey", "ean": "8712345000028"})
    assert stage.tap("bram2")["reason"] == "ok"
    stage.issue("anna2", {"product": "dsp", "trained": "no"})
    assert stage.tap("anna2")["reason"] == "training-missing"
    stage.issue("anna3", {"ean": "8712345000035"})
    assert stage.tap("anna3")["reason"] == "company-blocked"


@pytest.mark.parametrize(
    ("details", "line"),
    [
        ({"ean": "8712345000012"}, "ean=8712345000012: should be 13 digits, the last a right check digit"),
        ({"product": "gold"}, "product=gold: should be one of cargocard, dsp, portkey"),
        ({"trained": "maybe"}, "trained=maybe: should be yes or no"),
        ({"valid-until": "soon"}, "valid-until=soon: should be a date such as 2027-12-31"),
        ({"colour": "red"}, "colour is not understood; there are"),
    ],
)
def test_card_with_wrong_data_is_not_issued(stage: Stage, details: dict[str, str], line: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(line)):
        stage.issue("nobody", details)


def test_witnesses_agree_and_a_lie_of_any_of_them_is_found(stage: Stage) -> None:
    """Last of this module: it stops the gate."""
    answers = [event for event in stage.gate.since(0) if event["event"] == "decision"]
    records = stage.stop_gate()
    assert list(disagreements(answers, records, stage.trace)) == []

    admitted = next(answer for answer in answers if answer["outcome"] == "admit")
    without_outcome = {
        number: replace(record, public={}) if record.public.get("intent") == admitted["sequence"] else record
        for number, record in records.items()
    }
    assert list(disagreements(answers, without_outcome, stage.trace))
    assert list(disagreements([{**admitted, "reason": "full"}], records, stage.trace))
    assert list(disagreements(answers, {0: records[0], 2: records[2]}, stage.trace))
    one_pulse_more = stage.trace.with_name("trace")
    pulse: dict[str, Any] = {"what": "output", "name": "open", "on": True}
    one_pulse_more.write_text(stage.trace.read_text() + json.dumps(pulse) + "\n")
    assert list(disagreements(answers, records, one_pulse_more))


def test_script_prints_one_object_a_line_and_ends_with_0(pcscd: PcscDaemon, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo")),
            *("--json", "--tap", "eva", "--tap", "kim"),
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=250,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    decisions = [(event["card"], event["outcome"]) for event in events if event["event"] == "decision"]
    assert decisions == [("eva", "admit"), ("kim", "refuse")]
    assert [event["result"] for event in events if event["event"] == "passage"] == ["passed"]
    assert events[-1] == {"event": "ended", "as_journal_says": True, "disagreements": []}
    assert (done.returncode, done.stderr) == (0, "")


def test_scene_on_the_whole_system_ends_as_it_should_and_all_witnesses_agree(pcscd: PcscDaemon, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo"), "--json", "--scene", "car"],
        capture_output=True,
        check=False,
        text=True,
        timeout=250,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0] == {"event": "scene", "scene": "car", "title": "A car drives through", "logic": "impulse"}
    passages = [(event["card"], event["result"]) for event in events if event["event"] == "passage"]
    assert passages == [("anna", "passed")]
    opened = {"event": "board", "what": "output", "name": "open", "on": True}
    assert sum(opened.items() <= event.items() for event in events) == 1
    ended = {"event": "scene-ended", "scene": "car", "logic": "impulse", "as_it_should": True, "failures": []}
    assert events[-2:] == [ended, {"event": "ended", "as_journal_says": True, "disagreements": []}]
    assert (done.returncode, done.stderr) == (0, "")


def test_scene_that_fails_keeps_none_of_the_others_from_its_turn_and_is_named_in_the_end(
    pcscd: PcscDaemon, tmp_path: Path
) -> None:
    scenes = {"good": "lane entry\nexpect boom down\n", "otherwise": "lane entry\nexpect pulses 1\n",
              "no-lane": "lane entry travel=900000\nexpect boom down\n",
              "unsafe": "lane entry logic=step without=closed_limit\nexpect pulses 0\n"}  # fmt: skip
    for name, lines in scenes.items():
        (tmp_path / f"{name}.scene").write_text(f"scene {name}\n{lines}")
    names = ("no-lane", "otherwise", "unsafe", "good")
    wanted = [word for name in names for word in ("--scene", str(tmp_path / f"{name}.scene"))]
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo"), "--json", *wanted],
        capture_output=True,
        check=False,
        text=True,
        timeout=250,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    ended = {event["scene"]: event["as_it_should"] for event in events if event["event"] == "scene-ended"}
    assert ended == {"no-lane": False, "otherwise": False, "good": True}
    failed = [{"scene": name, "logic": "impulse"} for name in ("no-lane", "otherwise")]
    refused = [{"scene": "unsafe", "logic": "step"}]
    assert events[-2:] == [
        {"event": "summary", "wanted": 4, "played": 3, "refused": refused, "failed": failed},
        {"event": "ended", "as_journal_says": True, "disagreements": []},
    ]
    assert (done.returncode, done.stderr) == (1, "")


def test_lane_that_a_gate_refuses_as_unsafe_is_what_should_come_of_its_scene(pcscd: PcscDaemon, tmp_path: Path) -> None:
    names = ("--scene", "absent-closed-limit", "--logic", "step")
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo"), "--json", *names],
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["scene", "scene-refused", "ended"]
    assert events[1]["why"].startswith('no gate takes such a lane: step without "closed_limit": nothing would tell')
    assert done.returncode == 0


def test_scene_that_nobody_wrote_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "terminal", "demo", "--folder", str(tmp_path / "demo"), "--scene", "moon-landing"],
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("xs-terminal: moon-landing: there is no such file, and no such scene; there are ")


def test_folder_that_cannot_be_made_is_named_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Stage(Path("/proc/demonstration"))
    line = "--folder /proc/demonstration: cannot be made anew: No such file or directory (/proc/demonstration)"
    assert str(refused.value).startswith(line)


def test_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(ConfigurationError, match="is no folder of a demonstration"):
        Stage(tmp_path)
    assert (tmp_path / "precious").exists()
