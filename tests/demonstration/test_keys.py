"""What comes of the keys that docs/demonstration.md names, in the lane that a person gets, in virtual time."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog.testing

from demonstration.configuration import ROOMY
from demonstration.keys import DRIVERS, FOLLOWS, GUARD, TROUBLE
from simulation.logics import Logic
from simulation.scene import parse_scene
from simulation.scene_run import play
from simulation.stage import OpenStage


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keep the log off the screen."""
    with structlog.testing.capture_logs():
        yield


FIRE = "wait alarm fire\nwait alarm fire-release\nwait alarm fire cleared"

TOUCHED = """\
wait loop_safety on
wait loop_safety off
after 3 s logic=hold
wait boom touches V1 logic=impulse,impulse-count,step
wait boom up"""


def steps(pressed: str, kind: str = "van") -> Iterator[str]:
    """The lines of a scene that these keys come down to; a word in brackets is waited for.

    anna drives V1, eva V2, which `f` brings too. 1 once more holds up anna's card again; a driver's key is for who came
    last, and eva is anna's passenger after `p`.
    """
    broken: set[str] = set()
    here = False
    driver = "V1"
    for key in pressed.replace("[", " [").split():
        match key:
            case "1":
                if not here:
                    yield f"{kind} V1 comes"
                    yield "wait V1 at the line"
                yield "tap anna"
                here = True
            case "5":
                driver = "V2"
                yield from (f"{kind} V2 comes", "wait V2 at the line", "tap eva")
            case "p":
                yield "tap eva"
            case "f":
                yield from (step.replace("NAME", "V2").replace("SIDE", "entry") for step in FOLLOWS)
            case _ if key in DRIVERS:
                yield DRIVERS[key][1].replace("NAME", driver)
            case _ if key in GUARD:
                yield GUARD[key][1]
            case _ if key in TROUBLE:
                yield TROUBLE[key][2 if key in broken else 1]
                broken ^= {key}
            case _:
                yield f"wait {key.strip('[]').replace('-', ' ', 1)}"


@pytest.mark.parametrize("logic", list(Logic))
@pytest.mark.parametrize(
    ("pressed", "kind", "comes_of_it"),
    [
        ("1 d", "car", "wait anna passed"),
        ("1 d", "articulated", "wait anna passed"),
        ("1 d", "drawbar", "wait anna passed"),
        ("1 1 d", "van", "wait anna passed\nexpect pulses 1"),
        ("1 p d", "van", "wait anna passed\nwait eva passed as passenger"),
        ("1 d 5 d", "van", "wait anna passed\nwait eva passed"),
        ("1 d 5 s", "van", "wait anna passed\nwait eva passed"),
        ("1 d 5 b", "van", "wait anna passed\nwait eva no-show\nwait V2 gone"),
        ("1 k", "van", "wait anna passed"),
        ("1 s", "van", "wait anna passed\nexpect pulses 1"),
        ("1 [boom-up] u [lane-passing] b", "van", "wait anna backed-out"),
        ("1 f d", "van", "wait alarm possible-tailgate\nwait anna passed"),
        ("1 u", "van", "wait alarm vehicle-under-boom\nV1 goes\nwait anna passed"),
        ("1 [boom-up]", "van", "wait anna no-show"),
        ("1 F [lane-emergency-open] F [fire-off] C", "van", f"{FIRE}\nwait anna unknown"),
        ("1 [boom-up] a", "articulated", f"{TOUCHED}\nV1 goes\nwait alarm possible-tailgate\nwait anna passed"),
        ("1 [boom-up] K K", "van", "wait anna unknown"),
        ("H 1 d", "van", "wait anna passed\norder release"),
        ("L 1", "van", "expect anna refused lane-closed"),
        ("P 1 G", "van", "expect anna refused lane-closed"),
        ("A", "van", "expect alarm arm-off\nexpect alarm arm-swung-off"),
        ("J 1", "van", "wait alarm did-not-open\nwait anna unknown"),
        ("M", "van", "wait alarm controller-fault"),
        ("c", "van", "wait alarm call"),
        ("T", "van", "wait alarm tamper"),
    ],
)
def test_keys_bring_about_what_the_page_says(
    pressed: str, kind: str, comes_of_it: str, logic: Logic, open_stage: OpenStage
) -> None:
    text = "\n".join(["scene By keys", *steps(pressed, kind), comes_of_it])
    scene = replace(parse_scene(text, pressed), setup=ROOMY)
    played = play(scene, logic, open_stage)
    assert played, f"{text}\n{played}"
