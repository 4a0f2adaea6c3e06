"""What the witnesses may tell differently, and what is none of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from demonstration.checking import disagreements, not_as_at_headquarters, without_end
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import Kind, Record

PULSE = {"what": "output", "name": "open", "on": True}
UP, DOWN = ({"what": "contact", "name": "closed_limit", "on": on} for on in (False, True))
IS_UP, UNDER = ({"what": "contact", "name": name, "on": True} for name in ("open_limit", "loop_safety"))
LEVEL = {"what": "board", "does": "start", "logic": "hold"}
HOLD = {"what": "output", "name": "hold_open", "on": True}


def journal(*entries: tuple[Kind, dict[str, Any]]) -> dict[int, Record]:
    now = Now(ms=1, quality=ClockQuality.GOOD)
    return {
        number: Record(sequence=number, time=now, kind=kind, lane=1, public=public, sealed_sha256=None)
        for number, (kind, public) in enumerate(entries)
    }


def admitted(
    number: int, result: str, passage: str | None = "passed", **more: Any
) -> list[tuple[Kind, dict[str, Any]]]:
    """The entries of an admission whose intent is entry `number`."""
    entries: list[tuple[Kind, dict[str, Any]]] = [
        (Kind.TAP_INTENT, {"outcome": "admit", "reason": "ok"}),
        (Kind.TAP_OUTCOME, {"intent": number, "result": result}),
    ]
    return entries if passage is None else [*entries, (Kind.PASSAGE, {"intent": number, "result": passage, **more})]


def ordered(number: int, order: str, result: str = "obeyed") -> list[tuple[Kind, dict[str, Any]]]:
    """The entries of an order whose first is entry `number`."""
    return [
        (Kind.ORDER, {"order": order, "by": "guard"}),
        (Kind.ORDER, {"order": order, "settles": number, "result": result}),
    ]


def told(tmp_path: Path, records: dict[int, Record], *trace: dict[str, Any]) -> list[str]:
    file = tmp_path / "trace"
    file.write_text("".join(json.dumps(line) + "\n" for line in trace))
    return list(disagreements([], records, file))


@pytest.mark.parametrize(
    ("entries", "trace"),
    [
        pytest.param(admitted(0, "opened"), [PULSE, UP, DOWN], id="one vehicle, one pulse"),
        pytest.param(admitted(0, "opened"), [PULSE, PULSE, UP], id="a second attempt at a boom that did not move"),
        pytest.param(admitted(0, "opened"), [LEVEL, PULSE, UP, DOWN, PULSE], id="a level's second attempt"),
        pytest.param([*admitted(0, "opened"), *admitted(3, "owed")], [PULSE, UP, PULSE], id="who waited has his pulse"),
        pytest.param([*admitted(0, "opened"), *admitted(3, "owed")], [PULSE, UP], id="a level has no second pulse"),
        pytest.param(ordered(0, "open"), [PULSE, UP], id="a guard opened"),
        pytest.param(ordered(0, "hold"), [HOLD, UP], id="held by its own relay"),
        pytest.param(ordered(0, "hold"), [PULSE, UP], id="held by the level on open"),
        pytest.param(admitted(0, "storage", None), [], id="too late on the disk"),
        pytest.param(admitted(0, "unknown", "unknown"), [PULSE], id="killed in between, and it had opened"),
        pytest.param(admitted(0, "unknown", "unknown"), [], id="killed in between, before it opened"),
    ],
)
def test_everything_has_its_reason(
    tmp_path: Path, entries: list[tuple[Kind, dict[str, Any]]], trace: list[dict[str, Any]]
) -> None:
    assert told(tmp_path, journal(*entries), *trace) == []


@pytest.mark.parametrize(
    ("entries", "trace", "line"),
    [
        pytest.param([], [PULSE], "open 1 times, and the journal has reasons for 0", id="nobody decided it"),
        pytest.param(admitted(0, "opened"), [PULSE, UP, PULSE], "open 2 times", id="one pulse more"),
        pytest.param(admitted(0, "opened"), [LEVEL, PULSE, UP, IS_UP, PULSE], "open 2 times", id="a level, once up"),
        pytest.param(
            admitted(0, "opened"), [LEVEL, PULSE, UP, UNDER, PULSE], "open 2 times", id="a level, once in use"
        ),
        pytest.param(admitted(0, "opened"), [LEVEL, *[PULSE, UP] * 3], "open 3 times", id="a level's third attempt"),
        pytest.param(admitted(0, "opened"), [], "open 0 times", id="never opened"),
        pytest.param(
            [*admitted(0, "opened"), *admitted(3, "owed", passenger_of=0)],
            [PULSE, UP, PULSE],
            "open 2 times",
            id="a pulse for a passenger",
        ),
        pytest.param(ordered(0, "hold"), [HOLD, PULSE], "open 1 times", id="held, and pulsed too"),
        pytest.param(ordered(0, "open", "refused"), [PULSE], "open 1 times", id="refused, and opened"),
        pytest.param(admitted(0, "opened", None), [PULSE], "(opened) has 0 passages", id="no end"),
        pytest.param(admitted(0, "storage"), [], "(storage) has 1 passages", id="an end without a beginning"),
        pytest.param(admitted(0, "opened")[:1], [], "what came of the admission of entry 0", id="no outcome"),
        pytest.param(ordered(0, "lock")[:1], [], "what came of the order of entry 0", id="no result"),
    ],
)
def test_what_has_no_reason_is_found(
    tmp_path: Path, entries: list[tuple[Kind, dict[str, Any]]], trace: list[dict[str, Any]], line: str
) -> None:
    assert line in "\n".join(told(tmp_path, journal(*entries), *trace))


def test_what_the_next_start_settles_is_what_was_admitted_and_has_no_end() -> None:
    records = journal(*admitted(0, "opened"), *admitted(3, "owed", None), *admitted(5, "storage", None))
    assert without_end(records) == (3,)
    assert without_end(journal((Kind.TAP_INTENT, {}))) == (0,)


def test_what_headquarters_has_otherwise_than_the_journal_or_acknowledged_without_having_it_is_found() -> None:
    records = journal(*admitted(0, "opened"))
    assert list(not_as_at_headquarters(records, records, 3)) == []
    assert list(not_as_at_headquarters(records, {0: records[0]}, 1)) == []  # the others are still on their way
    assert list(not_as_at_headquarters(records, {0: records[1]}, 1)) == [
        "entry 0 at headquarters is not the one of the journal"
    ]
    assert list(not_as_at_headquarters(records, {0: records[0]}, 2)) == [
        "headquarters acknowledged entry 1 and does not have it"
    ]
    assert list(not_as_at_headquarters({}, {0: records[0]}, 0)) == [
        "entry 0 at headquarters is not the one of the journal"
    ]
