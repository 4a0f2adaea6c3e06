"""What the checker says of small stories, each of them told whole."""

from collections.abc import Mapping
from typing import Any

from headquarters.journal.verifying import JournalReport
from terminal.core.instant import ClockQuality, Now
from terminal.core.journal import EntryKey, Kind, Record
from tests.storm.acts import Act
from tests.storm.checking import Verdict, check
from tests.storm.findings import Findings, Found

GATE, LANE, EPOCH = "gate-1", 1, bytes(16)
CARD, OTHER = b"\x01" * 8, b"\x02" * 8


def act(number: int = 0, card: bytes = CARD, promised: int | None = 1, began_ns: int = 100) -> Act:
    return Act(number, GATE, LANE, "tap", card, began_ns, EPOCH.hex() if promised is not None else None, promised)


def entry(sequence: int, kind: Kind, mark: bytes | None = None, **public: Any) -> Found:
    record = Record(
        sequence=sequence, time=Now(0, ClockQuality.GOOD), kind=kind, lane=LANE, public=public, sealed_sha256=None
    )
    return Found(EntryKey(GATE, EPOCH, sequence), record, None if mark is None else mark.hex())


def opening(at_ns: int) -> Mapping[str, Any]:
    return {"what": "output", "lane": LANE, "name": "open", "on": True, "monotonic_ns": at_ns}


ADMITTED = (
    entry(0, Kind.START),
    entry(1, Kind.TAP_INTENT, CARD),
    entry(2, Kind.TAP_OUTCOME, intent=1, result="opened"),
    entry(3, Kind.PASSAGE, intent=1, result="no-show"),
)


def judged(
    *acts: Act,
    entries: tuple[Found, ...] = ADMITTED,
    openings: tuple[int, ...] = (150,),
    aside: tuple[Found, ...] = (),
    lost: tuple[range, ...] = (),
    restored: frozenset[str] = frozenset(),
    starts: int = 1,
) -> Verdict:
    report = JournalReport(GATE, EPOCH, len(entries), lost=list(lost))
    traces = {GATE: [opening(at_ns) for at_ns in openings]}
    return check(acts, traces, {GATE: starts}, restored, Findings(entries, aside, (), (report,)))


def words(verdict: Verdict) -> tuple[int, int, int, int]:
    return len(verdict.lost), len(verdict.doubled), len(verdict.invented), len(verdict.wrong)


def test_admitted_tap_that_arrived() -> None:
    assert words(judged(act())) == (0, 0, 0, 0)


def test_tap_that_the_gate_did_not_live_to_answer_may_be_there_or_not() -> None:
    nothing = judged(act(promised=None), entries=ADMITTED[:1], openings=())
    assert nothing.good
    assert nothing.counts["acts of nothing, unanswered"] == 1
    assert judged(act(promised=None)).good


def test_tap_that_was_promised_and_is_not_there() -> None:
    assert words(judged(act(), entries=ADMITTED[:1], openings=())) == (1, 0, 0, 0)


def test_boom_that_moved_for_a_tap_that_is_not_there() -> None:
    assert words(judged(act(promised=None), entries=ADMITTED[:1])) == (1, 0, 0, 0)


def test_tap_that_is_there_under_another_number_than_was_promised() -> None:
    assert words(judged(act(promised=2))) == (0, 0, 0, 1)


def test_boom_that_moved_for_a_card_that_was_turned_away() -> None:
    turned_away = (entry(0, Kind.START), entry(1, Kind.TAP_OUTCOME, CARD, outcome="refuse"))
    assert words(judged(act(), entries=turned_away, openings=())) == (0, 0, 0, 0)
    assert words(judged(act(), entries=turned_away)) == (0, 0, 0, 1)


def test_outcome_that_says_opened_of_a_boom_that_did_not_move() -> None:
    assert words(judged(act(), openings=())) == (0, 0, 1, 0)


def test_boom_that_opened_twice_for_one_tap() -> None:
    assert words(judged(act(), openings=(150, 160))) == (0, 0, 1, 0)


def test_boom_that_opened_before_anybody_came() -> None:
    assert words(judged(act(), openings=(50, 150))) == (0, 0, 1, 0)


def test_intent_outcome_and_passage_that_are_there_twice() -> None:
    assert words(judged(act(), entries=(*ADMITTED, entry(4, Kind.PASSAGE, intent=1)))) == (0, 1, 0, 0)
    assert words(judged(act(), entries=(*ADMITTED, entry(4, Kind.TAP_OUTCOME, intent=1)))) == (0, 1, 0, 0)
    twice = (*ADMITTED, entry(4, Kind.TAP_INTENT, CARD), entry(5, Kind.TAP_OUTCOME, intent=4, result="unknown"))
    assert words(judged(act(), entries=twice)) == (0, 1, 0, 0)


def test_intent_without_its_outcome_or_the_end_of_its_passage() -> None:
    assert words(judged(act(), entries=ADMITTED[:2])) == (1, 0, 0, 0)
    assert words(judged(act(), entries=ADMITTED[:3])) == (1, 0, 0, 0)


def test_entries_without_a_cause() -> None:
    assert words(judged(act(), entries=(*ADMITTED, entry(4, Kind.TAP_OUTCOME, OTHER)))) == (0, 0, 1, 0)
    assert words(judged(act(), entries=(*ADMITTED, entry(4, Kind.PASSAGE, intent=9)))) == (0, 0, 1, 0)
    assert words(judged(act(), entries=(*ADMITTED, entry(4, Kind.START)))) == (0, 0, 1, 0)


def test_tap_of_a_past_that_ended_is_aside_only_where_an_old_image_was_brought_back() -> None:
    kept = (entry(1, Kind.TAP_INTENT, CARD),)
    assert words(judged(act(), entries=ADMITTED[:1], aside=kept)) == (1, 0, 0, 0)
    restored = judged(act(), entries=ADMITTED[:1], aside=kept, restored=frozenset({GATE}))
    assert restored.good
    assert restored.counts["acts aside"] == 1


def test_tap_that_headquarters_itself_reports_lost() -> None:
    gone = judged(act(), entries=ADMITTED[:1], lost=(range(1, 4),), restored=frozenset({GATE}))
    assert gone.good
    assert gone.counts["acts reported lost"] == 1
    assert words(judged(act(), entries=ADMITTED[:1], lost=(range(1, 4),))) == (0, 0, 0, 1)


def test_tap_whose_card_was_not_read_is_known_by_the_number_that_was_named() -> None:
    unread = (entry(0, Kind.START), entry(1, Kind.TAP_OUTCOME, outcome="refuse", detail="no-rules"))
    assert judged(act(), entries=unread, openings=()).good
    assert judged(act(promised=None), entries=unread, openings=()).good
    assert words(judged(entries=unread, openings=())) == (0, 0, 1, 0)
