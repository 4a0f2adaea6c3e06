"""Who was inside: told from signed journals with sealed parts, with all that makes it uncertain."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli import app
from headquarters.collecting import Collector
from headquarters.cosigner import load_cosigner
from headquarters.database import audit
from headquarters.journal_tables import entries
from headquarters.sites import plain_policy
from headquarters.terminals import Terminals
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


@pytest.fixture
def ground(office: Office) -> Ground:
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


def test_who_was_inside_and_who_was_not(ground: Ground) -> None:
    ground.drove(0, "entry", 1)  # stays
    ground.drove(0.5, "entry", 2)
    ground.drove(2, "exit", 2)  # went out at 10:00 sharp
    ground.drove(1, "entry", 3)
    ground.drove(2.5, "exit", 3)  # went out within
    ground.drove(3, "entry", 4)  # came within
    ground.drove(4, "entry", 5)  # came in at 12:00 sharp
    ground.arrive()
    assert ground.stays() == [
        (1, shown(0), None, True),
        (3, shown(1), shown(2.5), True),
        (4, shown(3), None, True),
    ]
    answer = ground.answer()
    assert (answer["certain"], answer["not_complete"], answer["not_certain"]) == (True, [], [])


def test_answer_names_company_and_evidence_and_no_card(ground: Ground) -> None:
    came, drove_in = ground.drove(1, "entry", 3)
    went, drove_out = ground.drove(3, "exit", 3, gate="gate-2", lane=2)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert stay == {
        "ean": JANSEN,
        "personal_number": 3,
        "company": "Jansen Transport",
        "entered": shown(1),
        "entered_at": "gate-1 lane 1",
        "left": shown(3),
        "left_at": "gate-2 lane 2",
        "certain": True,
        "doubts": [],
        "evidence": [key(came), key(drove_in), key(went, "gate-2"), key(drove_out, "gate-2")],
    }
    code, said, _ = ground.run(f"{ASK} {GROUND}")
    assert code == 0
    assert (
        f"CERTAIN      {JANSEN}/3  Jansen Transport  in {shown(1)} gate-1 lane 1  out {shown(3)} gate-2 lane 2" in said
    )
    assert "03" * 8 not in said


@pytest.mark.parametrize("result", ["no-show", "backed-out"])
def test_who_did_not_drive_through_was_not_inside(ground: Ground, result: str) -> None:
    ground.drove(1, "entry", 3, result)
    ground.drove(0, "entry", 4)
    ground.drove(1.5, "exit", 4, result)
    ground.arrive()
    assert ground.stays() == [(4, shown(0), None, True)]


@pytest.mark.parametrize("result", ["failed", "storage"])
def test_who_was_not_let_through_after_all_was_not_inside(ground: Ground, result: str) -> None:
    intent = ground.tap(1, "entry", 3)
    ground.gate().tell(Kind.TAP_OUTCOME, {"intent": intent, "result": result}, time_ms=at(1))
    ground.arrive()
    assert ground.stays() == []


@pytest.mark.parametrize(("hour", "side"), [(1, "entry"), (3, "exit")])
def test_passage_that_nobody_saw_leaves_it_uncertain(ground: Ground, hour: float, side: str) -> None:
    if side == "exit":
        ground.drove(1, "entry", 3)
    ground.drove(hour, side, 3, "unknown")
    ground.arrive()
    assert ground.stays() == [(3, shown(1), None, False)]
    (stay,) = ground.answer()["stays"]
    assert "nobody saw whether he passed" in stay["doubts"][0]


def test_tap_whose_end_is_not_known_may_have_put_him_inside(ground: Ground) -> None:
    intent = ground.tap(1, "entry", 3)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert (stay["certain"], stay["doubts"]) == (False, ["in: the end of his passage is not known"])
    assert stay["evidence"] == [key(intent)]


def test_end_that_was_written_after_the_span_still_counts(ground: Ground) -> None:
    ground.drove(4 - 10 / 3600, "entry", 3)  # the passage ends ten seconds after 12:00
    ground.arrive()
    assert [each[3] for each in ground.stays()] == [True]


def test_after_a_fire_nobody_of_the_zone_is_certain(ground: Ground) -> None:
    ground.drove(0, "entry", 1)
    ground.drove(0, "entry", 2, lane=3)
    fire = ground.gate().tell(Kind.ALARM_RAISED, {"alarm": "fire-release"}, lane=2, time_ms=at(2.5))
    ground.drove(3, "entry", 3)
    ground.arrive()
    assert [(each[0], each[3]) for each in ground.stays()] == [(1, False), (2, True), (3, True)]
    (first, *_) = ground.answer()["stays"]
    assert first["doubts"] == ["the boom opened for a fire at gate-1 lane 2"]
    assert first["evidence"][-1] == key(fire)


def test_tap_at_an_exit_that_a_fire_holds_open(ground: Ground) -> None:
    ground.drove(0, "entry", 1)
    plain = {"card": bytes([1]) * 8, "ean": int(JANSEN), "person": 1}
    public = {"reader": "r1", "side": "exit", "outcome": "admit", "reason": "ok"}
    ground.gate().tell(Kind.TAP_OUTCOME, public, plain, time_ms=at(2.5))
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert stay["doubts"] == ["perhaps out at gate-1 lane 1: he tapped while the boom was open for a fire"]


def test_tap_that_was_refused_moves_nobody(ground: Ground) -> None:
    plain = {"card": bytes([1]) * 8, "ean": int(JANSEN), "person": 1}
    public = {"reader": "r1", "side": "entry", "outcome": "refuse", "reason": "blocked"}
    ground.gate().tell(Kind.TAP_OUTCOME, public, plain, time_ms=at(1))
    ground.arrive()
    assert (ground.stays(), ground.answer()["certain"]) == ([], True)


def test_who_is_seen_going_out_only_was_inside_before(ground: Ground) -> None:
    ground.drove(3, "exit", 3)
    ground.arrive()
    (stay,) = ground.answer()["stays"]
    assert (stay["entered"], stay["left"], stay["certain"]) == (None, shown(3), False)


def test_who_came_in_twice_is_told_twice(ground: Ground) -> None:
    ground.drove(0, "entry", 3)
    ground.drove(3, "entry", 3)
    ground.arrive()
    assert ground.stays() == [(3, shown(0), shown(3), False), (3, shown(3), None, True)]


def test_look_back_is_as_long_as_was_asked(ground: Ground) -> None:
    ground.drove(2 - 24 * 7, "entry", 3)
    ground.drove(2 - 24 * 7 - 0.1, "entry", 4)
    ground.arrive()
    assert [each[0] for each in ground.stays()] == [3]
    assert [each["personal_number"] for each in ground.answer(f"{ASK} --look-back 8")["stays"]] == [4, 3]


UNNAMED = [
    (Kind.PASSAGE, {"result": "untapped"}, "a vehicle passed a boom that was held open, and nobody tapped"),
    (Kind.PASSAGE, {"result": "passed"}, "somebody passed, and by what tap is not here"),
    (Kind.PASSAGE, {"result": "passed", "intent": 77}, "somebody passed, and by what tap is not here"),
    (Kind.TAP_OUTCOME, {"result": "opened"}, "somebody was let out, and who could not be written down"),
    (Kind.ORDER, {"order": "open", "by": "guard", "side": "entry"}, "a person had the boom opened for somebody in"),
    (Kind.TAP_INTENT, {"outcome": "admit"}, "a tap that let somebody through, and does not say which way"),
    (Kind.TAP_INTENT, {"side": ["entry"]}, "a tap that let somebody through, and does not say which way"),
    (Kind.TAP_INTENT, {"side": "exit"}, "somebody went out, and who was not read off a card"),
]


@pytest.mark.parametrize(("kind", "public", "said"), UNNAMED)
def test_what_names_nobody_is_said_aloud(ground: Ground, kind: Kind, public: dict[str, Any], said: str) -> None:
    number = ground.gate().tell(kind, public, time_ms=at(1))
    ground.arrive()
    answer = ground.answer()
    assert answer["not_certain"] == [{"what": f"gate-1 lane 1: {said}", "entries": [key(number)]}]
    assert (answer["stays"], answer["certain"]) == ([], False)
    assert said in ground.run(f"{ASK} {GROUND}")[1]


def test_order_that_was_refused_or_let_nobody_through_is_no_doubt(ground: Ground) -> None:
    gate = ground.gate()
    for settled in (
        {"order": "open", "result": "refused", "why": "busy", "settles": 0},
        {"order": 2, "result": "no-show"},
    ):
        gate.tell(Kind.ORDER, {"order": "open", "by": "guard"}, time_ms=at(1))
        gate.tell(Kind.ORDER if "settles" in settled else Kind.PASSAGE, settled, time_ms=at(1))
    gate.tell(Kind.ORDER, {"order": "hold", "by": "guard"}, time_ms=at(1))
    ground.arrive()
    assert ground.answer()["certain"] is True


def test_erased_person_is_somebody(ground: Ground) -> None:
    intent, _ = ground.drove(1, "entry", 3)
    ground.arrive()
    with ground.office.database.transaction() as connection:
        connection.execute(entries.update().where(entries.c.sequence == intent).values(sealed=None))
    (doubt,) = ground.answer()["not_certain"]
    assert doubt == {
        "what": "gate-1 lane 1: somebody went in, and who was erased, or never came",
        "entries": [key(intent)],
    }


def gaps(ground: Ground) -> list[str]:
    answer = ground.answer()
    assert answer["certain"] is False
    found: list[str] = answer["not_complete"]
    assert all(f"NOT COMPLETE  {each}" in ground.run(f"{ASK} {GROUND}")[1] for each in found)
    return found


def test_journal_that_is_not_known_to_the_end_of_the_span(ground: Ground) -> None:
    ground.drove(1, "entry", 3)
    ground.arrive(head_at=3.5)
    assert gaps(ground) == [f"gate-1: its journal is not known up to the end of the span, only to {shown(3.5)}"]
    ground.gate().write(1)
    ground.collector.note_head(NAME, head(ground.gate(), at(24)), at(24) // 1000)
    assert gaps(ground) == [
        "gate-1: not all entries from 3 to 3 have come (have not, epoch 00010203)",
        f"gate-1: its journal is not known up to the end of the span, only to {shown(1).replace('00Z', '20Z')}",
    ]


def test_terminal_of_which_nothing_came(ground: Ground) -> None:
    assert gaps(ground) == ["gate-1: nothing of its journal ever came"]


def test_site_without_a_terminal(ground: Ground) -> None:
    ground.office.sites.add(plain_policy(12, "other", "Europe/Amsterdam"), ground.office.change)
    assert ground.answer(ASK.replace("4711", "12"))["not_complete"] == ["-: the site has no terminal"]


def test_entries_that_were_lost(ground: Ground) -> None:
    ground.gate().write(3)
    ground.collector.collect(NAME, ground.gate().batch(0, 1), at(0) // 1000)
    new = replace(ground.gate(), epoch=bytes(range(16, 32)), entries=[])
    new.tell(Kind.EPOCH, {"epoch": Box().epoch, "size": 3}, time_ms=at(0))
    ground.gates[NAME] = new
    ground.arrive()
    assert gaps(ground) == ["gate-1: not all entries from 1 to 2 have come (are lost or have not, epoch 00010203)"]


def test_forked_journal(ground: Ground) -> None:
    ground.gate().write(3)
    ground.arrive()
    ground.collector.collect(NAME, ground.gate().copy(2).write(2, "other").batch(), at(24) // 1000)
    assert gaps(ground) == [
        "gate-1: its journal contradicts itself (fork, epoch 00010203); what contradicts is not in this"
    ]


def test_clock_that_could_not_be_believed(ground: Ground) -> None:
    ground.gate().tell(Kind.CLOCK, {"quality": "doubtful", "jump_ms": -5}, time_ms=at(1), quality=ClockQuality.DOUBTFUL)
    ground.arrive()
    assert gaps(ground) == [
        "gate-1: its clock was doubtful in 1 of the entries, so times may be wrong",
        "gate-1: its clock jumped 1 times, so times may be wrong",
    ]


def test_entries_beyond_a_gap_count_and_are_called_unproven(ground: Ground) -> None:
    ground.gate().write(1)
    ground.drove(1, "entry", 3)
    ground.collector.collect(NAME, ground.gate().batch(1), at(24) // 1000)
    assert gaps(ground)[-1] == "gate-1: 3 of the entries are not proven yet"
    assert [each[0] for each in ground.stays()] == [3]


def test_ground_requester_and_approver_are_written_down_before_and_after(ground: Ground) -> None:
    ground.drove(1, "entry", 3)
    ground.arrive()
    order = "--ground legal-order --reference 2026-17 --requester police --approver k.bakker"
    code, said, _ = ground.run(f"{ASK} {order}")
    why = "legal-order (2026-17); asked by police; approved by k.bakker"
    assert code == 0
    assert f"Ground: {why}" in said
    asked = "4711 from 2024-09-15T10:00Z to 2024-09-15T12:00Z, read from 2024-09-08T10:00:00Z on"
    assert ground.audited() == [
        ("tester", "asked who was inside", asked, why),
        ("tester", "told who was inside", f"{asked}: 1 stays, 1 sealed parts opened", why),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{ASK} --ground police --requester desk-1 --approver k.bakker", "--ground police: allowed are assignment, "),
        (f"{ASK} --ground legal-order --requester police --approver k.bakker", "legal-order wants a --reference"),
        (f"{ASK} --ground consent --requester police --approver k.bakker", "consent wants a --reference"),
        (f"{ASK} --ground assignment --requester desk-1 --approver Tester", "not the one who runs this command (--by)"),
        (f"{ASK} --ground assignment --requester k.bakker --approver K.Bakker", "not the one who asks (--requester)"),
        (f"{ASK} --ground assignment --requester xy --approver k.bakker", "--requester wants 3 to 100 printable"),
        (f"{ASK} --ground assignment --requester desk-1 --approver {'x' * 101}", "--approver wants 3 to 100 printable"),
        (f"{ASK.replace('4711', '4712')} {GROUND}", "site 4712 is not registered"),
        (f"{ASK.replace('12:00', '10:00')} {GROUND}", "FROM comes before TO"),
        (f"{ASK.replace('2024-09-15T10', '2024-08-15T10')} {GROUND}", "at most 31 days"),
        (f"{ASK.replace('2024', '2999')} {GROUND}", "lies in the future"),
        (f"{ASK.replace('10:00Z', '10:00')} {GROUND}", "wants date, time and offset"),
    ],
)
def test_without_ground_or_second_person_nothing_is_opened(ground: Ground, line: str, said: str) -> None:
    ground.drove(1, "entry", 3)
    ground.arrive()
    code, told, errors = ground.run(line)
    assert (code, told, len(errors.splitlines())) == (2, "", 1)
    assert said in errors
    assert ground.audited() == []


@pytest.mark.parametrize("missing", ["--ground assignment", "--requester desk-1", "--approver k.bakker"])
def test_what_must_be_said_cannot_be_left_out(ground: Ground, missing: str) -> None:
    code, said, _ = ground.run(f"{ASK} {GROUND.replace(missing, '')}")
    assert (code, said, ground.audited()) == (2, "", [])


def test_nothing_is_told_when_it_cannot_be_written_down(ground: Ground) -> None:
    ground.drove(1, "entry", 3)
    ground.arrive()
    with ground.office.database.transaction() as connection:
        connection.exec_driver_sql("CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
    code, said, errors = ground.run(f"{ASK} {GROUND}")
    assert (code, said) == (2, "")
    assert "the register fails: full" in errors
