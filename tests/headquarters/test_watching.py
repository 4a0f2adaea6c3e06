"""What headquarters finds by looking at the clock: on both sides of each bound."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from headquarters.alarms.settings import Limits
from headquarters.alarms.watching import CLOCK_WRONG_FOR_S, MIB, Finding, Watch
from headquarters.journal.collecting import Collector
from headquarters.journal.terminals import Terminals
from terminal.core.instant import ClockQuality
from terminal.core.messages import Head, Presence
from terminal.core.policy import DAY_S, HOUR_S
from tests.headquarters.box import NAME, SITE, T0_MS, Box, register, standing_alarms
from tests.headquarters.conftest import Office

NOW = T0_MS // 1000 + 500
MINUTE = 60


@dataclass
class Ground:
    """A terminal whose heads come when a test says so, and somebody who looks."""

    office: Office
    collector: Collector
    box: Box
    watch: Watch

    def head(self, now_s: int, box: Box | None = None, **other: Any) -> None:
        box = box or self.box
        head = Head(
            checkpoint=box.checkpoint(),
            time_ms=1000 * now_s,
            quality=ClockQuality.GOOD,
            acknowledged=0,
            list_number=7,
            list_age_s=90,
            free_bytes=1 << 33,
            software="0.1.0",
        )
        self.collector.note_head(box.name, replace(head, **other).encode(), now_s)

    def look(self, now_s: int) -> list[str]:
        """All that stands after a look."""
        self.watch.look(now_s)
        return standing_alarms(self.office)


@pytest.fixture
def ground(office: Office) -> Ground:
    box = Box().write(1)
    return Ground(office, register(office, box), box, Watch(office.database, Limits()))


def test_terminal_that_never_was_there_is_not_missed(ground: Ground) -> None:
    assert ground.look(NOW + 1000 * DAY_S) == []


def test_terminal_falls_silent_and_is_heard_again(ground: Ground) -> None:
    ground.head(NOW)
    ground.collector.note_presence(NAME, Presence.OFFLINE, NOW + 500)
    assert ground.look(NOW + 10 * MINUTE - 1) == []
    assert ground.look(NOW + 10 * MINUTE) == ["silent"]
    assert ground.look(NOW + 11 * MINUTE) == ["silent"]
    ground.head(NOW + 12 * MINUTE)
    assert ground.look(NOW + 12 * MINUTE) == []


def test_what_the_broker_says_of_a_terminal_does_not_make_it_heard(ground: Ground) -> None:
    """Anybody who can write to the broker could keep its silence from being noticed."""
    ground.head(NOW)
    ground.collector.note_presence(NAME, Presence.ONLINE, NOW + 9 * MINUTE)
    (found,) = ground.watch.look(NOW + 10 * MINUTE)
    assert (found.terminal, found.finding) == (NAME, Finding.SILENT)
    assert found.facts == "nothing came for 10 minutes; the broker says: online"


def test_terminal_that_is_connected_and_of_which_nothing_can_be_taken(ground: Ground) -> None:
    ground.collector.note_presence(NAME, Presence.ONLINE, NOW)
    assert ground.look(NOW + 10 * MINUTE) == ["silent"]


def test_lists_grow_old_in_two_steps(ground: Ground) -> None:
    for age_s, expected in (
        (DAY_S, []),
        (DAY_S + 1, ["lists-old"]),
        (7 * DAY_S, ["lists-old"]),
        (7 * DAY_S + 1, ["lists-too-old"]),
        (90, []),
        (None, ["lists-too-old"]),
    ):
        ground.box.write(1)
        ground.head(NOW, list_age_s=age_s)
        assert ground.look(NOW) == expected


def test_lists_age_at_a_terminal_that_is_silent(ground: Ground) -> None:
    ground.head(NOW, list_age_s=DAY_S)
    assert ground.look(NOW + 1) == ["lists-old"]


def test_list_ages_are_those_of_the_sites_policy_and_level(ground: Ground) -> None:
    ground.head(NOW, list_age_s=HOUR_S + 1)
    assert ground.look(NOW) == []
    (record,) = ground.office.sites.all()
    ground.office.sites.set_policy(SITE, record.policy.replace(b'"level":"1"', b'"level":"2"'), ground.office.change)
    assert ground.look(NOW) == ["lists-old"]


@pytest.mark.parametrize("wrong_ms", [60_001, -60_001])
def test_clock_that_is_wrong_by_more_than_a_minute(ground: Ground, wrong_ms: int) -> None:
    for after_s, expected in ((0, []), (CLOCK_WRONG_FOR_S - 1, []), (CLOCK_WRONG_FOR_S, ["clock-wrong"])):
        ground.box.write(1)
        ground.head(NOW + after_s, time_ms=1000 * (NOW + after_s) + wrong_ms)
        assert ground.look(NOW + after_s) == expected
    ground.box.write(1)
    ground.head(NOW + 200, time_ms=1000 * (NOW + 200) + (60_000 if wrong_ms > 0 else -60_000))
    assert ground.look(NOW + 200) == []


def test_head_that_waited_for_a_collector_is_no_wrong_clock(ground: Ground) -> None:
    ground.head(NOW, time_ms=1000 * (NOW - 300))
    assert ground.look(NOW) == []
    ground.box.write(1)
    ground.head(NOW + 60)
    assert ground.look(NOW + 60) == []
    ground.box.write(1)
    ground.head(NOW + CLOCK_WRONG_FOR_S, time_ms=1000 * NOW)
    assert ground.look(NOW + CLOCK_WRONG_FOR_S) == []


def test_backlog_that_does_not_become_smaller(ground: Ground) -> None:
    ground.box.write(499)  # 500 with the first
    for after_s, more, expected in ((0, 0, []), (899, 10, []), (900, 0, ["backlog"]), (960, 0, ["backlog"])):
        ground.box.write(more)
        ground.head(NOW + after_s)
        assert ground.look(NOW + after_s) == expected
    ground.collector.collect(NAME, ground.box.batch(0, 100), NOW + 960)
    assert ground.look(NOW + 960) == []


def test_backlog_that_is_worked_off_is_none(ground: Ground) -> None:
    ground.box.write(1599)
    for after_s in range(0, 3600, 600):
        ground.head(NOW + after_s)
        assert ground.look(NOW + after_s) == []
        done = after_s // 600 * 260
        ground.collector.collect(NAME, ground.box.batch(done, done + 260), NOW + after_s)


def test_backlog_below_its_bound_is_none(ground: Ground) -> None:
    ground.box.write(498)
    for after_s in (0, 3600):
        ground.head(NOW + after_s)
        assert ground.look(NOW + after_s) == []


def test_standing_backlog_is_not_forgotten_by_who_watches_anew(ground: Ground) -> None:
    ground.box.write(600)
    for after_s in (0, 900):
        ground.head(NOW + after_s)
        ground.look(NOW + after_s)
    ground.watch = Watch(ground.office.database, Limits())
    assert ground.look(NOW + 901) == ["backlog"]


def test_disk_of_a_terminal_fills_and_gets_room(ground: Ground) -> None:
    for free, expected in (
        (512 * MIB, []),
        (512 * MIB - 1, ["disk-nearly-full"]),
        (560 * MIB, ["disk-nearly-full"]),
        (564 * MIB, []),
    ):
        ground.box.write(1)
        ground.head(NOW, free_bytes=free)
        assert ground.look(NOW) == expected


def test_software_that_differs_from_what_most_run(ground: Ground) -> None:
    others = [Box(f"gate-{number}").write(1) for number in (2, 3)]
    for each in others:
        key = each.key.public_key().public_bytes_raw()
        Terminals(ground.office.database).add(each.name, SITE, key, ground.office.change)
    ground.head(NOW, software="0.0.9")
    assert ground.look(NOW) == []
    ground.head(NOW, others[0])
    assert ground.look(NOW) == []
    ground.head(NOW, others[1])
    (found,) = ground.watch.look(NOW)
    assert (found.terminal, found.facts) == (NAME, "runs 0.0.9, and not 0.1.0")
    ground.watch = Watch(ground.office.database, Limits(software="0.0.9"))
    assert [(each.terminal, each.facts is None) for each in ground.watch.look(NOW)] == [
        (NAME, True),
        ("gate-2", False),
        ("gate-3", False),
    ]


def test_of_a_retired_terminal_nothing_is_missed(ground: Ground) -> None:
    ground.head(NOW, free_bytes=0)
    assert ground.look(NOW + HOUR_S) == ["silent", "disk-nearly-full"]
    Terminals(ground.office.database).retire(NAME, ground.office.change)
    assert ground.look(NOW + HOUR_S) == []


def test_look_that_finds_nothing_new_writes_nothing(ground: Ground) -> None:
    ground.head(NOW, free_bytes=0)
    assert len(ground.watch.look(NOW)) == 1
    with ground.office.database.transaction():  # whoever else would write had to wait
        assert ground.watch.look(NOW) == []


def test_two_who_watch_raise_an_alarm_once(ground: Ground) -> None:
    ground.head(NOW, free_bytes=0)
    other = Watch(ground.office.database, Limits())
    assert (len(ground.watch.look(NOW)), len(other.look(NOW))) == (1, 0)
    assert standing_alarms(ground.office) == ["disk-nearly-full"]
