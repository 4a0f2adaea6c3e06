"""Notices posted to a webhook: told once, signed, and in order, also over crashes."""

import hmac
import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from headquarters.alarms.notices import CLAIM_S, claim
from headquarters.alarms.telling import MAX_REFUSED, Teller
from headquarters.alarms.webhook import signature
from terminal.core.journal import Kind
from tests.headquarters.box import NAME
from tests.headquarters.notices_ground import NOW, WEB, Ground, configure, told_ground
from tests.headquarters.receivers import (
    SECRET,
    self_signed,
)

__all__ = ["told_ground"]


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
