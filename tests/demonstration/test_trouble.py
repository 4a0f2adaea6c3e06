"""What somebody breaks, heard from the trace of the model itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from demonstration.keys import CONTACTS
from demonstration.picture import TROUBLE_COLUMNS
from demonstration.trouble import Trouble
from simulation.lane import LaneSetup, SimulatedLane
from simulation.surroundings import happen


class Broken:
    """A lane, and what is known of its trouble."""

    def __init__(self) -> None:
        self.trouble = Trouble()
        self._lane = SimulatedLane(lambda what, **facts: self.trouble.hear({"what": what, **facts}), 0.0, LaneSetup())

    def happen(self, **message: Any) -> tuple[str, ...]:
        happen(self._lane, message, 0.0)
        return tuple(self.trouble.words.values())


ENDS: list[tuple[Mapping[str, Any], str, Mapping[str, Any]]] = [
    ({"jam": True}, "the boom is jammed", {"jam": False}),
    ({"arm": "off"}, "the arm is off", {"arm": "on"}),
    ({"mains": False}, "no mains", {"mains": True}),
    ({"hand": "up"}, "held up by hand", {"hand": "off"}),
    ({"contact": "fire", "on": True}, "fire", {"contact": "fire", "on": None}),
    ({"contact": "tamper", "on": True}, "the housing is open", {"contact": "tamper", "on": None}),
    ({"contact": "loop_arm", "on": False}, "loop_arm stuck off", {"contact": "loop_arm", "on": None}),
    ({"contact": "loop_arm", "cut": True}, "loop_arm cut", {"contact": "loop_arm", "cut": False}),
    ({"contact": "loop_arm", "bounces": 5}, "loop_arm wobbles", {"contact": "loop_arm", "bounces": 0}),
]


@pytest.mark.parametrize(("begins", "words", "ends"), ENDS, ids=[words for _, words, _ in ENDS])
def test_trouble_is_told_until_it_ends(begins: Mapping[str, Any], words: str, ends: Mapping[str, Any]) -> None:
    lane = Broken()
    assert lane.happen(**begins) == (words,)
    assert lane.happen(**begins) == (words,)
    assert lane.happen(**ends) == ()


def test_contact_that_is_stuck_the_other_way_is_told_once() -> None:
    lane = Broken()
    lane.happen(contact="open_limit", on=True)
    assert lane.happen(contact="open_limit", on=False) == ("open_limit stuck off",)
    assert lane.trouble.stuck == {"open_limit": "off"}


@pytest.mark.parametrize("contact", CONTACTS.values())
def test_words_of_what_a_key_breaks_fit_beside_the_loops(contact: str) -> None:
    lane = Broken()
    for message in ({"on": False}, {"cut": True}, {"bounces": 5}):
        assert all(len(words) <= TROUBLE_COLUMNS for words in lane.happen(contact=contact, **message))
