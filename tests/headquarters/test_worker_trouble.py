"""A worker that is sent what it should not be, or whose database is away."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.database import Database
from headquarters.journal.collecting import Collector, Outcome
from headquarters.journal.cosigner import load_cosigner
from headquarters.tables.journal import terminals
from simulation.postgresql import Postgresql
from terminal.core.cbor import decode_strict, encode
from terminal.core.checkpoint import checkpoint_of
from terminal.core.messages import MAX_BATCH_BYTES
from terminal.core.signed_note import parse_note
from tests.headquarters.box import Box, put_aside, register, standing_alarms, stored
from tests.headquarters.conftest import Office
from tests.headquarters.ends import TerminalEnd, WorkerEnd
from tests.mqtt.broker_rig import Rig

NOW = 1_790_000_500


@pytest.fixture
def box(office: Office) -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


@pytest.fixture
def gate(rig: Rig, collector: Collector, box: Box) -> TerminalEnd:
    return TerminalEnd(rig.terminal(box.name), box.name)


def size(acknowledgement: bytes) -> int:
    return checkpoint_of(parse_note(acknowledgement)).size


def wait_for_size(gate: TerminalEnd, wanted: int) -> None:
    while size(gate.next("ack")) < wanted:
        pass


# ------------------------------------------------------------------------------------------------------ bad input


def rubbish(box: Box, what: str) -> bytes:
    whole = box.batch()
    newer = decode_strict(whole, MAX_BATCH_BYTES)
    assert isinstance(newer, dict)
    return {
        "too-large": encode({1: bytes(MAX_BATCH_BYTES)}),
        "no-cbor": b"\xff" * 100,
        "cut-off": whole[:-1],
        "other-version": encode({**newer, 5: 2}),
        "other-terminal": replace(box, name="gate-2").batch(),
        "other-key": replace(box, key=Ed25519PrivateKey.generate()).batch(),
    }[what]


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ("too-large", "not-a-batch"),
        ("no-cbor", "not-a-batch"),
        ("cut-off", "not-a-batch"),
        ("other-version", "not-a-batch"),
        ("other-terminal", "other-terminal"),
        ("other-key", "not-signed"),
    ],
)
def test_rubbish_is_counted_and_the_next_message_is_taken(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd, *, what: str, word: str
) -> None:
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        for _ in range(3):
            gate.send("journal", rubbish(box.write(1), what))
        for leaf in ("head", "presence"):
            gate.send(leaf, b"\xff")
        gate.send("journal", box.batch())
        assert size(gate.next("ack")) == 3
        end.wait_until(lambda: end.worker.taken["presence"] == 1 and end.worker.taken["head"] == 2)
    assert end.worker.tally.counts == {word: 3, "not-a-head": 2, "not-a-presence": 1}
    assert stored(office, box) == dict(enumerate(box.entries))


def test_terminal_that_nobody_registered_gets_no_answer(
    office: Office, box: Box, rig: Rig, collector: Collector
) -> None:
    stranger = Box(name="gate-9").write(1)
    gate = TerminalEnd(rig.terminal(stranger.name), stranger.name)
    with office.database.transaction() as connection:
        connection.execute(terminals.delete().where(terminals.c.terminal == stranger.name))
    with (
        gate.connected(),
        WorkerEnd(NOW).works(rig.headquarters, collector) as end,
    ):
        gate.send("journal", stranger.batch())
        end.wait_until(lambda: end.worker.tally.counts["unknown-terminal"] == 1)
        assert gate.has_none("ack")


def test_fork_is_put_aside_and_told_and_the_rest_goes_on(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        gate.send("journal", box.write(3).batch())
        gate.send("journal", box.copy(2).write(1, "fork").batch())
        end.wait_until(lambda: end.worker.tally.counts["fork"] == 1)
        gate.send("journal", box.write(1).batch(3))
        wait_for_size(gate, 4)
    assert [what for what, _, _ in put_aside(office)] == ["batch"]
    assert standing_alarms(office) == ["fork"]


class Failing(Collector):
    """One with a mistake in it that a certain batch finds."""

    def collect(self, terminal: str, body: bytes, now_s: int) -> Outcome:
        if len(body) > 2000:
            raise ZeroDivisionError
        return super().collect(terminal, body, now_s)


def test_message_that_finds_a_mistake_in_the_program_does_not_stop_the_others(
    office: Office, box: Box, rig: Rig, gate: TerminalEnd
) -> None:
    failing = Failing(office.database, load_cosigner(office.keys))
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, failing) as end:
        gate.send("journal", box.write(1).batch())
        gate.send("journal", box.write(100).batch(1))
        gate.send("journal", box.batch(1, 5))
        wait_for_size(gate, 5)
    assert end.worker.tally.counts == {"failed": 1}


# ------------------------------------------------------------------------------------------------------ the database


def test_database_held_by_another_for_a_while(office: Office, box: Box, rig: Rig, gate: TerminalEnd) -> None:
    impatient = Database(office.keys.path / "register.db", wait_for_others_s=0.01)
    collector = Collector(impatient, load_cosigner(office.keys))
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        with office.database.transaction():
            for first in range(3):
                gate.send("journal", box.write(1).batch(first))
            end.wait_until(lambda: end.worker.tally.counts["database-away"] >= 2)
            assert end.worker.taken["journal"] == 0
        wait_for_size(gate, 3)
        end.wait_until(lambda: end.worker.taken["journal"] == 3)
    impatient.close()
    assert stored(office, box) == dict(enumerate(box.entries))


def test_database_server_that_is_gone_for_a_while(
    box: Box, rig: Rig, office: Office, postgresql: Postgresql, tmp_path: Path
) -> None:
    there = Office(office.keys, Database(postgresql.create_database(tmp_path.name)), tmp_path)
    collector = register(there, box)
    gate = TerminalEnd(rig.terminal(box.name), box.name)
    try:
        with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
            gate.send("journal", box.write(1).batch())
            assert size(gate.next("ack")) == 1
            postgresql.stop("QUIT")
            try:
                gate.send("journal", box.write(1).batch(1))
                end.wait_until(lambda: end.worker.tally.counts["database-away"] >= 2)
            finally:
                postgresql.start()
            wait_for_size(gate, 2)
        assert stored(there, box) == dict(enumerate(box.entries))
    finally:
        there.database.close()
        postgresql.drop_database(tmp_path.name)
