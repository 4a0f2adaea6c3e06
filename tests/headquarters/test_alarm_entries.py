"""What terminals tell of their alarms arrives in any order, and comes to the same."""

import itertools
from dataclasses import replace

import pytest
import sqlalchemy as sa

from headquarters.alarms.entries import AT_TERMINAL, MOMENTARY, take, take_in
from headquarters.alarms.listing import Alarms, RaisedAlarm, raised_alarms
from headquarters.alarms.settings import Limits
from headquarters.alarms.watching import Watch
from headquarters.database import Change, Database
from headquarters.journal.collecting import Collector
from headquarters.journal.contradictions import Alarm
from headquarters.tables.journal import alarm_entries, alarms
from terminal.core import barrier_signals, barrier_table
from terminal.core.journal import Kind, decode_record
from terminal.errors import ConfigurationError
from tests.headquarters.box import EPOCH, NAME, T0_MS, Box, register
from tests.headquarters.conftest import Office

NOW = T0_MS // 1000 + 500
NEXT = bytes(range(16, 32))


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def standing(office: Office) -> list[tuple[str, int | None, str | None, int]]:
    """Name, lane, what about and how often, of all that stand."""
    return sorted((each.alarm, each.lane, each.about, each.times) for each in Alarms(office.database).all())


def at(number: int) -> int:
    return T0_MS // 1000 + number


def test_alarm_of_a_terminal_comes_and_goes(office: Office, box: Box, collector: Collector) -> None:
    box.write(1).tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": "front", "state": "absent"})
    collector.collect(NAME, box.batch(), NOW)
    found = RaisedAlarm(
        id=1,
        alarm="reader",
        terminal=NAME,
        site=4711,
        lane=1,
        about="front",
        facts='{"state": "absent"}',
        times=1,
        raised_at=at(1),
        cleared_at=None,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_why=None,
        entry=f"{NAME}/{EPOCH.hex()}/1",
        by_person=False,
    )
    assert Alarms(office.database).all() == (found,)
    box.tell(Kind.ALARM_CLEARED, {"alarm": "reader", "about": "front"})
    collector.collect(NAME, box.batch(2), NOW)
    assert Alarms(office.database).all() == ()
    assert Alarms(office.database).all(cleared=True) == (replace(found, cleared_at=at(2)),)


STORY = (
    (Kind.ALARM_RAISED, "reader"),
    (Kind.ALARM_CLEARED, "reader"),
    (Kind.ALARM_RAISED, "tamper"),
    (Kind.ALARM_RAISED, "reader"),
    (Kind.ALARM_CLEARED, "reader"),
    (Kind.ALARM_RAISED, "reader"),
)


def test_order_of_arrival_does_not_change_what_stands(office: Office, box: Box, collector: Collector) -> None:
    for kind, alarm in STORY:
        box.tell(kind, {"alarm": alarm})
    records = [decode_record(record) for record, _ in box.entries]
    with office.database.transaction() as connection:
        for size, expected in ((len(STORY), ["reader", "tamper"]), (5, ["tamper"])):
            for order in itertools.permutations(records[:size]):
                savepoint = connection.begin_nested()
                for record in order:
                    take(connection, NAME, EPOCH, record)
                rows = connection.execute(raised_alarms().where(alarms.c.cleared_at.is_(None))).all()
                savepoint.rollback()
                assert sorted(row.alarm for row in rows) == expected, [record.sequence for record in order]


def test_end_that_arrives_before_its_beginning(office: Office, box: Box, collector: Collector) -> None:
    box.tell(Kind.ALARM_RAISED, {"alarm": "board"})
    box.tell(Kind.ALARM_CLEARED, {"alarm": "board"})
    collector.collect(NAME, box.batch(1), NOW)
    assert Alarms(office.database).all(cleared=True) == ()
    collector.collect(NAME, box.batch(0, 1), NOW)
    (found,) = Alarms(office.database).all(cleared=True)
    assert (found.raised_at, found.cleared_at, found.state) == (at(0), at(1), "cleared")


def test_what_is_over_at_once_is_counted_until_somebody_has_seen_to_it(
    office: Office, box: Box, collector: Collector
) -> None:
    for _ in range(3):
        box.tell(Kind.ALARM_RAISED, {"alarm": "call"})
    collector.collect(NAME, box.batch(), NOW)
    assert standing(office) == [("call", 1, None, 3)]
    seen = Alarms(office.database).acknowledge(1, Change("jan", "called back", office.now))
    assert (seen.state, seen.acknowledged_by, seen.acknowledged_why) == ("cleared", "jan", "called back")
    assert standing(office) == []
    box.tell(Kind.ALARM_RAISED, {"alarm": "call"})
    collector.collect(NAME, box.batch(3), NOW)
    assert standing(office) == [("call", 1, None, 1)]


def test_what_stands_outlives_its_acknowledgement(office: Office, box: Box, collector: Collector) -> None:
    box.tell(Kind.ALARM_RAISED, {"alarm": "tamper"})
    collector.collect(NAME, box.batch(), NOW)
    assert Alarms(office.database).all()[0].state == "raised"
    Alarms(office.database).acknowledge(1, office.change)
    assert [each.state for each in Alarms(office.database).all()] == ["acknowledged"]
    with pytest.raises(ConfigurationError, match="alarm 1 was acknowledged by tester already"):
        Alarms(office.database).acknowledge(1, office.change)
    box.tell(Kind.ALARM_CLEARED, {"alarm": "tamper"})
    collector.collect(NAME, box.batch(1), NOW)
    assert standing(office) == []


def test_acknowledged_at_the_terminal(office: Office, box: Box, collector: Collector) -> None:
    for alarm in ("tamper", "forced"):
        box.tell(Kind.ALARM_RAISED, {"alarm": alarm})
        box.tell(Kind.ALARM_ACKNOWLEDGED, {"alarm": alarm})
    collector.collect(NAME, box.batch(), NOW)
    found = {each.alarm: (each.state, each.acknowledged_by) for each in Alarms(office.database).all(cleared=True)}
    assert found == {"tamper": ("acknowledged", AT_TERMINAL), "forced": ("cleared", AT_TERMINAL)}


def test_alarm_of_an_epoch_that_ended_is_over(office: Office, box: Box, collector: Collector) -> None:
    """The terminal's database is gone, and with it who would have cleared it; what only a person clears stays."""
    for alarm in ("reader", "forced"):
        box.tell(Kind.ALARM_RAISED, {"alarm": alarm})
    collector.collect(NAME, box.batch(), NOW)
    assert len(standing(office)) == 2
    new = replace(box, epoch=NEXT, entries=[])
    new.tell(Kind.EPOCH, {"epoch": EPOCH, "size": 2})
    new.tell(Kind.ALARM_RAISED, {"alarm": "reader"})
    collector.collect(NAME, new.batch(), NOW)
    take_in(office.database)
    Watch(office.database, Limits()).look(NOW)
    (of_new,) = [each for each in Alarms(office.database).all() if each.alarm == "reader"]
    assert of_new.entry == f"{NAME}/{NEXT.hex()}/1"
    assert [each[0] for each in standing(office)] == ["forced", "reader"]


def test_same_alarm_at_another_lane_reader_or_terminal_is_another(office: Office, box: Box) -> None:
    other = Box("gate-2")
    collector = register(office, box, other)
    for about in ("front", "back"):
        box.tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": about})
    other.tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": "front"})
    box.tell(Kind.ALARM_CLEARED, {"alarm": "reader", "about": "back"})
    for each in (box, other):
        collector.collect(each.name, each.batch(), NOW)
    assert [(each.terminal, each.about) for each in Alarms(office.database).all(terminal=NAME)] == [(NAME, "front")]
    assert standing(office) == [("reader", 1, "front", 1)] * 2


@pytest.mark.parametrize("public", [{}, {"alarm": 7}, {"alarm": "Reader!"}, {"alarm": "x" * 65}])
def test_entry_that_names_no_alarm_is_left_to_the_journal(
    office: Office, box: Box, collector: Collector, public: dict[str, object]
) -> None:
    box.tell(Kind.ALARM_RAISED, public)
    collector.collect(NAME, box.batch(), NOW)
    assert (take_in(office.database), standing(office)) == (1, [])
    with office.database.transaction(read_only=True) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(alarm_entries)) == 0


def test_what_a_terminal_says_it_is_about_cannot_move_a_screen(office: Office, box: Box, collector: Collector) -> None:
    box.tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": "\x1b[2Jfront" + "x" * 100, "detail": "\x9b\u202e"})
    collector.collect(NAME, box.batch(), NOW)
    (found,) = Alarms(office.database).all()
    assert (found.about, found.facts) == ("[2Jfront" + "x" * 56, '{"detail": "\\u009b\\u202e"}')


def test_fork_is_over_when_somebody_has_seen_to_it_and_is_told_again(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.collect(NAME, box.write(3).batch(), NOW)
    fork = box.copy(2).write(2, "other").batch()
    for _ in range(2):
        collector.collect(NAME, fork, NOW)
        (found,) = Alarms(office.database).all()
        assert (found.alarm, found.entry) == (Alarm.FORK, None)
        assert Alarms(office.database).acknowledge(found.id, office.change).state == "cleared"
    assert len(Alarms(office.database).all(cleared=True)) == 2


def test_terminals_own_alarm_of_the_same_name_is_not_headquarters(
    office: Office, box: Box, collector: Collector
) -> None:
    collector.collect(NAME, box.write(3).batch(), NOW)
    box.tell(Kind.ALARM_RAISED, {"alarm": "fork"})
    collector.collect(NAME, box.batch(3), NOW)
    take_in(office.database)
    collector.collect(NAME, box.copy(2).write(2, "other").batch(), NOW)
    assert sorted(each.entry is None for each in Alarms(office.database).all()) == [False, True]


def test_names_that_are_over_at_once_are_those_of_the_barriers_table() -> None:
    of_table = {
        order.name for row in barrier_table.TABLE for order in row.does if isinstance(order, barrier_signals.Alarm)
    }
    of_exits = {"exit-flagged", "call", "charge-flagged", "overstay"}
    assert of_table | of_exits | {"hold-forgotten", "fire-release"} == MOMENTARY


def test_register_of_before_gets_the_alarms_that_its_journals_tell(
    office: Office, box: Box, collector: Collector
) -> None:
    box.write(3).tell(Kind.ALARM_RAISED, {"alarm": "tamper"})
    collector.collect(NAME, box.batch(), NOW)
    collector.collect(NAME, box.copy(2).write(2, "other").batch(), NOW)
    new = [column.name for column in alarms.columns][list(alarms.columns).index(alarms.c.lane) :]
    with office.database.transaction() as connection:
        for index in ("alarms_untold",):
            connection.exec_driver_sql(f"DROP INDEX {index}")
        for table in ("notices", "alarm_entries"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        for column in new:
            connection.exec_driver_sql(f"ALTER TABLE alarms DROP COLUMN {column}")
        connection.exec_driver_sql("DELETE FROM schema_version WHERE version >= 3")
    office.database.close()
    office.database = Database(office.keys.path / "register.db")
    found = {each.alarm: (each.by_person, each.times) for each in Alarms(office.database).all()}
    assert found == {"fork": (True, 1), "tamper": (False, 1)}
