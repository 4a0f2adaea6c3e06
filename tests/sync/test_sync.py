"""Journal to headquarters and files to the mirror over a real broker, whatever happens in between."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from headquarters.repository.publisher import mirror_files
from terminal.core import topics
from terminal.core.messages import MAX_BATCH_ENTRIES, Presence, Replay, decode_head
from terminal.core.uplink import MAX_WINDOW, SILENCE_S
from terminal.edges.mqtt import Broker
from terminal.sync.down import FIRST_PAUSE_S, LOOK_EVERY_S
from terminal.sync.process import Sync
from tests.headquarters.conftest import Office
from tests.mqtt.broker_rig import Rig, running_rig
from tests.storage.support import SIGNING_KEY, TERMINAL
from tests.sync.rig import SITE, WAIT_S, GateSide, Headquarters, MovedTime, sync_of
from tests.sync.test_mirror_writer import files, pieces, published


@dataclass
class Both:
    """Gate, sync and headquarters around one broker."""

    rig: Rig
    broker: Broker
    office: Office
    side: GateSide
    headquarters: Headquarters
    time: MovedTime = field(default_factory=MovedTime)
    syncs: list[Sync] = field(default_factory=list)

    def sync(self) -> Sync:
        sync = sync_of(self.broker, self.side, monotonic_s=self.time)
        self.syncs.append(sync)
        sync.start()
        return sync

    def close(self) -> None:
        for sync in self.syncs:
            sync.stop()
        self.headquarters.stop()
        self.side.end()


@pytest.fixture
def both(office: Office, tmp_path: Path) -> Iterator[Both]:
    with running_rig(tmp_path / "broker", office.database, tmp_path / "hq") as rig:
        broker = rig.terminal(TERMINAL, SITE, SIGNING_KEY.public_key().public_bytes_raw())
        side = GateSide(tmp_path / "gate", office)
        both = Both(rig, broker, office, side, Headquarters(rig.headquarters, office))
        yield both
        both.close()


def test_backlog_arrives_in_order_and_is_acknowledged(both: Both) -> None:
    both.side.write(1203)
    both.sync()
    both.side.wait_until_acknowledged(1203)
    ranges = both.headquarters.ranges()
    assert ranges[0][0] == 0
    assert [first for first, _ in ranges[1:]] == [end for _, end in ranges[:-1]]
    assert both.headquarters.size() == 1203


def test_new_entries_arrive_while_the_line_stands(both: Both) -> None:
    both.sync()
    for size in (1, 2, 4):
        both.side.write(size - both.headquarters.size())
        both.side.wait_until_acknowledged(size)
    assert both.headquarters.size() == 4


def test_broker_killed_and_back(both: Both) -> None:
    both.side.write(300)
    both.sync()
    both.side.wait_until_acknowledged(300)
    both.rig.mosquitto.kill()
    both.side.write(200)
    both.rig.mosquitto.start()
    both.side.wait_until_acknowledged(500)
    assert both.headquarters.size() == 500


def test_entry_written_while_headquarters_is_slow_goes_ahead_of_the_backlog(both: Both) -> None:
    size = (MAX_WINDOW + 1) * MAX_BATCH_ENTRIES
    both.headquarters.deaf = True  # so that the window stays full
    both.side.write(size)
    both.sync()
    both.headquarters.news.wait(lambda: len(both.headquarters.batches) >= MAX_WINDOW)
    both.side.write(3)
    both.headquarters.news.wait(lambda: (size, size + 3) in both.headquarters.ranges())
    assert max(end for _, end in both.headquarters.ranges() if end != size + 3) < size


def test_headquarters_silent_for_thirty_seconds_gets_all_of_it_again(both: Both) -> None:
    both.headquarters.deaf = True
    both.side.write(700)
    both.sync()
    both.headquarters.news.wait(lambda: any(end == 700 for _, end in both.headquarters.ranges()))
    both.headquarters.deaf = False
    both.time.ahead_s += SILENCE_S
    both.side.wait_until_acknowledged(700)


def test_gate_that_was_away_hears_of_the_acknowledgement_later(both: Both) -> None:
    both.side.write(10)
    both.side.socket.stop()
    both.sync()
    both.headquarters.wait_until_stored(10)
    both.side.end()
    both.side.begin()
    both.side.wait_until_acknowledged(10)


def test_sync_killed_and_started_again_while_the_gate_goes_on(both: Both) -> None:
    both.side.write(5)
    both.sync().stop()
    both.side.write(5)
    both.sync()
    both.side.wait_until_acknowledged(10)


def test_acknowledgement_that_came_while_sync_was_down_reaches_the_gate(both: Both) -> None:
    both.side.write(5)
    both.headquarters.mute = True
    sync = both.sync()
    both.headquarters.wait_until_stored(5)
    sync.stop()
    for terminal, note in both.headquarters.collector.acknowledgements(0):
        both.headquarters.publish(topics.own(terminal, "ack"), note)
    both.sync()
    both.side.wait_until_acknowledged(5)


def test_entries_that_headquarters_asks_for_are_sent_again(both: Both) -> None:
    both.headquarters.mute = True
    both.side.write(10)
    both.sync()
    both.headquarters.wait_until_stored(10)
    both.side.write(10)
    both.headquarters.wait_until_stored(20)
    sent = len(both.headquarters.batches)
    both.headquarters.publish(topics.own(TERMINAL, "replay"), Replay(both.side.epoch, 3, 7).encode(), retain=False)
    both.headquarters.news.wait(lambda: len(both.headquarters.batches) > sent)
    first, end = both.headquarters.ranges()[sent]
    assert first == 3
    assert end >= 8


def test_head_says_how_far_the_journal_is_and_how_the_terminal_is(both: Both) -> None:
    both.side.facts |= {"list_number": 7, "list_issued_at_s": 1}
    both.side.write(4)
    both.sync()
    both.headquarters.news.wait(lambda: bool(both.headquarters.heads))
    head = decode_head(both.headquarters.heads[-1])
    assert (head.list_number, head.free_bytes, head.software) == (7, 1 << 30, "1.0")
    assert head.checkpoint.split(b"\n")[1] == b"4"
    heads = len(both.headquarters.heads)
    both.side.facts["list_number"] = 8
    both.side.write(1)
    both.headquarters.news.wait(lambda: len(both.headquarters.heads) > heads)
    assert decode_head(both.headquarters.heads[-1]).list_number == 8


def test_presence_is_online_and_then_offline(both: Both) -> None:
    said = both.headquarters.presence
    sync = both.sync()
    both.headquarters.news.wait(lambda: said == [Presence.ONLINE.encode()])
    sync.stop()
    both.headquarters.news.wait(lambda: said == [Presence.ONLINE.encode(), Presence.OFFLINE.encode()])


def test_files_that_are_published_come_into_the_mirror(both: Both) -> None:
    both.office.publish()
    wanted = mirror_files(both.office.published, SITE)
    for topic, body in published(both.office).items():
        both.headquarters.publish(str(topic), body)
    both.sync()
    wait_for_mirror(both, wanted)
    both.office.later(minutes=5)
    both.office.publish()
    for topic, body in published(both.office).items():
        both.headquarters.publish(str(topic), body)
    wait_for_mirror(both, mirror_files(both.office.published, SITE))


def wait_for_mirror(both: Both, wanted: dict[str, bytes], *, moving_s: float = 0.0) -> None:
    """Nobody tells when a file is there: it is looked for, while the clock goes on by `moving_s` each time."""
    deadline_s = time.monotonic() + WAIT_S
    while not wanted.items() <= files(both.side.mirror).items():
        assert time.monotonic() < deadline_s, sorted(files(both.side.mirror))
        both.time.ahead_s += moving_s
        time.sleep(0.01)


def test_large_list_comes_in_pieces(both: Both) -> None:
    content = bytes(range(256)) * 5_000
    for topic, body in pieces(None, "revocation/cards", content):
        both.headquarters.publish(str(topic), body)
    both.sync()
    wait_for_mirror(both, {"revocation/cards": content})


def test_file_that_the_disk_refused_is_asked_for_again(both: Both) -> None:
    both.side.mirror.rmdir()
    both.headquarters.publish(f"xs/v1/repo/sites/{SITE}/timestamp.json", b"content")
    with capture_logs() as said:
        both.sync()
        deadline_s = time.monotonic() + WAIT_S
        while "mirror" not in [line["event"] for line in said]:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    both.side.mirror.mkdir()
    wait_for_mirror(both, {"timestamp.json": b"content"}, moving_s=FIRST_PAUSE_S / 10)


def test_file_that_the_broker_dropped_is_asked_for_within_the_day(both: Both) -> None:
    both.sync()
    both.side.write(1)
    both.side.wait_until_acknowledged(1)
    (both.side.mirror / "timestamp.json").write_bytes(b"old")
    both.headquarters.publish(f"xs/v1/repo/sites/{SITE}/timestamp.json", b"new")
    wait_for_mirror(both, {"timestamp.json": b"new"})
    (both.side.mirror / "timestamp.json").write_bytes(b"old")
    wait_for_mirror(both, {"timestamp.json": b"new"}, moving_s=LOOK_EVERY_S / 10)


def test_own_head_of_an_earlier_life_is_handed_to_the_gate(both: Both) -> None:
    both.headquarters.mute = True
    both.side.write(4)
    both.sync()
    both.headquarters.news.wait(lambda: bool(both.headquarters.heads))
    both.syncs.pop().stop()
    before = len(both.side.asked)
    both.sync()
    both.side.news.wait(lambda: {"version": 1, "result": "ignored", "why": "not-cosigned"} in both.side.asked[before:])


def test_messages_that_are_none_do_not_end_the_connection(both: Both) -> None:
    both.sync()
    both.side.write(1)
    both.side.wait_until_acknowledged(1)
    send = both.headquarters.publish
    for body in (b"", b"\xff", b"no note", bytes(100_000)):
        send(topics.own(TERMINAL, "replay"), body, retain=False)
        send(topics.own(TERMINAL, "ack"), body, retain=False)
        send(topics.own(TERMINAL, "command"), body, retain=False)
        send(f"xs/v1/repo/sites/{SITE}/unknown.json", body, retain=False)
        send(f"xs/v1/repo/sites/{SITE}/timestamp.json", bytes(20_000), retain=False)
    both.side.write(1)
    both.side.wait_until_acknowledged(2)
    assert len(both.headquarters.presence) == 1
    assert files(both.side.mirror) == {}
