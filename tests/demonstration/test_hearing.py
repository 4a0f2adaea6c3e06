"""What the gate's log says becomes happenings, with the name of whose card it is."""

from typing import Any

from demonstration.hearing import Hearing


def heard(*events: dict[str, Any]) -> list[dict[str, Any]]:
    happenings: list[dict[str, Any]] = []
    hearing = Hearing(lambda happening: happenings.append(dict(happening)))
    hearing.laid("Reader 1", "anna")
    for event in events:
        hearing.gate_said(event)
    return happenings


ADMITTED = {"event": "decision", "reader": "Reader 1", "outcome": "admit", "reason": "ok", "sequence": 7}


def passage(**public: Any) -> dict[str, Any]:
    return {"event": "journal", "kind": "passage", "lane": 1, "sequence": 9, "public": public}


def alarm(**public: Any) -> dict[str, Any]:
    return {"event": "journal", "kind": "alarm-raised", "lane": 1, "sequence": 9, "public": public}


def test_passage_is_of_whom_the_decision_was_about() -> None:
    assert heard(ADMITTED, passage(intent=7, result="passed")) == [
        {"what": "answer", "person": "anna", "outcome": "admit", "reason": "ok"},
        {"what": "passage", "person": "anna", "result": "passed"},
    ]


def test_passenger_is_told_from_his_driver() -> None:
    passed = heard(ADMITTED, passage(intent=7, passenger_of=5, result="passed"))[-1]
    assert passed == {"what": "passage", "person": "anna", "result": "passed", "passenger": True}


def test_passage_that_nobody_of_this_run_was_admitted_for_is_nobodys() -> None:
    assert heard(passage(result="unknown")) == [{"what": "passage", "person": None, "result": "unknown"}]
    assert heard(passage(result="untapped")) == [{"what": "untapped"}]


def test_card_that_was_not_read_has_an_answer_too() -> None:
    hints = heard({"event": "drive-forward", "reader": "Reader 1"}, {"event": "wrong-side", "reader": "Reader 1"})
    assert hints == [
        {"what": "answer", "person": "anna", "outcome": "drive-forward"},
        {"what": "answer", "person": "anna", "outcome": "refuse", "reason": "wrong-side"},
    ]


def test_alarms_of_the_lane_are_heard_and_those_of_a_reader_are_not() -> None:
    assert heard(alarm(alarm="tailgate")) == [{"what": "alarm", "name": "tailgate", "does": "raised"}]
    assert heard(alarm(alarm="reader", about="Reader 1")) == []


def test_phase_is_heard() -> None:
    assert heard({"event": "barrier", "phase": "open", "was": "opening"}) == [{"what": "phase", "phase": "open"}]
