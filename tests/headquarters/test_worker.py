"""A worker between a real broker and a real database: alone, with others, killed, and with a broker that forgets."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

import pytest

from headquarters.collector.worker import REPLAYS_EVERY_S
from headquarters.journal.collecting import Collector
from headquarters.journal.terminals import Terminals
from terminal.core.checkpoint import checkpoint_of
from terminal.core.messages import Presence, decode_head, decode_replay
from terminal.core.signed_note import parse_note
from tests.headquarters.box import SITE, Box, register, stored
from tests.headquarters.conftest import Office
from tests.headquarters.ends import WITHIN_S, TerminalEnd, WorkerEnd
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


def test_what_a_terminal_sends_is_stored_and_answered(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        gate.send("presence", Presence.ONLINE.encode(), retain=True)
        gate.send("journal", box.write(3).batch())
        assert size(gate.next("ack")) == 3
        gate.send("head", head := box.write(4).head(time_ms=1000 * NOW), retain=True)
        end.wait_until(lambda: end.worker.taken["head"] == 2)  # shared, and as every worker hears it at first
    (state,) = Terminals(office.database).all()
    assert (state.size, state.backlog, state.presence, state.head) == (3, 4, "online", decode_head(head))
    assert stored(office, box) == dict(enumerate(box.entries[:3]))
    assert end.worker.tally.counts == {}


def test_what_a_terminal_said_last_before_it_was_gone_is_heard_at_the_next_connect(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    with gate.connected():
        gate.send("head", head := box.write(7).head(), retain=True)
        gate.send("presence", Presence.OFFLINE.encode(), retain=True)
    with WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        end.wait_until(lambda: end.worker.taken == {"head": 1, "presence": 1})
    (state,) = Terminals(office.database).all()
    assert (state.size, state.backlog, state.presence, state.head) == (0, 7, "offline", decode_head(head))


def hears_no_more(end: WorkerEnd) -> bool:
    return not end.worker.hears_all_heads


def took_a_presence(end: WorkerEnd) -> bool:
    return end.worker.taken["presence"] == 1


def test_heads_are_shared_again_after_a_while(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    with gate.connected(), ExitStack() as stack:
        ends = [stack.enter_context(WorkerEnd(NOW).works(rig.headquarters, collector, name)) for name in ("a", "b")]
        for end in ends:
            end.now_s += 60
            end.wait_until(partial(hears_no_more, end))
        gate.send("head", box.write(1).head(), retain=True)
        gate.send("journal", box.batch())
        wait_for_size(gate, 1)
        gate.send("presence", Presence.ONLINE.encode())
        for end in ends:  # which hears it after everything that it was sent before
            end.wait_until(partial(took_a_presence, end))
        assert sum(end.worker.taken["head"] for end in ends) == 1


# ------------------------------------------------------------------------------------------------------ killed


def killed(moment: str, office: Office, rig: Rig) -> "subprocess.Popen[str]":
    """A worker that will kill itself at that moment, once it is subscribed."""
    at = rig.headquarters
    words = [office.keys.path / "register.db", office.keys.path, at.host, at.port, at.ca, at.certificate, at.key]
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.headquarters.killed_worker", moment, *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert worker.stdout is not None
    while (said := worker.stdout.readline()) != "ready\n":
        assert said, "it ended"
    return worker


@pytest.mark.parametrize("moment", ["committed", "answered"])
def test_worker_killed_between_commit_and_acknowledgement_or_before_the_broker_knows(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd, *, moment: str
) -> None:
    with gate.connected():
        with killed(moment, office, rig) as worker:
            gate.send("journal", box.write(5).batch())
            assert worker.wait(WITHIN_S) == -signal.SIGKILL
        assert stored(office, box) == dict(enumerate(box.entries))
        if moment == "answered":
            assert size(gate.next("ack")) == 5
        assert gate.has_none("ack")
        with WorkerEnd(NOW).works(rig.headquarters, collector) as end:
            assert size(gate.next("ack")) == 5
            end.wait_until(lambda: end.worker.taken["journal"] == 1)  # the broker sent it again
            assert end.worker.entries == 0
    assert stored(office, box) == dict(enumerate(box.entries))


def test_acknowledgement_of_a_killed_worker_comes_also_when_the_broker_sends_nothing_again(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    with gate.connected():
        with killed("committed", office, rig) as worker:
            gate.send("journal", box.write(5).batch())
            worker.wait(WITHIN_S)
        with WorkerEnd(NOW).works(rig.headquarters, collector, "another"):
            assert size(gate.next("ack")) == 5


# ------------------------------------------------------------------------------------------------------ the broker


def test_two_workers_on_one_subscription_share_the_work(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    box.write(100)
    with gate.connected(), ExitStack() as stack:
        ends = [stack.enter_context(WorkerEnd(NOW).works(rig.headquarters, collector, name)) for name in ("a", "b")]
        for first in range(0, 100, 5):
            gate.send("journal", box.batch(first, first + 5))
        wait_for_size(gate, 100)
        for end in ends:  # a worker answers before it is through with a message
            end.wait_until(lambda: sum(each.worker.taken["journal"] for each in ends) == 20)
    assert sum(end.worker.entries for end in ends) == 100
    assert stored(office, box) == dict(enumerate(box.entries))


def test_batches_doubled_reordered_and_dropped(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    box.write(30)
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        for first, last in ((20, 30), (20, 30), (0, 10), (0, 10)):
            gate.send("journal", box.batch(first, last))
        assert [size(gate.next("ack")) for _ in range(2)] == [10, 10]
        end.now_s += 29
        end.wait_until(lambda: end.worker.taken["journal"] == 4)
        assert gate.has_none("replay")
        end.now_s += REPLAYS_EVERY_S  # it may have looked just now
        asked = decode_replay(gate.next("replay"))
        assert (asked.first, asked.last) == (10, 19)
        gate.send("journal", box.batch(asked.first, asked.last + 1))
        assert size(gate.next("ack")) == 30
    assert stored(office, box) == dict(enumerate(box.entries))


def test_broker_that_forgot_what_it_retained_gets_all_acknowledgements_anew(office: Office, box: Box, rig: Rig) -> None:
    boxes = [box, *(Box(name=f"gate-{number}") for number in range(2, 42))]
    collector = register(office, *boxes)
    for each in boxes:
        collector.collect(each.name, each.write(2).batch(), NOW)
    with WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        rig.mosquitto.kill()
        end.wait_until(lambda: not end.worker.connected)
        (rig.folder / "data" / "mosquitto.db").unlink(missing_ok=True)
        rig.mosquitto.start()
        for name in (box.name, "gate-41"):
            with TerminalEnd(rig.terminal(name), name).connected() as gate:
                assert size(gate.next("ack")) == 2


def test_retired_terminal_gets_nothing_and_what_lay_there_is_cleared(
    office: Office, box: Box, collector: Collector, rig: Rig, gate: TerminalEnd
) -> None:
    other = Box(name="gate-2").write(1)
    Terminals(office.database).add(other.name, SITE, other.key.public_key().public_bytes_raw(), office.change)
    with gate.connected(), WorkerEnd(NOW).works(rig.headquarters, collector) as end:
        gate.send("journal", box.write(1).batch())
        assert size(gate.next("ack")) == 1
        Terminals(office.database).retire(box.name, office.change)
        gate.send("journal", box.write(1).batch(1))
        end.wait_until(lambda: end.worker.tally.counts["retired"] == 1)
    with gate.again().connected() as again, WorkerEnd(NOW).works(rig.headquarters, collector):
        assert size(again.next("ack")) == 1  # as the first worker left it
        assert again.next("ack") == b""
    assert stored(office, box) == {0: box.entries[0]}
