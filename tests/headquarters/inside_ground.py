"""A site with gates that people drive through at hours that a test says, and somebody who asks."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.database import audit
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.sites import plain_policy
from terminal.core.instant import ClockQuality
from terminal.core.journal import Kind
from terminal.core.messages import Head
from terminal.core.policy import LaneRules, Zone
from tests.headquarters.box import NAME, SITE, Box, sealing_key
from tests.headquarters.conftest import JANSEN, Office

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
EIGHT_MS = int(datetime(2024, 9, 15, 8, tzinfo=UTC).timestamp()) * 1000
"""Times in these tests are hours after this."""
ASK = "--site 4711 --between 2024-09-15T10:00Z 2024-09-15T12:00Z"
GROUND = "--ground assignment --requester desk-1 --approver k.bakker"


def at(hour: float) -> int:
    return EIGHT_MS + int(hour * HOUR_MS)


def shown(hour: float) -> str:
    return datetime.fromtimestamp(at(hour) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Ground:
    office: Office
    collector: Collector
    gates: dict[str, Box] = field(default_factory=dict)

    def gate(self, name: str = NAME) -> Box:
        if name not in self.gates:
            self.gates[name] = Box(name, sealing=sealing_key(self.office))
            key = self.gates[name].key.public_key().public_bytes_raw()
            Terminals(self.office.database).add(name, SITE, key, self.office.change)
        return self.gates[name]

    def tap(self, hour: float, side: str, person: int, *, gate: str = NAME, lane: int = 1) -> int:
        """An intent of this person; his card is the number, eight times."""
        plain = {"card": bytes([person]) * 8, "ean": int(JANSEN), "person": person}
        public = {"reader": "r1", "side": side, "outcome": "admit", "reason": "ok"}
        return self.gate(gate).tell(Kind.TAP_INTENT, public, plain, lane=lane, time_ms=at(hour))

    def drove(
        self, hour: float, side: str, person: int, result: str = "passed", *, gate: str = NAME, lane: int = 1
    ) -> tuple[int, int]:
        """Tap, outcome, passage; gives the numbers of the first and the last."""
        intent = self.tap(hour, side, person, gate=gate, lane=lane)
        box = self.gate(gate)
        box.tell(Kind.TAP_OUTCOME, {"intent": intent, "result": "opened"}, lane=lane, time_ms=at(hour))
        return intent, box.tell(
            Kind.PASSAGE, {"intent": intent, "result": result}, lane=lane, time_ms=at(hour) + 20_000
        )

    def arrive(self, *, head_at: float | None = 24) -> None:
        """All that was written comes to headquarters, and a head that says that nothing more was."""
        now_s = at(24) // 1000
        for name, box in self.gates.items():
            if box.entries:
                self.collector.collect(name, box.batch(), now_s)
            if head_at is not None:
                self.collector.note_head(name, head(box, at(head_at)), now_s)

    def run(self, line: str) -> tuple[int, str, str]:
        arguments = ["--folder", str(self.office.keys.path), "--by", "tester", "inside", *line.split()]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        return result.exit_code, result.stdout, result.stderr

    def answer(self, ask: str = ASK) -> dict[str, Any]:
        code, said, errors = self.run(f"{ask} {GROUND} --json")
        assert (code, errors) == (0, "")
        found: dict[str, Any] = json.loads(said)
        return found

    def stays(self) -> list[tuple[int, str | None, str | None, bool]]:
        """Person, in, out, whether certain; of the span from 10 to 12."""
        return [
            (each["personal_number"], each["entered"], each["left"], each["certain"]) for each in self.answer()["stays"]
        ]

    def audited(self) -> list[tuple[str, str, str, str]]:
        with self.office.database.transaction(read_only=True) as connection:
            rows = connection.execute(sa.select(audit).where(audit.c.what.like("%inside")).order_by(audit.c.id))
            return [(row.who, row.what, row.subject, row.why) for row in rows]


def head(box: Box, time_ms: int) -> bytes:
    return Head(
        checkpoint=box.checkpoint(),
        time_ms=time_ms,
        quality=ClockQuality.GOOD,
        acknowledged=0,
        list_number=7,
        list_age_s=90,
        free_bytes=1 << 30,
        software="0.1.0",
    ).encode()


@pytest.fixture(name="ground")
def site_ground(office: Office) -> Ground:
    lanes = tuple(LaneRules(number=number, zone=zone) for number, zone in ((1, 1), (2, 1), (3, 2)))
    zones = tuple(Zone(number=number, name=f"zone {number}") for number in (1, 2))
    office.sites.add(
        replace(plain_policy(SITE, "Tankpark", "Europe/Amsterdam"), zones=zones, lanes=lanes), office.change
    )
    ground = Ground(office, Collector(office.database, load_cosigner(office.keys)))
    ground.gate()
    return ground


def key(number: int, gate: str = NAME) -> str:
    return f"{gate}/{Box().epoch.hex()}/{number}"
