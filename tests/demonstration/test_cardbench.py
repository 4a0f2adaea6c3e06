"""Cards are made on a reader that somebody else has just left."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from demonstration.cardbench import BENCH_READER, CardBench
from demonstration.cast import CAST
from demonstration.office import Office
from simulation.card import blank_chip
from simulation.vpcd import VirtualReaderSlot
from terminal.edges.pcsc_card import pcsc_context, readers_with_card
from tests.tap.site import POLICY

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]


def test_daemon_that_remembers_a_card_which_is_gone_is_waited_for(tmp_path: Path) -> None:
    with VirtualReaderSlot(BENCH_READER.port) as before, pcsc_context() as context:
        before.insert(blank_chip(b"\x04" + bytes(6)))
        assert readers_with_card(context, (BENCH_READER.name,), 60)
    office = Office(tmp_path / "headquarters", lambda: datetime.now(UTC), POLICY)
    try:
        with VirtualReaderSlot(BENCH_READER.port) as slot:
            anna = CardBench(office, slot).card_for(CAST[0])
        assert anna.card_number is not None
    finally:
        office.close()
