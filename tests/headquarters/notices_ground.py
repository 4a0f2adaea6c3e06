"""Somebody who raises alarms, those who are told, and a clock that tests move."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headquarters.alarms.listing import Alarms
from headquarters.alarms.notices import MAX_WAITING, make_notices
from headquarters.alarms.settings import FILE, AlarmSettings, load_alarm_settings
from headquarters.alarms.telling import Teller
from headquarters.journal.collecting import Collector
from headquarters.tables.journal import notices
from terminal.core.journal import Kind
from tests.headquarters.box import T0_MS, Box, register
from tests.headquarters.conftest import Office
from tests.headquarters.receivers import (
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


@pytest.fixture(name="ground")
def told_ground(office: Office, tmp_path: Path) -> Iterator[Ground]:
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
