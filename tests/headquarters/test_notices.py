"""Notices of alarms: told once to each, also over crashes; signed; summed up; and never about a person."""

import hmac
import itertools
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headquarters.alarm_settings import FILE, AlarmSettings, load_alarm_settings
from headquarters.alarms import Alarms
from headquarters.collecting import Collector
from headquarters.journal_tables import notices
from headquarters.notices import CLAIM_S, DAY_S, MAX_WAITING, claim, forget, give_up_old, make_notices
from headquarters.telling import MAILS_APART_S, MAX_REFUSED, Teller, again_after_s
from headquarters.webhook import signature
from terminal.core.journal import Kind
from tests.headquarters.box import NAME, T0_MS, Box, register
from tests.headquarters.conftest import Office
from tests.headquarters.receivers import (
    SECRET,
    SECRET_TEXT,
    MailReceiver,
    WebReceiver,
    mail_receiver,
    self_signed,
    web_receiver,
)

NOW = T0_MS // 1000 + 500


@dataclass
class Ground:
    """A terminal that raises alarms, those who are told, and a clock that the test moves."""

    office: Office
    box: Box
    collector: Collector
    settings: AlarmSettings
    web: WebReceiver
    mail: MailReceiver
    now_s: int = NOW
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def teller(self) -> Teller:
        return Teller(self.office.database, self.settings, lambda: self.now_s, lambda: 0.0)

    def raises(self, alarm: str, kind: Kind = Kind.ALARM_RAISED, **facts: Any) -> None:
        self.box.tell(kind, {"alarm": alarm, **facts})
        self.collector.collect(self.box.name, self.box.batch(len(self.box.entries) - 1), self.now_s)
        Alarms(self.office.database).all()

    def make(self, max_waiting: int = MAX_WAITING) -> int:
        return make_notices(self.office.database, self.settings, self.now_s, self.random_bytes, max_waiting=max_waiting)

    def random_bytes(self, count: int) -> bytes:
        return next(self._numbers).to_bytes(count)

    def told(self) -> list[tuple[str, str]]:
        """Event and alarm of everything that was posted."""
        bodies = [json.loads(post.body) for post in self.web.posts]
        return [(body["event"], body["alarm"]["name"]) for body in bodies]

    def outbox(self) -> list[tuple[int, bool, bool, str | None]]:
        """Attempts, whether sent, whether given up, why not: of each notice."""
        with self.office.database.transaction(read_only=True) as connection:
            rows = connection.execute(sa.select(notices).order_by(notices.c.id)).all()
        return [(row.attempts, row.sent_at is not None, row.given_up_at is not None, row.error) for row in rows]


WEB = (
    '[[webhook]]\nname = "room"\nurl = "https://127.0.0.1:{web}/alarms?of=us"\nsecret = "secret"\nca = "receiver.pem"\n'
)
MAIL = '[[mail]]\nname = "desk"\nrelay = "127.0.0.1"\nport = {mail}\nfrom = "hq@example.com"\nto = ["a@example.com"]\n'


@pytest.fixture
def ground(office: Office, tmp_path: Path) -> Iterator[Ground]:
    box = Box()
    certificate = self_signed(tmp_path)
    with web_receiver(certificate) as web, mail_receiver() as mail:
        (office.keys.path / "receiver.pem").write_bytes(certificate.read_bytes())
        (office.keys.path / "secret").write_text(SECRET_TEXT)
        (office.keys.path / "secret").chmod(0o600)
        ground = Ground(office, box, register(office, box), AlarmSettings(), web, mail)
        configure(ground, WEB)
        yield ground


def configure(ground: Ground, text: str) -> None:
    path = ground.office.keys.path / FILE
    path.write_text(text.replace("{web}", str(ground.web.port)).replace("{mail}", str(ground.mail.port)))
    ground.settings = load_alarm_settings(ground.office.keys.path)


def test_alarm_is_posted_once_and_its_end_too(ground: Ground) -> None:
    ground.raises("tamper")
    for _ in range(3):
        ground.make()
        ground.teller().tell()
    assert ground.told() == [("raised", "tamper")]
    ground.raises("tamper", Kind.ALARM_CLEARED)
    for _ in range(3):
        ground.make()
        ground.teller().tell()
    assert ground.told() == [("raised", "tamper"), ("cleared", "tamper")]
    assert (ground.make(), ground.outbox()) == (0, [(1, True, False, None)] * 2)


def test_post_is_signed_and_says_what_and_where(ground: Ground) -> None:
    ground.raises("reader", about="front", state="absent")
    ground.make()
    assert ground.teller().tell() == 1
    (post,) = ground.web.posts
    assert post.path == "/alarms?of=us"
    assert json.loads(post.body) == {
        "format": "xs-alarm-1",
        "id": "00" * 16,
        "event": "raised",
        "alarm": {
            "id": 1,
            "name": "reader",
            "site": 4711,
            "terminal": NAME,
            "lane": 1,
            "about": "front",
            "times": 1,
            "raised_at": "2026-09-21T14:13:20Z",
            "cleared_at": None,
            "say": None,
        },
    }
    assert (post.headers["webhook-id"], post.headers["webhook-timestamp"]) == ("00" * 16, str(NOW))
    signed = b".".join((b"00" * 16, str(NOW).encode(), post.body))
    assert post.headers["webhook-signature"] == "v1," + b64encode(hmac.digest(SECRET, signed, "sha256")).decode()


def test_signature_is_that_of_the_conventions_own_example() -> None:
    signed = signature(
        b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_of_a_terminals_alarm_no_fact_leaves_the_house(ground: Ground) -> None:
    configure(ground, WEB + MAIL)
    ground.raises("exit-flagged", reasons=["blocked"], who=bytes(range(8)), detail="8712345678906")
    ground.make()
    ground.teller().tell()
    gone = ground.web.posts[0].body.decode() + ground.mail.mails[0].as_string()
    assert [word for word in ("blocked", bytes(range(8)).hex(), "8712345678906") if word in gone] == []


def test_receiver_that_is_away_gets_all_of_it_later_in_order(ground: Ground) -> None:
    ground.web.answer = lambda _: 503
    for alarm in ("tamper", "forced", "call"):
        ground.raises(alarm)
    ground.make()
    teller = ground.teller()
    for after_s in (0, 4, 5, 14, 15, 34):  # again 5 s, 10 s, 20 s after it failed
        ground.now_s = NOW + after_s
        assert teller.tell() == 0
    assert len(ground.web.posts) == 3
    ground.web.answer = lambda _: 200
    ground.now_s = NOW + 35 + CLAIM_S
    assert teller.tell() == 3
    assert [name for _, name in ground.told()[3:]] == ["tamper", "forced", "call"]
    ids = [post.headers["webhook-id"] for post in ground.web.posts]
    assert ids[0] in ids[3:]


def test_killed_between_sending_and_noting_it_sends_again_under_the_same_id(ground: Ground) -> None:
    class Killed(BaseException):
        pass

    def now_s() -> int:
        if ground.web.posts:
            raise Killed
        return NOW

    ground.raises("tamper")
    ground.make()
    with pytest.raises(Killed):
        Teller(ground.office.database, ground.settings, now_s, lambda: 0.0).tell()
    assert ground.teller().tell() == 0  # taken by another, who may still be at it
    ground.now_s += CLAIM_S
    assert ground.teller().tell() == 1
    first, second = (post.headers["webhook-id"] for post in ground.web.posts)
    assert first == second
    assert ground.teller().tell() == 0


def test_two_who_tell_do_not_tell_twice(ground: Ground) -> None:
    for alarm in ("tamper", "forced"):
        ground.raises(alarm)
    ground.make()
    (first,) = claim(ground.office.database, "webhook room", NOW)
    assert ground.teller().tell() == 1
    assert ground.teller().tell() == 0
    assert first.notice not in [post.headers["webhook-id"] for post in ground.web.posts]


def test_notice_that_is_refused_does_not_hold_up_the_others(ground: Ground) -> None:
    for alarm in ("tamper", "forced"):
        ground.raises(alarm)
    ground.make()
    ground.web.answer = lambda post: 400 if b"tamper" in post.body else 200
    for _ in range(MAX_REFUSED + 3):
        ground.teller().tell()
        ground.now_s += 3600
    assert ground.told().count(("raised", "forced")) == 1
    assert ground.told().count(("raised", "tamper")) == MAX_REFUSED
    assert ground.outbox() == [(MAX_REFUSED, False, True, "answered 400"), (1, True, False, None)]


def test_no_redirect_is_followed(ground: Ground) -> None:
    ground.raises("tamper")
    ground.make()
    ground.web.answer = lambda _: 307
    ground.teller().tell()
    assert [post.path for post in ground.web.posts] == ["/alarms?of=us"]
    assert ground.outbox() == [(1, False, False, "answered 307")]


def test_receiver_with_another_certificate_gets_nothing(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (ground.office.keys.path / "receiver.pem").write_bytes(self_signed(tmp_path / "other").read_bytes())
    configure(ground, WEB)
    ground.raises("tamper")
    ground.make()
    assert ground.teller().tell() == 0
    ((_, _, _, why),) = ground.outbox()
    assert why is not None
    assert "certificate verify failed" in why
    assert ground.web.posts == []


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
