"""Commands to terminals: ordered with a reason, one at a time, open until the entry that answers them is stored."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from headquarters.database import Change, audit
from headquarters.journal.collecting import Collected, Collector
from headquarters.journal.commands import LASTS_S, all_commands, command_key, order_erasure
from headquarters.journal.cosigner import known_issuers
from headquarters.journal.terminals import Terminals
from terminal.core.command import MAX_ERASED, Command, Erase, read_command
from terminal.core.journal import EntryKey, Kind
from terminal.errors import ConfigurationError
from tests.headquarters.box import Box, register, sealing_key, stored
from tests.headquarters.conftest import Office


class Ground:
    """A terminal with `count` entries that have a sealed part, all of them here."""

    def __init__(self, office: Office, count: int = 4) -> None:
        self.office = office
        self.box = Box(sealing=sealing_key(office))
        for number in range(count):
            self.box.tell(Kind.TAP_INTENT, {"reader": "front"}, {"person": number})
        self.collector: Collector = register(office, self.box)
        for first in range(0, count, 200):
            assert isinstance(self.collect(first, min(first + 200, count)), Collected)

    @property
    def now_s(self) -> int:
        return int(self.office.now.timestamp())

    def collect(self, first: int = 0, end: int | None = None) -> object:
        return self.collector.collect(self.box.name, self.box.batch(first, end), self.now_s)

    def erase(self, *numbers: int) -> list[int]:
        which = [EntryKey(self.box.name, self.box.epoch, number) for number in numbers]
        key = command_key(self.office.keys)
        return [each.number for each in order_erasure(self.office.database, key, which, self.office.change)]

    def on_the_topic(self) -> Command | None:
        """What the gate would believe of what is published now."""
        ((terminal, body),) = self.collector.commands(self.now_s)
        keys = known_issuers(self.office.keys).commands
        return read_command(body, terminal=terminal, keys=keys, now_s=self.now_s) if body else None

    def answer(self, number: int) -> None:
        public = {"what": "sealed-parts", "command": number, "epoch": self.box.epoch, "count": 1, "missing": 0}
        self.box.tell(Kind.ERASURE, public)
        assert isinstance(self.collect(len(self.box.entries) - 1), Collected)

    def sealed(self) -> list[int]:
        return [number for number, (_, sealed) in stored(self.office, self.box).items() if sealed is not None]

    def states(self) -> list[str]:
        with self.office.database.transaction(read_only=True) as connection:
            return [each.state(self.now_s) for each in all_commands(connection, self.box.name)]


@pytest.fixture
def ground(office: Office) -> Ground:
    return Ground(office)


def test_erased_here_at_once_and_ordered_until_the_entry_that_answers_it(ground: Ground) -> None:
    assert ground.collector.commands(ground.now_s) == []
    (number,) = ground.erase(2, 0)
    assert ground.sealed() == [1, 3]
    assert ground.on_the_topic() == Command(
        terminal=ground.box.name, number=number, ends_s=ground.now_s + LASTS_S, order=Erase(ground.box.epoch, (0, 2))
    )
    ground.answer(number)
    assert ground.on_the_topic() is None
    assert ground.states() == ["answered"]


def test_late_copy_restores_nothing(ground: Ground) -> None:
    ground.erase(0)
    assert ground.collect() == ground.collect()
    assert ground.sealed() == [1, 2, 3]


def test_who_and_why_is_written_down(ground: Ground) -> None:
    (number,) = ground.erase(1)
    with ground.office.database.transaction(read_only=True) as connection:
        row = connection.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(1)).one()
    assert (row.who, row.why, row.what) == ("tester", "a test", "sealed parts erased")
    assert row.subject == f"{ground.box.name}/{ground.box.epoch.hex()}/1 (command {number})"


@pytest.mark.parametrize("why", ["", "  x ", "x" * 201])
def test_without_a_reason_nothing_is_erased(ground: Ground, why: str) -> None:
    which = [EntryKey(ground.box.name, ground.box.epoch, 0)]
    with pytest.raises(ConfigurationError, match="reason"):
        order_erasure(
            ground.office.database, command_key(ground.office.keys), which, Change("x", why, ground.office.now)
        )
    assert (ground.sealed(), ground.states()) == ([0, 1, 2, 3], [])


def test_entry_that_is_not_here_erases_none_of_the_others(ground: Ground) -> None:
    with pytest.raises(ConfigurationError, match="there is no entry"):
        ground.erase(0, 99)
    assert (ground.sealed(), ground.states()) == ([0, 1, 2, 3], [])


def test_commands_go_one_at_a_time_in_the_order_of_their_numbers(ground: Ground) -> None:
    (first,), (second,) = ground.erase(0), ground.erase(1)
    assert first < second
    assert (found := ground.on_the_topic()) is not None
    assert found.number == first
    ground.answer(first)
    assert (found := ground.on_the_topic()) is not None
    assert found.number == second


def test_command_that_nobody_answered_ends_and_makes_way(ground: Ground) -> None:
    ground.erase(0)
    ground.office.now += timedelta(seconds=LASTS_S - 1)
    (second,) = ground.erase(1)
    ground.office.now += timedelta(seconds=1)
    assert ground.states() == ["expired", "open"]
    assert (found := ground.on_the_topic()) is not None
    assert found.number == second


def test_more_than_one_command_holds_become_several(office: Office) -> None:
    ground = Ground(office, MAX_ERASED + 1)
    assert len(ground.erase(*range(MAX_ERASED + 1))) == 2
    assert ground.sealed() == []


def test_answer_to_no_command_and_one_that_is_none_change_nothing(ground: Ground) -> None:
    (number,) = ground.erase(0)
    ground.answer(number + 1)
    for wrong in (True, -1, "7", None, 2**63):
        ground.box.tell(Kind.ERASURE, {"command": wrong})
        assert isinstance(ground.collect(len(ground.box.entries) - 1), Collected)
    assert ground.states() == ["open"]


def test_retired_terminal_is_ordered_nothing(ground: Ground) -> None:
    ground.erase(0)
    Terminals(ground.office.database).retire(ground.box.name, ground.office.change)
    assert ground.on_the_topic() is None
    with pytest.raises(ConfigurationError, match="retired"):
        ground.erase(1)
    assert ground.sealed() == [1, 2, 3]
