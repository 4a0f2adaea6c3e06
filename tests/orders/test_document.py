"""docs/socket.md says what the gate understands and answers."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from terminal import cli_orders
from terminal.acknowledging import NO_KEYS
from terminal.callers import EVERYTHING
from terminal.core import known_stays
from terminal.core.acknowledgement import Why
from terminal.core.barrier_answers import refusal
from terminal.core.barrier_words import HOLD_OUTPUT, KEPT, OPEN_OUTPUT, GuardOrder, Phase, Settings, Side, State
from terminal.core.command import Word
from terminal.core.journal import EntryKey, OrderResult
from terminal.core.reasons import Help, Outcome, Reason
from terminal.core.situation import Decision
from terminal.edges import local_packets, local_socket
from terminal.gate import asked, requests, shown
from terminal.order_words import WORDS
from terminal.orders import NOT_KEPT
from terminal.tap.ports import Answer

ANSWER = Answer(
    lane=1,
    reader="front",
    side=Side.ENTRY,
    decision=Decision(outcome=Outcome.DESK, reason=Reason.NO_VISIT, help=Help.PLANNER),
    language="pl",
    key=EntryKey("gate-1", bytes(16), 4711),
    card_ms=80.0,
    durable_ms=3.0,
    tap_ms=90.0,
)
TEXT = (Path(__file__).parents[2] / "docs" / "socket.md").read_text()
SECTIONS = {part.split("\n", 1)[0].strip("` "): part for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]}


def rows(section: str) -> list[list[str]]:
    """The cells of the tables in a section, without their heads."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|") and not line.startswith("|---")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in {"key", "`why`", "`why` of `ignored`", "`result`", "exit code"}]


def words(section: str) -> list[str]:
    return [word for row in rows(section) for word in re.findall(r"`([a-z-]+)`", row[0])]


@pytest.mark.parametrize("ask", asked.REQUESTS)
def test_keys_of_a_request_are_those_of_the_document(ask: str) -> None:
    documented = [row for row in rows(ask) if len(row) == 3]
    assert documented == [
        [f"`{key}`", field.allowed, "yes" if field.required else "no"] for key, field in asked.REQUESTS[ask].items()
    ]


def test_examples_of_requests_are_understood_and_those_of_answers_have_the_keys_that_are_given() -> None:
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)]
    questions = [example for example in examples if "ask" in example]
    assert [example["ask"] for example in questions] == list(asked.REQUESTS)
    assert [asked.wrong(example) for example in questions] == [None] * len(questions)
    (news,) = (example for example in examples if "news" in example)
    assert list(news) == [*shown.answer_news(ANSWER)]
    state, answer, acknowledged, commanded, known = (
        example for example in examples if not example.keys() & {"ask", "news"}
    )
    lane = shown.lane_state(1, State(settings=Settings()))
    assert (list(state), list(state["lanes"][0])) == (["version", "lanes", "services", "alarms"], list(lane))
    assert list(answer) == ["version", "id", "result", "say", "sequence"]
    assert list(acknowledged) == ["version", "result", "size"]
    assert list(commanded) == ["version", "result", "number", "sequence"]
    assert list(known) == ["version", "result", "number"]


def test_reasons_of_refusals_are_those_of_the_document() -> None:
    of_requests = {
        requests.NOT_UNDERSTOOD,
        requests.NOT_ALLOWED,
        requests.TOO_MANY,
        requests.ID_USED,
        requests.NO_ALARM,
    }
    known = {*WORDS, *of_requests, NOT_KEPT, str(local_socket.FAILED["why"])}
    assert sorted(words("Why not")) == sorted(known)
    assert [row[0] for row in rows("order") if len(row) == 2] == [f"`{result}`" for result in OrderResult]


def test_reasons_why_a_note_is_ignored_are_those_of_the_document() -> None:
    results = ["acknowledged", "ignored", "other-past", "refused"]
    known = [*asked.REQUESTS["acknowledge"], *results, *get_args(Why), NO_KEYS]
    assert sorted(words("acknowledge")) == sorted(known)


def test_reasons_why_a_command_is_ignored_are_those_of_the_document() -> None:
    results = ["done", "done-before", "ignored", "refused"]
    known = [*asked.REQUESTS["command"], *results, *get_args(Word), NO_KEYS]
    assert sorted(words("command")) == sorted(known)


def test_reasons_why_a_page_of_stays_is_ignored_are_those_of_the_document() -> None:
    results = ["known", "gathered", "ignored", "refused"]
    known = [*asked.REQUESTS["stays"], *results, *get_args(known_stays.Word), NO_KEYS]
    assert sorted(words("stays")) == sorted(known)


def test_every_reason_that_a_lane_can_have_is_told_in_words() -> None:
    kept = [frozenset(marks) for most in range(3) for marks in combinations(KEPT, most)]
    reasons = {
        refusal(State(settings=settings, phase=phase, marks=marks, active=active, owner=owner), order, side)
        for settings in (Settings(), Settings(direction="both", outputs=frozenset({OPEN_OUTPUT, HOLD_OUTPUT})))
        for phase in Phase
        for marks in kept
        for active in (frozenset[str](), frozenset({"fire", "swing_off"}))
        for owner in (None, *Side)
        for order in GuardOrder
        for side in Side
    } - {None}
    assert len(reasons) > 15
    assert reasons <= WORDS.keys()


def test_bounds_are_those_of_the_document() -> None:
    assert f"at most {local_packets.MAX_PACKET_BYTES} bytes" in TEXT
    assert f"\n{local_socket.MAX_OF_ONE_USER} connections (all users" in TEXT
    assert (
        f"{requests.ORDERS_A_MINUTE} orders and {requests.ACKNOWLEDGEMENTS_A_MINUTE} acknowledgements a minute" in TEXT
    )
    assert f"for {local_socket.SILENCE_S:g} seconds is closed" in TEXT
    assert f"remembers the last {requests.REMEMBERED}," in TEXT
    for word in EVERYTHING:
        assert f'"{word}"' in SECTIONS["Who may ask"]


def test_exit_codes_are_those_of_the_document() -> None:
    codes = [cli_orders.REFUSED, cli_orders.UNKNOWN, cli_orders.NO_GATE, cli_orders.NOT_ALLOWED]
    codes += [cli_orders.BAD_CONFIGURATION, 0, 2]
    assert [row[0] for row in rows("On the command line")] == [str(code) for code in sorted(codes)]
