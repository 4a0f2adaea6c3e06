"""What makes it uncertain who was inside, and without what nobody is told."""

from dataclasses import replace
from typing import Any

import pytest

from headquarters.sites import plain_policy
from headquarters.tables.journal import entries
from terminal.core.instant import ClockQuality
from terminal.core.journal import Kind
from tests.headquarters.box import NAME, Box
from tests.headquarters.inside_ground import ASK, GROUND, Ground, at, head, key, shown, site_ground

__all__ = ["site_ground"]


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
    assert "the register does not hold it: full" in errors
