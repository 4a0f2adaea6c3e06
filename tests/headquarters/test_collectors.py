"""Collectors side by side and after each other: what is asked for again, published anew, and stored once."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headquarters.database import Database
from headquarters.journal.collecting import Collected, Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from terminal.core.messages import Replay
from terminal.core.signed_note import parse_note
from terminal.errors import ConfigurationError
from tests.headquarters.box import EPOCH, Box, acknowledged, register, stored
from tests.headquarters.conftest import Office
from tests.headquarters.side_by_side import collected, overlapping_batches

NOW = 1_790_000_500
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


# ------------------------------------------------------------------------------------------------------ replays


def test_nothing_is_asked_for_again_before_its_time(box: Box, collector: Collector) -> None:
    box.write(9)
    for at, first, last in ((NOW, 0, 3), (NOW + 500, 6, 9), (NOW + 529, 6, 9)):
        outcome = collector.collect(box.name, box.batch(first, last), at)
        assert isinstance(outcome, Collected)
        assert outcome.replay is None
    assert collector.replays(NOW + 529) == []


def test_gap_that_stays_open_is_asked_for_every_half_minute(box: Box, collector: Collector) -> None:
    box.write(9)
    collector.collect(box.name, box.batch(0, 3), NOW)
    collector.collect(box.name, box.batch(6, 9), NOW + 500)
    outcome = collector.collect(box.name, box.batch(6, 9), NOW + 530)
    assert isinstance(outcome, Collected)
    assert outcome.replay == Replay(EPOCH, 3, 5)
    assert collector.replays(NOW + 531) == []
    assert collector.replays(NOW + 560) == [(box.name, Replay(EPOCH, 3, 5))]
    assert collector.replays(NOW + 560) == []


def test_cursor_that_moves_puts_off_what_is_asked_for(box: Box, collector: Collector) -> None:
    box.write(9)
    collector.collect(box.name, box.batch(6, 9), NOW)
    collector.collect(box.name, box.batch(0, 3), NOW + 20)
    assert collector.replays(NOW + 49) == []
    assert collector.replays(NOW + 50) == [(box.name, Replay(EPOCH, 3, 5))]
    collector.collect(box.name, box.batch(3, 6), NOW + 51)
    assert collector.replays(NOW + 1000) == []


def test_retired_terminal_is_asked_for_nothing(office: Office, box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(9).batch(6, 9), NOW)
    Terminals(office.database).retire(box.name, office.change)
    assert collector.replays(NOW + 60) == []


def test_what_an_ended_epoch_lost_is_asked_for_every_hour(box: Box, collector: Collector) -> None:
    collector.collect(box.name, box.write(9).batch(6, 9), NOW)
    collector.collect(box.name, replace(box, epoch=bytes(16), entries=[]).write(1).batch(), NOW)
    assert collector.replays(NOW + 3599) == []
    assert collector.replays(NOW + 3600) == [(box.name, Replay(EPOCH, 0, 5))]


def test_new_acknowledgement_key_is_used_for_what_the_old_one_signed(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.collect(box.name, box.write(3).batch(), NOW)
    issuers = json.loads(office.keys.issuers.read_text())
    key = {"name": "xs-headquarters/next", "key": OTHER_KEY.public_key().public_bytes_raw().hex()}
    issuers["acknowledgements"].append(key)
    office.keys.issuers.write_text(json.dumps(issuers))
    (office.keys.path / "acknowledgement.json").write_text(json.dumps({"seed": "11" * 32}))
    with pytest.raises(ConfigurationError, match="names no acknowledgement key"):
        load_cosigner(office.keys)
    (office.keys.path / "acknowledgement.json").write_text(json.dumps({"seed": bytes(32).hex()}))
    renewed = Collector(office.database, load_cosigner(office.keys))
    ((_, note),) = renewed.acknowledgements(NOW)
    assert parse_note(note).cosigned_at(renewed_key := load_cosigner(office.keys).note_key) == NOW
    outcome = renewed.collect(box.name, box.batch(), NOW + 5)
    assert acknowledged(office, box, outcome) == 3
    ((_, note),) = renewed.acknowledgements(NOW + 99)
    assert parse_note(note).cosigned_at(renewed_key) == NOW + 5


# ------------------------------------------------------------------------------------------------------ side by side


def test_acknowledgements_are_there_for_the_next_connect(office: Office, box: Box, collector: Collector) -> None:
    outcome = collector.collect(box.name, box.write(3).batch(), NOW)
    assert isinstance(outcome, Collected)
    assert collector.acknowledgements(NOW + 60) == [(box.name, outcome.acknowledgement)]


def test_two_processes_that_collect_the_same_store_it_once(
    office: Office, box: Box, collector: Collector, tmp_path: Path
) -> None:
    box.write(400)
    bodies = overlapping_batches(box, tmp_path)
    assert collected(office.keys.path / "register.db", office, (bodies, bodies[::-1])) == 400
    assert stored(office, box) == dict(enumerate(box.entries))
    assert acknowledged(office, box, collector.collect(box.name, box.batch(399), NOW)) == 400


def test_database_of_before_there_were_journals_gets_their_tables(office: Office, box: Box) -> None:
    path = office.keys.path / "register.db"
    with office.database.transaction() as connection:
        for table in (
            "notices",
            "alarm_entries",
            "alarms",
            "quarantine",
            "waiting_checkpoints",
            "compact_ranges",
            "entries",
            "epochs",
            "terminals",
        ):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DELETE FROM schema_version WHERE version >= 2")
    office.database.close()
    office.database = Database(path)
    collector = register(office, box)
    assert acknowledged(office, box, collector.collect(box.name, box.write(1).batch(), NOW)) == 1
