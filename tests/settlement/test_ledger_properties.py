"""Random charges, credits, late arrivals and orders of issuing: nothing is lost, nothing is counted twice."""

import contextlib
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headquarters.database import Database
from headquarters.keys import KeyFolder
from headquarters.settlement.exporting import exported
from headquarters.settlement.periods import month
from headquarters.settlement.verifying import verify_ledger
from headquarters.tables.settlement import statement_items
from terminal.errors import ConfigurationError
from tests.settlement.ground import ABROAD, JANSEN, PIETERS, Ground, at, ground_in
from tests.settlement.recompute import recompute

LATER = datetime(2027, 1, 5, tzinfo=UTC)
MONTHS = (8, 9, 10)
charges = st.tuples(
    st.just("charge"),
    st.integers(0, 5000),
    st.sampled_from(MONTHS),
    st.sampled_from((1, 15, 28, 30)),
    st.sampled_from((JANSEN, PIETERS)),
    st.sampled_from(("21", "9", "21.0")),
    st.booleans(),
)
credits_ = st.tuples(st.just("credit"), st.integers(0, 10), st.integers(1, 3000), st.sampled_from(MONTHS))
issues = st.tuples(st.just("issue"), st.sampled_from(MONTHS), st.sampled_from((JANSEN, PIETERS)))
steps = st.lists(charges | charges | credits_ | issues, max_size=12)


def play(ground: Ground, drawn: list[tuple[object, ...]]) -> None:
    written: list[tuple[int, str, str]] = []
    for step in drawn:
        match step:
            case ("charge", int(cents), int(of_month), int(day), str(payer), str(vat), bool(abroad)):
                gate, site = ("gate-2", ABROAD) if abroad else ("gate-1", 4711)
                ended_ms = at(day, 23, 30, month=of_month)
                written.append(
                    (ground.charge(cents, ended_ms, payer=payer, vat=vat, gate=gate, site=site), payer, gate)
                )
            case ("credit", int(which), int(cents), int(of_month)) if written:
                number, payer, gate = written[which % len(written)]
                ground.credit(number, cents, at(15, month=of_month), payer=payer, gate=gate)
            case ("issue", int(of_month), str(payer)):
                ground.settle()
                with contextlib.suppress(ConfigurationError):  # nothing is open then
                    ground.issue(f"2026-{of_month:02}", payer, now=LATER)
            case _:
                pass
    ground.settle()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_every_item_is_on_one_statement_or_open(settlement_keys: KeyFolder, drawn: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "register.db")
        try:
            ground = ground_in(database, settlement_keys, Path(folder))
            ground.payer()
            ground.payer(PIETERS, name="Pieters")
            play(ground, drawn)
            report = verify_ledger(database)
            assert report.mistakes == []
            assert sum(report.balances.values()) == 0
            settled = ground.items()
            with database.transaction(read_only=True) as connection:
                stated = Counter(connection.scalars(sa.select(statement_items.c.item)))
            assert set(stated.values()) <= {1}
            assert report.open == len(settled) - len(stated)
            for number in MONTHS:
                assert recompute(exported(database, month(f"2026-{number:02}"))).mistakes == []
            owed = {
                payer: sum(item.amount_cents for item in settled if item.payer == payer) for payer in (JANSEN, PIETERS)
            }
            assert owed == {payer: report.balances.get(f"receivable/{payer}", 0) for payer in owed}
        finally:
            database.close()
