"""Who was inside, told from signed journals with sealed parts."""

import pytest

from terminal.core.journal import Kind
from tests.headquarters.conftest import JANSEN
from tests.headquarters.inside_ground import ASK, GROUND, Ground, at, key, shown, site_ground

__all__ = ["site_ground"]


def test_who_was_inside_and_who_was_not(ground: Ground) -> None:
    ground.drove(0, "entry", 1)  # stays
    ground.drove(0.5, "entry", 2)
    ground.drove(2, "exit", 2)  # went out at 10:00 sharp
    ground.drove(1, "entry", 3)
    ground.drove(2.5, "exit", 3)  # went out within
    ground.drove(3, "entry", 4)  # came within
    ground.drove(4, "entry", 5)  # came in at 12:00 sharp
    ground.arrive()
    assert ground.stays() == [
        (1, shown(0), None, True),
        (3, shown(1), shown(2.5), True),
        (4, shown(3), None, True),
    ]
    answer = ground.answer()
    assert (answer["certain"], answer["not_complete"], answer["not_certain"]) == (True, [], [])


def test_answer_names_company_and_evidence_and_no_card(ground: Ground) -> None:
    came, drove_in = ground.drove(1, "entry", 3)
    went, drove_out = ground.drove(3, "exit", 3, gate="gate-2", lane=2)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert stay == {
        "ean": JANSEN,
        "personal_number": 3,
        "company": "Jansen Transport",
        "entered": shown(1),
        "entered_at": "gate-1 lane 1",
        "left": shown(3),
        "left_at": "gate-2 lane 2",
        "certain": True,
        "doubts": [],
        "evidence": [key(came), key(drove_in), key(went, "gate-2"), key(drove_out, "gate-2")],
    }
    code, said, _ = ground.run(f"{ASK} {GROUND}")
    assert code == 0
    assert (
        f"CERTAIN      {JANSEN}/3  Jansen Transport  in {shown(1)} gate-1 lane 1  out {shown(3)} gate-2 lane 2" in said
    )
    assert "03" * 8 not in said


@pytest.mark.parametrize("result", ["no-show", "backed-out"])
def test_who_did_not_drive_through_was_not_inside(ground: Ground, result: str) -> None:
    ground.drove(1, "entry", 3, result)
    ground.drove(0, "entry", 4)
    ground.drove(1.5, "exit", 4, result)
    ground.arrive()
    assert ground.stays() == [(4, shown(0), None, True)]


@pytest.mark.parametrize("result", ["failed", "storage"])
def test_who_was_not_let_through_after_all_was_not_inside(ground: Ground, result: str) -> None:
    intent = ground.tap(1, "entry", 3)
    ground.gate().tell(Kind.TAP_OUTCOME, {"intent": intent, "result": result}, time_ms=at(1))
    ground.arrive()
    assert ground.stays() == []


@pytest.mark.parametrize(("hour", "side"), [(1, "entry"), (3, "exit")])
def test_passage_that_nobody_saw_leaves_it_uncertain(ground: Ground, hour: float, side: str) -> None:
    if side == "exit":
        ground.drove(1, "entry", 3)
    ground.drove(hour, side, 3, "unknown")
    ground.arrive()
    assert ground.stays() == [(3, shown(1), None, False)]
    (stay,) = ground.answer()["stays"]
    assert "nobody saw whether he passed" in stay["doubts"][0]


def test_tap_whose_end_is_not_known_may_have_put_him_inside(ground: Ground) -> None:
    intent = ground.tap(1, "entry", 3)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert (stay["certain"], stay["doubts"]) == (False, ["in: the end of his passage is not known"])
    assert stay["evidence"] == [key(intent)]


def test_end_that_was_written_after_the_span_still_counts(ground: Ground) -> None:
    ground.drove(4 - 10 / 3600, "entry", 3)  # the passage ends ten seconds after 12:00
    ground.arrive()
    assert [each[3] for each in ground.stays()] == [True]


def test_after_a_fire_nobody_of_the_zone_is_certain(ground: Ground) -> None:
    ground.drove(0, "entry", 1)
    ground.drove(0, "entry", 2, lane=3)
    fire = ground.gate().tell(Kind.ALARM_RAISED, {"alarm": "fire-release"}, lane=2, time_ms=at(2.5))
    ground.drove(3, "entry", 3)
    ground.arrive()
    assert [(each[0], each[3]) for each in ground.stays()] == [(1, False), (2, True), (3, True)]
    (first, *_) = ground.answer()["stays"]
    assert first["doubts"] == ["the boom opened for a fire at gate-1 lane 2"]
    assert first["evidence"][-1] == key(fire)


def test_tap_at_an_exit_that_a_fire_holds_open(ground: Ground) -> None:
    ground.drove(0, "entry", 1)
    plain = {"card": bytes([1]) * 8, "ean": int(JANSEN), "person": 1}
    public = {"reader": "r1", "side": "exit", "outcome": "admit", "reason": "ok"}
    ground.gate().tell(Kind.TAP_OUTCOME, public, plain, time_ms=at(2.5))
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert stay["doubts"] == ["perhaps out at gate-1 lane 1: he tapped while the boom was open for a fire"]


def test_tap_that_was_refused_moves_nobody(ground: Ground) -> None:
    plain = {"card": bytes([1]) * 8, "ean": int(JANSEN), "person": 1}
    public = {"reader": "r1", "side": "entry", "outcome": "refuse", "reason": "blocked"}
    ground.gate().tell(Kind.TAP_OUTCOME, public, plain, time_ms=at(1))
    ground.arrive()
    assert (ground.stays(), ground.answer()["certain"]) == ([], True)


def test_who_is_seen_going_out_only_was_inside_before(ground: Ground) -> None:
    ground.drove(3, "exit", 3)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert (stay["entered"], stay["left"], stay["certain"]) == (None, shown(3), False)


def test_who_came_in_twice_is_told_twice(ground: Ground) -> None:
    ground.drove(0, "entry", 3)
    ground.drove(3, "entry", 3)
    ground.arrive()
    assert ground.stays() == [(3, shown(0), shown(3), False), (3, shown(3), None, True)]


def test_look_back_is_as_long_as_was_asked(ground: Ground) -> None:
    ground.drove(2 - 24 * 7, "entry", 3)
    ground.drove(2 - 24 * 7 - 0.1, "entry", 4)
    ground.arrive()
    assert [each[0] for each in ground.stays()] == [3]
    assert [each["personal_number"] for each in ground.answer(f"{ASK} --look-back 8")["stays"]] == [4, 3]
