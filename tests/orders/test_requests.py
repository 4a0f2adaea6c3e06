"""Who may ask for what, what is no request, and the same order sent twice."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.callers import EVERYTHING, MAX_USERS, OVERFLOW_UID, Caller, Callers, Rate
from terminal.core.barrier_words import Phase
from terminal.core.journal import EntryKey
from terminal.gate.asked import MAX_NAME, MAX_REASON, MIN_REASON
from terminal.gate.requests import ORDERS_A_MINUTE, REMEMBERED
from terminal.lane.shell import Lane
from tests.orders.rig import GUARD_UID, OWN_UID, STRANGER_UID, VIEWER_UID, Lanes, request

OBEYED = {"version": 1, "id": "1", "result": "obeyed", "say": "lane 1: open is carried out", "sequence": 0}


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[Lanes]:
    with Lanes(tmp_path) as lanes:
        yield lanes


def test_guard_may_what_is_listed_and_the_journal_says_who_it_was(lanes: Lanes) -> None:
    assert lanes.requests.answer(GUARD_UID, request(account="k.bakker")) == OBEYED
    assert lanes.told()[0] == (1, {"order": "open", "by": "xs-status"})
    assert lanes.unsealed(0) == {"reason": "as agreed", "account": "k.bakker"}


@pytest.mark.parametrize(("uid", "name"), [(0, "root"), (OWN_UID, "gate")])
def test_root_and_the_gates_own_user_may_everything(uid: int, name: str, lanes: Lanes) -> None:
    assert lanes.requests.answer(uid, request("pause"))["result"] == "obeyed"
    assert lanes.requests.answer(uid, {"version": 1, "ask": "state"})["lanes"][0]["kept"] == ["paused"]
    assert lanes.told()[0] == (1, {"order": "pause", "by": name})


def test_state_tells_lanes_and_alarms(lanes: Lanes) -> None:
    lanes.alarms.raised("reader", 1, "front")
    assert lanes.requests.answer(VIEWER_UID, {"version": 1, "ask": "state", "id": "x"}) == {
        "version": 1,
        "id": "x",
        "lanes": [
            {
                "lane": 1,
                "direction": "entry",
                "phase": "closed",
                "owed": 0,
                "contacts": {
                    **dict.fromkeys(sorted(lanes.lanes[1].state.settings.fitted), False),
                    "closed_limit": True,
                },
                "light": "red",
                "kept": [],
                "shut": None,
            }
        ],
        "services": [],
        "alarms": [{"alarm": "reader", "lane": 1, "about": "front"}],
    }


# -------------------------------------------------------------------------------------------------------- who may not


@pytest.mark.parametrize(
    ("uid", "by", "what", "say"),
    [
        (STRANGER_UID, "uid 64321", "open", 'user mallory may not ask for open; add [[caller]] with user = "mallory"'),
        (STRANGER_UID + 1, "uid 64322", "open", 'add [[caller]] with user = "uid 64322" and may = ["open"]'),
        (VIEWER_UID, "xs-viewer", "lock", 'add "lock" to `may` of [[caller]] user = "xs-viewer" in gate.toml'),
        (GUARD_UID, "xs-status", "confirm", 'add "confirm" to `may` of [[caller]] user = "xs-status" in gate.toml'),
    ],
)
def test_order_of_somebody_who_may_not_is_refused_and_written_down(
    uid: int, by: str, what: str, say: str, lanes: Lanes
) -> None:
    answer = lanes.requests.answer(uid, request(what))
    assert (answer["result"], answer["why"]) == ("refused", "not-allowed")
    assert say in answer["say"]
    assert answer["say"].endswith("and restart the gate")
    assert lanes.told() == [(1, {"order": what, "by": by, "result": "refused", "why": "not-allowed"})]
    assert lanes.gate.journal.open_orders() == ()
    assert (lanes.pulses(), lanes.lanes[1].state.phase) == (0, Phase.CLOSED)


def test_stranger_may_not_even_look(lanes: Lanes) -> None:
    answer = lanes.requests.answer(STRANGER_UID, {"version": 1, "ask": "state"})
    assert (answer["why"], "lanes" in answer) == ("not-allowed", False)
    assert lanes.told() == []


def test_stranger_who_goes_on_trying_does_not_fill_the_journal(tmp_path: Path) -> None:
    now_s = 0.0
    with Lanes(tmp_path, monotonic_s=lambda: now_s) as lanes:
        for name in range(500):
            answer = lanes.requests.answer(STRANGER_UID, request("lock", lane=name % 255 + 1, name=str(name)))
            assert answer["why"] == "not-allowed"
        assert len(lanes.told()) == 1
        assert lanes.requests.answer(VIEWER_UID, request())["why"] == "not-allowed"
        assert len(lanes.told()) == 2
        now_s = 61.0
        lanes.requests.answer(STRANGER_UID, request("open", lane=9))
        assert lanes.told()[2:] == [
            (None, {"order": "open", "by": "uid 64321", "result": "refused", "why": "not-allowed"})
        ]


def test_guard_who_orders_without_end_is_stopped_before_the_journal_fills(tmp_path: Path) -> None:
    now_s = 0.0
    with Lanes(tmp_path, monotonic_s=lambda: now_s) as lanes:
        answers = [lanes.requests.answer(GUARD_UID, request("unlock", name=str(n))) for n in range(ORDERS_A_MINUTE + 1)]
        assert {answer["why"] for answer in answers[:-1]} == {"not-locked"}
        assert answers[-1]["why"] == "too-many"
        assert lanes.requests.answer(0, request("lock"))["result"] == "obeyed"
        now_s = 60.1
        assert lanes.requests.answer(GUARD_UID, request("unlock", name="later"))["result"] == "obeyed"


# -------------------------------------------------------------------------------------------------- sent a second time


def test_order_that_is_sent_again_is_not_carried_out_again(lanes: Lanes) -> None:
    for _ in range(3):
        assert lanes.requests.answer(GUARD_UID, request()) == OBEYED
    assert lanes.pulses() == 1
    assert len(lanes.told()) == 2


def test_order_that_is_sent_again_while_it_is_carried_out_gets_the_same_answer(tmp_path: Path) -> None:
    at_lane, go_on = threading.Event(), threading.Event()

    class Waits(Lane):
        def obey(self, order: Any, key: EntryKey, side: Any = None) -> str | None:
            at_lane.set()
            assert go_on.wait(60)
            return super().obey(order, key, side)

    with Lanes(tmp_path, lane=Waits) as lanes:
        answers: list[Any] = []
        asking = [
            threading.Thread(target=lambda: answers.append(lanes.requests.answer(GUARD_UID, request())))
            for _ in range(2)
        ]
        asking[0].start()
        assert at_lane.wait(60)
        asking[1].start()
        go_on.set()
        for thread in asking:
            thread.join()
        assert answers == [OBEYED, OBEYED]
        assert lanes.pulses() == 1


def test_same_id_is_another_order_of_another_user_and_no_other_order_of_the_same(lanes: Lanes) -> None:
    assert lanes.requests.answer(GUARD_UID, request("lock"))["result"] == "obeyed"
    answer = lanes.requests.answer(GUARD_UID, request("unlock"))
    assert (answer["result"], answer["why"]) == ("refused", "id-used")
    assert lanes.lanes[1].state.phase is Phase.LOCKED
    assert lanes.requests.answer(0, request("unlock"))["result"] == "obeyed"


def test_answers_are_remembered_up_to_a_bound(tmp_path: Path) -> None:
    now_s = 0.0
    with Lanes(tmp_path, monotonic_s=lambda: now_s) as lanes:
        first = lanes.requests.answer(GUARD_UID, request("unlock", name="first"))
        for number in range(REMEMBERED):
            now_s += 2
            lanes.requests.answer(GUARD_UID, request("unlock", name=f"n{number}"))
        again = lanes.requests.answer(GUARD_UID, request("unlock", name="first"))
        assert again["sequence"] != first["sequence"]
        assert lanes.requests.answer(GUARD_UID, request("unlock", name="first")) == again


# --------------------------------------------------------------------------------------------------------- no request


@pytest.mark.parametrize(
    ("changed", "say"),
    [
        ({"version": 2}, "`version` is 1"),
        ({"version": True}, "`version` is 1"),
        ({"version": 1.0}, "`version` is 1"),
        ({"ask": "sesame"}, "`ask` is one of state, watch, access, alarm, order"),
        ({"ask": ["order"]}, "`ask` is one of state, watch, access, alarm, order"),
        ({"order": "close"}, "`order` is one of open, hold,"),
        ({"order": None}, "`order` is one of open, hold,"),
        ({"lane": 0}, "`lane` is a whole number from 1 to 255"),
        ({"lane": 256}, "`lane` is a whole number from 1 to 255"),
        ({"lane": True}, "`lane` is a whole number from 1 to 255"),
        ({"lane": "1"}, "`lane` is a whole number from 1 to 255"),
        ({"side": "left"}, "`side` is entry or exit"),
        ({"sure": 1}, "`sure` is true or false"),
        ({"reason": "a" * (MIN_REASON - 1)}, "`reason` is 3 to 200 printable characters"),
        ({"reason": "      "}, "`reason` is 3 to 200 printable characters"),
        ({"reason": "a" * MIN_REASON}, None),
        ({"reason": "a" * MAX_REASON}, None),
        ({"reason": "a" * (MAX_REASON + 1)}, "`reason` is 3 to 200 printable characters"),
        ({"reason": "first line\nsecond"}, "`reason` is 3 to 200 printable characters"),
        ({"reason": "half \ud800 a pair"}, "`reason` is 3 to 200 printable characters"),
        ({"reason": "chauffeur zonder pas, ž"}, None),
        ({"reason": 123}, "`reason` is 3 to 200 printable characters"),
        ({"account": ""}, "`account` is 1 to 64 printable characters"),
        ({"account": "a" * MAX_NAME}, None),
        ({"account": "a" * (MAX_NAME + 1)}, "`account` is 1 to 64 printable characters"),
        ({"id": ""}, "`id` is 1 to 64 printable characters"),
        ({"id": 7}, "`id` is 1 to 64 printable characters"),
        ({"by": "root"}, "`by` is no key of `order`"),
        ({"reson": "as agreed"}, "`reson` is no key of `order`"),
    ],
)
def test_request_is_read_strictly(changed: dict[str, Any], say: str | None, lanes: Lanes) -> None:
    answer = lanes.requests.answer(GUARD_UID, request() | changed)
    if say is None:
        assert answer["result"] == "obeyed"
    else:
        assert (answer["result"], answer["why"]) == ("refused", "not-understood")
        assert say in answer["say"]
        assert lanes.told() == []


@pytest.mark.parametrize("missing", ["version", "ask", "id", "order", "lane", "reason"])
def test_request_from_which_something_is_missing_is_not_understood(missing: str, lanes: Lanes) -> None:
    asked = {key: value for key, value in request().items() if key != missing}
    assert lanes.requests.answer(GUARD_UID, asked)["why"] == "not-understood"
    assert lanes.told() == []


def test_answer_to_what_is_not_understood_has_its_id_when_that_can_be_read(lanes: Lanes) -> None:
    assert lanes.requests.answer(GUARD_UID, {"id": "7", "ask": "sesame"})["id"] == "7"
    assert "id" not in lanes.requests.answer(GUARD_UID, {"id": 7, "ask": "sesame"})


# ------------------------------------------------------------------------------------------------------- users, bounds


def test_users_are_looked_up_once_and_those_that_are_not_there_are_told() -> None:
    uids = {"xs-status": 991, "nobody": OVERFLOW_UID, "toor": 0}
    listed = {"xs-status": ("open",), "xs-gone": ("open",), "nobody": ("open",), "toor": ("state",)}
    callers = Callers(listed.items(), 990, uids.get)
    assert callers.missing == ("xs-gone",)
    assert callers.caller(991) == Caller("xs-status", frozenset({"open"}))
    assert callers.caller(0) == Caller("root", EVERYTHING)
    assert callers.caller(OVERFLOW_UID) is None
    assert callers.caller(1000) is None


def test_gate_that_runs_as_root_calls_root_root() -> None:
    assert Callers([], 0, lambda _: None).caller(0) == Caller("root", EVERYTHING)


def test_rate_counts_each_user_by_himself_and_forgets() -> None:
    now_s = 0.0
    rate = Rate(2, 60, lambda: now_s)
    assert [rate.allows(1) for _ in range(3)] == [True, True, False]
    assert rate.allows(2)
    now_s = 59.9
    assert not rate.allows(1)
    now_s = 60.0
    assert [rate.allows(1) for _ in range(3)] == [True, True, False]


def test_rate_remembers_so_many_users_and_no_more() -> None:
    now_s = 0.0
    rate = Rate(1, 60, lambda: now_s)
    assert all(rate.allows(uid) for uid in range(MAX_USERS))
    assert not rate.allows(MAX_USERS)
    now_s = 60.0
    assert rate.allows(MAX_USERS)
