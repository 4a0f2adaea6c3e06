from pathlib import Path

import pytest

from terminal.core.barrier_words import Side
from terminal.core.journal import Entry, EntryKey, Kind, OpenOrder, OrderResult, PassageEnded, order_settled
from terminal.core.stay import Holder, OpenPassage, Stay, StayChange, StayNeutral, StayOpened
from terminal.errors import StorageError
from terminal.recovery import settle
from tests.storage.support import EAN, NOON_MS, Gate, Held, intent, killed_while_writing, outcome

CARD = bytes(range(8))


def nobody(_: OpenPassage) -> None:
    """No stay begins or ends."""


def passage(of: int, result: str = "passed") -> Entry:
    """How the passage of the intent `of` ended."""
    return Entry(kind=Kind.PASSAGE, lane=1, public={"intent": of, "result": result}, card_number=CARD)


def told(gate: Gate) -> list[tuple[Kind, int | None, object, object]]:
    return [
        (entry.record.kind, entry.record.lane, entry.record.public.get("intent"), entry.record.public.get("result"))
        for entry in gate.entries()
    ]


def test_first_run_begins_with_its_start_entry(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        assert settle(gate.journal, software="1.2", stay_after=nobody) == (EntryKey("gate-1", gate.journal.epoch, 0),)
        (entry,) = gate.entries()
    assert (entry.record.kind, entry.record.lane, entry.record.public) == (Kind.START, None, {"software": "1.2"})
    assert entry.sealed is None


def test_intents_that_the_last_run_left_open_become_unknown_and_only_they(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (intent(), intent(), outcome(of=1), intent(), passage(of=1)):
            gate.journal.append(entry).result()
    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2", stay_after=nobody)
        assert gate.journal.open_intents() == ()
        assert told(gate)[5:] == [
            (Kind.START, None, None, None),
            (Kind.TAP_OUTCOME, 1, 0, "unknown"),
            (Kind.TAP_OUTCOME, 1, 3, "unknown"),
            (Kind.PASSAGE, 1, 0, "unknown"),
            (Kind.PASSAGE, 1, 3, "unknown"),
        ]
    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2", stay_after=nobody)
        assert told(gate)[10:] == [(Kind.START, None, None, None)]


def test_gate_that_was_killed_has_every_intent_settled_once(tmp_path: Path) -> None:
    killed_while_writing(tmp_path / "journal", 100)
    with Gate(tmp_path / "journal") as gate:
        opened = {entry.sequence for entry in gate.journal.open_intents()}
        assert opened
        settle(gate.journal, software="1.2", stay_after=nobody)
        entries = told(gate)
    intents = [number for number, (kind, *_) in enumerate(entries) if kind is Kind.TAP_INTENT]
    assert sorted(of for kind, _, of, _ in entries if kind is Kind.TAP_OUTCOME and isinstance(of, int)) == intents
    assert {of for kind, _, of, result in entries if kind is Kind.TAP_OUTCOME and result == "unknown"} == opened
    assert sorted(of for kind, _, of, _ in entries if kind is Kind.PASSAGE and isinstance(of, int)) == intents


def test_start_that_cannot_be_written_down_in_time_is_an_error(tmp_path: Path) -> None:
    disk = Held()
    with Gate(tmp_path / "journal", before_commit=disk) as gate:
        disk.hold()
        with pytest.raises(StorageError, match=r"start could not be written down within 0\.05 s"):
            settle(gate.journal, software="1.2", stay_after=nobody, timeout_s=0.05)
        disk.go_on.set()


def test_passage_that_a_kill_cut_off_ends_as_unknown_with_what_that_means_for_its_stay(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (intent(CARD), outcome(of=0)):
            gate.journal.append(entry).result()
    asked: list[OpenPassage] = []

    def neutral(passage: OpenPassage) -> StayChange:
        asked.append(passage)
        return StayOpened(CARD, EAN, Stay(zone=1, lane=1, entered_ms=passage.tapped_ms, intent=0, neutral=True))

    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2", stay_after=neutral)
        assert asked == [OpenPassage(intent=0, lane=1, tapped_ms=NOON_MS, holder=Holder(CARD, EAN), side=Side.EXIT)]
        assert told(gate)[2:] == [(Kind.START, None, None, None), (Kind.PASSAGE, 1, 0, "unknown")]
        assert gate.stays.inside(CARD) == Stay(zone=1, lane=1, entered_ms=NOON_MS, intent=0, neutral=True)
        assert gate.journal.open_passages() == ()


def order(word: str) -> Entry:
    """A guard's."""
    return Entry(kind=Kind.ORDER, lane=1, public={"order": word, "by": "xs-status"}, sealed={"reason": "as agreed"})


def denied() -> Entry:
    """Somebody's who may not."""
    facts = {"order": "lock", "by": "uid 1001", "result": "refused", "why": "not-allowed"}
    return Entry(kind=Kind.ORDER, public=facts)


def test_orders_that_the_last_run_left_open_become_unknown_and_only_they(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        obeyed = order_settled(OpenOrder(1, 1, "hold"), OrderResult.OBEYED)
        for entry in (order("open"), order("hold"), obeyed, denied(), order("lock")):
            gate.journal.append(entry).result()
    with Gate(tmp_path / "journal") as gate:
        assert gate.journal.open_orders() == (OpenOrder(0, 1, "open"), OpenOrder(4, 1, "lock"))
        settle(gate.journal, software="1.2", stay_after=nobody)
        assert gate.journal.open_orders() == ()
        assert [(entry.record.kind, entry.record.lane, entry.record.public) for entry in gate.entries()[6:]] == [
            (Kind.ORDER, 1, {"order": "open", "settles": 0, "result": "unknown"}),
            (Kind.ORDER, 1, {"order": "lock", "settles": 4, "result": "unknown"}),
            (Kind.PASSAGE, 1, {"order": 0, "result": "unknown"}),
        ]


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        (order_settled(OpenOrder(0, 1, "open"), OrderResult.OBEYED), [{"order": 0, "result": "unknown"}]),
        (order_settled(OpenOrder(0, 1, "open"), OrderResult.REFUSED, "locked"), []),
        (Entry(kind=Kind.PASSAGE, lane=1, public={"order": 0, "result": "passed"}), []),
    ],
)
def test_vehicle_that_a_person_let_through_ends_once_also_when_the_gate_was_killed(
    last: Entry, ends: list[object], tmp_path: Path
) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (order("open"), last):
            gate.journal.append(entry).result()
    with Gate(tmp_path / "journal") as gate:
        settle(gate.journal, software="1.2", stay_after=nobody)
        later = [entry.record for entry in gate.entries()[2:]]
        assert [record.public for record in later if record.kind is Kind.PASSAGE] == ends
        assert gate.journal.open_passages() == ()


@pytest.mark.parametrize("result", ["failed", "storage"])
def test_vehicle_that_was_not_let_in_has_no_passage(result: str, tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (intent(), outcome(of=0, result=result)):
            gate.journal.append(entry).result()
        assert gate.journal.open_passages() == ()


def test_passage_ends_once_and_its_second_end_changes_nothing(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        for entry in (intent(), outcome(of=0), passage(of=0, result="unknown")):
            gate.journal.append(entry).result()
        with pytest.raises(PassageEnded):
            gate.journal.append(passage(of=0), StayNeutral(CARD)).result()
        assert len(gate.entries()) == 3


def test_open_passage_names_its_card_to_nobody_without_the_key(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(intent(CARD)).result()
    for file in (tmp_path / "journal").iterdir():
        assert CARD not in file.read_bytes()
    with (
        Gate(tmp_path / "journal", stays_key=bytes(32)) as gate,
        pytest.raises(StorageError, match="put the terminal's key back"),
    ):
        gate.journal.open_passages()
