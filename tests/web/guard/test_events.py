"""Every entry that a gate writes is a line that a guard understands, in both languages; a newer gate's too."""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from terminal.core.barrier_words import GuardOrder, Mark, Phase, Result, Side
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import Kind, OrderResult, Record, SaleResult, TapResult
from terminal.core.reasons import Help, Outcome, Reason
from terminal.web.guard import phrases
from terminal.web.guard.events import Tone, event
from terminal.web.guard.glance import glance
from terminal.web.now import Now as Folded
from terminal.words.catalogues import GUARD, words

ROOT = Path(__file__).parents[3]
LANGUAGES = ("nl", "en")


def record(kind: Kind, lane: int | None = 1, **public: Any) -> Record:
    return Record(
        sequence=7,
        time=Now(1_789_473_600_000, ClockQuality.GOOD),
        kind=kind,
        lane=lane,
        public=public,
        sealed_sha256=None,
    )


def told(kind: Kind, language: str = "en", **public: Any) -> tuple[str, str, str, str] | None:
    made = event(record(kind, **public), words(language, GUARD))
    return None if made is None else (made.tone.value, made.headline, made.detail, made.help)


def decided(outcome: Outcome, reason: Reason, **more: Any) -> dict[str, Any]:
    return {
        "outcome": outcome.value,
        "reason": reason.value,
        "help": reason.help.value,
        "flags": [],
        "side": "entry",
        **more,
    }


def test_taps_say_outcome_reason_and_who_can_help() -> None:
    assert told(Kind.TAP_INTENT, **decided(Outcome.ADMIT, Reason.OK)) == ("good", "Let through · in", "", "")
    assert told(Kind.TAP_OUTCOME, **decided(Outcome.DESK, Reason.NO_VISIT)) == (
        "wait",
        "To the desk · in",
        "no visit was announced",
        "his planner can help",
    )
    assert told(Kind.TAP_OUTCOME, "nl", **decided(Outcome.REFUSE, Reason.BLOCKED)) == (
        "bad",
        "Geweigerd · in",
        "kaart is geblokkeerd",
        "de uitgever van de kaart kan helpen",
    )
    flagged = decided(Outcome.ADMIT, Reason.OK, flags=["list-too-old", "training-expired"])
    assert told(Kind.TAP_INTENT, **flagged) == (
        "good",
        "Let through · in",
        "let pass: lists are too old, training has expired",
        "",
    )


def test_opening_that_went_well_is_one_line_and_one_that_did_not_is_two() -> None:
    assert told(Kind.TAP_OUTCOME, intent=6, result="opened") is None
    assert told(Kind.TAP_OUTCOME, intent=6, result="owed") is None
    assert told(Kind.TAP_OUTCOME, intent=6, result="unknown") == (
        "bad",
        "Not opened",
        "gate stopped in between; look at the lane",
        "",
    )


def test_order_says_who_gave_it_and_only_what_went_otherwise() -> None:
    assert told(Kind.ORDER, order="hold", by="xs-status") == ("plain", "Hold open", "ordered by xs-status", "")
    assert told(Kind.ORDER, order="hold", settles=6, result="obeyed") is None
    assert told(Kind.ORDER, order="hold", settles=6, result="refused", why="locked") == (
        "wait",
        "Hold open",
        "refused, nothing moved",
        "",
    )


def test_alarm_is_raised_and_over() -> None:
    assert told(Kind.ALARM_RAISED, alarm="reader", about="front") == ("bad", "Card reader does not work", "front", "")
    assert told(Kind.ALARM_CLEARED, alarm="reader") == ("good", "Over: Card reader does not work", "", "")
    assert told(Kind.ALARM_RAISED, alarm="of-tomorrow") == ("bad", "of-tomorrow", "", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_entry_has_words_also_with_nothing_in_it(kind: Kind, language: str) -> None:
    made = event(record(kind), words(language, GUARD))
    assert made is None or made.headline


@pytest.mark.parametrize("kind", [Kind.TAP_INTENT, Kind.TAP_OUTCOME, Kind.PASSAGE, Kind.ORDER, Kind.SALE_OUTCOME])
def test_words_of_a_newer_gate_are_shown_as_they_are(kind: Kind) -> None:
    strange: dict[str, Any] = dict.fromkeys(("outcome", "reason", "help", "result", "order", "side"), "of-tomorrow")
    made = event(record(kind, **strange, flags=["of-tomorrow"]), words("nl", GUARD))
    assert made is None or made.tone in Tone


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_gate_has_a_phrase(language: str) -> None:
    tables: list[tuple[Mapping[Any, str], type[StrEnum]]] = [
        (phrases.PHASES, Phase),
        (phrases.SIDES, Side),
        (phrases.OUTCOMES, Outcome),
        (phrases.REASONS, Reason),
        (phrases.HELPS, Help),
        (phrases.TAP_RESULTS, TapResult),
        (phrases.SALE_RESULTS, SaleResult),
        (phrases.PASSAGES, Result),
        (phrases.ORDERS, GuardOrder),
        (phrases.ORDER_RESULTS, OrderResult),
    ]
    spoken = words(language, GUARD)
    for table, all_of in tables:
        assert set(table) == set(all_of)
        assert all(spoken.gettext(text) for text in table.values())
    assert {Mark.EMERGENCY, Mark.LOCKED, Mark.PAUSED, Mark.HELD, Mark.SWUNG_OFF} == set(phrases.KEPT)


def test_every_alarm_that_the_terminal_raises_has_words() -> None:
    raised: set[str] = set()
    for file in (ROOT / "terminal").rglob("*.py"):
        if file.name in {"journal.py", "callers.py", "requests.py", "roles.py"}:  # other words are called so there
            continue
        text = file.read_text()
        raised |= set(re.findall(r'(?:raised|happened|holds|Alarm|Standing)\(\s*"([a-z-]+)"', text))
        raised |= set(re.findall(r'[A-Z_]*ALARM(?:_[A-Z]+)? = "([a-z-]+)"', text))
    assert len(raised) > 20
    assert raised - set(phrases.ALARMS) == set()


# -------------------------------------------------------------------------------------------------------- first glance

SITE = {"lists_issued_at_s": 1_000_000, "list_warn_s": 3600, "list_max_s": 86_400}


def seen(age_s: int = 60, **more: Any) -> Folded:
    lane = {"lane": 1, "phase": "closed", "kept": [], "shut": None, "owed": 0}
    reader = {"reader": "front", "at": 1, "state": "ready"}
    now = Folded(
        terminal="gate-1",
        site=dict(SITE),
        lanes={1: lane},
        readers={"front": reader},
        copied=100,
        at_ms=(1_000_000 + age_s) * 1000,
        clock="good",
        whole=True,
    )
    for key, value in more.items():
        setattr(now, key, value)
    return now


def items(now: Folded, acknowledged: int | None = 100) -> dict[str, tuple[str, str]]:
    return {each.what: (each.tone.value, each.words) for each in glance(now, acknowledged, words("en", GUARD))}


def test_everything_in_order_is_four_good_words() -> None:
    assert items(seen()) == {
        "lanes": ("good", "Every lane works"),
        "alarms": ("good", "No alarm stands"),
        "lists": ("good", "Lists are 1 min old"),
        "headquarters": ("good", "Headquarters has everything"),
    }


@pytest.mark.parametrize(
    ("now", "acknowledged", "what", "tone", "said"),
    [
        (seen(whole=False), 100, "gate", "bad", "The gate does not answer. What you see is old."),
        (seen(alarms={("reader", 1, "front")}), 100, "alarms", "bad", "1 alarm stands"),
        (seen(3601), 100, "lists", "wait", "Lists are 1 hr old"),
        (seen(86_461), 100, "lists", "bad", "Lists are 1 day 1 min old"),
        (seen(site=None), 100, "lists", "bad", "No lists are in force"),
        (seen(), 51, "headquarters", "good", "49 entries wait for headquarters"),
        (seen(), 50, "headquarters", "wait", "50 entries wait for headquarters"),
        (seen(), None, "headquarters", "wait", "Not known what headquarters has"),
        (seen(clock="doubtful"), 100, "clock", "bad", "The clock cannot be relied on"),
    ],
)
def test_what_is_wrong_is_said_at_the_first_glance(
    now: Folded, acknowledged: int | None, what: str, tone: str, said: str
) -> None:
    assert items(now, acknowledged)[what] == (tone, said)


def test_lane_that_does_not_work_is_named() -> None:
    now = seen()
    now.lanes[1] |= {"phase": "fault-open", "shut": "fault-open"}
    assert items(now)["lanes"] == ("bad", "Lane 1: did not open")
    now.lanes[1] |= {"phase": "closed", "shut": "paused", "kept": ["paused"]}
    assert items(now)["lanes"] == ("wait", "Lane 1: paused, no cards are taken")
    now.lanes[1] |= {"shut": None, "kept": []}
    now.readers["front"]["state"] = "absent"
    assert items(now)["lanes"] == ("bad", "Lane 1: Card reader does not work")
