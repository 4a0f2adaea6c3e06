"""Notices summed up in mails, bounded, given up and forgotten; and never about a person."""

import pytest

from headquarters.alarms.listing import Alarms
from headquarters.alarms.notices import DAY_S, forget, give_up_old
from headquarters.alarms.settings import FILE, AlarmSettings, load_alarm_settings
from headquarters.alarms.telling import MAILS_APART_S, again_after_s
from terminal.core.journal import Kind
from tests.headquarters.box import T0_MS
from tests.headquarters.notices_ground import MAIL, NOW, WEB, Ground, configure, told_ground

__all__ = ["told_ground"]


def test_of_a_terminals_alarm_no_fact_leaves_the_house(ground: Ground) -> None:
    configure(ground, WEB + MAIL)
    ground.raises("exit-flagged", reasons=["blocked"], who=bytes(range(8)), detail="8712345678906")
    ground.make()
    ground.teller().tell()
    gone = ground.web.posts[0].body.decode() + ground.mail.mails[0].as_string()
    assert [word for word in ("blocked", bytes(range(8)).hex(), "8712345678906") if word in gone] == []


def test_sites_that_a_receiver_is_not_for(ground: Ground) -> None:
    configure(ground, WEB + "sites = [12]\n" + MAIL + "sites = [4711]\n")
    ground.raises("tamper")
    assert ground.make() == 1
    ground.teller().tell()
    assert (len(ground.web.posts), len(ground.mail.mails)) == (0, 1)


def test_mail_says_what_happened(ground: Ground) -> None:
    configure(ground, MAIL)
    ground.raises("tamper")
    ground.make()
    assert ground.teller().tell() == 1
    (mail,) = ground.mail.mails
    assert ground.mail.recipients == ["rcpt TO:<a@example.com>"]
    assert (mail["Subject"], mail["From"]) == ("Site 4711: tamper raised at gate-1", "hq@example.com")
    assert mail["Message-ID"] == f"<{'00' * 16}@example.com>"
    assert mail.get_content().splitlines()[0] == "2026-09-21T14:13:20Z  raised   gate-1  lane 1  tamper  (alarm 1)"


def test_flood_is_one_mail_a_minute_that_says_how_many_more(ground: Ground) -> None:
    configure(ground, MAIL)
    teller = ground.teller()
    ground.raises("tamper")
    ground.make()
    teller.tell()
    for number in range(34):
        ground.raises("reader", about=f"reader {number}")
    ground.make()
    ground.now_s = NOW + MAILS_APART_S - 1
    assert teller.tell() == 0
    ground.now_s = NOW + MAILS_APART_S
    assert teller.tell() == 34
    _, mail = ground.mail.mails
    assert mail["Subject"] == "Site 4711: reader raised at gate-1 and 33 more"
    lines = mail.get_content().splitlines()
    assert (len(lines), lines[20]) == (23, "and 14 more")


def test_relay_that_refuses_gets_the_mail_later(ground: Ground) -> None:
    configure(ground, MAIL)
    ground.raises("tamper")
    ground.make()
    ground.mail.answer = "451 later"
    teller = ground.teller()
    assert teller.tell() == 0
    ground.mail.answer = "250 taken"
    ground.now_s += MAILS_APART_S
    assert teller.tell() == 1
    assert ground.outbox() == [(2, True, False, None)]


def test_nobody_to_tell_means_that_nothing_waits(ground: Ground) -> None:
    (ground.office.keys.path / FILE).unlink()
    ground.settings = load_alarm_settings(ground.office.keys.path)
    ground.raises("tamper")
    assert ground.make() == 0
    configure(ground, WEB)
    assert ground.make() == 0


def test_full_outbox_leaves_alarms_for_later_and_loses_none(ground: Ground) -> None:
    for alarm in ("tamper", "forced", "call"):
        ground.raises(alarm)
    assert (ground.make(2), ground.make(2)) == (2, 0)
    assert ground.teller().tell() == 2
    assert ground.make(2) == 1
    assert ground.teller().tell() == 1
    assert sorted(name for _, name in ground.told()) == ["call", "forced", "tamper"]


@pytest.mark.parametrize(("later_s", "made"), [(7 * DAY_S - 501, 2), (7 * DAY_S, 0)])
def test_what_was_long_over_when_it_was_heard_of_is_not_told(ground: Ground, later_s: int, made: int) -> None:
    ground.now_s = NOW + later_s
    ground.raises("tamper")
    ground.raises("tamper", Kind.ALARM_CLEARED)
    assert ground.make() == made


def test_what_waited_for_a_week_or_for_nobody_is_given_up(ground: Ground) -> None:
    ground.raises("tamper")
    ground.make()
    assert give_up_old(ground.office.database, ground.settings, NOW + 7 * DAY_S - 1) == 0
    assert give_up_old(ground.office.database, ground.settings, NOW + 7 * DAY_S) == 1
    ground.raises("forced")
    ground.make()
    assert give_up_old(ground.office.database, AlarmSettings(), NOW) == 1


def test_old_notices_and_alarms_are_forgotten(ground: Ground) -> None:
    ground.raises("tamper")
    ground.raises("tamper", Kind.ALARM_CLEARED)
    ground.raises("forced")
    ground.make()
    database = ground.office.database
    forget(database, NOW + 400 * DAY_S)
    assert len(ground.outbox()) == 3  # what waits stays
    ground.teller().tell()
    forget(database, NOW + 30 * DAY_S - 1)
    assert len(ground.outbox()) == 3
    forget(database, NOW + 30 * DAY_S)
    assert ground.outbox() == []
    forget(database, T0_MS // 1000 + 1 + 180 * DAY_S - 1)
    assert len(Alarms(database).all(cleared=True)) == 2
    forget(database, T0_MS // 1000 + 1 + 180 * DAY_S)
    assert [each.alarm for each in Alarms(database).all(cleared=True)] == ["forced"]


def test_waiting_grows_up_to_an_hour() -> None:
    assert [again_after_s(failures, 0.0) for failures in (1, 2, 3, 10, 11, 1000)] == [5, 10, 20, 2560, 3600, 3600]
    assert [again_after_s(failures, 1.0) for failures in (1, 11)] == [2, 1800]
