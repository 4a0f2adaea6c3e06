"""Stays as headquarters makes them out of journals, named after what happened to the driver, or on the way here."""

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.database import Change, audit
from headquarters.journal.commands import command_key, order_erasure
from headquarters.stays.account import PaidStay, State
from headquarters.stays.book import KEPT_DAYS, tellable
from terminal.core.charge import Flag
from terminal.core.journal import EntryKey, Kind
from tests.headquarters.both_databases import address, office
from tests.headquarters.box import EPOCH, NAME, SITE
from tests.headquarters.conftest import JANSEN
from tests.headquarters.inside_ground import GROUND, HOUR_MS, Ground, at, site_ground
from tests.headquarters.stays_ground import OTHER, Park, card, stay_id

__all__ = ["address", "office", "site_ground"]


@pytest.fixture
def park(ground: Ground) -> Park:
    return Park(ground)


def inside(number: int = 0, hour: float = 1, person: int = 7) -> PaidStay:
    return PaidStay(
        stay=stay_id(number),
        card_number=card(person),
        payer=int(JANSEN),
        entered_ms=at(hour),
        zone=1,
        lane=1,
        tariff=3,
    )


def told(stay: PaidStay) -> tuple[State, int | None, int, int | None]:
    return stay.state, stay.last_exit_ms, stay.charged_cents, stay.certain_until_ms


def test_driver_who_came_in_is_inside(park: Park) -> None:
    park.enter(1, 7)
    park.arrive(NAME)
    assert park.stays() == [inside()]


@pytest.mark.parametrize("result", ["no-show", "backed-out", None])
def test_stay_is_none_before_he_has_driven_in(park: Park, result: str | None) -> None:
    park.enter(1, 7, result)
    park.arrive(NAME)
    assert park.stays() == []


def test_passage_that_comes_later_than_its_tap_makes_the_stay(park: Park) -> None:
    park.enter(1, 7)
    park.arrive(NAME, 1)
    assert park.stays() == []
    park.arrive(NAME)
    assert park.stays() == [inside()]


def test_access_without_payment_leaves_nothing_here(park: Park) -> None:
    park.ground.drove(1, "entry", 7)
    park.arrive(NAME)
    assert park.stays() == []


def test_driver_who_left_was_charged_by_then(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600)
    park.arrive(NAME)
    assert [told(each) for each in park.stays()] == [(State.LEFT, at(5), 600, None)]


@pytest.mark.parametrize("result", ["no-show", "backed-out", None])
def test_driver_who_was_charged_and_did_not_drive_is_still_inside(park: Park, result: str | None) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600, result)
    park.arrive(NAME)
    assert [told(each) for each in park.stays()] == [(State.INSIDE, at(5), 600, None)]


def test_nobody_saw_whether_he_left(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600, "unknown")
    park.arrive(NAME)
    assert [told(each) for each in park.stays()] == [(State.NOT_CERTAIN, at(5), 600, at(5))]


@pytest.mark.parametrize("first", [NAME, OTHER])
def test_exit_at_another_terminal_arrives_before_or_after_its_entry(park: Park, first: str) -> None:
    park.ground.gates[OTHER] = park.ground.gate(OTHER)
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600, gate=OTHER)
    for gate in (first, *({NAME, OTHER} - {first})):
        park.arrive(gate)
        assert park.stays() != []
    assert park.stays()[0] == PaidStay(
        stay=stay_id(0), card_number=card(7), payer=int(JANSEN), entered_ms=at(1), zone=1, lane=1, tariff=3,
        last_exit_ms=at(5), ended_ms=at(5), charged_cents=600,
    )  # fmt: skip


def test_entry_again_within_the_gap_goes_on_with_the_same_stay(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600)
    park.enter(5.2, 7, again=(stay, 1))
    park.arrive(NAME)
    (found,) = park.stays()
    assert (found.stay, found.entered_ms, told(found)) == (stay, at(1), (State.INSIDE, at(5), 600, None))


def test_driver_who_comes_in_again_without_having_left_has_one_open_stay(park: Park) -> None:
    park.enter(1, 7)
    second = park.enter(9, 7)
    park.arrive(NAME)
    assert [(each.stay, each.state) for each in park.stays()] == [
        (stay_id(0), State.LEFT),
        (second, State.INSIDE),
    ]


def test_exit_that_knew_of_no_stay_closes_the_one_that_is_open(park: Park) -> None:
    park.enter(1, 7)
    park.leave(5, 7, None, 0, flags=(Flag.ENTRY_UNKNOWN,))
    park.arrive(NAME)
    assert [told(each) for each in park.stays()] == [(State.LEFT, at(5), 0, None)]


def test_exit_while_the_boom_was_open_for_a_fire_closes_the_stay_at_the_tap(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 0, None, flags=(Flag.EMERGENCY,))
    park.arrive(NAME)
    assert [told(each) for each in park.stays()] == [(State.LEFT, at(5), 0, None)]


@pytest.mark.parametrize(
    ("lane", "certain_until_ms"), [(1, at(3)), (2, at(3)), (3, None)], ids=["his lane", "his zone", "another zone"]
)
def test_fire_release_makes_who_is_in_that_zone_uncertain(park: Park, lane: int, certain_until_ms: int | None) -> None:
    park.enter(1, 7)
    park.ground.gate().tell(Kind.ALARM_RAISED, {"alarm": "fire-release"}, lane=lane, time_ms=at(3))
    park.arrive(NAME)
    assert [each.certain_until_ms for each in park.stays()] == [certain_until_ms]


def test_fire_counts_until_a_person_confirms_that_it_is_over_and_a_forced_boom_once(park: Park) -> None:
    gate = park.ground.gate()
    gate.tell(Kind.ALARM_RAISED, {"alarm": "fire-release"}, time_ms=at(1))
    park.enter(2, 6)
    gate.tell(Kind.ORDER, {"order": "confirm"}, time_ms=at(3))
    park.enter(4, 7)
    gate.tell(Kind.ALARM_RAISED, {"alarm": "forced"}, time_ms=at(5))
    park.enter(6, 8)
    park.arrive(NAME)
    assert [each.certain_until_ms for each in park.stays()] == [at(2), at(5), None]


def test_held_open_counts_from_the_order_to_its_release_and_one_refused_counts_not(park: Park) -> None:
    gate = park.ground.gate()
    hold = gate.tell(Kind.ORDER, {"order": "hold"}, time_ms=at(0.2))
    gate.tell(Kind.ORDER, {"order": "hold", "settles": hold, "result": "refused"}, time_ms=at(0.2))
    park.enter(0.5, 5)
    gate.tell(Kind.ORDER, {"order": "hold"}, time_ms=at(2))
    park.enter(3, 6)
    gate.tell(Kind.ORDER, {"order": "release"}, time_ms=at(4))
    park.enter(5, 7)
    park.arrive(NAME)
    assert [each.certain_until_ms for each in park.stays()] == [at(2), at(3), None]


def test_passenger_is_told_from_who_drives(park: Park) -> None:
    driver = park.enter(1, 7)
    park.enter(1, 8, passenger_of=driver.sequence)
    park.arrive(NAME)
    assert [(each.card_number, each.passenger) for each in park.stays()] == [(card(7), False), (card(8), True)]


def test_rounds_begun_again_and_by_others_change_nothing(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600)
    park.arrive(NAME)
    assert park.stays() == park.stays()
    park.arrive(NAME)
    assert len(park.stays()) == 1


def test_what_was_erased_is_not_known_any_more(park: Park) -> None:
    park.enter(1, 7)
    park.enter(2, 8)
    park.arrive(NAME)
    assert len(park.stays()) == 2
    office = park.ground.office
    change = Change("tester", "asked for by its person", office.now)
    order_erasure(office.database, command_key(office.keys), [EntryKey(NAME, EPOCH, 0)], change)
    assert [each.card_number for each in park.stays()] == [card(8)]


def test_stay_goes_when_the_retention_after_leaving_has_passed_and_an_open_one_stays(park: Park) -> None:
    stay = park.enter(1, 7)
    park.leave(5, 7, (stay, 1), 600)
    park.enter(1, 8)
    park.arrive(NAME)
    hour = 5 + 24 * KEPT_DAYS
    assert len(park.stays(hour)) == 2
    assert [each.card_number for each in park.stays(hour + 0.01)] == [card(8)]


def test_terminals_are_told_who_is_inside_and_who_left_within_a_day(park: Park) -> None:
    for person, left in ((6, 5), (7, 6), (8, None)):
        stay = park.enter(1, person)
        if left is not None:
            park.leave(left, person, (stay, 1), 600)
    park.arrive(NAME)
    park.stays()
    with park.ground.office.database.transaction(read_only=True) as connection:
        assert [number for number, _ in tellable(connection, SITE, at(29) + 1)] == [card(7), card(8)]


def test_who_asks_for_the_stays_is_written_down_with_his_ground_before_he_is_told(
    park: Park,
) -> None:
    office = park.ground.office
    hour = (office.now.timestamp() * 1000 - at(0)) / HOUR_MS - 1  # by the clock of whoever runs the command
    park.enter(hour, 7)
    park.arrive(NAME)
    words = [
        "--folder",
        str(office.keys.path),
        "--database",
        str(office.address),
        "--by",
        "tester",
        "stays",
        "--site",
        str(SITE),
    ]
    refused = CliRunner().invoke(app, words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    result = CliRunner().invoke(app, [*words, *GROUND.split(), "--json"], catch_exceptions=False)
    (found,) = json.loads(result.stdout)["stays"]
    assert (found["card"], found["state"], found["entered_ms"]) == (card(7).hex(), "inside", at(hour))
    with office.database.transaction(read_only=True) as connection:
        asked = sa.select(audit.c.what).where(audit.c.what.like("%the stays")).order_by(audit.c.id)
        assert list(connection.scalars(asked)) == ["asked for the stays", "told of the stays"]
