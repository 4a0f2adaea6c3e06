"""A command from headquarters' database to a terminal's journal and back: real worker, broker, sync and socket."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from headquarters.journal.collecting import Collector
from headquarters.journal.commands import LASTS_S, all_commands, command_key, order_erasure
from headquarters.journal.cosigner import load_cosigner
from terminal.core.journal import EntryKey, Kind
from tests.headquarters.conftest import Office
from tests.headquarters.ends import WorkerEnd
from tests.mqtt.broker_rig import Rig, running_rig
from tests.storage.support import HOUR_MS, NOON_MS, SIGNING_KEY, TERMINAL, Gate, intent
from tests.sync.rig import SITE, GateSide, sync_of


@dataclass
class Line:
    rig: Rig
    office: Office
    side: GateSide
    worker: WorkerEnd

    @property
    def gate(self) -> Gate:
        assert self.side.gate is not None
        return self.side.gate

    def write_one_with_a_sealed_part(self) -> EntryKey:
        return self.gate.journal.append(intent()).result(60)

    def order(self, *which: EntryKey) -> int:
        (ordered,) = order_erasure(self.office.database, command_key(self.office.keys), which, self.office.change)
        return ordered.number

    def states(self) -> list[str]:
        with self.office.database.transaction(read_only=True) as connection:
            return [each.state(int(self.office.now.timestamp())) for each in all_commands(connection, TERMINAL)]

    def erasures(self) -> list[object]:
        return [each.record.public["command"] for each in self.gate.entries() if each.record.kind is Kind.ERASURE]


@pytest.fixture
def line(office: Office, tmp_path: Path) -> Iterator[Line]:
    with running_rig(tmp_path / "broker", office.database, tmp_path / "hq") as rig:
        broker = rig.terminal(TERMINAL, SITE, SIGNING_KEY.public_key().public_bytes_raw())
        side = GateSide(tmp_path / "gate", office)
        office.now = office.now.fromtimestamp(NOON_MS / 1000, office.now.tzinfo)  # as the gate's clock
        worker = WorkerEnd(NOON_MS // 1000)
        collector = Collector(office.database, load_cosigner(office.keys))
        sync = sync_of(broker, side)
        with worker.works(rig.headquarters, collector):
            sync.start()
            yield Line(rig, office, side, worker)
            sync.stop()
        side.end()


def test_order_to_erase_reaches_the_journal_and_its_entry_ends_it(line: Line) -> None:
    key = line.write_one_with_a_sealed_part()
    line.side.wait_until_acknowledged(1)
    number = line.order(key)
    line.worker.now_s += 5
    line.side.news.wait(lambda: any(each["result"] == "done" for each in line.side.asked))
    line.worker.wait_until(lambda: line.states() == ["answered"])
    assert line.erasures() == [number]
    assert [entry.sealed for entry in line.gate.entries()] == [None, None]


def test_gate_that_was_away_finds_the_order_and_one_that_hears_it_twice_does_it_once(line: Line) -> None:
    key = line.write_one_with_a_sealed_part()
    line.side.wait_until_acknowledged(1)
    line.side.end()
    number = line.order(key)
    line.worker.now_s += 5
    line.rig.mosquitto.kill()
    line.side.begin()
    line.rig.mosquitto.start()
    line.worker.wait_until(lambda: line.states() == ["answered"])
    assert line.erasures() == [number]


def test_order_that_has_ended_is_not_carried_out(line: Line) -> None:
    key = line.write_one_with_a_sealed_part()
    line.side.wait_until_acknowledged(1)
    line.gate.clock.ms += LASTS_S * 1000 + HOUR_MS
    line.order(key)
    line.worker.now_s += 5
    line.side.news.wait(lambda: any(each.get("why") == "expired" for each in line.side.asked))
    line.office.now += timedelta(seconds=LASTS_S)
    assert (line.states(), line.erasures()) == (["expired"], [])
