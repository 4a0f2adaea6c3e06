"""What was charged counts against payer and card until headquarters has acknowledged it, over restarts and epochs."""

from dataclasses import replace
from pathlib import Path

import pytest

from terminal.core.situation import OnAccount
from terminal.errors import StorageError
from tests.core.charges import CHARGE
from tests.storage.past import acknowledge, by_office, checkpoint
from tests.storage.support import Gate, changed_by_hand, intent

OTHER_CARD, OTHER_PAYER = b"CARDNUM2", 8710000000029
NOTHING = OnAccount()


def charge(gate: Gate, cents: int, card: bytes = CHARGE.card_number, payer: int = CHARGE.payer) -> int:
    """A tap that is charged so much; the number of its intent."""
    due = replace(CHARGE, card_number=card, payer=payer, total_cents=cents, earlier_cents=0)
    future = gate.journal.append(intent(card), followed_by=lambda sequence: due.entry(2, sequence))
    return future.result(60).sequence


def used(gate: Gate, card: bytes = CHARGE.card_number, payer: int = CHARGE.payer) -> OnAccount:
    return gate.store.accounts.used(card, payer)


def test_charge_stands_right_behind_its_tap_and_names_it(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        number = charge(gate, 450)
        told = [(entry.record.kind.value, entry.record.public.get("intent")) for entry in gate.entries()]
        assert told[number:] == [("tap-intent", None), ("charge", number)]


def test_charges_add_up_by_payer_and_by_card(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        charge(gate, 450)
        charge(gate, 150, OTHER_CARD)
        charge(gate, 900, b"CARDNUM3", OTHER_PAYER)
        charge(gate, 0)
        assert used(gate) == OnAccount(payer_cents=600, payer_charges=2, card_cents=450)
        assert used(gate, OTHER_CARD) == OnAccount(payer_cents=600, payer_charges=2, card_cents=150)
        assert used(gate, b"CARDNUM4", 8710000000036) == NOTHING


def test_restart_forgets_no_charge(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        charge(gate, 450)
    with Gate(tmp_path / "journal") as gate:
        assert used(gate) == OnAccount(payer_cents=450, payer_charges=1, card_cents=450)


def test_what_headquarters_has_acknowledged_is_no_risk_any_more(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        charge(gate, 450)
        charge(gate, 150)
        acknowledge(gate, by_office(checkpoint(gate, 2)))
        assert used(gate) == OnAccount(payer_cents=150, payer_charges=1, card_cents=150)
    with Gate(tmp_path / "journal") as gate:
        assert used(gate) == OnAccount(payer_cents=150, payer_charges=1, card_cents=150)
        acknowledge(gate, by_office(checkpoint(gate, 4)))
        assert used(gate) == NOTHING


def test_charge_that_did_not_get_on_disk_counts_for_nothing(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        future = gate.journal.append(intent(), followed_by=lambda _: replace(CHARGE.entry(2, 0), sealed={"card": 7.5}))
        with pytest.raises(TypeError):
            future.result(60)
        assert used(gate) == NOTHING
        assert list(gate.entries()) == []


def test_row_that_another_key_wrote_is_not_taken_for_nothing_owed(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        charge(gate, 450)
    changed_by_hand(tmp_path / "journal", "UPDATE on_account SET sealed = zeroblob(40)")
    with pytest.raises(StorageError, match="put the key back"), Gate(tmp_path / "journal"):
        pass
