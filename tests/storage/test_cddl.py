"""The document says what the gate writes: real entries, read back from the disk, against docs/journal.cddl."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import cddl_verifier
import pytest

from terminal.core.cbor import encode
from terminal.core.charge import Charge, Flag
from terminal.core.journal import Entry, Kind, OpenOrder, OrderResult, TapResult, order_settled
from terminal.core.reasons import Help, Outcome, Reason
from terminal.core.sealing import seal
from terminal.core.tariff.explanation import Line, What
from terminal.recovery import settle
from terminal.storage.epochs import EpochEnded
from tests.core.charges import CHARGE, CREDIT
from tests.storage.support import DECISION, EAN, SEALING_KEY, Gate, intent, outcome

CDDL = Path(__file__).parents[2] / "docs" / "journal.cddl"
LIST = {"list_number": 7, "issued_at_s": 1_790_000_000, "versions": {"root": 1, "site-4711": 12}}
SEALED = {"card": bytes(8), "ean": EAN, "person": 7}
TURNED_AWAY = {**DECISION, "outcome": "refuse", "reason": "blocked", "help": "issuer", "detail": "read-key-newest"}
WITHOUT_RULES = {"reader": "front", "outcome": "refuse", "reason": "lane-closed", "help": "driver", "flags": [],
                 "detail": "no-rules"}  # fmt: skip

SALE = {**{key: value for key, value in DECISION.items() if key != "side"}, "service": "shower"}
SHAPED = {Kind.START, Kind.TAP_INTENT, Kind.TAP_OUTCOME, Kind.PASSAGE, Kind.ORDER, Kind.LIST_APPLIED,
          Kind.LEVEL_CHANGED, Kind.CONFIGURATION_CHANGED, Kind.CLOCK, Kind.ERASURE, Kind.ALARM_RAISED,
          Kind.ALARM_ACKNOWLEDGED, Kind.ALARM_CLEARED, Kind.EPOCH, Kind.CHARGE, Kind.CREDIT,
          Kind.SALE_INTENT, Kind.SALE_OUTCOME, Kind.SALE_ENDED, Kind.ACCESS}  # fmt: skip
OTHER_KINDS = [kind for kind in Kind if kind not in SHAPED]
ORDER = {"order": "open", "by": "xs-status"}
REASON = {"reason": "driver lost his card", "account": "k.bakker"}
RIGHT = {
    "start": Entry(kind=Kind.START, public={"software": "1.0"}),
    "intent": intent(),
    "outcome": outcome(of=1),
    "exit that was never durable": Entry(kind=Kind.TAP_OUTCOME, lane=1, public={"result": "opened"}),
    "turned away": Entry(kind=Kind.TAP_OUTCOME, lane=1, public=TURNED_AWAY, card_number=bytes(8), sealed=SEALED),
    "without rules": Entry(kind=Kind.TAP_OUTCOME, lane=1, public=WITHOUT_RULES),
    "sale": Entry(kind=Kind.SALE_INTENT, lane=21, public=SALE, card_number=bytes(8), sealed=SEALED),
    "price shown": Entry(kind=Kind.SALE_OUTCOME, lane=21, public=SALE, card_number=bytes(8), sealed=SEALED),
    "sale given": Entry(kind=Kind.SALE_OUTCOME, lane=21, public={"intent": 1, "result": "given"}),
    "sale without rules": Entry(kind=Kind.SALE_OUTCOME, lane=21, public=WITHOUT_RULES),
    "sale ended": Entry(
        kind=Kind.SALE_ENDED, lane=21, public={"service": "shower", "why": "time", "intent": 1}, card_number=bytes(8)
    ),
    "passage by order": Entry(kind=Kind.PASSAGE, lane=1, public={"order": 1, "result": "no-show"}),
    "passage of a passenger": Entry(
        kind=Kind.PASSAGE, lane=1, public={"order": 1, "passenger_of": None, "result": "passed"}, card_number=bytes(8)
    ),
    "passage under a boom that is held open": Entry(kind=Kind.PASSAGE, lane=1, public={"result": "untapped"}),
    "passage of a stranger": Entry(kind=Kind.PASSAGE, lane=1, public={"result": "unknown"}),
    "order": Entry(kind=Kind.ORDER, lane=1, public=ORDER, sealed=REASON),
    "order for a side": Entry(kind=Kind.ORDER, lane=1, public={**ORDER, "side": "exit"}, sealed=REASON),
    "order obeyed": order_settled(OpenOrder(1, 1, "open"), OrderResult.OBEYED),
    "order obeyed until the gate ends": order_settled(OpenOrder(1, 1, "hold"), OrderResult.OBEYED, "not-kept"),
    "order refused": order_settled(OpenOrder(1, 1, "lock"), OrderResult.REFUSED, "emergency-open"),
    "order of which nobody knows": order_settled(OpenOrder(1, 1, "hold"), OrderResult.UNKNOWN),
    "order of a stranger": Entry(
        kind=Kind.ORDER, public={**ORDER, "by": "uid 1001", "result": "refused", "why": "not-allowed"}
    ),
    "log-in": Entry(
        kind=Kind.ACCESS,
        public={"what": "logged-in", "by": "xs-status"},
        sealed={"account": "k.bakker", "address": "127.0.0.1"},
    ),
    "lists": Entry(kind=Kind.LIST_APPLIED, public=LIST),
    "first level": Entry(kind=Kind.LEVEL_CHANGED, public={"level": "1"}),
    "level raised": Entry(kind=Kind.LEVEL_CHANGED, public={"level": "2", "was": "1", "since_s": 1_790_000_000}),
    "first gate.toml": Entry(kind=Kind.CONFIGURATION_CHANGED, public={"sha256": bytes(32)}),
    "other gate.toml": Entry(kind=Kind.CONFIGURATION_CHANGED, public={"sha256": bytes(32), "was": bytes(32)}),
    "sealed parts erased": Entry(
        kind=Kind.ERASURE,
        public={"command": 7, "what": "sealed-parts", "epoch": bytes(16), "count": 2, "missing": 0},
    ),
    "entries dropped": Entry(kind=Kind.ERASURE, public={"what": "entries", "count": 250, "below": 750}),
    "clock doubted": Entry(kind=Kind.CLOCK, public={"quality": "doubtful", "was": "good"}),
    "clock jumped": Entry(kind=Kind.CLOCK, public={"quality": "good", "jump_ms": -3_600_000}),
    "stays purged": Entry(kind=Kind.ERASURE, public={"what": "closed-stays", "count": 3, "before_s": 1_790_000_000}),
    "alarm": Entry(kind=Kind.ALARM_RAISED, lane=1, public={"alarm": "card-lingers", "reader": "front", "since_s": 60}),
    "exit flagged": Entry(
        kind=Kind.ALARM_RAISED, lane=1, public={"alarm": "exit-flagged", "reasons": ["blocked"], "tap": None}
    ),
    "alarm cleared": Entry(kind=Kind.ALARM_CLEARED, public={"alarm": "storage"}),
    "epoch": EpochEnded(bytes(16), 7, 9).told()[0],
    "alarm of another past": EpochEnded(bytes(16), 7, 9).told()[1],
    "charge": CHARGE.entry(2, 40),
    "charge by no tap that was written down": replace(CHARGE, tariff=None, zone=None, flags=tuple(Flag)).entry(2, None),
    "credit": CREDIT.entry(2),
    **{str(kind): Entry(kind=kind, public={"anything": 1}) for kind in OTHER_KINDS},
    **{str(result): outcome(1, result) for result in TapResult},
    **{f"reason {reason}": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "reason": str(reason), "flags": [
        str(reason)]}, sealed=SEALED) for reason in Reason},
    **{f"help {who}": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "help": str(who)}, sealed=SEALED)
       for who in Help},
    **{f"outcome {what}": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "outcome": str(what)}, sealed=SEALED)
       for what in Outcome},
}  # fmt: skip
WRONG = {
    "start with a lane": Entry(kind=Kind.START, lane=1, public={"software": "1.0"}),
    "start of nothing": Entry(kind=Kind.START),
    "intent without a sealed part": Entry(kind=Kind.TAP_INTENT, lane=1, public=DECISION),
    "intent without a lane": Entry(kind=Kind.TAP_INTENT, public=DECISION, sealed=SEALED),
    "unknown reason": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "reason": "mood"}, sealed=SEALED),
    "company in the clear": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "ean": EAN}, sealed=SEALED),
    "intent that names an intent": Entry(kind=Kind.TAP_INTENT, lane=1, public={**DECISION, "intent": 1}, sealed=SEALED),
    "unknown result": outcome(1, "perhaps"),
    "order with its reason in the clear": Entry(
        kind=Kind.ORDER, lane=1, public={**ORDER, "reason": "Jan Smit lost his card"}, sealed=REASON
    ),
    "order without a reason": Entry(kind=Kind.ORDER, lane=1, public=ORDER),
    "order that is none": Entry(kind=Kind.ORDER, lane=1, public={**ORDER, "order": "sesame"}, sealed=REASON),
    "order to no lane": Entry(kind=Kind.ORDER, public=ORDER, sealed=REASON),
    "order refused for no reason": order_settled(OpenOrder(1, 1, "lock"), OrderResult.REFUSED),
    "order obeyed of which nobody knows which": Entry(
        kind=Kind.ORDER, lane=1, public={"order": "open", "result": "obeyed"}
    ),
    "passage of an intent that nobody tapped": Entry(
        kind=Kind.PASSAGE, lane=1, public={"order": 1, "result": "untapped"}
    ),
    "passage that ended well": Entry(kind=Kind.PASSAGE, lane=1, public={"order": 1, "result": "well"}),
    "lists without versions": Entry(kind=Kind.LIST_APPLIED, public={"list_number": 7, "issued_at_s": 1}),
    "level that is none": Entry(kind=Kind.LEVEL_CHANGED, public={"level": "4"}),
    "configuration in full": Entry(kind=Kind.CONFIGURATION_CHANGED, public={"sha256": bytes(32), "file": "[gate]"}),
    "erasure that names somebody": Entry(
        kind=Kind.ERASURE, public={"what": "closed-stays", "count": 1, "before_s": 1, "card": bytes(8)}
    ),
    "erasure by nobody's command": Entry(
        kind=Kind.ERASURE, public={"what": "sealed-parts", "epoch": bytes(16), "count": 2, "missing": 0}
    ),
    "erasure of entries without a number": Entry(kind=Kind.ERASURE, public={"what": "entries", "count": 1}),
    "epoch that follows none": Entry(kind=Kind.EPOCH, public={"size": 7}),
    "epoch of a lane": Entry(kind=Kind.EPOCH, lane=1, public={"epoch": bytes(16), "size": 7}),
    "alarm without a name": Entry(kind=Kind.ALARM_RAISED, public={"reader": "front"}),
    "charge that says since when he stayed": Entry(
        kind=Kind.CHARGE, lane=2, public={**CHARGE.entry(2, 40).public, "entered_ms": 1}, sealed=SEALED
    ),
    "charge without its sealed part": replace(CHARGE.entry(2, 40), sealed=None),
    "credit of no charge": Entry(
        kind=Kind.CREDIT, public={"what": "shower", "amount_cents": 1, "vat": "21", "why": "broken"}, sealed=SEALED
    ),
    "alarm in words": Entry(kind=Kind.ALARM_RAISED, public={"alarm": "Card lies there"}),
}


@pytest.fixture(scope="module")
def cddl() -> Any:
    return cddl_verifier.Validator(CDDL)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with Gate(tmp_path_factory.mktemp("cddl") / "journal") as gate:
        settle(gate.journal, software="1.0", stay_after=lambda _: None)
        yield gate


def check(cddl: Any, gate: Gate, entry: Entry) -> Any:
    if entry.kind is Kind.PASSAGE and "order" in entry.public:  # one that began, and ends once
        began = gate.journal.append(RIGHT["order"]).result().sequence
        entry = replace(entry, public={**entry.public, "order": began})
    key = gate.journal.append(entry).result()
    (stored,) = gate.journal.entries(key.sequence, key.sequence)
    if stored.sealed is not None:
        assert cddl.validate(encode(stored.sealed), "sealed-bytes", require_deterministic=True).valid
    return cddl.validate(stored.record_bytes, "record", require_deterministic=True)


@pytest.mark.parametrize("entry", RIGHT.values(), ids=RIGHT)
def test_entry_that_the_gate_writes_is_one_that_the_document_allows(cddl: Any, gate: Gate, entry: Entry) -> None:
    result = check(cddl, gate, entry)
    assert result.valid, result.diagnostics


@pytest.mark.parametrize("entry", WRONG.values(), ids=WRONG)
def test_entry_that_the_gate_does_not_write_is_one_that_the_document_forbids(
    cddl: Any, gate: Gate, entry: Entry
) -> None:
    assert not check(cddl, gate, entry).valid


def test_passage_names_the_intent_or_the_order_by_which_its_vehicle_was_admitted(cddl: Any, gate: Gate) -> None:
    first, second = (gate.journal.append(intent()).result().sequence for _ in range(2))
    passed = {"intent": first, "result": "passed"}
    assert check(cddl, gate, Entry(kind=Kind.PASSAGE, lane=1, public=passed, card_number=bytes(8))).valid
    of_both = {"intent": second, "order": first, "result": "passed"}
    assert not check(cddl, gate, Entry(kind=Kind.PASSAGE, lane=1, public=of_both)).valid


def test_every_record_of_a_run_is_one_that_the_document_allows(cddl: Any, tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        gate.journal.append(intent()).result()
        settle(gate.journal, software="1.0", stay_after=lambda _: None)
        for entry in gate.entries():
            assert cddl.validate(entry.record_bytes, "record", require_deterministic=True).valid


def test_bounds_of_the_sealed_part_are_those_of_the_code(cddl: Any, gate: Gate) -> None:
    key = gate.journal.append(intent()).result()
    smallest = seal({}, key, SEALING_KEY)
    assert cddl.validate(cbor2.dumps(smallest), "sealed-bytes").valid
    assert not cddl.validate(cbor2.dumps(smallest[:-1]), "sealed-bytes").valid
    assert cddl.validate(cbor2.dumps(bytes(16_384)), "sealed-bytes").valid
    assert not cddl.validate(cbor2.dumps(bytes(16_385)), "sealed-bytes").valid


def test_sealed_part_of_a_tap(cddl: Any) -> None:
    assert cddl.validate(cbor2.dumps({**SEALED, "trainings": ["VCA"]}), "sealed-tap").valid
    assert not cddl.validate(cbor2.dumps({**SEALED, "name": "Anna"}), "sealed-tap").valid


def test_sealed_part_of_an_order(cddl: Any) -> None:
    assert cddl.validate(cbor2.dumps(REASON), "sealed-order").valid
    assert not cddl.validate(cbor2.dumps({**REASON, "badge": 7}), "sealed-order").valid
    assert not cddl.validate(cbor2.dumps({"account": "k.bakker"}), "sealed-order").valid


@pytest.mark.parametrize("charge", [CHARGE, replace(CHARGE, stay=None, entered_ms=None, sources={})])
def test_sealed_part_of_a_charge(cddl: Any, charge: Charge) -> None:
    sealed: dict[Any, Any] = {**(charge.entry(2, 40).sealed or {})}
    assert cddl.validate(encode(sealed), "sealed-charge").valid
    assert not cddl.validate(encode({**sealed, "name": "Anna"}), "sealed-charge").valid
    assert not cddl.validate(encode({**sealed, "receipt": bytes(9)}), "sealed-charge").valid


def test_explanation_has_a_line_of_every_kind(cddl: Any) -> None:
    lines = tuple(Line(1, what, None, 1, 0) for what in What)
    sealed = replace(CHARGE, lines=lines).entry(2, 40).sealed
    assert cddl.validate(cbor2.dumps(sealed), "sealed-charge").valid


def test_sealed_part_of_a_credit(cddl: Any) -> None:
    sealed: dict[Any, Any] = {**(CREDIT.entry(2).sealed or {})}
    assert cddl.validate(cbor2.dumps(sealed), "sealed-credit").valid
    assert not cddl.validate(cbor2.dumps({**sealed, "why": "broken"}), "sealed-credit").valid
