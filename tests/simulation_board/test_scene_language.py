"""The language of scenes: what a line means, and what is said of one that means nothing."""

from pathlib import Path

import pytest

from simulation.logics import Logic
from simulation.scene import SceneError, parse_scene, read_scene, scenes
from simulation.scene_conditions import ALARMS
from simulation.scene_words import After, Count, Happen, Happens, Is, Order, Power, Tap, Until
from terminal.alarms import STORAGE_ALARM
from terminal.core.barrier_answers import STANDING
from terminal.core.barrier_signals import Alarm
from terminal.core.barrier_table import TABLE
from terminal.tap.entry import CALL_ALARM, FLAGGED_ALARM
from terminal.tap.story import BOARD_ALARM

HEAD = "scene A test\nlane entry\n"


def steps(*lines: str) -> list[object]:
    """What these lines do."""
    return [step.does for step in parse_scene(HEAD + "\n".join(lines), "test").steps]


def test_head_says_which_lane_is_wanted() -> None:
    scene = parse_scene(
        "scene It's a test\n"
        "lane both logic=step,hold without=loop_arm,close travel=4000 time-out=9000 debounce=0 gap=300 passage=8000\n"
        "allow alarm call tamper\n"
        "fire on\n",
        "test",
    )
    assert (scene.title, scene.logics) == ("It's a test", (Logic.STEP, Logic.HOLD))
    assert (scene.setup.direction, scene.setup.logic) == ("both", Logic.STEP)
    assert scene.setup.without == {"loop_arm", "close"}
    assert (scene.setup.times.travel_ms, scene.setup.times.time_out_ms, scene.setup.debounce_ms) == (4000, 9000, 0)
    assert (scene.setup.gate_ms["gap_ms"], scene.setup.gate_ms["passage_ms"]) == (300, 8000)
    assert scene.setup.gate_ms["travel_ms"] == 8000
    assert scene.alarms() == {"call", "tamper"}


def test_vehicle_comes_with_its_kind_and_the_temperament_of_a_good_driver() -> None:
    good = {"light": True, "room_m": 8.0, "reacts_ms": 2000.0}
    assert steps("truck T1 kind=articulated comes from=exit keeps=3", "T1 backs out", "T1 goes heedless") == [
        Happen(
            {"vehicle": "T1", "does": "arrive", "kind": "articulated", "speed_m_s": 2.5, **good}
            | {"from": "exit", "keeps_m": 3.0}
        ),
        Happen({"vehicle": "T1", "does": "back-out"}),
        Happen({"vehicle": "T1", "does": "pass", "heedless": True}),
    ]


def test_steps_that_are_not_of_vehicles() -> None:
    assert steps(
        "tap anna side=exit reader=truck",
        'order lock reason="level 3" refused=arm-off',
        "cut power",
        "power back",
        "after 500 ms",
        "after 2 s",
        "fire on",
        "fire off",
        "mains off",
        "arm off",
        "hand up",
        "jam boom",
        "free boom",
    ) == [
        Tap("anna", side="exit", reader="truck"),
        Order("lock", reason="level 3", refused="arm-off"),
        Power(on=False),
        Power(on=True),
        After(500),
        After(2000),
        Happen({"contact": "fire", "on": True}),
        Happen({"contact": "fire", "on": None}),
        Happen({"mains": False}),
        Happen({"arm": "off"}),
        Happen({"hand": "up"}),
        Happen({"jam": True}),
        Happen({"jam": False}),
    ]


def test_what_happens_to_a_contact() -> None:
    assert steps(
        "stick loop_arm on",
        "free loop_arm",
        "cut fire",
        "mend fire",
        "chatter loop_arm bounces=3 within=15",
        "steady loop_arm",
        "press call for=300",
    ) == [
        Happen({"contact": "loop_arm", "on": True}),
        Happen({"contact": "loop_arm", "on": None}),
        Happen({"contact": "fire", "cut": True}),
        Happen({"contact": "fire", "cut": False}),
        Happen({"contact": "loop_arm", "bounces": 3, "within_ms": 15.0}),
        Happen({"contact": "loop_arm", "bounces": 0, "within_ms": 12.0}),
        Happen({"contact": "call", "press_ms": 300.0}),
    ]


def test_conditions_and_how_long_they_are_waited_for() -> None:
    _, _, *conditions = steps(
        "car C1 comes",
        "tap anna",
        "wait C1 gone",
        "wait C1 at the line within=2",
        "expect anna passed as passenger",
        "expect somebody unknown",
        "expect anna refused lane-busy",
        "expect boom touches C1",
        "expect light green",
        "expect pulses 2",
        "expect alarm fire cleared",
        "expect loop_arm off",
        "expect relay hold_open on",
        "expect lane closed",
    )
    passage = {"what": "passage"}
    assert conditions == [
        Until(Is("vehicle C1", "gone"), 180_000.0),
        Until(Is("line C1", True), 2000.0),
        Until(Happens(passage | {"person": "anna", "result": "passed", "passenger": True}), 5000.0),
        Until(Happens(passage | {"person": None, "result": "unknown"}), 5000.0),
        Until(Happens({"what": "answer", "person": "anna", "outcome": "refuse", "reason": "lane-busy"}), 5000.0),
        Until(Happens({"what": "boom", "does": "touch", "vehicles": ["C1"]}), 5000.0),
        Until(Is("relay light_green", True), 5000.0),
        Until(Count("open", 2), 0.0),
        Until(Happens({"what": "alarm", "does": "cleared", "name": "fire"}), 5000.0),
        Until(Is("loop_arm", False), 5000.0),
        Until(Is("relay hold_open", True), 5000.0),
        Until(Is("phase", "closed"), 5000.0),
    ]


def test_line_may_be_for_some_logics_only() -> None:
    scene = parse_scene(HEAD + "fire on logic=hold,step\nfire off", "test")
    assert [step.logics for step in scene.steps] == [{Logic.STEP, Logic.HOLD}, set(Logic)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("fly", "fly: no step begins so, and no vehicle is called so; steps are tap, order"),
        ("car", "the car has no name; write for instance `car A comes`"),
        ("car C1 flies", "C1 flies: should be one of comes, goes"),
        ("car C1 comes from=above", "from=above: should be one of entry, exit"),
        ("car C1 comes keeps=much", "keeps=much: should be a number"),
        ("car C1 comes keeps=nan", "keeps=nan: should lie between 0.1 and 100"),
        ("car C1 comes colour=red", "colour= has no meaning here; take it out"),
        ("tap", "write `tap NAME`"),
        ("tap anna reader=", "reader=: an option is written name=value"),
        ("tap anna side=exit side=entry", "side= stands here twice; keep one"),
        ('order lock reason="x', "a quotation mark is not closed; close it"),
        ("order dance", "order dance: should be one of open, hold"),
        ("after 5 minutes", "minutes: a time is written in ms or s"),
        ("after five ms", "five: should be a number"),
        ("wait", "nothing: docs/scenes.md lists what can be waited for; nobody took part so far"),
        ("expect anna passed", "anna passed: docs/scenes.md lists what can be waited for"),
        ("expect boom sideways", "boom sideways: should be one of up, down"),
        ("expect pulses many", "many: should be a number"),
        ("expect alarm TAILGATE", "alarm TAILGATE: should be one of arm-off, "),
        ("wait alarm tailgating cleared", "alarm tailgating: should be one of arm-off, "),
        ("allow alarm call foo", "alarm foo: should be one of arm-off, "),
        ("stick sun on", "stick sun: should be one of loop_arm"),
        ("stick fire", "a contact is stuck on or off"),
        ("free fire on", "a contact is stuck on or off"),
        ("fire maybe", "fire maybe: should be one of on, off"),
        ("power on", "power on: should be one of back"),
        ("fire on logic=magic", "logic=magic: should be one of impulse"),
        ("fire on logic=", "logic=: an option is written name=value"),
    ],
)
def test_line_that_means_nothing_is_refused_with_its_number_and_what_could_stand_there(line: str, why: str) -> None:
    with pytest.raises(SceneError) as refused:
        parse_scene(f"{HEAD}\n{line}\n", "test")
    assert str(refused.value).startswith(f"test, line 4: {why}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no title"),
        ("scene A\n", "nothing happens in it"),
        ("lane entry\nfire on\n", "has no title"),
        ("scene A\nfire on\nlane exit\n", "line 3: `lane` stands before the first step; move this line up"),
        ("scene A\nlane up\nfire on\n", "line 2: lane: no step begins so"),
        ("scene A\nlane entry without=sun\nfire on\n", "line 2: without=sun: should be one of loop_arm"),
        ("scene A\nlane entry travel=0\nfire on\n", "line 2: travel=0: should lie between 1 and"),
        ("scene A\ncar C1 comes\ncar C1 goes\n", "line 3: C1 is here already; leave the word car out"),
    ],
)
def test_scene_that_is_none_is_refused(text: str, why: str) -> None:
    with pytest.raises(SceneError, match=why.replace("`", ".")):
        parse_scene(text, "test")


def test_alarms_that_a_scene_may_name_are_those_that_a_gate_raises_of_a_lane() -> None:
    of_the_table = {effect.name for row in TABLE for effect in row.does if isinstance(effect, Alarm)}
    of_taps_and_board = {BOARD_ALARM, CALL_ALARM, FLAGGED_ALARM, STORAGE_ALARM, "fire-release"}
    assert set(ALARMS) == of_the_table | set(STANDING) | of_taps_and_board


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.scene").write_bytes(b"\xff\xfe")
    with pytest.raises(SceneError, match=r"a\.scene: is no text"):
        read_scene(tmp_path / "a.scene")
    (tmp_path / "b.scene").write_bytes(b"#" * 100_001)
    with pytest.raises(SceneError, match=r"b\.scene: is longer than 100000 bytes"):
        read_scene(tmp_path / "b.scene")


def test_scenes_that_come_with_the_software_have_titles_of_their_own() -> None:
    titles = [read_scene(path).title for path in scenes()]
    assert len(titles) == len(set(titles)) > 60
