"""Journal to headquarters and files to the mirror over a real broker, whatever happens in between."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from headquarters.publisher import mirror_files
from terminal.core import topics
from terminal.core.messages import Presence, Replay, decode_head
from terminal.core.uplink import SILENCE_S
from terminal.sync import Sync
from tests.headquarters.conftest import Office
from tests.storage.support import TERMINAL
from tests.sync.ground import Ground
from tests.sync.rig import SITE, WAIT_S, GateSide, Headquarters, MovedTime, sync_of
from tests.sync.test_mirror_writer import files, published


@dataclass
class Both:
    """Gate, sync and headquarters around one broker."""

    ground: Ground
    office: Office
    side: GateSide
    headquarters: Headquarters
    time: MovedTime = field(default_factory=MovedTime)
    syncs: list[Sync] = field(default_factory=list)

    def sync(self) -> Sync:
        sync = sync_of(self.ground.broker(TERMINAL), self.side, monotonic_s=self.time)
        self.syncs.append(sync)
        sync.start()
        return sync

    def close(self) -> None:
        for sync in self.syncs:
            sync.stop()
        self.headquarters.stop()
        self.side.end()
        self.ground.kill()


@pytest.fixture
def both(office: Office, tmp_path: Path) -> Iterator[Both]:
    ground = Ground(tmp_path / "broker")
    ground.start()
    side = GateSide(tmp_path / "gate", office)
    both = Both(ground, office, side, Headquarters(ground.broker("hq"), office))
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
    both.ground.kill()
    both.side.write(200)
    both.ground.start()
    both.side.wait_until_acknowledged(500)
    assert both.headquarters.size() == 500
