"""The same on a PostgreSQL of one's own (simulation.postgresql)."""

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from headquarters.alarms.entries import take_in
from headquarters.alarms.listing import Alarms
from headquarters.alarms.notices import claim, forget, make_notices, sent, sites_due
from headquarters.alarms.settings import AlarmSettings, Limits, Mail
from headquarters.alarms.watching import Watch
from headquarters.database import Database
from headquarters.journal.collecting import Collected, Forked
from headquarters.journal.cosigner import acknowledgement_keys
from headquarters.journal.proving import prove, verify_proof
from headquarters.journal.reading import Wanted, latest
from headquarters.journal.verifying import JournalReport, verify
from headquarters.keys import load_sealing_key
from headquarters.muster.evidence import answered, read_evidence
from headquarters.muster.inside import Span
from headquarters.repository.ceremony import init_keys
from headquarters.tables.journal import alarms
from simulation.postgresql import Postgresql
from terminal.core.journal import EntryKey, Kind
from terminal.core.messages import Replay
from terminal.errors import StorageError
from tests.headquarters.box import (
    EPOCH,
    NAME,
    SITE,
    T0_MS,
    Box,
    acknowledged,
    put_aside,
    register,
    sealing_key,
    standing_alarms,
    stored,
)
from tests.headquarters.conftest import JANSEN, Office
from tests.headquarters.side_by_side import collected, indices_given_out, overlapping_batches

NOW = 1_790_000_500


@pytest.fixture
def address(postgresql: Postgresql, tmp_path: Path) -> Iterator[str]:
    name = tmp_path.name
    yield postgresql.create_database(name)
    postgresql.drop_database(name)


@pytest.fixture
def office(address: str, tmp_path: Path) -> Iterator[Office]:
    office = Office(init_keys(tmp_path / "hq", datetime.now(UTC)), Database(address), tmp_path)
    yield office
    office.database.close()


def test_two_processes_that_collect_the_same_in_any_order_store_it_once(
    office: Office, address: str, tmp_path: Path
) -> None:
    box = Box().write(400)
    collector = register(office, box)
    bodies = overlapping_batches(box, tmp_path)
    chance = random.Random(4)  # noqa: S311  no secret
    assert collected(address, office, [chance.sample(bodies, 40) for _ in range(2)]) == 400
    assert stored(office, box) == dict(enumerate(box.entries))
    assert acknowledged(office, box, collector.collect(box.name, box.batch(399), NOW)) == 400
    assert list(verify(office.database, acknowledgement_keys(office.keys))) == [JournalReport(NAME, EPOCH, proven=400)]


def test_life_of_a_journal(office: Office) -> None:
    box = Box().write(30)
    collector = register(office, box)
    for first, end in itertools.chain([(20, 30)], itertools.pairwise(range(0, 21, 5))):
        assert isinstance(collector.collect(box.name, box.batch(first, end), NOW), Collected)
    assert isinstance(collector.collect(box.name, box.copy(20).write(5, "fork").batch(15), NOW), Forked)
    assert [what for what, _, _ in put_aside(office)] == ["batch"]
    assert standing_alarms(office) == ["fork"]
    with office.database.transaction(read_only=True) as connection:
        assert [each.key.sequence for each in latest(connection, Wanted(terminal=NAME), 2)] == [29, 28]
        proof = prove(connection, EntryKey(NAME, EPOCH, 7), acknowledgement_keys(office.keys))
    assert verify_proof(proof, None, None).record.sequence == 7


def test_gap_is_asked_for(office: Office) -> None:
    box = Box().write(9)
    collector = register(office, box)
    collector.collect(box.name, box.batch(6, 9), NOW)
    assert collector.replays(NOW + 30) == [(NAME, Replay(EPOCH, 0, 5))]
    assert collector.replays(NOW + 30) == []


def test_register_is_kept_there_too(office: Office, address: str) -> None:
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    card = office.issued(1)
    again = Database(address)
    assert Office(office.keys, again, office.folder).register.card(card.card_number) is not None
    with pytest.raises(StorageError, match="read-only"), again.transaction(read_only=True) as connection:
        connection.exec_driver_sql("DELETE FROM cards")
    again.close()


def test_two_offices_at_one_server_give_out_different_indices(office: Office, address: str) -> None:
    office.register.add_company(JANSEN, "Jansen Transport", office.change)
    other = Office(office.keys, Database(address), office.folder)
    assert indices_given_out(office, other) == list(range(40))
    other.database.close()


def test_server_that_is_not_there_is_said_in_a_line(address: str) -> None:
    away = sa.make_url(address).set(port=1, password="secret").render_as_string(hide_password=False)
    with pytest.raises(StorageError, match="the register fails") as raised:
        Database(away)
    assert "secret" not in str(raised.value)


def test_alarms_come_are_told_and_go(office: Office) -> None:
    box = Box()
    collector = register(office, box)
    box.tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": "front"})
    collector.collect(box.name, box.batch(), NOW)
    collector.note_head(box.name, box.head(time_ms=1000 * NOW), NOW)
    watch = Watch(office.database, Limits())
    assert [each.finding for each in watch.look(NOW + 600)] == ["silent"]
    take_in(office.database)
    mail = Mail(name="desk", relay="localhost", port=25, sender="a@b", to=("c@d",), sites=frozenset())
    settings = AlarmSettings(mails=(mail,))
    numbers = itertools.count()
    make = partial(make_notices, office.database, settings, NOW + 600, lambda count: next(numbers).to_bytes(count))
    assert (make(), make()) == (2, 0)
    assert sites_due(office.database, mail.channel, NOW + 600, not_tried_since_s=NOW) == [4711]
    taken = claim(office.database, mail.channel, NOW + 600, site=4711, limit=9)
    assert (len(taken), claim(office.database, mail.channel, NOW + 600)) == (2, [])
    sent(office.database, taken, NOW + 600)
    assert sites_due(office.database, mail.channel, NOW + 900, not_tried_since_s=NOW) == []
    assert {each.alarm: each.state for each in Alarms(office.database).all()} == {
        "reader": "raised",
        "silent": "raised",
    }
    assert Alarms(office.database).acknowledge(1, office.change).state == "acknowledged"
    box.tell(Kind.ALARM_CLEARED, {"alarm": "reader", "about": "front"})
    collector.collect(box.name, box.batch(1), NOW + 600)
    watch.look(NOW + 600)
    assert Alarms(office.database).all() == ()
    forget(office.database, NOW + 400 * 86400)


def test_register_of_before_gets_its_alarms_there_too(office: Office, address: str) -> None:
    box = Box().write(3)
    collector = register(office, box)
    box.tell(Kind.ALARM_RAISED, {"alarm": "tamper"})
    collector.collect(box.name, box.batch(), NOW)
    collector.collect(box.name, box.copy(2).write(2, "other").batch(), NOW)
    names = [column.name for column in alarms.columns]
    with office.database.transaction() as connection:
        for table in ("notices", "alarm_entries"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for column in names[names.index("lane") :]:
            connection.exec_driver_sql(f"ALTER TABLE alarms DROP COLUMN {column}")
        connection.exec_driver_sql("DELETE FROM schema_version WHERE version >= 3")
    again = Database(address)
    assert {each.alarm: each.by_person for each in Alarms(again).all()} == {"fork": True, "tamper": False}
    again.close()


def test_who_was_inside_is_told_from_there_too(office: Office) -> None:
    box = Box(sealing=sealing_key(office))
    collector = register(office, box)
    plain = {"card": bytes(8), "ean": int(JANSEN), "person": 7}
    intent = box.tell(Kind.TAP_INTENT, {"side": "entry", "outcome": "admit"}, plain)
    box.tell(Kind.PASSAGE, {"intent": intent, "result": "passed"})
    collector.collect(box.name, box.batch(), NOW)
    collector.note_head(box.name, box.head(time_ms=1000 * NOW), NOW)
    span = Span(begins_ms=T0_MS, ends_ms=T0_MS + 60_000, read_from_ms=0)
    evidence = read_evidence(office.database, SITE, span)
    (stay,) = answered(evidence, span, load_sealing_key(office.keys.sealing)).stays
    assert (stay.person.number, stay.entered_ms, stay.doubts, evidence.gaps) == (7, T0_MS, (), [])
