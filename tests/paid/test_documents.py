"""docs/journal.cddl allows what is written of stays by account."""

from pathlib import Path
from typing import Any

import cbor2
import cddl_verifier
import pytest

from terminal.core.journal import EntryKey, Kind
from tests.paid.park import Park

CDDL = Path(__file__).parents[2] / "docs" / "journal.cddl"
SEALED_AS = {Kind.TAP_INTENT: "sealed-tap", Kind.TAP_OUTCOME: "sealed-tap", Kind.CHARGE: "sealed-charge"}


@pytest.fixture(scope="module")
def cddl() -> Any:
    return cddl_verifier.Validator(CDDL)


def test_everything_that_is_written_of_a_stay_that_goes_on_is_what_the_document_allows(cddl: Any, park: Park) -> None:
    park.drives_in("anna")
    park.sleeps(0.5)
    park.drives_out("anna")
    park.sleeps(0.2)
    park.drives_in("anna")
    park.burns()
    park.taps("anna", "exit")
    kinds = []
    for entry in park.stage.gate.entries():
        kinds.append(entry.record.kind)
        result = cddl.validate(entry.record_bytes, "record", require_deterministic=True)
        assert result.valid, (entry.record, result.diagnostics)
        if entry.sealed is not None:
            opened = park.world.site.opened(entry.sealed, EntryKey("gate-1", park.epoch, entry.record.sequence))
            assert cddl.validate(cbor2.dumps(opened), SEALED_AS[entry.record.kind]).valid, opened
    assert kinds.count(Kind.CHARGE) == 2
