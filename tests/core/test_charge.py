"""Charges and credits as they go into the journal and come out of it."""

from dataclasses import replace
from typing import Any

import pytest

from terminal.core.charge import read_charge, read_credit
from terminal.core.journal import Kind
from terminal.errors import DocumentError
from tests.core.charges import CHARGE, CREDIT


def test_charge_comes_out_of_its_entry_as_it_went_in() -> None:
    entry = CHARGE.entry(2, 40)
    assert (entry.kind, entry.lane, entry.public["amount_cents"], entry.public["intent"]) == (Kind.CHARGE, 2, 150, 40)
    assert entry.sealed is not None
    assert read_charge(entry.public, entry.sealed) == CHARGE


def test_credit_comes_out_of_its_entry_as_it_went_in() -> None:
    entry = CREDIT.entry(2)
    assert entry.sealed is not None
    assert read_credit(entry.public, entry.sealed) == CREDIT


def test_nobody_on_site_reads_from_a_charge_whose_it_is_or_since_when_he_stayed() -> None:
    public = CHARGE.entry(2, 40).public
    known = "what amount_cents vat flags list_number list_age_s intent tariff zone"
    assert set(public) == set(known.split())


@pytest.mark.parametrize(
    ("half", "key", "value"),
    [
        ("public", "amount_cents", 151),
        ("public", "what", "Parking"),
        ("public", "flags", ["free-of-charge"]),
        ("sealed", "total_cents", 451),
        ("sealed", "earlier_cents", -1),
        ("sealed", "earlier_cents", 451),
        ("sealed", "lines", [[1, "increment", 1, 1, 4_499_999]]),
        ("sealed", "lines", [[1, "bargain", 1, 1, 4_500_000]]),
        ("sealed", "stay", [b"EPOC"]),
        ("sealed", "card", None),
    ],
)
def test_charge_that_does_not_add_up_is_refused(half: str, key: str, value: Any) -> None:
    entry = CHARGE.entry(2, 40)
    halves = {"public": dict(entry.public), "sealed": dict(entry.sealed or {})}
    halves[half][key] = value
    with pytest.raises(DocumentError):
        read_charge(halves["public"], halves["sealed"])


def test_credit_of_nothing_is_refused() -> None:
    entry = replace(CREDIT, amount_cents=0).entry(2)
    with pytest.raises(DocumentError):
        read_credit(entry.public, entry.sealed or {})
